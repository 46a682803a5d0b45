"""The time between steps: a number for all of them, or a feature of the input."""

from __future__ import annotations

from typing import Any

from elman.checks import real


def elapsed(x: Any, step: float | str) -> tuple[Any, Any]:
    """The input and the time since the step before: `step`, or with ``step="input"`` the input's last feature."""
    return (x[:-1], x[-1:]) if step == "input" else (x, real(step, "step", 0))
