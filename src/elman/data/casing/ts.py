"""Files of the kind ``.ts``, as the UCR and UEA archives, aeon and sktime have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from elman.data.cases import Cases
from elman.data.casing.arrays import numbered_channels
from elman.data.casing.laying import Steps, stacked
from elman.data.casing.written import Lines, is_passed, labels_of_lines, numbers_of_line
from elman.data.names import counted, listed
from elman.data.reading import Reading
from elman.data.sheets import by_texts
from elman.errors import DataError

_FLAGS = ("timestamps", "missing", "univariate", "equallength")
_WHOLE = ("dimensions", "dimension", "serieslength")
_BETWEEN = re.compile(r"\)\s*:\s*\(")
_PAIRS = re.compile(r"\)\s*,\s*\(")


@dataclass
class Header:
    """What the header of a file says; None where it does not say.

    Attributes
    ----------
    flags : dict of str to bool
    numbers : dict of str to int
    labelled : bool or None
        Whether a class or a target ends each line.
    numeric : bool
        Whether it is a target.
    classes : list of str
    end : int
        The first line of the data, counted from 0.
    """

    flags: dict[str, bool] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    labelled: bool | None = None
    numeric: bool = False
    classes: list[str] = field(default_factory=list)
    end: int = 0

    @property
    def dimensions(self) -> int | None:
        """How many channels there are, where it says so."""
        found = self.numbers.get("dimensions", self.numbers.get("dimension"))
        return 1 if found is None and self.flags.get("univariate") else found


def of_ts(text: Lines) -> Cases:
    """The cases of a file ``.ts``: of one or many channels, of any lengths, with values missing, with times.

    Raises
    ------
    DataError
        Naming the line that cannot be used.
    """
    header = read_header(text)
    body = text.after(header.end)
    labelled = _is_labelled(header, body[0][1], text.name)
    timed = header.flags.get("timestamps", body[0][1].startswith("("))
    values: list[np.ndarray] = []
    stamps: list[str] = []
    labels: list[str] = []
    for number, line in body:
        where = text.where(number)
        rest, label = _without_label(line, labelled, timed, where)
        found, when = _timed(rest, where) if timed else (_plain(rest, where), [])
        _check_width(found, values, header, where)
        values.append(found)
        stamps += when
        labels.append(label)
    places = [number for number, _ in body]
    codes = np.repeat(np.arange(len(values)), [len(found) for found in values])
    width = values[0].shape[1]
    times = by_texts([stamps], ["time"], Reading(), np.array(places)[codes]) if timed else None
    steps = Steps(np.concatenate(values), codes, tuple(range(len(values))), numbered_channels(width), times)
    cases = stacked(steps, [*text.notes, *_doubts(header, values)])
    if not labelled:
        return cases
    return replace(cases, labels=labels_of_lines(labels, places, text.name, header.classes, numeric=header.numeric))


def read_header(text: Lines) -> Header:
    """What stands above the data.

    Raises
    ------
    DataError
        Naming the line that says something else than such headers do.
    """
    header = Header()
    for i, line in enumerate(text.lines):
        if is_passed(line):
            continue
        where = text.where(i + 1)
        if not line.startswith("@"):
            raise DataError(f"{where} is {line[:40]!r} above @data; expected @ and what it tells, or # for a comment")
        key, *words = line[1:].split() or [""]
        if key.lower() == "data":
            if words:
                raise DataError(f"{where}: nothing is expected behind @data, and there is {' '.join(words)[:40]!r}")
            header.end = i + 1
            return header
        _tell(header, key.lower(), words, where)
    raise DataError(f"{text.name} has no line @data; expected one above the cases")


def _tell(header: Header, key: str, words: Sequence[str], where: str) -> None:
    """Put what a line says into the header; names and keys of later versions tell nothing of the cases."""
    if key in _FLAGS:
        header.flags[key] = _flag(key, words, where)
    elif key in _WHOLE:
        if len(words) != 1 or not words[0].isdigit() or int(words[0]) < 1:
            raise DataError(f"{where}: @{key} is {' '.join(words)!r}; expected a whole number of at least 1")
        header.numbers[key] = int(words[0])
    elif key in ("classlabel", "targetlabel"):
        told = _flag(key, words[:1], where)
        if header.labelled and told:
            raise DataError(f"{where}: @{key} follows another such line; a file has classes or targets, once")
        if header.labelled:
            return
        header.labelled = told
        header.numeric = key == "targetlabel"
        header.classes = list(words[1:])


def _flag(key: str, words: Sequence[str], where: str) -> bool:
    if len(words) != 1 or words[0].lower() not in ("true", "false"):
        raise DataError(f"{where}: @{key} is {' '.join(words)!r}; expected true or false")
    return words[0].lower() == "true"


def _is_labelled(header: Header, first: str, name: str) -> bool:
    """Whether a class or a target ends each line."""
    if header.labelled is not None:
        return header.labelled
    if header.dimensions is not None and not first.startswith("("):
        return first.count(":") == header.dimensions
    raise DataError(
        f"{name} does not say whether a class ends each line; add @classLabel true and the classes, @targetLabel true, "
        "or @classLabel false to its header"
    )


def _without_label(line: str, labelled: bool, timed: bool, where: str) -> tuple[str, str]:
    """A line without what ends it, and that."""
    if not labelled:
        return line, ""
    start = line.rfind(")") + 1 if timed else 0
    place = line.rfind(":", start)
    if place < 0:
        raise DataError(f"{where} has no colon; expected the values, a colon and the class or target")
    return line[:place], line[place + 1 :].strip()


def _plain(text: str, where: str) -> np.ndarray:
    """The channels of a case, (T, F)."""
    parts = text.split(":")
    if len(parts) == 1:
        return numbers_of_line(text, where)[:, None]
    columns = [numbers_of_line(part, f"{where}, channel {i}") for i, part in enumerate(parts)]
    other = next((i for i, column in enumerate(columns) if len(column) != len(columns[0])), None)
    if other is not None:
        raise DataError(
            f"{where} has {len(columns[other])} values in channel {other} and {len(columns[0])} in channel 0; expected "
            "as many in each channel of a case"
        )
    return np.stack(columns, axis=1)


def _timed(text: str, where: str) -> tuple[np.ndarray, list[str]]:
    """The channels of a case of pairs (time, value), (T, F), and its times; a channel misses those of others."""
    text = text.strip()
    if not (text.startswith("(") and text.endswith(")")):
        raise DataError(f"{where} is {text[:40]!r}; expected pairs (time,value), as @timeStamps true says")
    channels = [[pair.rpartition(",")[::2] for pair in _PAIRS.split(part)] for part in _BETWEEN.split(text[1:-1])]
    place: dict[str, int] = {}
    for i, pairs in enumerate(channels):
        stamps = [stamp.strip().strip("\"'") for stamp, _ in pairs]
        if len(set(stamps)) < len(stamps):
            again = next(stamp for stamp in stamps if stamps.count(stamp) > 1)
            raise DataError(f"{where} has the time {again!r} twice in channel {i}; expected each once")
        for stamp in stamps:
            place.setdefault(stamp, len(place))
    found = np.full((len(place), len(channels)), np.nan)
    for i, pairs in enumerate(channels):
        rows = [place[stamp.strip().strip("\"'")] for stamp, _ in pairs]
        found[rows, i] = numbers_of_line(",".join(value for _, value in pairs), f"{where}, channel {i}")
    return found, list(place)


def _check_width(found: np.ndarray, before: Sequence[np.ndarray], header: Header, where: str) -> None:
    """Refuse a case of other channels than the first, or than the header says in a number."""
    width = found.shape[1]
    if before and width != before[0].shape[1]:
        raise DataError(
            f"{where} has {counted(width, 'channels')} and the cases above it {before[0].shape[1]}; expected the same "
            "in all lines, with colons between them"
        )
    said = header.numbers.get("dimensions", header.numbers.get("dimension"))
    if said is not None and width != said:
        raise DataError(f"{where} has {counted(width, 'channels')}; the header says @dimensions {said}")


def _doubts(header: Header, values: Sequence[np.ndarray]) -> list[str]:
    """Notes on what the header says and the cases do not."""
    lengths = sorted({len(found) for found in values})
    width = values[0].shape[1]
    missing = any(np.isnan(found).any() for found in values)
    said = header.numbers.get("serieslength")
    untrue = []
    if header.flags.get("univariate") and width > 1:
        untrue.append(f"@univariate true, and there are {width} channels")
    if header.flags.get("equallength") and len(lengths) > 1:
        untrue.append(f"@equalLength true, and the cases have {lengths[0]} to {lengths[-1]} steps")
    if said is not None and header.flags.get("equallength", True) and lengths != [said]:
        untrue.append(f"@seriesLength {said}, and the cases have {listed(lengths, 3)} steps")
    if header.flags.get("missing") is False and missing:
        untrue.append("@missing false, and values are missing")
    return [f"the header says {one}: the cases were read as they are" for one in untrue]
