"""Checks that every floor needs: whole numbers, and the nearest of some names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import numpy as np

from elman.errors import OptionError


def count(number: Any, what: str, least: int = 1) -> int:
    """A whole number of at least `least`, Python's or NumPy's, as an int; `OptionError` for anything else.

    Examples
    --------
    >>> count(np.int64(3), "units")
    3
    """
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise OptionError(f"{what} is {number!r}; expected a whole number of at least {least}")
    return int(number)


def nearest(name: Any, choices: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` where a choice is near, whatever its case, else nothing.

    Examples
    --------
    >>> nearest("Lstm ", ["lstm", "gru"])
    " (did you mean 'lstm'?)"
    >>> nearest("transformer", ["lstm", "gru"])
    ''
    """
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(str(name).strip().lower(), by_lower, 1)
    return f" (did you mean {by_lower[near[0]]!r}?)" if near else ""
