"""Displays: how far a training is, as a bar in a terminal or a notebook, or as lines of a log."""

from __future__ import annotations

import html
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WIDEST_BAR = 24
NARROWEST = 48  # columns of a terminal with a bar
GAP = "  "


@dataclass(frozen=True)
class Standing:
    """How far a training is.

    Attributes
    ----------
    label : str
        What is under way, as ``epoch 3/10``.
    share : float
        What is done of all, from 0 to 1.
    seconds : float
        Since it began, or went on.
    left : float or None
        Seconds to its end; None where that is not known.
    numbers : sequence of str
        Such as ``loss 0.12``, what matters most first.
    ended : str
        How it ended: ``done``, ``stopped``, ``interrupted``, ``failed``; empty while it goes on.
    """

    label: str
    share: float
    seconds: float
    left: float | None
    numbers: Sequence[str] = ()
    ended: str = ""

    @property
    def time(self) -> str:
        """The time left, or, at its end, that it took."""
        if self.ended:
            return f"{'' if self.ended == 'done' else self.ended + ' '}after {duration(self.seconds)}"
        return "" if self.left is None else f"{duration(self.left)} left"

    @property
    def words(self) -> list[str]:
        """What a line says, the most important first."""
        return [word for word in (self.label, self.time, *self.numbers) if word]


class Display:
    """Shows standings; subclasses say where.

    Attributes
    ----------
    seconds : float
        From one to the next.
    """

    seconds: float = 0.1

    def __init__(self) -> None:
        self._shown = -float("inf")
        self._begun = False
        self._ended = False

    def due(self, epoch: int = 0, last: bool = False) -> bool:
        """Whether it is time to show something: at the end of an epoch, if it has a number, or within one."""
        return time.monotonic() - self._shown > self.seconds

    def show(self, standing: Standing) -> None:
        """Show how far it is; after its end nothing any more."""
        if self._ended:
            return
        if not self._begun:
            self._begun = True
            self.begin()
        self._ended = bool(standing.ended)
        self.draw(standing)
        self._shown = time.monotonic()

    def close(self) -> None:
        """Leave the place in order."""
        self._ended = True

    def begin(self) -> None:
        """Before the first."""

    def draw(self, standing: Standing) -> None:
        raise NotImplementedError


class Terminal(Display):
    """A line at the foot of the terminal; what others print goes above it."""

    def begin(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(
            console=Console(stderr=True),
            auto_refresh=False,
            redirect_stdout=_is_terminal(sys.stdout),  # else what is printed goes to a file, and must not come here
            vertical_overflow="crop",
        )
        self._live.start()

    def draw(self, standing: Standing) -> None:
        self._live.update(_Line(standing), refresh=True)
        if standing.ended:
            self.close()

    def close(self) -> None:
        super().close()
        if self._begun:
            self._live.stop()


class _Line:
    """A standing as rich draws it, cut to the terminal's width as it is then."""

    def __init__(self, standing: Standing):
        self._standing = standing

    def __rich_console__(self, console: Any, options: Any) -> Iterable[Any]:
        from rich.text import Text

        standing, width = self._standing, options.max_width
        full, empty = ("#", "-") if options.ascii_only else ("━", "─")
        label, *words = standing.words
        bar = min(width // 6, WIDEST_BAR) if width >= NARROWEST else 0
        done = round(bar * standing.share)
        style = {"": "cyan", "done": "green"}.get(standing.ended, "yellow")
        line = Text(label, no_wrap=True, overflow="crop", end="")
        if bar:
            line.append(" ").append(full * done, style).append(empty * (bar - done), "dim")
        for word in _fitting(words, width - line.cell_len):
            line.append(GAP + word)
        line.truncate(width)
        yield line


def _fitting(words: Iterable[str], width: int) -> list[str]:
    """As many words as there is room for behind the label, the first before the others."""
    found = []
    for word in words:
        width -= len(GAP) + len(word)
        if width < 0:
            break
        found.append(word)
    return found


class Notebook(Display):
    """A bar below the cell, which stays in the notebook as it was at the end."""

    seconds = 0.3

    def begin(self) -> None:
        from IPython.display import display

        self._handle = display({"text/plain": ""}, raw=True, display_id=True)

    def draw(self, standing: Standing) -> None:
        self._handle.update({"text/html": as_html(standing), "text/plain": GAP.join(standing.words)}, raw=True)


def as_html(standing: Standing) -> str:
    """A standing as one line of a page, with the browser's own progress bar."""
    label, *words = (html.escape(word) for word in standing.words)
    bar = f'<progress value="{standing.share:.4f}" max="1" style="width: 14em; vertical-align: middle"></progress>'
    spaced = "".join(f'<span style="margin-left: 1.2em; white-space: nowrap">{word}</span>' for word in words)
    return (
        '<div style="font-family: monospace; font-variant-numeric: tabular-nums" role="status">'
        f"{label} {bar}{spaced}</div>"
    )


class Lines(Display):
    """A line after the first and the last epoch, and now and then between."""

    seconds = 5.0
    within = 60.0  # seconds from a line to the next within an epoch

    def due(self, epoch: int = 0, last: bool = False) -> bool:
        gone = time.monotonic() - self._shown
        if not epoch:  # the first line of all comes after an epoch, or so many seconds
            return gone > self.within and self._waited()
        return last or epoch == 1 or gone > self.seconds

    def _waited(self) -> bool:
        if self._shown == -float("inf"):
            self._shown = time.monotonic()
            return False
        return True

    def draw(self, standing: Standing) -> None:
        if standing.ended not in ("done", "failed", "interrupted"):  # the last epoch's line, or an error, says so
            print(GAP.join((standing.label, *standing.numbers, *([standing.time] if standing.time else []))),
                  file=sys.stderr, flush=True)  # fmt: skip


def display() -> Display:
    """What suits the place where this runs."""
    if in_notebook():
        return Notebook()
    if _is_terminal(sys.stderr) and os.environ.get("TERM", "") not in ("dumb", "unknown"):
        return Terminal()
    return Lines()


def _is_terminal(stream: Any) -> bool:
    return stream is not None and stream.isatty()  # there is none where a program has no console


def in_notebook() -> bool:
    """Whether a kernel of a notebook runs this."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def duration(seconds: float) -> str:
    """A time for people."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d} h"
    return f"{minutes}:{rest:02d} min" if minutes else f"{rest} s"
