"""Names in C: identifiers of what equations, layers and users call their values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from elman.checks import shown, visible
from elman.errors import OptionError

KEYWORDS = frozenset(
    """auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    _Bool _Complex _Imaginary asm class delete export friend namespace new operator private protected public template
    this throw try catch using virtual bool true false""".split()
)  # C99's and those of C++, in whose files the header may be read
_MATH = """acos asin atan atan2 acosh asinh atanh cos sin tan cosh sinh tanh exp exp2 expm1 frexp ilogb ldexp log log10
    log1p log2 logb modf scalbn scalbln cbrt fabs hypot pow sqrt erf erfc lgamma tgamma gamma ceil floor nearbyint rint
    lrint llrint round lround llround trunc fmod remainder remquo copysign nan nextafter nexttoward fdim fmax fmin fma
    exp10 pow10 drem significand j0 j1 jn y0 y1 yn""".split()
_OTHERS = """
    main abort abs alloca atexit atof atoi atol bcmp bcopy bzero calloc clog cabs carg cexp conj cproj creal
    cimag csqrt exit ffs fclose fgets fopen fprintf fputc fputs free fwrite getc gets imaxabs index isalnum
    isalpha isascii isblank iscntrl isdigit isgraph islower isprint ispunct isspace isupper isxdigit labs
    llabs malloc memchr memcmp memcpy mempcpy memmove memset perror printf putc putchar puts qsort rand
    realloc remove rename rindex scanf signed snprintf sprintf sscanf stpcpy strcat strchr strcmp strcpy
    strcspn strdup strlen strncat strncmp strncpy strpbrk strrchr strspn strstr strtod strtok toascii tolower
    toupper va_list vfprintf vprintf vscanf vsnprintf vsprintf size_t ptrdiff_t int8_t int16_t int32_t int64_t
    uint8_t uint16_t uint32_t uint64_t FILE EOF NULL INFINITY NAN HUGE_VAL stdin stdout stderr errno signbit
    isnan isinf isfinite isnormal fpclassify isless isgreater signgam linux unix i386
""".split()
LIBRARY = frozenset(  # functions that compilers know, and what headers define
    [*(f"{name}{ending}" for name in _MATH for ending in ("", "f", "l")), *_OTHERS]
)
PROGRAM = "line row rows numbers print whole values read count arguments error state steps COLUMNS LONGEST".split()
LONGEST = 31  # characters that every compiler tells apart in names that a linker sees
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


def remark(text: str) -> str:
    """A line of a comment, which nothing in it ends, whatever a model calls its parts."""
    return visible(text, line=True).replace("*/", "* /").replace("/*", "/ *").rstrip("\\")


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
