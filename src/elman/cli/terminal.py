"""The streams of a command as they are: encodings that lack a character, readers that stop reading, full disks."""

from __future__ import annotations

import codecs
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from elman.showing import visible

if TYPE_CHECKING:
    from rich.console import Console

WRITTEN_OUT = {"σ": "sigmoid", "√": "sqrt", "²": "^2", "ᵀ": "'", "≤": "<=", "ε": "epsilon", "±": "+-", "⊗": "outer"}
"""What Elman's own texts have beyond ASCII, in ASCII; any other character becomes its escape, such as \\xe9."""


def _written_out(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    shown = (WRITTEN_OUT.get(c) or c.encode("ascii", "backslashreplace").decode("ascii") for c in missing)
    return "".join(shown), error.end


codecs.register_error("elman", _written_out)


def say(text: str = "", *, err: bool = False, own: bool = False) -> None:
    """A line on the output, or on the error stream; what came from data, and is not our `own`, steers no terminal."""
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    click.echo(text if own else visible(text), file=sys.stderr if err else sys.stdout, color=False if plain else None)


def written(text: str) -> None:
    """A part of a text that a model writes: as it is to a file or a program, and to a terminal as it may be shown."""
    click.echo(visible(text) if sys.stdout.isatty() else text, nl=False)


def console(width: int) -> Console:
    """Where tables go, which are as wide at most; texts in them are shown as `say` does."""
    from rich.console import Console

    class Shown(Console):
        def print(self, *objects: Any, **how: Any) -> None:
            super().print(*(visible(one) if isinstance(one, str) else one for one in objects), **how)

    return Shown(highlight=False, soft_wrap=True, width=width)


def _unread(number: int, frame: object) -> None:
    """Of pipes and sockets that nobody reads any more, an output ends the command; who wrote to another is told."""
    if any(_has_no_reader(stream) for stream in (1, 2)):
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _has_no_reader(descriptor: int) -> bool:
    looked = select.poll()
    looked.register(descriptor, 0)
    return any(found & (select.POLLERR | select.POLLHUP) for _, found in looked.poll(0))


@contextmanager
def streams() -> Iterator[None]:
    """What a stream cannot encode is written out; a reader that has seen enough ends the command, as it ends others."""
    pipe = getattr(signal, "SIGPIPE", None)  # Windows has none
    before = None if pipe is None else signal.signal(pipe, _unread)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="elman")
    try:
        yield
    finally:
        if pipe is not None:
            signal.signal(pipe, before)


def flush() -> None:
    """Write what is left, now that failure can be told; nothing is left to fail at the interpreter's end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        abandon()
        raise


def abandon() -> None:
    """Have what is left go nowhere: an output that failed once would fail again at the interpreter's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
