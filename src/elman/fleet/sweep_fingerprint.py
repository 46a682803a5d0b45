"""What data are, in 64 letters: the same values give the same ones, whatever file or object held them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from elman.data.cases import Cases
from elman.data.collection import Collection
from elman.data.covariates import Covariate
from elman.fleet.sweep_values import as_data
from elman.language.texts import texts_of


def of_collection(collection: Collection) -> str:
    """Of series: names, values, times and covariates."""
    digest = hashlib.sha256(b"series")
    ahead = None if collection.ahead is None else (collection.ahead.borders, collection.ahead.future)
    for part in (
        *(collection.names, collection.values, collection.borders, collection.times, repr(collection.step)),
        *(collection.past, collection.future, collection.static, ahead),
    ):
        _add(digest, part)
    return digest.hexdigest()


def of_cases(cases: Cases) -> str:
    """Of labelled sequences."""
    digest = hashlib.sha256(b"cases")
    for part in (
        *(cases.values, cases.lengths, cases.channels, cases.times, cases.unit, cases.step),
        *(cases.names, cases.keys, cases.labels),
    ):
        _add(digest, part)
    return digest.hexdigest()


def of_text(text: Any) -> str:
    """Of a text, or of the files that hold it."""
    digest = hashlib.sha256(b"text")
    for piece in texts_of(text):
        digest.update(piece.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def of_options(identity: Mapping[str, Any]) -> str:
    """Of all that makes a sweep what it is, in terms of JSON."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _add(digest: Any, part: Any) -> None:
    """Each part with what it is and how long, so that no two sequences of parts read alike."""
    if isinstance(part, Covariate):
        part = (part.values, part.categories)
    if isinstance(part, Mapping):
        part = tuple((name, part[name]) for name in part)
    if isinstance(part, np.ndarray) and part.dtype != object:
        array = np.ascontiguousarray(part)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.view(np.uint8) if array.size and array.dtype.kind != "M" else array.tobytes())
    elif isinstance(part, tuple | list | np.ndarray):
        digest.update(f"({len(part)}".encode())
        for each in part:
            _add(digest, each)
    else:
        digest.update(f"{type(part).__name__}:{json.dumps(_written(part))};".encode())


def _written(part: Any) -> Any:
    return part if part is None or isinstance(part, str | int | float) else str(as_data(part, "a name"))
