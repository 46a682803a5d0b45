"""Names in messages."""

from __future__ import annotations

from collections.abc import Iterable


def listed(names: Iterable[object], most: int = 12) -> str:
    """Names for a message, the first few of many."""
    shown = [str(name) for name in names]
    rest = f" ... ({len(shown)} in all)" if len(shown) > most else ""
    return ", ".join(shown[:most]) + rest
