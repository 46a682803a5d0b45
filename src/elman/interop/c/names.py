"""Names in C: identifiers of what equations, layers and users call their values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from elman.checks import shown
from elman.errors import OptionError

KEYWORDS = frozenset(
    """auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    _Bool _Complex _Imaginary asm class delete export friend namespace new operator private protected public template
    this throw try catch using virtual bool true false""".split()
)  # C99's and those of C++, in whose files the header may be read
LIBRARY = frozenset(
    """main exp expf expm1 log logf log1p sin cos tan tanh sqrt pow fabs floor erf erfc lgamma gamma abs printf malloc
    free memcpy memset signed NULL INFINITY NAN j0 j1 jn y0 y1 yn index""".split()
)
LONGEST = (
    31  # characters that every compiler tells apart in names that a linker sees, and those that come behind a name
)
_GREEK = {
    name: unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}") for name in ("alpha", "beta", "gamma", "delta")
}


def checked_name(name: object) -> str:
    """A user's name for a network in C.

    Raises
    ------
    OptionError
        If it is no identifier, a word of the language or of its library.
    """
    what = "expected an identifier of C, such as weather_net: letters, digits and _, no digit first"
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise OptionError(f"name is {shown(name)}; {what}")
    if name in KEYWORDS or name in LIBRARY:
        raise OptionError(f"name is {name!r}, a word of C or of its library; {what}")
    if len(name) > LONGEST:
        raise OptionError(f"name has {len(name)} characters; {what}, and at most {LONGEST} of them")
    return name


def identifier(text: str, otherwise: str = "v") -> str:
    """An identifier that is as near to a text as can be."""
    plain = unicodedata.normalize("NFKD", text)
    for name, letter in _GREEK.items():
        plain = plain.replace(letter, name)
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", plain).strip("_")
    if not plain:
        return otherwise
    return plain if plain[0].isalpha() else f"{otherwise}_{plain}"


class Names:
    """The names of one scope, each given once."""

    def __init__(self, taken: Iterable[str] = ()):
        self._taken = {*taken, *KEYWORDS, *LIBRARY}

    def take(self, wanted: str, otherwise: str = "v") -> str:
        """A name like the wanted one that nothing else has."""
        stem, number = identifier(wanted, otherwise), 1
        name = stem
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name
