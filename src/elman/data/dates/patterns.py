"""The pattern that a text follows, so that other times can be written, and described, like it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elman.data.dates.fields import Moments
from elman.data.dates.forms import Form
from elman.data.dates.names import MONTHS, plain
from elman.data.dates.texts import TimeTexts

_NAMES = {"r": "m"}


def pattern_of(form: Form, texts: TimeTexts, row: int) -> str:
    """The text of a row with directives of `strftime` for its fields.

    Parameters
    ----------
    form : Form
        That reads the row.
    texts : TimeTexts
    row : int
    """
    clean, text = texts.clean[row], texts.original(row)
    match = form.match("".join("0" if c.isdigit() else c for c in clean))
    assert match is not None
    spans = sorted((match.span(name), name) for name, found in match.groupdict().items() if _is_field(name, found))
    pattern, last = "", 0
    for (start, end), name in spans:
        pattern += text[last:start].replace("%", "%%") + _directive(form, name, end - start, match.groupdict())
        last = end
    return pattern + text[last:].replace("%", "%%")


def _is_field(name: str, found: str | None) -> bool:
    return found is not None and name not in ("sep", "z", "o", "i", "end")


def _directive(form: Form, name: str, width: int, groups: dict[str, str | None]) -> str:
    if name == "x":
        return "%z" if "0" in (groups["x"] or "") or groups["x"] == "z" else "%Z"
    if name == "n":
        return "%n" if width == 4 else "%N"
    if name in ("Y", "y") and groups.get("V"):
        return "%G" if name == "Y" else "%g"
    if name == "H" and groups.get("p"):
        return "%I"
    return f"%{_NAMES.get(name, name)}"


def writing_pattern(form: Form, texts: TimeTexts) -> str:
    """The pattern of the first text; without zeros in front where any text lacks them."""
    first = int(np.argmax(~texts.empty))
    pattern = pattern_of(form, texts, first)
    for name in ("m", "V"):
        if name in form.expression.groupindex:
            widths = [m.end(name) - m.start(name) for m in map(form.match, texts.shapes) if m and m.group(name)]
            if min(widths, default=2) == 1:
                pattern = pattern.replace(f"%{name}", f"%-{name}")
    return pattern.replace("%Y-%-m", "%Y-%m")  # ISO


def month_names(form: Form, texts: TimeTexts, found: Moments) -> tuple[str, ...]:
    """Twelve names as the column spells them; empty where those that it lacks cannot be told."""
    spelled: dict[int, str] = {}
    for shape in texts.shapes:
        match = form.match(shape)
        if match is not None and match.groupdict().get("b"):
            row = int(texts.rows(shape)[0])
            month = int(found.times[row].astype("datetime64[M]").astype(int)) % 12
            spelled.setdefault(month, texts.original(row)[slice(*match.span("b"))])
    for names in MONTHS:
        if all(plain(names[month]) == plain(text) for month, text in spelled.items()):
            style = _style(next(iter(spelled.values())))
            return tuple(spelled.get(month, style(names[month])) for month in range(12))
    return tuple(spelled[month] for month in range(12)) if len(spelled) == 12 else ()


def _style(text: str) -> Callable[[str], str]:
    return str.upper if text.isupper() else str.lower if text.islower() else str.title
