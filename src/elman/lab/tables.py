"""A file of a series that was dropped on the page, and how it is to be read."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from elman.errors import DataError, ElmanError
from elman.lab.asked import Asked
from elman.lab.limits import MOST_STEPS
from elman.lab.tasks import Data, of_series

if TYPE_CHECKING:
    from elman.compare.tasks import Task

LEAST_STEPS = 4
LONGEST = 120  # of a name
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of characters that steer how others are shown, or are none
TEXTS = ("target", "time", "where", "date_format", "missing", "decimal", "thousands")
ORDERS = {"": None, "day": True, "month": False}
GAPS = ("none", "linear", "forward")
NAMES = {
    "--time": "Times", "--target": "Values", "--where": "Only rows with", "--fill": "Gaps", "--dayfirst": "Dates",
    "--date-format": "Form of times", "--missing": "Missing is written", "--decimal": "Decimal mark",
    "--thousands": "Thousands mark", "--sort": "Order of rows",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A file.

    Attributes
    ----------
    name : str
        As it is called on the user's computer.
    options : dict
        Of `elman.data.reading.Reading`, where they differ from what is found in the file.
    """

    name: str
    content: bytes
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def asked(cls, name: str, content: bytes, asked: Asked) -> Table:
        """What the page says of a file: options of `Reading`, ``dates`` (what is first), ``order`` (``sort``)."""
        options: dict[str, Any] = {each: text for each in TEXTS if (text := asked.text(each, "").strip())}
        dates, fill = asked.one_of("dates", ORDERS, ""), asked.one_of("fill", GAPS, "none")
        options |= {} if ORDERS[dates] is None else {"dayfirst": ORDERS[dates]}
        options |= {} if fill == "none" else {"fill": fill}
        options |= {"sort": True} if asked.one_of("order", ("", "sort"), "") else {}
        return cls(_plain(name), content, options)

    def data(self, steps: int, rows: int, seed: int) -> Data:
        """Sequences of it.

        Raises
        ------
        ElmanError
            If it holds no series, or too short a one.
        """
        steps = max(steps, LEAST_STEPS)
        said = "".join(f", {name}={value!r}" for name, value in self.options.items())
        reading = f", Reading({said[2:]})" if said else ""
        code = "from elman.data.reading import Reading\n\n" * bool(said)
        code += f"task = el.compare.task_of(pathlib.Path({self.name!r}), {steps}{reading})\n"
        code += f"x, y = task.draw({rows}, {seed})"
        return of_series(self._task(steps), "value", rows, seed, code)

    def most_steps(self) -> int:
        """Of a sequence, so that there is one to judge by."""
        held = len(self._task(LEAST_STEPS).held[0]) + LEAST_STEPS
        return min(held - 1, MOST_STEPS)

    def _task(self, steps: int) -> Task:
        from elman.compare.tasks import task_of
        from elman.data.reading import Reading

        with tempfile.TemporaryDirectory(prefix="elman-lab-") as folder:
            file = Path(folder) / self.name
            file.write_bytes(self.content)
            try:
                return task_of(file, steps, Reading(**self.options))
            except ElmanError as error:
                raise DataError(_on_the_page(str(error).replace(f"{folder}/", ""))) from error


def _plain(name: str) -> str:
    """The name of a file, whoever sent it."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join("_" if c in "/\\" or unicodedata.category(c) in UNSEEN else c for c in last)
    stem = shown[-LONGEST:].strip(". ")
    return stem if stem.lower().endswith((".csv", ".txt", ".tsv")) else f"{stem or 'series'}.csv"


def _on_the_page(message: str) -> str:
    """What a message says of options of commands, in the words of the page's fields."""
    for option, name in NAMES.items():
        message = re.sub(rf"{option}(?![\w-])", f"‘{name}’", message)
    return re.sub(r" \((?:[^()]|\([^()]*\))* in Python\)|; in Python [^;]*$", "", message)
