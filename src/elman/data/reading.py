"""What a user says of how a file is to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from elman.checks import flag, instance, shown
from elman.data.conditions import Where
from elman.data.gaps import Fill
from elman.data.sentinels import Missing
from elman.errors import OptionError

# Options that say which rows are taken and how they are written, not which columns are what.
OF_ROWS = ("fill", "date_format", "dayfirst", "decimal", "thousands", "where", "missing", "combine")


@dataclass(frozen=True)
class Reading:
    """Options of reading; what is None is found in the file.

    Parameters
    ----------
    time, target, date_format, dayfirst, decimal, thousands, where, missing : optional
        As for `elman.data.read_columns`.
    fill, sort
        As for `elman.data.load_series`.
    combine : {"sum", "mean", "first", "last", "min", "max"}, optional
        What becomes of rows of one series and time; see `elman.data.collect`.
    """

    time: str | Sequence[str] | None = None
    target: str | None = None
    fill: Fill = "none"
    sort: bool = False
    date_format: str | None = None
    dayfirst: bool | None = None
    decimal: str | None = None
    thousands: str | None = None
    where: Where | None = None
    missing: Missing | None = None
    combine: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is of a wrong kind; whether its value makes sense is seen where it is used.

        Raises
        ------
        OptionError
        """
        for name in ("target", "date_format", "decimal", "thousands", "combine"):
            instance(getattr(self, name), (str, type(None)), name, "a text (str) or None")
        instance(self.fill, str, "fill", "none, linear or forward")
        flag(self.sort, "sort")
        if self.dayfirst is not None:
            flag(self.dayfirst, "dayfirst")
        if self.time is not None and not isinstance(self.time, str):
            _texts(self.time, "time", "names of columns")
        if self.where is not None and not isinstance(self.where, str | Mapping):
            _texts(self.where, "where", "conditions such as 'store=a'")

    def refuse_all_but(self, allowed: Sequence[str], what: str) -> None:
        """Refuse options that mean nothing for the data at hand.

        Raises
        ------
        OptionError
            Naming the first that was given and is not among `allowed`.
        """
        for option in fields(self):
            if option.name not in allowed and getattr(self, option.name) != option.default:
                raise OptionError(
                    f"{option.name} is for files with a series, and means nothing for {what}; leave it out"
                )


def _texts(values: Any, what: str, of: str) -> None:
    """Refuse what is no list of at least one text."""
    instance(values, (list, tuple), what, f"a text or a list of {of}")
    if not values or not all(isinstance(value, str) for value in values):
        raise OptionError(f"{what} is {shown(values)}; expected {of}, or None to leave it open")
