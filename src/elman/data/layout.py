"""How a text is laid out as a table: what parts its fields, where its header is, and what stands around it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from elman.data.names import counted, listed
from elman.data.numerals import is_missing, looks_like_number
from elman.data.read_times import looks_like_times
from elman.errors import DataError

_DELIMITERS = ("\t", ";", "|", ",")  # of two that fit, the first: commas part decimals too
_SAMPLE = 400  # lines that tell the delimiter
_JUDGED = 40  # rows that tell which columns hold numbers or times
_COMMENTS = ("#", "%")
_TOTALS = re.compile(
    r"(grand |sub)?(totals?|sums?|averages?|means?|summe|gesamt(summe)?|insgesamt|mittelwert|moyenne|totale|somme)\b:?",
    re.IGNORECASE,
)
_HEADINGS = {"time", "date", "datetime", "timestamp", "ds", "year", "quarter", "month", "week", "day", "hour", "period"}
_GROUPED = re.compile(r"[-+]?\d{1,3}( \d{3})*([.,]\d+)?")
_DECIMAL_COMMA = re.compile(r'"?[-+]?\d[\d.]*,\d+"?')


@dataclass
class Layout:
    """A table of texts.

    Attributes
    ----------
    names : list of str
        Of the columns: different, none empty.
    rows : list of list of str
        All as long as `names`.
    lines : list of int
        In which line of the text each row ends.
    delimiter : str
        What parts the fields; empty for a single column.
    notes : list of str
        What was passed over or assumed.
    """

    names: list[str]
    rows: list[list[str]]
    lines: list[int]
    delimiter: str
    notes: list[str] = field(default_factory=list)


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
    text, told, comment = _without_comments(text)
    delimiter = _delimiter(text) if told is None else told
    rows, lines = _fields(text, delimiter, name)
    if not rows:
        raise DataError(f"{name} has no rows; expected a header and a row for each time")
    width = _width([len(row) for row in rows])
    typed = _typed_columns(rows, width)
    first = _first_data(rows, width, typed)
    head, body = rows[:first], rows[first:]
    table = Layout([], body, lines[first:], delimiter)
    _drop_footers(table, width, typed)
    header = _header(head, width)
    if header is None and comment and len(_split(comment, delimiter)) == width:
        names: list[str] = _split(comment, delimiter)
    elif header is None:
        names = _numbered(width, table, name)
    else:
        names = _without_quotes([cell.strip() for cell in head[header]])
        _note_passed(head, header, lines, table)
        _note_counted(names, lines[header], table)
        _drop_repeated(table, head[header])
    table.names, table.rows = _fit(names, table, header is not None and lines[header], name)
    _drop_empty_columns(table)
    _make_different(table)
    return table


def _without_quotes(names: list[str]) -> list[str]:
    """Names without single quotes, where all of them stand in such."""
    quoted = all(len(n) > 2 and n[0] == n[-1] == "'" for n in names if n)
    return [n[1:-1] for n in names] if quoted else names


# --- lines and fields ---------------------------------------------------------------------------------------


def _without_comments(text: str) -> tuple[str, str | None, str]:
    """A text with empty lines for its comments; what `sep=` says; and the last comment before the table."""
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    told = re.match(r'\s*"?sep=(.)"?[ \t]*\n', text, re.IGNORECASE)
    if told:
        text = "\n" + text[told.end() :]
    if not any(mark in text for mark in _COMMENTS):
        return text, told and told[1], ""
    lines = text.split("\n")
    comments = {i for i, line in enumerate(lines) if line.lstrip().startswith(_COMMENTS)}
    if 2 * len(comments) > sum(bool(line.strip()) for line in lines) and len(comments) == len(lines):
        return text, told and told[1], ""
    last = ""
    for i, line in enumerate(lines):
        if line.strip() and i not in comments:
            break
        last = line.lstrip().lstrip("#% ") if i in comments else last
    return "\n".join("" if i in comments else line for i, line in enumerate(lines)), told and told[1], last


def _delimiter(text: str) -> str:
    """What parts the fields: what is in the first lines as often as in the others; empty where nothing does."""
    lines = [line for line in text[: 200 * _SAMPLE].split("\n")[:_SAMPLE] if line.strip()]
    if len(lines) > 1 and "," not in lines[0] and all(_DECIMAL_COMMA.fullmatch(line.strip()) for line in lines[1:]):
        return ""
    found = {d: _consistency(lines, d) for d in _DELIMITERS}
    best = max(found.values())
    if best > 0.5:
        return next(d for d in _DELIMITERS if found[d] > best - 0.1)
    if len(lines) > 1 and " " not in lines[0].strip() and all(_GROUPED.fullmatch(line.strip()) for line in lines[1:]):
        return ""
    words = [line.split() for line in lines]
    if len(words) < 2:
        return ""
    width = len(words[-1])
    fits = all(len(row) == width for row in words[1:]) and len(words[0]) in (width, width - 1)
    return " " if width > 1 and fits else ""


def _consistency(lines: Sequence[str], delimiter: str) -> float:
    """Share of the lines that have the usual number of fields, and half a point if the first one has."""
    counts = [len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t") if row]
    if not counts:
        return 0.0
    width, rows = Counter(counts).most_common(1)[0]
    if width == 1:
        several = [count for count in counts if count > 1]
        if 2 * len(several) < len(counts):
            return 0.0
        width, rows = Counter(several).most_common(1)[0]
    return rows / len(counts) + 0.5 * (counts[0] in (width, width - 1) and counts[0] > 1)


def _fields(text: str, delimiter: str, name: str) -> tuple[list[list[str]], list[int]]:
    """Rows of fields, without the empty ones, and the line in which each ends."""
    if delimiter == " ":
        text = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    if not delimiter:
        whole = [(i, line.strip()) for i, line in enumerate(text.split("\n"), start=1) if line.strip()]
        return [[_unquoted(line)] for _, line in whole], [i for i, _ in whole]
    rows: list[list[str]] = []
    lines: list[int] = []
    spaced = delimiter != "\t"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=spaced, strict=True)
    ended = 0
    try:
        for row in reader:
            if any(row):
                rows.append(row)
                lines.append(reader.line_num)
            ended = reader.line_num
    except csv.Error as error:
        reason = "a quote is opened and not closed" if "end of data" in str(error) else str(error)
        raise DataError(
            f"{name} cannot be read as a table: line {ended + 1}: {reason}; a quote inside of a quoted text is "
            'written twice, as in "5"" pipe"'
        ) from error
    return rows, lines


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def _split(line: str, delimiter: str) -> list[str]:
    if not delimiter:
        return [_unquoted(line.strip())]
    found = next(csv.reader([line.strip()], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip() for cell in found]


# --- header, rows and what stands around them ---------------------------------------------------------------


def _width(counts: Sequence[int]) -> int:
    """The usual number of fields; titles above a table and notes below it have fewer."""
    return Counter(counts).most_common(1)[0][0]


def _is_data(cell: str) -> bool:
    cell = cell.strip()
    return any(c.isdigit() for c in cell) and (looks_like_number(cell) or looks_like_times([cell]))


def _typed_columns(rows: Sequence[list[str]], width: int) -> list[int]:
    """Columns that hold numbers or times, going by rows well below the header."""
    whole = [row for row in rows if len(row) == width]
    start = max(1, min(len(whole) // 2, len(whole) - _JUDGED))
    judged = whole[start : start + _JUDGED]
    found = []
    for column in range(width):
        cells = [cell for row in judged if (cell := row[column].strip()) and any(c.isalnum() for c in cell)]
        if cells and sum(map(_is_data, cells)) >= 0.7 * len(cells):
            found.append(column)
    return found


def _first_data(rows: Sequence[list[str]], width: int, typed: Sequence[int]) -> int:
    """The first row that is no title, header or row of units."""
    if not typed:
        return next((i for i, row in enumerate(rows) if len(row) == width), 0) + 1
    for i, row in enumerate(rows):
        if len(row) != width and not (i > 0 and len(row) > 1 and _is_data(row[0])):
            continue
        if _names_columns(rows, i, width, typed):
            return i + 1
        cells = [row[c].strip() for c in typed if c < len(row)]
        data = sum(map(_is_data, cells))
        other = sum(bool(cell) and not _is_data(cell) for cell in cells)
        headed = any(len(r) in (width, width - 1) for r in rows[:i])
        if not headed and len(row) > 1 and not row[0].strip() and 0 in typed:
            continue  # an index without a name heads its column with nothing, and a series without one is called 0
        if data and (headed or other < data or any(map(_is_moment, cells))) or (not data and not other and headed):
            return i
    return next((i for i, row in enumerate(rows) if len(row) == width), 0) + 1


def _names_columns(rows: Sequence[list[str]], i: int, width: int, typed: Sequence[int]) -> bool:
    """Whether a row heads its columns with numbers or times, as ``date,1,2,3`` or ``country,2000,2001,2002`` does."""
    row = [cell.strip() for cell in rows[i]]
    below = next((r for r in rows[i + 1 :] if len(r) == width), None)
    if len(row) != width or below is None or width < 3:
        return False
    heads = [row[c] for c in typed if c > 0]
    if len(heads) < 2 or not all(map(_is_data, heads)) or len(set(heads)) < len(heads):
        return False
    first, counted = row[0], row == [str(c) for c in range(width)]
    if _is_data(first) or is_missing(first):
        return counted and [cell.strip() for cell in below] != row
    if typed[0] == 0:  # a word above times or numbers
        return True
    under = [below[c].strip() for c in typed if c > 0]
    dated = all(map(_is_moment, heads)) and not any(map(_is_moment, under))
    return dated or len(heads) > 2 and _evenly_counted(heads) and not _evenly_counted(under)


def _evenly_counted(cells: Sequence[str]) -> bool:
    """Whether cells are whole numbers that rise by equal steps, as years do."""
    if not all(cell.isascii() and cell.isdigit() for cell in cells):
        return False
    steps = {int(b) - int(a) for a, b in pairwise(cells)}
    return len(steps) == 1 and min(steps) > 0


def _is_moment(cell: str) -> bool:
    return not looks_like_number(cell) and _is_data(cell)


def _header(head: Sequence[list[str]], width: int) -> int | None:
    """Which of the rows above the data names the columns."""
    whole = [i for i, row in enumerate(head) if width - 1 <= len(row) <= width + 1 and len(row) > (width > 1)]
    named = [i for i in whole if any(cell.strip().lower() in _HEADINGS for cell in head[i])]
    filled = sorted(whole, key=lambda i: -sum(bool(cell.strip()) for cell in head[i]))
    return next(iter(named or filled), None)


def _note_passed(head: Sequence[list[str]], header: int, lines: Sequence[int], table: Layout) -> None:
    above, below = [lines[i] for i in range(header)], [lines[i] for i in range(header + 1, len(head))]
    if above:
        table.notes.append(f"{_lines(above)} above the header {_was(above)} passed over")
    if below:
        shown = table.delimiter.join(head[header + 1])[:60]
        table.notes.append(f"{_lines(below)} below the header ({shown!r}) {_was(below)} passed over")


def _note_counted(names: Sequence[str], line: int, table: Layout) -> None:
    if names == [str(i) for i in range(len(names))]:
        table.notes.append(f"{_lines([line])}, which only counts the columns, was taken for the header")


def _drop_repeated(table: Layout, header: list[str]) -> None:
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


def _numbered(width: int, table: Layout, name: str) -> list[str]:
    names = [f"column {i + 1}" for i in range(width)]
    shown = f"are called {listed(names, 4)}" if width > 1 else "is called 'column 1'"
    table.notes.append(f"{name} has no header: its column{'s' if width > 1 else ''} {shown}")
    return names


def _drop_footers(table: Layout, width: int, typed: Sequence[int]) -> None:
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
    return width > 1 and len(filled) == 1 and bool(row[0].strip()) and not _is_data(row[0]) and len(row[0].split()) > 1


def _fit(names: list[str], table: Layout, header_line: int | bool, name: str) -> tuple[list[str], list[list[str]]]:
    """Names and rows of one length: delimiters at the ends of lines and R's names of rows are allowed for."""
    rows, width = table.rows, len(names)
    usual = _width([len(row) for row in rows]) if rows else width
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


def _drop_empty_columns(table: Layout) -> None:
    """Columns without a name and without a value, which delimiters at the ends of lines leave."""
    kept = [i for i, n in enumerate(table.names) if n or any(row[i].strip() for row in table.rows)]
    if len(kept) < len(table.names) and kept:
        table.names = [table.names[i] for i in kept]
        table.rows = [[row[i] for i in kept] for row in table.rows]


def _make_different(table: Layout) -> None:
    """Names for columns that have none, and other names for those that come twice."""
    taken: set[str] = set()
    for i, name in enumerate(table.names):
        called, number = name or f"column {i + 1}", 2
        while called in taken:
            called, number = f"{name or 'column'} ({number})", number + 1
        if name and called != name:
            table.notes.append(f"several columns are called {name!r}: the next one is {called!r} here")
        table.names[i] = called
        taken.add(called)
