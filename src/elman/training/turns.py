"""Works side by side, trainings for one: some at a time, each in a thread of its own; who waits longest is next."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from itertools import chain
from threading import Thread
from typing import Generic, TypeVar, cast

from elman.engine.threads import default_threads, limit_threads, thread_limit
from elman.training.callbacks import Callback
from elman.training.scopes import scopes_of, within
from elman.training.state import Training

SECONDS_A_TURN = 0.02  # that one has before another's begins
SECONDS_A_LOOK = 0.1  # at Ctrl-C, where it does not end a wait

Made = TypeVar("Made")


class Stopped(KeyboardInterrupt):
    """Ctrl-C, or what else ends all, in a thread of its own, to which no Ctrl-C comes."""


class Turns:
    """Places for some at a time, among whom threads of engines are shared out.

    Parameters
    ----------
    places : int
        How many work at a time.
    threads : int
        Of all of them together, at least as many.
    works : int
        How many there are to do.
    """

    def __init__(self, places: int, threads: int, works: int):
        self.places: int = places
        self.stopped: bool = False
        self._threads, self._works = threads, works
        self._changed = threading.Condition()
        self._free = list(range(places))  # their numbers, a heap
        self._waiting: deque[object] = deque()

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for a place."""
        return bool(self._waiting)

    def stop(self) -> None:
        """Have everybody end who has a place or waits for one."""
        with self._changed:
            self.stopped = True
            self._changed.notify_all()

    def take(self) -> int:
        """The number of a place, once there is one for whoever asks; `Stopped` where all are to end."""
        me = object()
        with self._changed:
            self._waiting.append(me)
            try:
                self._changed.wait_for(lambda: self.stopped or (bool(self._free) and self._waiting[0] is me))
                if self.stopped:
                    raise Stopped
                return heapq.heappop(self._free)
            finally:
                self._waiting.remove(me)
                self._changed.notify_all()

    def leave(self, place: int) -> None:
        """Have a place no longer."""
        with self._changed:
            heapq.heappush(self._free, place)
            self._changed.notify_all()

    def over(self) -> None:
        """A work is done."""
        with self._changed:
            self._works -= 1

    def share_out(self, place: int) -> None:
        """Give a place its threads, with those of places that no work needs any more, in the thread that has it."""
        if self.places > 1:
            used = max(min(self.places, self._works), 1)
            limit_threads(self._threads // used + (place < self._threads % used))


class Turn:
    """A place that one has, leaves for those who wait, and has again."""

    def __init__(self, turns: Turns):
        self._turns = turns
        self._place: int | None = None

    def begin(self) -> None:
        """Wait for a place."""
        self._place = self._turns.take()
        self._since = time.monotonic()
        self._turns.share_out(self._place)

    def end(self) -> None:
        """Leave it, if there is one."""
        if self._place is not None:
            place, self._place = self._place, None
            self._turns.leave(place)

    def give_way(self) -> None:
        """Leave it to whoever waits, until it is one's turn again; `Stopped` where all are to end."""
        if self._turns.stopped:
            raise Stopped
        if self._turns.awaited and time.monotonic() - self._since > SECONDS_A_TURN:
            self.end()
            self.begin()
        elif self._place is not None:
            self._turns.share_out(self._place)


class GiveWay(Callback):
    """Has a training give way between two calls of its engine, and end where all are to end."""

    adds_logs = False

    def __init__(self, turn: Turn):
        self._turn = turn

    def on_epoch_begin(self, training: Training) -> None:
        self._turn.give_way()

    def on_progress(self, training: Training) -> None:
        if training.batch < training.batches:  # else the next epoch asks, when this one is in the history
            self._turn.give_way()


@dataclass
class Outcome(Generic[Made]):
    """What a work made, or its error; neither, if it was ended or did not begin."""

    made: Made | None = None
    error: BaseException | None = None


def side_by_side(
    works: Sequence[Callable[[Turn], Made]],
    threads: int | None = None,
    *,
    at_a_time: int | None = None,
    stop_on_error: bool = True,
) -> list[Outcome[Made]]:
    """Do works side by side, and say what became of each.

    Parameters
    ----------
    works : sequence of function
        Of the `Turn`, by which it gives way now and then. Each is called in a thread of its own; where one is done at a
        time, in the caller's.
    threads : int, optional
        Of all together; by default as many as engines have. While there are as many works, each has one.
    at_a_time : int, optional
        How many are done at a time; by default as many as there are threads.
    stop_on_error : bool, default True
        Whether an error ends the others, where they give way next.

    Raises
    ------
    KeyboardInterrupt
        When all have ended, after Ctrl-C or what a work raised.
    """
    before, threads = thread_limit(), threads or default_threads()
    threads = threads if before is None else min(threads, before)
    places = max(min(len(works), threads, at_a_time or threads), 1)
    room = _Room(works, Turns(places, threads, len(works)), stop_on_error)
    try:
        if places == 1:
            limit_threads(threads if threads < default_threads() else before)
            room.do(range(len(works)))
        else:
            room.in_threads()
    finally:
        limit_threads(before)
    if room.interrupt is not None:
        raise room.interrupt
    return room.outcomes


def made_by(outcomes: Iterable[Outcome[Made]]) -> list[Made]:
    """What all works made; raises the first error of one."""
    found = []
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
        found.append(outcome.made)
    return cast("list[Made]", found)


class _Room(Generic[Made]):
    """Where works are done."""

    def __init__(self, works: Sequence[Callable[[Turn], Made]], turns: Turns, stop_on_error: bool):
        self.outcomes: list[Outcome[Made]] = [Outcome() for _ in works]
        self.interrupt: KeyboardInterrupt | None = None
        self._works, self._turns, self._stop_on_error = works, turns, stop_on_error
        self._scopes = scopes_of(len(works))

    def in_threads(self) -> None:
        """As many as there are places; what the last round has too few of takes turns with the first round."""
        places, count = self._turns.places, len(self._works)
        first = places + count % places if count > places else places
        rest = iter(range(first, count))
        queues = [chain([number], rest if number < places else ()) for number in range(first)]
        threads = [Thread(target=copy_context().run, args=(self.do, queue)) for queue in queues]
        try:
            for thread in threads:
                thread.start()
        except BaseException:  # Ctrl-C, or the system gives no more threads
            self._turns.stop()
            raise
        finally:
            for thread in threads:
                self._wait_for(thread)

    def _wait_for(self, thread: Thread) -> None:
        while True:
            try:
                while thread.is_alive():
                    thread.join(SECONDS_A_LOOK)
                return
            except KeyboardInterrupt as error:
                self._interrupted(error)

    def do(self, numbers: Iterable[int]) -> None:
        """Some of the works, one after the other."""
        turn = Turn(self._turns)
        try:
            for number in numbers:
                turn.begin()
                try:
                    self._do(number, turn)
                finally:
                    self._turns.over()
                    turn.end()
        except Stopped:
            return

    def _do(self, number: int, turn: Turn) -> None:
        outcome = self.outcomes[number]
        try:
            with within(self._scopes[number]):
                outcome.made = self._works[number](turn)
        except Stopped:
            raise
        except KeyboardInterrupt as error:
            self._interrupted(error)
        except BaseException as error:
            outcome.error = error
            if self._stop_on_error:
                self._turns.stop()

    def _interrupted(self, error: KeyboardInterrupt) -> None:
        self.interrupt = self.interrupt or error
        self._turns.stop()
