"""What a user says of how a file is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from elman.data.conditions import Where
from elman.data.gaps import Fill
from elman.data.sentinels import Missing
from elman.errors import OptionError


@dataclass(frozen=True)
class Reading:
    """Options of reading; what is None is found in the file.

    Parameters
    ----------
    time, target, date_format, dayfirst, decimal, thousands, where, missing : optional
        As for `elman.data.read_columns`.
    fill, sort
        As for `elman.data.load_series`.
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
