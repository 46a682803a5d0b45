"""Ctrl-C and SIGTERM while a command loads, and when all is told: one line and the exit code, never a traceback.

Nothing is held then that could be lost. So the process ends at once: an exception would come up in the middle of an
import, where others catch it. What needs more care takes the signals, and gives them back (`cli/termination`).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

TERMINATED = 143
_ENDS = {signal.SIGINT: (130, "KeyboardInterrupt", "stopped"), signal.SIGTERM: (TERMINATED, "Terminated", "terminated")}
_BEFORE: dict[signal.Signals, Any] = {  # one that is ignored stays so
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
_documents = [False]  # whether nobody else will tell of an end in JSON


def end(number: int, _: FrameType | None) -> None:
    """End the process, with a line on the error stream, and a document where one was asked for."""
    code, kind, says = _ENDS[signal.Signals(number)]
    _write(2, f"elman: {says}\n")
    if _documents[0] and "--json" in sys.argv[: [*sys.argv, "--"].index("--")]:
        error = f'{{"kind": "{kind}", "message": "{says}", "exit_code": {code}}}'  # the module json may be half loaded
        _write(1, f'{{"error": {error}}}\n')
    os._exit(code)


def _write(stream: int, text: str) -> None:
    with suppress(OSError):  # it is closed, or nobody reads it
        os.write(stream, text.encode())


def end_at_once() -> list[signal.Signals]:
    """Have these signals end the process, and tell which did not before; in the main thread only."""
    taken = [number for number, before in _BEFORE.items() if signal.getsignal(number) == before]
    for number in taken:
        signal.signal(number, end)
    return taken


def others_tell() -> None:
    """From here on somebody else writes the document."""
    _documents[0] = False


def begin() -> None:
    """The first thing that a command does."""
    _documents[0] = True
    end_at_once()


@contextmanager
def ending_at_once() -> Iterator[None]:
    """The same within a context, for what was not begun by `begin`."""
    taken = end_at_once()
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, _BEFORE[number])
