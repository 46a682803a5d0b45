"""A text as rows of fields: comments left out, and what parts the fields."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence

from elman.errors import DataError

_DELIMITERS = ("\t", ";", "|", ",")  # of two that fit, the first: commas part decimals too
_SAMPLE = 400  # lines that tell the delimiter
_COMMENTS = ("#", "%")
_GROUPED = re.compile(r"[-+]?\d{1,3}( \d{3})*([.,]\d+)?")
_DECIMAL_COMMA = re.compile(r'"?[-+]?\d[\d.]*,\d+"?')


def without_comments(text: str) -> tuple[str, str | None, str]:
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


def find_delimiter(text: str) -> str:
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


def rows_of_fields(text: str, delimiter: str, name: str) -> tuple[list[list[str]], list[int]]:
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


def split_line(line: str, delimiter: str) -> list[str]:
    if not delimiter:
        return [_unquoted(line.strip())]
    found = next(csv.reader([line.strip()], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip() for cell in found]
