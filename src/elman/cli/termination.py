"""SIGTERM ends a command as Ctrl-C does: with a line, with a document where one is wanted, and with code 143."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from elman.starting import TERMINATED, end


class Terminated(SystemExit):
    """SIGTERM came where no training takes it (`elman.training.interrupts`, which a light command does not load)."""

    def __str__(self) -> str:
        return "terminated"


def _terminate(*_: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # another one does not wait
    raise Terminated(TERMINATED)


def _die_as_before() -> None:
    """A forked worker has nothing to tell, and whoever ends it does not wait for a long call."""
    if signal.getsignal(signal.SIGTERM) is _terminate:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_die_as_before)


@contextmanager
def terminations() -> Iterator[None]:
    """Have SIGTERM and Ctrl-C come as exceptions within this, unless somebody takes them or they are ignored."""
    main = threading.current_thread() is threading.main_thread()
    taken = {signal.SIGTERM: _terminate, signal.SIGINT: signal.default_int_handler}
    before = {number: signal.getsignal(number) for number in taken} if main else {}
    heard = [number for number, handler in before.items() if handler in (end, signal.SIG_DFL)]
    for number in heard:
        signal.signal(number, taken[number])
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
