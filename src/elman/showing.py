"""Texts as they may be shown, whoever wrote them; without NumPy, so that the command line is there at once."""

from __future__ import annotations

import re


def visible(text: str, *, line: bool = False) -> str:
    r"""A text as a terminal or a page may show it, whoever wrote it: what would steer them is written as its escape.

    That are control characters, those that turn the direction of writing for all that follows, separators of lines that
    are no line ends, and halves of characters. Line ends and tabs stay, unless it is to be on one `line`, as names are.

    Examples
    --------
    >>> print(visible("\x1b[31mred\u202e"), visible("two\nlines", line=True))
    \x1b[31mred\u202e two\nlines
    """
    return (_STEERING if line else _STEERING_OF_LINES).sub(lambda found: ascii(found[0])[1:-1], text)


_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_STEERING_OF_LINES = re.compile(rf"(?![\t\n]){_STEERING.pattern}")
