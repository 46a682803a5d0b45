"""How numbers are written: signs, currencies and percent signs around them, and what parts their digits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

MISSING = {
    *("", "na", "n/a", "n.a.", "n.a", "#n/a", "#na", "nan", "-nan", "nat", "null", "none", "nil", "missing", "<na>"),
    *("(null)", "\\n", "-", "--", "---", "\u2013", "\u2014", ".", "..", "...", "\u2026", "?", "*", ":", "x", "k.a."),
    *("#null!", "#div/0!", "#value!", "#ref!", "#num!", "#name?", "#n/a n/a"),
}
USUAL = {"", "na", "n/a", "nan", "null", "none", "#n/a", "<na>", "nat"}  # marks that need no word
_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u2007\u2008\u3000"), " ")
_SAME = str.maketrans({**{chr(k): " " for k in _SPACES}, "\u2019": "'", "\u02bc": "'", "\u2032": "'", "`": "'"})
_CODES = "EUR|USD|GBP|CHF|JPY|CNY|INR|BRL|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|TRY|MXN|ZAR|KRW|SGD|HKD|ARS|CLP|COP"
_CURRENCY = (
    rf"(?:(?:US|A|C|NZ|HK|S|R|MX)?\$|[\u20a0-\u20bf\u00a3\u00a5\u00a2]|kr\.?|z\u0142|K\u010d|Fr\.|Rs\.?|{_CODES})"
)
_BODY = r"[\d.,'_ ]*\d[\d.,'_ ]*(?:[eE][-+]?\d+)?"
_MINUS = "\u2212\u2013\ufe63\uff0d"
_DRESSED = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+{_MINUS}])?\s*(?P<before>{_CURRENCY})?\s*(?P<inner>[-+{_MINUS}])?\s*"
    rf"(?P<body>{_BODY}?)\s*(?P<after>%|\u2030|{_CURRENCY}|[A-Za-z\u00b0\u00b5\u00b2\u00b3/]{{1,8}})?"
    rf"(?P<last>[-{_MINUS}])?\s*(?P<close>\))?"
)
_PLAIN = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?")


class Numeral(NamedTuple):
    """A number as it stands in a file.

    Attributes
    ----------
    body : str
        Digits and what parts them, with an exponent; a sign only before a plain number.
    negative : bool
    dress : str
        The currency, percent sign or unit around it.
    style : str
        ``parentheses`` or ``trailing minus`` where it is negative in such a way.
    """

    body: str
    negative: bool = False
    dress: str = ""
    style: str = ""


def is_missing(text: str) -> bool:
    """Whether a text stands for no value, such as ``NA``, ``-`` or nothing."""
    return text.lower() in MISSING


def undressed(text: str) -> Numeral | None:
    """A number without what stands around it; None where a text is none.

    Examples
    --------
    >>> undressed("(1,234.50 EUR)")
    Numeral(body='1,234.50', negative=True, dress='EUR', style='parentheses')
    """
    if _PLAIN.fullmatch(text):
        return Numeral(text.lstrip("+"))
    found = _DRESSED.fullmatch(text.translate(_SAME))
    if found is None or bool(found["open"]) != bool(found["close"]) or (found["before"] and found["after"]):
        return None
    signs = [s for s in (found["sign"], found["inner"], found["last"]) if s]
    if len(signs) + bool(found["open"]) > 1:
        return None
    style = "parentheses" if found["open"] else "trailing minus" if found["last"] else ""
    dress = found["before"] or found["after"] or ""
    return Numeral(found["body"].strip(), bool(style) or bool(signs and signs[0] != "+"), dress, style)


def is_currency(dress: str) -> bool:
    """Whether what stands around a number is money."""
    return re.fullmatch(_CURRENCY, dress) is not None


def looks_like_number(text: str) -> bool:
    """Whether a text is a number in some way of writing; a unit behind it does not count."""
    found = undressed(text)
    if found is None or (found.dress and found.dress not in "%\u2030" and not is_currency(found.dress)):
        return False
    return any(way.match(found.body) for way in WAYS)


class Way:
    """A way to write digits: a mark before the fraction, and one between groups of three.

    Parameters
    ----------
    decimal, thousands : str
        ``thousands`` may be empty.
    """

    def __init__(self, decimal: str, thousands: str = ""):
        self.decimal: str = decimal
        self.thousands: str = thousands
        d, t = re.escape(decimal), re.escape(thousands)
        grouped = rf"|[1-9]\d{{0,2}}(?:{t}\d{{3}})+" if thousands else ""
        grouped += r"|[1-9]\d?(?:,\d{2})+,\d{3}" if thousands == "," else ""  # as in India
        self._pattern = re.compile(rf"[-+]?(?:(?:\d+{grouped})(?:{d}\d*)?|{d}\d+)(?:[eE][-+]?\d+)?")

    def match(self, body: str) -> bool:
        """Whether a number is written in this way."""
        return self._pattern.fullmatch(body) is not None

    def value(self, body: str) -> float:
        """What a number that is written in this way is."""
        return float(body.replace(self.thousands, "").replace(self.decimal, "."))

    def __repr__(self) -> str:
        return f"Way({self.decimal!r}, {self.thousands!r})"


WAYS = [
    *(Way("."), Way(","), Way(".", ","), Way(",", ".")),
    *(Way(".", " "), Way(",", " "), Way(".", "'"), Way(",", "'"), Way(".", "_")),
]


def fitting_ways(bodies: Iterable[str]) -> list[Way]:
    """Ways in which all of these may be written, without marks that none of them has."""
    bodies = list(bodies)
    marks = set("".join(bodies)) & set(".,' _")
    few = [w for w in WAYS if marks <= {w.decimal, w.thousands} and (not w.thousands or w.thousands in marks)]
    plain = [WAYS[0]] if not marks else few
    return [w for w in plain if all(map(w.match, bodies))]
