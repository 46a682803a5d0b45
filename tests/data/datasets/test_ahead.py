"""Values that a thread makes before they are asked for: their order, errors, and the end of the thread."""

from __future__ import annotations

import threading
import time

import pytest

from elman.data.datasets import Ahead


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "elman-ahead"]


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_values_come_in_their_order(depth):
    with Ahead(iter(range(100)), depth) as values:
        assert list(values) == list(range(100))
    assert threads() == []


@pytest.mark.parametrize("depth", [0, 2])
def test_an_error_comes_in_its_turn(depth):
    def made():
        yield 1
        yield 2
        raise OSError("the disk is gone")

    found = []
    with pytest.raises(OSError, match="the disk is gone") as caught, Ahead(made(), depth) as values:
        for value in values:
            found.append(value)
    assert found == [1, 2]
    assert "made" in [entry.name for entry in caught.traceback]  # where it arose
    assert threads() == []


@pytest.mark.parametrize("how", ["break", "error", "Ctrl-C"])
def test_no_thread_stays_and_the_iterator_is_closed(how):
    closed = []

    def endless():
        try:
            number = 0
            while True:
                yield (number := number + 1)
        finally:
            closed.append(threading.current_thread().name)

    raised = {"break": None, "error": ValueError, "Ctrl-C": KeyboardInterrupt}[how]
    try:
        with Ahead(endless(), 2) as values:
            for value in values:
                if value == 3:
                    if raised is None:
                        break
                    raise raised
    except (ValueError, KeyboardInterrupt):
        assert raised is not None
    assert threads() == []
    assert closed == ["elman-ahead"]


def test_no_more_is_made_than_may_wait():
    made = []

    def numbers():
        for number in range(50):
            made.append(number)
            yield number

    with Ahead(numbers(), 3) as values:
        next(values)
        deadline = time.monotonic() + 300
        while len(made) < 5 and time.monotonic() < deadline:  # one taken, three wait, one is held
            time.sleep(0.001)
        time.sleep(0.02)
        assert len(made) == 5
