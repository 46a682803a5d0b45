"""Functions of equations or of networks that call themselves without end."""

from __future__ import annotations

import sys
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from elman.equations.widths import Line, is_the_users
from elman.errors import EquationError


class _Depth(threading.local):
    """How many functions run in this thread, one inside the other."""

    count = 0


_depth = _Depth()


@contextmanager
def ending(name: str) -> Iterator[None]:
    """Raise `EquationError` where a function goes too deep, with the user's line; one that runs in another does not."""
    _depth.count += 1
    try:
        yield
    except RecursionError as error:
        if _depth.count > 1:  # the outer one sees which line it is that comes again and again
            raise
        raise EquationError(
            f"{name} goes deeper than the {sys.getrecursionlimit()} calls that Python allows: does a function call "
            f"itself without end?\n  {_line(error)}"
        ) from None
    finally:
        _depth.count -= 1


def _line(error: RecursionError) -> Line:
    """The line of the user's code that was called most often."""
    places = [(frame.f_code.co_filename, number) for frame, number in traceback.walk_tb(error.__traceback__)]
    found = Counter(place for place in places if is_the_users(place[0]))
    return Line(*found.most_common(1)[0][0]) if found else Line()
