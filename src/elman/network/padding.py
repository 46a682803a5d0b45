"""Padding: what outputs of all steps hold behind a row's end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.checks import nearest, shown
from elman.errors import OptionError
from elman.training.ends import End

PADDINGS = ("zero", "last")


def check_padding(padding: Any, ends: Sequence[End]) -> None:
    """Raise `OptionError` unless it is a padding, and one of the outputs can have it."""
    if not isinstance(padding, str) or padding not in PADDINGS:
        raise OptionError(f"padding is {shown(padding)}{nearest(padding, PADDINGS)}; expected 'zero' or 'last'")
    if padding == "last" and not any(end.sequence_output for end in ends):
        raise OptionError("padding='last' is for outputs of all steps, and the network returns none: leave it out")


def repeat_last(outputs: Sequence[np.ndarray], ends: Sequence[End], lengths: Sequence[np.ndarray | None]) -> None:
    """Write the output of each row's last step to all steps behind it."""
    for end, y in zip(ends, outputs, strict=True):
        used = lengths[end.axis] if end.sequence_output else None
        for row, length in enumerate(() if used is None else used):
            if length:
                y[row, length:] = y[row, length - 1]
