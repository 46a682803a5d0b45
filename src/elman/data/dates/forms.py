"""The forms that times have in files, as regular expressions over shapes (texts with their digits made 0).

Groups are named after `strftime`: Y y m b d j H M S f p, V and u of ISO weeks; further q (quarter), h (half), n (the
second year of 2013/14), x (zone) with z its sign, o hours and i minutes, and end, of an
interval, which is not read. No expression can look at a digit: which
months and days there are is decided where all rows are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from elman.data.dates.names import ABBREVIATIONS, MONTH_OF, WEEKDAYS
from elman.data.dates.zones import named
from elman.errors import OptionError

_GROUPS = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"'?(?P<y>\d\d)",
    "m": r"(?P<m>\d\d?)",
    "d": r"(?P<d>\d\d?)(?:st|nd|rd|th)?",
    "b": r"(?P<b>[a-z]{3,12})\.?",
    "yy": r"(?P<y>\d\d)",
    "mm": r"(?P<m>\d\d)",
    "dd": r"(?P<d>\d\d)",
    "j": r"(?P<j>\d{3})",
    "q": r"(?P<q>\d)",
    "h": r"(?P<h>\d)",
    "th": r"(?:st|nd|rd|th)?[\s.-]?",
    "V": r"(?P<V>\d\d?)",
    "-": r"(?P<sep>[-/. ]|\. )",
    ":": r"(?P<sep>[-/.: ])",
    "=": r"(?P=sep)",
    "--": "-",
    "~": r"[-/., ]{0,2}(?:de |of )?",
    "?": r"[-/.:_ ]?",
    "Q": r"(?:q|t|qtr|quarter)[ .]?",
    "W": r"(?:w|wk|week|kw|cw)[ .-]?",
}
_SECONDS = r"(?:[:.](?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?)?"
_HALF_DAY = r"(?: ?(?P<p>[ap]\.? ?m\b\.?))?"
_ZONE = (
    r"(?: ?(?P<x>z|(?:utc|gmt)? ?(?P<z>[+-])(?P<o>\d\d?)(?::?(?P<i>\d\d))?(?: ?\[[a-z/_]+\]| ?\([a-z ]+\))?"
    r"|[a-z]{3,5}|[a-z]+/[a-z/_-]+))?"
)
_ZONE_NAME = r"(?: ?(?:\(?[a-z]{3,4}\)?|z))?"
_CLOCKS = [
    rf"(?P<H>\d\d?)(?:[:.h] ?(?P<M>\d\d){_SECONDS})?(?: ?(?:h|uhr))?{_HALF_DAY}{_ZONE}",
    rf"(?P<H>\d\d)(?P<M>\d\d)(?:(?P<S>\d\d)(?:[.,](?P<f>\d{{1,9}}))?)?{_ZONE}",
]
_CLOCKS.append(rf"(?P<H>\d\d?):(?P<M>\d\d){_SECONDS}{_ZONE}(?P<end> ?(?:-|to|bis|/) ?\d[\dt./: -]{{3,}}{_ZONE_NAME})")
_JOIN = r"(?:t|,? |:|-|_| at )"
_WEEKDAY = r"(?:(?P<a>[a-z]{2,10})\.?,? )?"


@dataclass(frozen=True)
class Form:
    """One form of times.

    Parameters
    ----------
    expression : Pattern
        Over shapes, with named groups.
    tier : int, default 1
        Forms of a higher tier are asked only where none of a lower one leaves the rows evenly spaced.
    dayfirst : bool, optional
        Whether the day stands before the month; None where the form has no days.
    numeric : bool, default False
        Whether plain numbers may look like it: years must be plausible then.
    guess : bool, default False
        Whether only even spacing makes it credible.
    """

    expression: re.Pattern[str]
    tier: int = 1
    dayfirst: bool | None = None
    numeric: bool = False
    guess: bool = False

    def match(self, shape: str) -> re.Match[str] | None:
        """Where the groups lie in texts of a shape; None if they are not of this form."""
        found = self.expression.fullmatch(shape)
        if found is None:
            return None
        groups = found.groupdict()
        month, weekday = groups.get("b"), groups.get("a")
        known = (month is None or month in MONTH_OF) and (weekday is None or weekday in WEEKDAYS)
        return found if known and _known_zone(groups.get("x")) else None

    @property
    def has_days(self) -> bool:
        return bool({"d", "j", "u"} & self.expression.groupindex.keys())


def _known_zone(text: str | None) -> bool:
    return text is None or "0" in text or text in ABBREVIATIONS or named(text) is not None


def _form(tokens: str, *, clock: str = "", first: bool = False, **about: object) -> Form:
    """Tokens are names of groups, or expressions; a clock stands behind the date, or first."""
    date = "".join(_GROUPS.get(token, token) for token in tokens.split())
    if clock:
        date = f"{clock},? {_WEEKDAY}{date}" if first else f"{_WEEKDAY}{date}(?:{_JOIN}{clock})?"
    return Form(re.compile(date), **about)  # type: ignore[arg-type]


_DAYS: list[tuple[str, dict]] = [
    ("Y : m = d", {"dayfirst": False}),
    ("d - m = Y", {"dayfirst": True}),
    ("m - d = Y", {"dayfirst": False}),
    ("d - m = y", {"dayfirst": True}),
    ("m - d = y", {"dayfirst": False}),
    ("yy -- mm -- dd", {"dayfirst": False}),
    ("y - m = d", {"dayfirst": False, "tier": 2}),
    ("Y - d = m", {"dayfirst": True, "tier": 2}),
    ("d ~ b ~ Y", {"dayfirst": True}),
    ("d ~ b ~ y", {"dayfirst": True}),
    (r"b ~ d ,?[-/\s]{1,2} Y", {"dayfirst": False}),
    (r"b ~ d ,?[-/\s]{1,2} y", {"dayfirst": False}),
    ("Y ? b ? d", {"dayfirst": False}),
    ("y ? b ? d", {"dayfirst": False, "tier": 2}),
    ("Y mm dd", {"dayfirst": False, "numeric": True}),
    ("dd mm Y", {"dayfirst": True, "numeric": True, "tier": 2}),
    ("mm dd Y", {"dayfirst": False, "numeric": True, "tier": 2}),
    ("Y [-/.] j", {"tier": 2}),
]
_NO_CLOCK: list[tuple[str, dict]] = [
    (r"Y mm dd (?P<H>\d\d)(?:(?P<M>\d\d)(?P<S>\d\d)?)?", {"dayfirst": False, "numeric": True}),
    ("yy mm dd", {"dayfirst": False, "numeric": True, "tier": 2, "guess": True}),
    ("Y j", {"numeric": True, "tier": 2, "guess": True}),
    ("Y mm", {"numeric": True}),
    ("Y [.] m", {"numeric": True}),
    (r"Y [.] (?P<r>\d\d?)", {"numeric": True}),
    ("Y [.] q", {"numeric": True, "tier": 2, "guess": True}),
    ("Y q", {"numeric": True, "tier": 2, "guess": True}),
    (r"Y (?P<V>\d\d)", {"numeric": True, "tier": 2, "guess": True}),
    (r"Y [-/] (?P<n>\d\d(?:\d\d)?)", {}),
    (r"Y [-/:\s] m -?", {}),
    (r"m [-/.\s] Y", {}),
    (r"m [-/.\s] y", {"guess": True}),
    (r"y [-/.\s] m", {"guess": True}),
    ("Y ~ b", {}),
    ("b ~ Y", {}),
    ("b ~ y", {"guess": True}),
    (r"y [-/.\s]? b", {"tier": 2}),
    ("Y ? [m] m", {}),
    ("[m] m ? Y", {}),
    ("Y ? Q q", {}),
    ("Q q ? Y", {}),
    ("Q q ? y", {}),
    ("q th ? Q Y", {}),
    ("q th ? Q y", {}),
    ("Y ? q [q]", {}),
    (r"Y [-/:\s] q", {"tier": 2, "guess": True}),
    ("Y ? [hs] h", {}),
    ("[hs] h ? Y", {}),
    ("h [hs] ? Y", {}),
    ("Y ? W V", {}),
    (r"Y ? W V - (?P<u>\d)", {}),
    (r"Y w (?P<V>\d\d)(?P<u>\d)", {}),
    ("W V ~ Y", {}),
]


@cache
def forms() -> tuple[Form, ...]:
    """All forms, the likelier before the others."""
    with_clock = [_form(tokens, clock=clock, **about) for tokens, about in _DAYS for clock in _CLOCKS]
    clock_first = [_form(tokens, clock=_CLOCKS[0], first=True, **about) for tokens, about in _DAYS]
    logs = re.compile(rf"{_WEEKDAY}{_GROUPS['b']} {_GROUPS['d']} {_CLOCKS[0]} {_GROUPS['Y']}")
    return (
        *with_clock,
        *clock_first,
        Form(logs, dayfirst=False),
        *(_form(tokens, **about) for tokens, about in _NO_CLOCK),
    )


_DIRECTIVES = (
    {"Y": _GROUPS["Y"], "y": r"(?P<y>\d\d)", "m": _GROUPS["m"], "d": r"(?P<d>\d\d?)", "e": r"(?P<d>\d\d?)"}
    | {"b": _GROUPS["b"], "B": _GROUPS["b"], "h": _GROUPS["b"], "j": r"(?P<j>\d{1,3})", "q": r"(?P<q>\d)"}
    | {"H": r"(?P<H>\d\d?)", "k": r"(?P<H>\d\d?)", "I": r"(?P<H>\d\d?)", "l": r"(?P<H>\d\d?)"}
    | {"M": r"(?P<M>\d\d?)", "S": r"(?P<S>\d\d?)", "f": r"(?P<f>\d{1,9})", "p": r"(?P<p>[ap]\.? ?m\.?)"}
    | {"z": _ZONE[len("(?: ?") : -2], "Z": r"(?P<x>[a-z]+(?:/[a-z/_-]+)?)", "G": _GROUPS["Y"], "V": _GROUPS["V"]}
    | {"u": r"(?P<u>\d)", "a": r"(?P<a>[a-z]{2,10})\.?", "A": r"(?P<a>[a-z]{2,10})\.?", "%": "%"}
)
_SHORT = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y"}


def form_of(date_format: str) -> Form:
    """The form that a format of `strftime` describes.

    Raises
    ------
    OptionError
        If it has a directive that is not known, one twice, or no year.
    """
    for letter, whole in _SHORT.items():
        date_format = date_format.replace(f"%{letter}", whole)
    expression = ""
    for piece in re.findall(r"%-?.|\s+|[^%]|%", date_format.strip()):
        letter = piece[-1]
        if piece[0] == "%":
            if len(piece) == 1 or letter not in _DIRECTIVES:
                raise OptionError(
                    f"date_format is {date_format!r}: {piece!r} is not known; expected directives such as %Y %m %d %b "
                    "%H %M %S %z, or one of the words excel, epoch, number"
                )
            expression += _DIRECTIVES[letter]
        else:
            expression += " ?" if piece.isspace() else re.escape(re.sub(r"\d", "0", piece.lower()))
    try:
        compiled = re.compile(expression)
    except re.error as error:
        raise OptionError(f"date_format is {date_format!r}, which names a part of the time twice") from error
    groups = compiled.groupindex
    if not {"Y", "y"} & groups.keys():
        raise OptionError(f"date_format is {date_format!r}, which has no year: expected %Y or %y in it")
    first = {"d": groups.get("d", 0), "m": groups.get("m", groups.get("b", 0))}
    return Form(compiled, dayfirst=first["d"] < first["m"] if first["d"] and first["m"] else None)
