"""How many examples hypothesis draws: CI takes a share of them for instruction sets that are not the machine's best."""

from __future__ import annotations

import os

from hypothesis import settings

SHARE = int(os.environ.get("ELMAN_DRAWS", "100"))  # in percent


def draws(count: int) -> settings:
    """So many examples, where all of them are drawn. A busy machine is no failure: they have no deadline."""
    return settings(max_examples=max(count * SHARE // 100, 1), deadline=None)


def some(count: int) -> range:
    """The numbers of so many problems that are drawn, or of the first of them."""
    return range(max(count * SHARE // 100, 1))
