"""STUB."""

from __future__ import annotations
import re
from dataclasses import dataclass
import numpy as np
from elman.errors import DataError


@dataclass(frozen=True)
class Notation:
    def labels(self, times):
        from elman.data.times import labels

        return labels(times)


@dataclass(frozen=True)
class ReadTimes:
    times: np.ndarray
    notation: Notation
    notes: tuple[str, ...] = ()


def _one(t):
    t = t.strip()
    if not t:
        return np.datetime64("NaT")
    try:
        return np.datetime64(t.removesuffix("Z").replace("/", "-"), "us")
    except ValueError:
        m = re.fullmatch(r"(\d\d)\.(\d\d)\.(\d{4})", t)
        if m:
            return np.datetime64(f"{m[3]}-{m[2]}-{m[1]}", "us")
        raise


def looks_like_times(texts):
    texts = [t for t in texts if t]
    try:
        return bool(texts) and all(re.match(r"\d{1,4}[-./]\d", t) and (_one(t) is not None) for t in texts[:50])
    except ValueError:
        return False


def join_columns(columns):
    return [" ".join(c).strip() or None for c in zip(*columns)]


def read_times(texts, name, *, date_format=None, dayfirst=None):
    texts = [t or "" for t in texts]
    try:
        return ReadTimes(np.array([float(t) if t else np.nan for t in texts]), Notation())
    except ValueError:
        pass
    out = []
    for i, t in enumerate(texts):
        try:
            out.append(_one(t))
        except ValueError:
            raise DataError(f"{name} holds {t!r} in row {i + 1}; expected a time") from None
    return ReadTimes(np.array(out, "datetime64[us]"), Notation())
