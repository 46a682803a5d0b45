"""Patterns of parameters' names, as a shell has them of files."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from elman.checks import nearest, shown
from elman.errors import OptionError


def matching(pattern: Any, names: Iterable[str], what: str) -> list[str]:
    """The names that a pattern fits, one at least; ``*`` stands for any characters, ``?`` for one, ``[WU]`` for either.

    Raises
    ------
    OptionError
        If it is no text or fits no name; `what` is the argument it came with.

    Examples
    --------
    >>> matching("0.*", ["0.W", "0.b", "1.W"], "freeze")
    ['0.W', '0.b']
    """
    names = list(names)
    found = [name for name in names if isinstance(pattern, str) and fnmatchcase(name, pattern)]
    if not found:
        there = f"there are {', '.join(names)}" if names else "there are none"
        whole = isinstance(pattern, str) and any(name.startswith(f"{pattern}.") for name in names)
        hint = f" (did you mean {f'{pattern}.*'!r}, all of that layer?)" if whole else nearest(pattern, names)
        raise OptionError(
            f"{what}: {shown(pattern)} fits no parameter{hint}; {there}; "
            "a pattern is a name in which * stands for any characters, such as '0.*'"
        )
    return found
