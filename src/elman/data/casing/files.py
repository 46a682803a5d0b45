"""Files of labelled sequences, by what they hold."""

from __future__ import annotations

from pathlib import Path

from elman.data.cases import Cases
from elman.data.casing.asked import Asked
from elman.data.casing.tables import of_table
from elman.data.conditions import meeting
from elman.data.pandas_index import Framed
from elman.data.sheets import FileSheet
from elman.data.tables import read_table


def of_file(path: Path, asked: Asked, labelled: bool) -> Cases:
    """The cases that a file holds.

    Raises
    ------
    DataError
        Naming the line that cannot be used.
    """
    asked.refuse_order("a table")
    table = meeting(read_table(path), asked.reading.where)
    return of_table(Framed(FileSheet(table, asked.reading)), asked, None, labelled)
