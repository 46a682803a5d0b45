"""Files of the kind ``.arff``, as the UCR and UEA archives and Weka have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from elman.data.cases import Cases
from elman.data.casing.arrays import numbered_channels
from elman.data.casing.asked import Asked
from elman.data.casing.laying import padded, squared
from elman.data.casing.roles import LABELS
from elman.data.casing.written import MISSING, Lines, is_passed, labels_of_lines, numbers_of_line
from elman.data.names import counted, listed
from elman.errors import DataError

_QUOTED = r"'((?:[^'\\]*(?:\\.[^'\\]*)*))'|\"((?:[^\"\\]*(?:\\.[^\"\\]*)*))\""
_ATTRIBUTE = re.compile(rf"@attribute\s+(?:{_QUOTED}|(\S+))\s+(.*)", re.IGNORECASE)
_FIELD = re.compile(rf"\s*(?:{_QUOTED}|([^,'\"]*))\s*(,|$)")
_ESCAPE = re.compile(r"\\(.)")
_NUMERIC = ("numeric", "real", "integer")


@dataclass(frozen=True)
class Attribute:
    """A column of the file.

    Attributes
    ----------
    name : str
    kind : str
        ``numeric``, ``nominal``, ``relational`` or ``string``.
    classes : tuple of str
        Of a nominal one.
    """

    name: str
    kind: str
    classes: tuple[str, ...] = ()


def of_arff(text: Lines, asked: Asked) -> Cases:
    """The cases of a file ``.arff``: an attribute for each step, or one that is relational, with a line a channel.

    Raises
    ------
    DataError
        Naming the line that cannot be used.
    """
    attributes, end = read_attributes(text)
    label = _label(attributes, asked, text.name)
    steps = [i for i in range(len(attributes)) if i != label]
    _check_steps([attributes[i] for i in steps], text.name)
    read = _channels if attributes[steps[0]].kind == "relational" else _values
    body = text.after(end)
    values: list[np.ndarray] = []
    labels: list[str] = []
    for number, line in body:
        where = text.where(number)
        fields = fields_of(line, where)
        if len(fields) != len(attributes):
            raise DataError(
                f"{where} has {counted(len(fields), 'fields')}, and the header names "
                f"{counted(len(attributes), 'attributes')}; expected one for each"
            )
        labels.append(fields[label] if label is not None else "")
        values.append(read(",".join(fields[i] for i in steps), where))
        if values[-1].shape[1] != values[0].shape[1]:
            raise DataError(f"{where} has {values[-1].shape[1]} channels, and the first case {values[0].shape[1]}")
    cases = squared(padded(values), tuple(range(len(values))), numbered_channels(values[0].shape[1]), text.notes)
    if label is None:
        return cases
    what, places = attributes[label], [number for number, _ in body]
    told = labels_of_lines(labels, places, text.name, what.classes or None, numeric=what.kind == "numeric")
    return replace(cases, labels=told)


def _values(text: str, where: str) -> np.ndarray:
    return numbers_of_line(text, where)[:, None]


def read_attributes(text: Lines) -> tuple[list[Attribute], int]:
    """The attributes of a file, and its first line of data, counted from 0; those inside of a relation are its steps.

    Raises
    ------
    DataError
        Naming the line that is no part of such a header.
    """
    found: list[Attribute] = []
    inside = ""
    for i, line in enumerate(text.lines):
        if is_passed(line):
            continue
        where = text.where(i + 1)
        word = line.split(None, 1)[0].lower()
        if word == "@data":
            if inside:
                raise DataError(f"{where}: the relation {inside!r} has no @end above @data")
            if not found:
                raise DataError(f"{where}: no @attribute stands above @data")
            return found, i + 1
        if word == "@end":
            inside = ""
        elif word == "@attribute":
            attribute = _attribute(line, where)
            if not inside:
                found.append(attribute)
            inside = inside or (attribute.name if attribute.kind == "relational" else "")
        elif word != "@relation":
            raise DataError(f"{where} is {line[:40]!r}; expected @relation, @attribute or @data")
    raise DataError(f"{text.name} has no line @data; expected one above the cases")


def _attribute(line: str, where: str) -> Attribute:
    parts = _ATTRIBUTE.fullmatch(line)
    if parts is None:
        raise DataError(f"{where} is {line[:60]!r}; expected @attribute, a name and a type")
    name = next(part for part in parts.groups()[:3] if part is not None)
    kind = parts[4].strip()
    if kind.startswith("{"):
        if not kind.endswith("}"):
            raise DataError(f"{where}: the classes of {name!r} are not closed by a brace")
        return Attribute(name, "nominal", tuple(fields_of(kind[1:-1], where)))
    word = (kind.split() or [""])[0].lower()
    if word in _NUMERIC:
        return Attribute(name, "numeric")
    if word in ("relational", "string"):
        return Attribute(name, word)
    raise DataError(
        f"{where}: attribute {name!r} is of the type {kind!r}; expected numeric, real, integer, relational, or classes "
        "in braces"
    )


def fields_of(line: str, where: str) -> list[str]:
    """The fields of a line, without quotes; a relational one keeps what parts its lines.

    Raises
    ------
    DataError
        If a quote is not closed, or the line is sparse.

    Examples
    --------
    >>> fields_of("'1,2', run ,5", "line 1")
    ['1,2', 'run', '5']
    """
    if "'" not in line and '"' not in line:
        if line.startswith("{"):
            raise DataError(f"{where} is sparse, with fields in braces; expected all fields in their order")
        return [part.strip() for part in line.split(",")]
    found, place = [], 0
    while True:
        part = _FIELD.match(line, place)
        if part is None:
            raise DataError(f"{where} has a quote that is not closed, or text beside one, at {line[place:][:40]!r}")
        quoted = part[1] if part[1] is not None else part[2]
        found.append(part[3].strip() if quoted is None else quoted)
        place = part.end()
        if not part[4]:
            return found


def _label(attributes: Sequence[Attribute], asked: Asked, name: str) -> int | None:
    """The attribute that tells what a case is: the one named, the only one of classes, or one that is so called."""
    names = [attribute.name for attribute in attributes]
    if asked.label is not None:
        if asked.label not in names:
            raise DataError(
                f"{name} has no attribute {asked.label!r}; its last ones are {listed(map(repr, names[-3:]))}"
            )
        return names.index(asked.label)
    nominal = [i for i, attribute in enumerate(attributes) if attribute.kind == "nominal"]
    if len(nominal) > 1:
        raise DataError(
            f"{name} has several attributes of classes: {listed(repr(names[i]) for i in nominal)}; name one "
            "with label=, and leave out others"
        )
    called = [i for i, one in enumerate(names) if one.lower() in LABELS]
    return next(iter(nominal or called), None)


def _check_steps(steps: Sequence[Attribute], name: str) -> None:
    """Refuse attributes that are no steps."""
    relational = [step.name for step in steps if step.kind == "relational"]
    if not steps or (relational and len(steps) > 1):
        raise DataError(
            f"{name} has the attributes {listed(s.name for s in steps)} beside the class; expected one that "
            "is relational, or numeric ones"
        )
    wrong = next((step for step in steps if step.kind not in ("numeric", "relational")), None)
    if wrong is not None:
        raise DataError(f"{name}: attribute {wrong.name!r} is {wrong.kind}; expected numbers, a step each")


def _channels(text: str, where: str) -> np.ndarray:
    """A relation, with a line for each channel, as (T, F)."""
    if text == MISSING:
        raise DataError(f"{where}: the relation is missing; expected the values of the case")
    rows = [row for row in text.replace("\n", "\\n").split("\\n") if row.strip()]
    columns = [numbers_of_line(row, f"{where}, channel {i}") for i, row in enumerate(rows)]
    other = next((i for i, column in enumerate(columns) if len(column) != len(columns[0])), None)
    if other is not None or not columns:
        shown = "no channel" if other is None else f"{len(columns[other])} values in channel {other}"
        raise DataError(f"{where} has {shown}; expected as many values in each channel of a case")
    return np.stack(columns, axis=1)
