"""The time between steps: a number for all of them, or a feature of the input."""

from __future__ import annotations

from typing import Any

from elman.checks import real
from elman.equations.ranges import within
from elman.equations.symbols import Symbol
from elman.equations.widths import must_be_at_least


def elapsed(x: Any, step: float | str, least: float = 0.0) -> tuple[Any, Any]:
    """The input and the time since the step before: `step`, or with ``step="input"`` the input's last feature.

    A number is above 0, a feature from `least` on.
    """
    if step == "input":
        if isinstance(x, Symbol):
            what = 'step="input" takes the last feature of x for the time, beside what x tells, so that x'
            must_be_at_least(x.dim, 2, what)
        return x[:-1], within(x[-1:], "the time since the step before (its last feature)", least)
    above = f"of at least {least:g}" if least else "above 0"
    expected = f"{above}, or 'input', which takes the last feature of the input for the time since the step before"
    return x, real(step, "step", least, expected=expected, from_low=least > 0)
