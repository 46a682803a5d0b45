"""Interrupts: Ctrl-C and SIGTERM, which wait where something is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

TERMINATED = 143  # exit code of a process that SIGTERM ends


class Terminated(SystemExit):
    """SIGTERM came; what was trained is in the checkpoint. Where nobody catches it, the process ends with 143."""

    def __init__(self, message: str = "terminated"):
        super().__init__(TERMINATED)
        self.message: str = message

    def __str__(self) -> str:
        return self.message


class Interrupts:
    """Ctrl-C, and SIGTERM if it is to be, within a ``with``: noted while they must wait, and raised where one looks.

    Both are a KeyboardInterrupt. They come to the main thread; in any other nothing is done. One that is ignored, as in
    a job that a shell has put in the background, stays so. The handlers that were there before are there again
    afterwards.

    Parameters
    ----------
    terms : bool, default False
        Whether SIGTERM is taken, too.
    patient : bool, default True
        Whether all of them wait, from the beginning; else those do that come within `waiting`, and only the first one.

    Attributes
    ----------
    terminated : bool
        Whether SIGTERM came.
    forced : bool
        Whether one did not wait though it should have.
    """

    def __init__(self, *, terms: bool = False, patient: bool = True):
        self.terminated: bool = False
        self.forced: bool = False
        self._signals = (signal.SIGINT, signal.SIGTERM)[: 1 + terms]
        self._patient, self._waiting, self._noted = patient, False, False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if _in_main_thread():
            heard = [number for number in self._signals if signal.getsignal(number) is not signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._note) for number in heard}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            if handler is not None:  # of one that was not installed from Python
                signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, _: object) -> None:
        self.terminated |= number == signal.SIGTERM
        if self._patient or (self._waiting and not self._noted):
            self._noted = True
            return
        self.forced |= self._waiting
        raise KeyboardInterrupt

    def look(self) -> None:
        """Raise KeyboardInterrupt if one waits."""
        if self._noted:
            self._noted = False
            raise KeyboardInterrupt

    @contextmanager
    def waiting(self, wait: bool = True) -> Iterator[None]:
        """Have what comes wait, or no longer; what has come when all is done is raised."""
        if not _in_main_thread():
            yield
            return
        before = self._waiting
        try:
            self._waiting = wait
            if not wait:
                self.look()
            yield
        finally:
            self._waiting = before
        if not before:
            self.look()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
