"""What a user says of the columns of cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from elman.data.casing.arrays import Order
from elman.data.reading import Reading
from elman.errors import OptionError

_NAMING = ("group", "time", "columns", "label")


def unlabelled(columns: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the columns of a table without labels: one that names the cases too does so no longer.

    Examples
    --------
    >>> unlabelled({"group": ["person", "activity"], "label": "activity"})
    {'group': ['person'], 'label': None}
    """
    group, label = columns.get("group"), columns.get("label")
    parts = [part.strip() for part in group.split(",")] if isinstance(group, str) else group
    rest: dict[str, Any] = {"label": None}
    if isinstance(parts, list | tuple) and label in parts:
        rest["group"] = [part for part in parts if part != label] or None
    return dict(columns) | rest


@dataclass(frozen=True)
class Asked:
    """What a user says of columns, None where it is to be found; see `elman.data.casing.cases_of`."""

    channels: Order = "last"
    group: Any = None
    time: Any = None
    columns: Any = None
    label: Any = None
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        if self.channels not in ("last", "first"):
            raise OptionError(
                f"channels is {self.channels!r}; expected 'last' for (N, T, F), or 'first' for (N, F, T) as aeon and "
                "sktime have it"
            )

    @property
    def named(self) -> list[Any]:
        """All columns that are named."""
        named = []
        for what in _NAMING:
            value = getattr(self, what)
            if value is not None:
                named += list(value) if isinstance(value, list | tuple) else [value]
        return named

    def refuse_names(self, what: str, allowed: tuple[str, ...] = ()) -> None:
        """Refuse names of columns where there are none.

        Raises
        ------
        OptionError
        """
        for name in _NAMING:
            if name not in allowed and getattr(self, name) is not None:
                raise OptionError(f"{name} names columns of a table, and {what} has none; leave it out")

    def refuse_order(self, what: str) -> None:
        """Refuse an order of axes where there are none.

        Raises
        ------
        OptionError
        """
        if self.channels != "last":
            raise OptionError(f"channels='first' is for arrays, and means nothing for {what}; leave it out")
