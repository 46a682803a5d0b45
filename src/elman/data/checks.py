"""Checks of the numbers that samplers, loaders and tasks are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.errors import OptionError


def whole(number: Any, name: str, least: int = 1) -> int:
    """A whole number of at least `least`."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise OptionError(f"{name} must be a whole number of at least {least}, got {number!r}")
    return int(number)
