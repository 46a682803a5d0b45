"""Names that users misspell."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, choices: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` where a choice is near, else nothing."""
    by_lower = {c.lower(): c for c in choices}
    near = difflib.get_close_matches(name.lower(), by_lower, 1)
    return f" (did you mean {by_lower[near[0]]!r}?)" if near else ""


def listed(names: Iterable[object], most: int = 12) -> str:
    """Names for a message, the first few of many."""
    shown = [str(name) for name in names]
    rest = f" ... ({len(shown)} in all)" if len(shown) > most else ""
    return ", ".join(shown[:most]) + rest
