"""Learning rates as plain data, for files: a number, or the name of a schedule with its parameters."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from elman.checks import is_number
from elman.errors import ModelFileError, OptionError
from elman.training.schedules import ConstantRate, CosineDecay, ExponentialDecay, Schedule, StepDecay, WarmUp

SCHEDULES = {kind.__name__: kind for kind in (ConstantRate, CosineDecay, ExponentialDecay, StepDecay, WarmUp)}


def rate_to_data(rate: Any, what: str = "learning_rate") -> Any:
    """A rate as `rate_from_data` reads it.

    Raises
    ------
    OptionError
        If it is a function, or a schedule of the user's own: a file holds no code.
    """
    if isinstance(rate, Schedule) and type(rate) is SCHEDULES.get(type(rate).__name__):
        params = {f.name: rate_to_data(getattr(rate, f.name), f"{what}.{f.name}") for f in fields(rate)}  # type: ignore[arg-type]
        return {"schedule": type(rate).__name__, **params}
    if is_number(rate):
        return rate.item() if isinstance(rate, np.number) else rate
    raise OptionError(
        f"{what} is {rate!r}, which cannot be saved, as a file holds no code; expected a number or one of "
        f"{', '.join(SCHEDULES)}"
    )


def rate_from_data(data: Any) -> Any:
    """The rate that `rate_to_data` described."""
    if not isinstance(data, dict):
        return data
    params = {name: rate_from_data(value) for name, value in data.items() if name != "schedule"}
    if data.get("schedule") not in SCHEDULES:
        raise ModelFileError(f"there is no schedule {data.get('schedule')!r}; there are {', '.join(SCHEDULES)}")
    return SCHEDULES[data["schedule"]](**params)
