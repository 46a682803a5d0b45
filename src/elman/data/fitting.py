"""Names and rows of one length."""

from __future__ import annotations

from collections.abc import Iterable

from elman.data.found_table import Layout
from elman.data.header import usual_width
from elman.errors import DataError


def fit(names: list[str], table: Layout, header_line: int | bool, name: str) -> tuple[list[str], list[list[str]]]:
    """Names and rows of one length: delimiters at the ends of lines and R's names of rows are allowed for."""
    rows, width = table.rows, len(names)
    usual = usual_width([len(row) for row in rows]) if rows else width
    if usual == width + 1 and rows:
        if all(len(row) <= width or not row[width].strip() for row in rows):
            rows, usual = [row[:width] for row in rows], width
        elif numbers_rows([row[0] for row in rows]):
            names, width = ["", *names], width + 1
    while width > usual and not names[-1].strip():
        names, width = names[:-1], width - 1
    if usual != width and rows:
        raise DataError(_mismatch(width, usual, table, header_line, name))
    ragged = (
        next((i for i, row in enumerate(rows) if len(row) != width), None) if len(set(map(len, rows))) > 1 else None
    )
    if ragged is not None:
        rows = [_trimmed(row, width) for row in rows]
        ragged = next((i for i, row in enumerate(rows) if len(row) != width), None)
    if ragged is not None:
        raise DataError(
            f"{name} cannot be read as a table: line {table.lines[ragged]} has {_fields_of(len(rows[ragged]))}, "
            f"expected {width}{_as_elsewhere(table)}: {table.delimiter.join(rows[ragged])[:80]!r}. "
            "Mend that line; a field that holds the separator is put into quotes"
        )
    return names, rows


def _trimmed(row: list[str], width: int) -> list[str]:
    """Without empty fields beyond the last column."""
    return row[:width] if len(row) > width and not any(cell.strip() for cell in row[width:]) else row


def _mismatch(width: int, usual: int, table: Layout, header_line: int | bool, name: str) -> str:
    where = f" (line {header_line})" if header_line else ""
    hint = "a decimal comma in a file of commas is put into quotes, or the fields are parted by semicolons"
    return (
        f"{name} cannot be read as a table: its header{where} has {_fields_of(width)}, "
        f"but line {table.lines[0]} and most others have {usual}: {table.delimiter.join(table.rows[0])[:80]!r}. "
        f"Each column needs one name; {hint if table.delimiter == ',' else 'mend the header'}"
    )


def _as_elsewhere(table: Layout) -> str:
    shown = {"\t": "tab", " ": "space"}.get(table.delimiter, table.delimiter)
    return f" as in the other lines (parted by {shown!r})"


def _fields_of(count: int) -> str:
    return f"{count} field{'s' if count != 1 else ''}"


def numbers_rows(cells: Iterable[str]) -> bool:
    """Whether cells number the rows, from 0 or 1."""
    found = [cell.strip() for cell in cells]
    return any(all(cell == str(start + i) for i, cell in enumerate(found)) for start in (0, 1))


def drop_empty_columns(table: Layout) -> None:
    """Columns without a name and without a value, which delimiters at the ends of lines leave."""
    kept = [i for i, n in enumerate(table.names) if n or any(row[i].strip() for row in table.rows)]
    if len(kept) < len(table.names) and kept:
        table.names = [table.names[i] for i in kept]
        table.rows = [[row[i] for i in kept] for row in table.rows]
