"""How a text is laid out as a table: what parts its fields, where its header is, and what stands around it."""

from __future__ import annotations

from elman.data.along import heads_times
from elman.data.fields import find_delimiter, rows_of_fields, split_line, without_comments
from elman.data.fitting import drop_empty_columns, fit
from elman.data.footers import drop_footers, drop_repeated, note_counted, note_passed
from elman.data.found_table import Layout
from elman.data.header import (
    first_data,
    header_row,
    make_different,
    numbered,
    typed_columns,
    usual_width,
    without_quotes,
)
from elman.errors import DataError


def layout(text: str, name: str) -> Layout:
    """Find the table in a text.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for messages.

    Raises
    ------
    DataError
        If rows have different numbers of fields, or a quote is not closed; with the line.
    """
    text, told, comment = without_comments(text)
    delimiter = find_delimiter(text) if told is None else told
    rows, lines = rows_of_fields(text, delimiter, name)
    if not rows:
        raise DataError(f"{name} has no rows; expected a header and a row for each time")
    width = usual_width([len(row) for row in rows])
    typed = typed_columns(rows, width)
    first = first_data(rows, width, typed)
    if header_row(rows[:first], width) is None and len(rows) > first + 1 and heads_times(*rows[first : first + 2]):
        first += 1
    head, body = rows[:first], rows[first:]
    table = Layout([], body, lines[first:], delimiter)
    drop_footers(table, width, typed)
    header = header_row(head, width)
    if header is None and comment and len(split_line(comment, delimiter)) == width:
        names: list[str] = split_line(comment, delimiter)
    elif header is None:
        names = numbered(width, table, name)
    else:
        names = without_quotes([cell.strip() for cell in head[header]])
        note_passed(head, header, lines, table)
        note_counted(names, lines[header], table)
        drop_repeated(table, head[header])
    table.names, table.rows = fit(names, table, header is not None and lines[header], name)
    drop_empty_columns(table)
    make_different(table)
    return table
