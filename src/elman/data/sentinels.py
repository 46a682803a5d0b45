"""Values that stand for a missing one, such as -999: those that a user names, and a note on those that look like it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from elman.checks import is_number
from elman.errors import OptionError

Missing = str | float | Sequence[str | float]
_NINES = re.compile(r"-9|-?9{2,}(\.9+)?")
_HUGE = {1e20, 1e30, 1e33, 1e35, 1e36, 1e38}  # of climate models and their files
_OTHERS = 3  # different values beside it tell what is far away
_FAR, _FAR_IF_ALONE = 1, 5  # ranges of the other values


def as_missing(missing: Missing | None) -> tuple[str, ...]:
    """Values that a user names, as texts.

    Raises
    ------
    OptionError
        If one is neither a text nor a number.
    """
    if missing is None:
        return ()
    given = list(missing) if isinstance(missing, list | tuple | set | np.ndarray) else [missing]
    for one in given:
        if not (is_number(one) or isinstance(one, str) and one.strip()):
            raise OptionError(f"missing is {one!r}; expected a value as the file writes it, such as -999")
    return tuple(one.strip() if isinstance(one, str) else f"{one:.15g}" for one in given)


def stand_for_missing(column: Sequence[str] | np.ndarray, missing: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Which cells hold one of the values, as it is spelt or as the same number; and how many of each, in words."""
    typed = isinstance(column, np.ndarray)
    texts = np.full(len(column), "") if typed else np.array(column, object)
    numbers = np.array([_number(text) for text in column]) if missing and not typed else np.asarray(column)
    found, told = np.zeros(len(column), bool), []
    for one in missing if not typed or numbers.dtype.kind == "f" else ():
        here = (texts == one) | (numbers == _number(one))
        found |= here
        told.append(f"{here.sum()} of its values are {one}, which stands for a missing one")
    return found, told


def suspects(values: np.ndarray) -> list[int]:
    """Rows of values that seem to stand for a missing one, the first of each: a number that is used for that, far
    outside of the range of the others.

    Examples
    --------
    >>> import numpy as np
    >>> suspects(np.array([20.5, 21.0, -999, 19.5, -999, 22.0]))
    [2]
    """
    different, first, counts = np.unique(values, return_index=True, return_counts=True)
    known = np.isfinite(different)
    classic = known & _may_be_classic(different)
    classic[classic] = [_is_classic(v) for v in different[classic]]
    others = different[known & ~classic]
    if len(others) < _OTHERS:
        return []
    far = [i for i in np.flatnonzero(classic) if _is_far(different[i], int(counts[i]), others)]
    return sorted(int(first[i]) for i in far)


def _may_be_classic(values: np.ndarray) -> np.ndarray:
    """Whether a number starts with 9 and is a power of ten but for its digits: a look at few of many numbers."""
    size = np.abs(np.where(np.isfinite(values) & (values != 0), values, 1.0))
    first = size / 10 ** np.floor(np.log10(size))
    return (first >= 9.89) | (size == 9) | np.isin(size, list(_HUGE))


def _is_classic(value: float) -> bool:
    return abs(value) in _HUGE or _NINES.fullmatch(f"{value:.12g}") is not None


def _is_far(value: float, count: int, others: np.ndarray) -> bool:
    low, high = others.min(), others.max()
    away = max(low - value, value - high)
    impossible = value <= -99 and low >= 0 and count > 1  # of amounts
    return impossible or away > (_FAR if count > 1 else _FAR_IF_ALONE) * (high - low)


def note(called: str, spelt: str, count: int, others: tuple[float, float]) -> str:
    """What to tell of such a value."""
    times = "once" if count == 1 else f"{count} times"
    return (
        f"{called} holds {spelt} {times}, far from its other values ({others[0]:.6g} to {others[1]:.6g}), and it was "
        f"read as a number; if it stands for a missing value, give --missing {spelt} (missing={spelt!r} in Python)"
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
