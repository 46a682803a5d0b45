"""What stands around a table: titles, units, totals, remarks, and headers that come again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from elman.data.found_table import Layout
from elman.data.header import is_data
from elman.data.names import counted

_TOTALS = re.compile(
    r"(grand |sub)?(totals?|sums?|averages?|means?|summe|gesamt(summe)?|insgesamt|mittelwert|moyenne|totale|somme)\b:?",
    re.IGNORECASE,
)


def note_passed(head: Sequence[list[str]], header: int, lines: Sequence[int], table: Layout) -> None:
    above, below = [lines[i] for i in range(header)], [lines[i] for i in range(header + 1, len(head))]
    if above:
        table.notes.append(f"{_lines(above)} above the header {_was(above)} passed over")
    if below:
        shown = table.delimiter.join(head[header + 1])[:60]
        table.notes.append(f"{_lines(below)} below the header ({shown!r}) {_was(below)} passed over")


def note_counted(names: Sequence[str], line: int, table: Layout) -> None:
    if names == [str(i) for i in range(len(names))]:
        table.notes.append(f"{_lines([line])}, which only counts the columns, was taken for the header")


def drop_repeated(table: Layout, header: list[str]) -> None:
    """The header again, where files were put one behind the other."""
    repeated = {i for i, row in enumerate(table.rows) if row == header}
    if repeated:
        table.notes.append(
            f"{counted(len(repeated), 'rows')} that repeat{'s' if len(repeated) == 1 else ''} the header "
            f"{_was(list(repeated))} passed over, the first in "
            f"{_lines([table.lines[min(repeated)]])}"
        )
        kept = [i for i in range(len(table.rows)) if i not in repeated]
        table.rows, table.lines = [table.rows[i] for i in kept], [table.lines[i] for i in kept]


def _lines(numbers: Sequence[int]) -> str:
    return f"line {numbers[0]}" if len(numbers) == 1 else f"lines {numbers[0]}-{numbers[-1]}"


def _was(numbers: Sequence[int]) -> str:
    return "was" if len(numbers) == 1 else "were"


def drop_footers(table: Layout, width: int, typed: Sequence[int]) -> None:
    """Notes and totals below the table."""
    dropped = []
    while table.rows and _is_footer(table.rows[-1], width, typed):
        table.rows.pop()
        dropped.append(table.lines.pop())
    if dropped:
        dropped.reverse()
        table.notes.append(f"{_lines(dropped)} below the table (totals or remarks) {_was(dropped)} passed over")


def _is_footer(row: list[str], width: int, typed: Sequence[int]) -> bool:
    filled = [cell for cell in row if cell.strip()]
    if any(_TOTALS.match(cell.strip()) for cell in filled[:1]):
        return True
    return width > 1 and len(filled) == 1 and bool(row[0].strip()) and not is_data(row[0]) and len(row[0].split()) > 1
