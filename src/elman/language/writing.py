"""Writing: a text that is handed over while a model makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from elman import checks
from elman.errors import OptionError


def as_stops(stop: Any) -> tuple[str, ...]:
    """What ends a text: one text or several, none of them empty."""
    if stop is None:
        return ()
    stops = [stop] if isinstance(stop, str) else checks.listed(stop, "stop", "texts")
    for one in stops:
        if not isinstance(one, str) or not one:
            raise OptionError(
                f"stop is {checks.shown(stop)}; expected texts that are not empty, such as stop=['\\n\\n']"
            )
    return tuple(stops)


def until(parts: Iterable[str], stops: tuple[str, ...]) -> Iterator[str]:
    """A text up to the first of some others, as it comes; what may be the beginning of one is kept back.

    Examples
    --------
    >>> list(until(["one, t", "wo", ", three"], ("two",)))
    ['one, ']
    >>> list(until(["one, t", "en"], ("two",)))
    ['one, ', 'ten']
    """
    held = ""
    for part in parts:
        held += part
        found = [(place + len(stop), place) for stop in stops if (place := held.find(stop)) >= 0]
        if found:
            held = held[
                : min(found)[1]
            ]  # of the stop that is whole first: it would have ended a text that came by letters
            break
        ready = len(held) - _begun(held, stops)
        if ready:
            yield held[:ready]
            held = held[ready:]
    if held:
        yield held


def _begun(text: str, stops: tuple[str, ...]) -> int:
    """How many characters at the end of a text may be the beginning of a stop."""
    longest = max(map(len, stops), default=1) - 1
    lengths = range(min(longest, len(text)), 0, -1)
    return next((n for n in lengths if any(stop.startswith(text[-n:]) for stop in stops)), 0)
