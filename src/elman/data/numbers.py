"""Columns of texts as numbers: the whole column decides how its numbers are written, never a single value."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from elman.data.numerals import USUAL, WAYS, Numeral, Way, fitting_ways, is_currency, is_missing, undressed
from elman.errors import DataError, OptionError

_MARKS = {".": "points", ",": "commas", "'": "apostrophes", " ": "spaces", "_": "underscores"}
_NOT_PLAIN = re.compile(r"^(?!(?:[-+]?\d{1,15}(?:\.\d+)?(?:[eE][-+]?\d\d?)?)?$)", re.MULTILINE)
_NO_THOUSANDS = re.compile(
    r"\.(?:\d{1,2}|\d{4,})\n|\d{4}\.|(?:\n|^)[-+]?0\d*\."
)  # a point that parts no groups of three
ROUNDED = "{} holds whole numbers beyond 2^53 (9007199254740992), which are rounded to the nearest float64"
_NAMES_OF_MARKS = {"point": ".", "comma": ",", "space": " ", "apostrophe": "'", "underscore": "_"}


@dataclass(frozen=True)
class Written:
    """What is known of a column beside its texts.

    Attributes
    ----------
    name : str
        Of the column and its file, for messages.
    delimiter : str
        What parts the fields of the file: semicolons are used where commas part decimals.
    place : function of int
        A row, in words.
    others : function
        The decimal marks that other columns of the file show.
    """

    name: str
    delimiter: str = ""
    place: Callable[[int], str] = lambda row: f"row {row + 1}"
    others: Callable[[], set[str]] = set


def as_mark(mark: str | None, option: str) -> str | None:
    """A decimal or thousands mark that a user gave, by itself or by name.

    Raises
    ------
    OptionError
        If there is no such mark.
    """
    allowed = ".," if option == "decimal" else ".,' _"
    if mark is None:
        return None
    found = _NAMES_OF_MARKS.get(mark.strip().lower(), mark) if isinstance(mark, str) else mark
    if not isinstance(found, str) or len(found) != 1 or found not in allowed:
        names = ", ".join(n for n, m in _NAMES_OF_MARKS.items() if m in allowed)
        raise OptionError(f"{option} is {mark!r}; expected one of {names}, or the mark itself")
    return found


def read_texts(
    texts: Sequence[str], written: Written, decimal: str | None = None, thousands: str | None = None
) -> tuple[np.ndarray, list[str]]:
    """Texts as float64 with NaN where a value is missing, and notes on how they were read.

    Parameters
    ----------
    texts : list of str
        Of a column.
    written : Written
        What else is known of it.
    decimal, thousands : str, optional
        Marks that the numbers are written with; by default those that fit all of them.

    Raises
    ------
    DataError
        If a text is no number, naming its row; or if two ways of reading fit.
    """
    decimal, thousands = as_mark(decimal, "decimal"), as_mark(thousands, "thousands")
    if decimal is not None and decimal == thousands:
        raise OptionError(f"decimal and thousands are both {decimal!r}; a mark has one meaning")
    if decimal is None and thousands is None:
        plain = _plain_numbers(texts)
        if plain is not None:
            return plain, []
    numerals = {text: undressed(text) for text in dict.fromkeys(texts) if not is_missing(text)}
    _check_numerals(numerals, texts, written)
    known = {text: numeral for text, numeral in numerals.items() if numeral is not None}
    way, notes = _way(known, texts, written, decimal, thousands)
    values = {text: -way.value(n.body) if n.negative else way.value(n.body) for text, n in known.items()}
    array = np.array([values.get(text, np.nan) for text in texts], np.float64)
    _check_finite(array, texts, written)
    return array, [
        *_notes_on_marks(texts, written),
        *notes,
        *_notes_on_dress(known, written, way),
        *_note_of_rounding(known, written, way),
    ]


def _plain_numbers(texts: Sequence[str]) -> np.ndarray | None:
    """Numbers in which nothing but a decimal point stands between digits; None where each has to be looked at."""
    together = "\n".join(texts)
    if _NOT_PLAIN.search(together) or together.count("\n") >= len(texts):
        return None
    if "." in together and not _NO_THOUSANDS.search(together):
        return None
    return np.array([float(text) if text else np.nan for text in texts], np.float64)


def decimal_marks(texts: Sequence[str]) -> set[str]:
    """The decimal marks that a column shows beyond doubt; nothing where it holds no numbers."""
    numerals = [undressed(text) for text in dict.fromkeys(texts) if not is_missing(text)]
    if not numerals or None in numerals:
        return set()
    ways = fitting_ways(n.body for n in numerals if n is not None)
    marked = set("".join(n.body for n in numerals if n is not None)) & {".", ","}
    return {ways[0].decimal} if len(ways) == 1 and marked else set()


# --- which way ----------------------------------------------------------------------------------------------


def _way(
    known: dict[str, Numeral], texts: Sequence[str], written: Written, decimal: str | None, thousands: str | None
) -> tuple[Way, list[str]]:
    """The way in which all numbers are written, and a note where it is not plain."""
    bodies = list(dict.fromkeys(n.body for n in known.values()))  # in the order of the rows
    ways = [w for w in fitting_ways(bodies) if _allowed(w, bodies, decimal, thousands)]
    if not ways:
        _refuse(known, texts, written, decimal, thousands)
    example = max(bodies, key=lambda body: (any(m in body for m in _MARKS), -len(body)), default="")
    if len(ways) == 1 or len({w.value(example) for w in ways}) == 1:
        return ways[0], _note_of_thousands(ways[0], bodies, written)
    chosen = _likeliest(ways, bodies, written)
    if chosen is None:
        raise DataError(_two_readings(ways, example, written))
    other = next(w for w in ways if w is not chosen)
    note = (
        f"{written.name}: {_reading(chosen, example)}; if it is {_plain(other.value(example))}, give {_option(other)}"
    )
    return chosen, [note]


def _allowed(way: Way, bodies: Sequence[str], decimal: str | None, thousands: str | None) -> bool:
    """Whether a way goes with what the user said of the marks."""
    if decimal is not None and way.decimal != decimal:
        used = any(way.decimal in body for body in bodies)
        if used or way.thousands == decimal:
            return False
    if thousands is None:
        return True
    return way.thousands == thousands or (not way.thousands and not any(thousands in body for body in bodies))


def _likeliest(ways: list[Way], bodies: Sequence[str], written: Written) -> Way | None:
    """Of a decimal and a thousands reading of the same mark, such as ``1.264``, the one that the file speaks for.

    Beside whole numbers below a thousand, groups that keep their zeros (955, 988, 1.000, 1.264) are thousands. Else it
    is what other columns show, and then the custom: semicolons part fields where commas part decimals, commas where
    points do.
    """
    fraction = next(w for w in ways if not w.thousands)
    grouped = next(w for w in ways if w.thousands)
    mark = grouped.thousands
    bare = {body.lstrip("-") for body in bodies if mark not in body}
    if any(len(body) > 3 for body in bare):
        return fraction
    mixed, zeros = bool(bare - {"0"}), any(body.endswith("0") for body in bodies if mark in body)
    if mixed and zeros:
        return grouped
    others = written.others()
    if len(others) == 1:
        return fraction if fraction.decimal in others else grouped
    custom = {";": ",", ",": "."}.get(written.delimiter, "." if mark == "." else None)
    custom_way = next((w for w in ways if w.decimal == custom), None)
    return None if mixed and custom_way is fraction else custom_way


# --- words --------------------------------------------------------------------------------------------------


def _reading(way: Way, example: str) -> str:
    if way.thousands:
        return f"{_MARKS[way.thousands]} part thousands, so that {example} is {_plain(way.value(example))}"
    mark = "point" if way.decimal == "." else "comma"
    return f"{example} was read as {_plain(way.value(example))}, with a decimal {mark}"


def _plain(value: float) -> str:
    return f"{value:.15g}"


def _option(way: Way) -> str:
    mark = way.thousands or way.decimal
    name = next(name for name, m in _NAMES_OF_MARKS.items() if m == mark)
    option = "thousands" if way.thousands else "decimal"
    return f"--{option} {name} ({option}={mark!r} in Python)"


def _two_readings(ways: list[Way], example: str, written: Written) -> str:
    readings = " or ".join(f"{_plain(w.value(example))}, {_option(w)}" for w in ways)
    return f"{written.name} can be read in two ways: {example} may be {readings}. Say which"


def _note_of_thousands(way: Way, bodies: Sequence[str], written: Written) -> list[str]:
    grouped = [body for body in bodies if way.thousands and way.thousands in body]
    return [f"{written.name}: {_reading(way, min(grouped, key=lambda b: (len(b), b)))}"] if grouped else []


def _notes_on_marks(texts: Sequence[str], written: Written) -> list[str]:
    odd = sorted({text for text in set(texts) if is_missing(text) and text.lower() not in USUAL})
    return [f"{written.name}: {', '.join(map(repr, odd))} stands for a missing value"] if odd else []


def _notes_on_dress(known: dict[str, Numeral], written: Written, way: Way) -> list[str]:
    notes = []
    dressed = next(((text, n) for text, n in known.items() if n.dress), None)
    if dressed is not None:
        text, numeral = dressed
        value = _plain(-way.value(numeral.body) if numeral.negative else way.value(numeral.body))
        what = "percentages" if numeral.dress == "%" else "amounts" if is_currency(numeral.dress) else "numbers"
        notes.append(
            f"{written.name} holds {what} with {numeral.dress!r}, which was left out: {text} was read as {value}"
        )
    for style in sorted({n.style for n in known.values()} - {""}):
        text = next(text for text, n in known.items() if n.style == style)
        notes.append(f"{written.name}: numbers with {style} are negative, as {text}")
    return notes


def _note_of_rounding(known: dict[str, Numeral], written: Written, way: Way) -> list[str]:
    """Whole numbers that float64 does not hold."""
    digits = [n.body.replace(way.thousands, "") for n in known.values()]
    long = [body for body in digits if len(body) > 15 and body.lstrip("-").isdigit()]
    if any(int(body) != int(float(body)) for body in long if len(body) < 300):
        return [ROUNDED.format(written.name)]
    return []


# --- refusals -----------------------------------------------------------------------------------------------


def _first(texts: Sequence[str], wanted: set[str]) -> tuple[str, int]:
    return next((text, row) for row, text in enumerate(texts) if text in wanted)


def _check_numerals(numerals: dict[str, Numeral | None], texts: Sequence[str], written: Written) -> None:
    """Refuse texts that are no numbers, and different currencies or units in one column."""
    infinite = {t for t, n in numerals.items() if n is None and t.lower().lstrip("+-") in ("inf", "infinity", "\u221e")}
    if infinite:
        raise DataError(
            f"{written.name} is infinite in {written.place(_first(texts, infinite)[1])}; expected finite numbers"
        )
    wrong = {
        text for text, numeral in numerals.items() if numeral is None or not any(w.match(numeral.body) for w in WAYS)
    }
    if wrong:
        text, row = _first(texts, wrong)
        raise DataError(f"{written.name} holds {text!r} in {written.place(row)}; expected a number")
    dresses = {n.dress for n in numerals.values() if n is not None}
    if len(dresses) > 1:
        shown = [_first(texts, {t for t, n in numerals.items() if n is not None and n.dress == d}) for d in dresses]
        (one, row), (two, other) = sorted(shown, key=lambda found: found[1])[:2]
        raise DataError(
            f"{written.name} holds {one!r} in {written.place(row)} and {two!r} in {written.place(other)}; "
            "expected one unit or currency in the whole column"
        )


def _refuse(
    known: dict[str, Numeral], texts: Sequence[str], written: Written, decimal: str | None, thousands: str | None
) -> None:
    """Say which text does not go with the way that fits most of them."""
    bodies = list(dict.fromkeys(n.body for n in known.values()))  # in the order of the rows
    ways = [w for w in WAYS if _allowed(w, bodies, decimal, thousands)] or [
        w for w in WAYS if decimal in (None, w.decimal) and thousands in (None, w.thousands, "")
    ]
    best = max(ways or WAYS, key=lambda w: sum(w.match(n.body) for n in known.values()))
    text, row = _first(texts, {t for t, n in known.items() if not best.match(n.body)} or set(known))
    kept = [t for t, n in known.items() if best.match(n.body)]
    marks = f"a decimal {'point' if best.decimal == '.' else 'comma'}"
    marks += f" and {_MARKS[best.thousands]} between thousands" if best.thousands else ""
    like = f", as {kept[0]!r} elsewhere" if kept else ""
    raise DataError(f"{written.name} holds {text!r} in {written.place(row)}; expected a number with {marks}{like}")


def _check_finite(values: np.ndarray, texts: Sequence[str], written: Written) -> None:
    infinite = np.isinf(values)
    if infinite.any():
        row = int(np.argmax(infinite))
        raise DataError(
            f"{written.name} is infinite in {written.place(row)} ({texts[row]}); expected finite numbers, up to 1.8e308"
        )
