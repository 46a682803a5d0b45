"""Works side by side: places, turns, threads, ends."""

import os
import signal
import threading
import time

import pytest

from elman.engine import native_available
from elman.engine.threads import thread_limit
from elman.training import turns
from elman.training.turns import made_by, side_by_side


class Crowd:
    """Works that say how many are at work at a time, and who worked when."""

    def __init__(self, rounds=3, seconds=0.002, waits=False):
        self.rounds, self.seconds, self.waits = rounds, seconds, waits
        self.inside, self.most, self.lock, self.order = 0, 0, threading.Lock(), []

    def work(self, name):
        def run(turn):
            while self.waits and name < 2 and not (turn._turns.awaited or 2 in self.order):
                time.sleep(0.001)
            for _ in range(self.rounds):
                with self.lock:
                    self.inside += 1
                    self.most = max(self.most, self.inside)
                    self.order.append(name)
                time.sleep(self.seconds)
                with self.lock:
                    self.inside -= 1
                turn.give_way()
            return name

        return run

    def works(self, count):
        return [self.work(name) for name in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8])
@pytest.mark.parametrize("threads", [1, 2, 3, 20])
def test_all_are_done_and_no_more_at_a_time_than_there_are_threads(count, threads):
    crowd = Crowd()
    assert made_by(side_by_side(crowd.works(count), threads)) == list(range(count))
    assert crowd.most <= min(count, threads)


def test_what_the_last_round_has_too_few_of_takes_turns(monkeypatch):
    monkeypatch.setattr(turns, "SECONDS_A_TURN", 0)
    crowd = Crowd(rounds=5, waits=True)
    side_by_side(crowd.works(3), 2)
    ends = [len(crowd.order) - crowd.order[::-1].index(name) for name in (0, 1)]
    assert crowd.most <= 2 and crowd.order.index(2) < min(ends)


def test_one_at_a_time_is_in_the_callers_thread():
    def where(turn):
        return threading.get_ident()

    assert set(made_by(side_by_side([where] * 3, 4, at_a_time=1))) == {threading.get_ident()}
    assert threading.get_ident() not in made_by(side_by_side([where] * 3, 2))


def test_each_is_told_its_share_of_the_threads():
    if not native_available():
        pytest.skip("no native engine")
    meet = threading.Barrier(2)

    def share(turn):
        meet.wait()
        turn.give_way()
        found = thread_limit()
        meet.wait()
        return found

    assert sorted(made_by(side_by_side([share] * 2, 5))) == [2, 3]
    assert sorted(made_by(side_by_side([share] * 2, 2))) == [1, 1]
    assert thread_limit() is None


def test_threads_of_those_that_are_over_are_the_others():
    if not native_available():
        pytest.skip("no native engine")

    def short(turn):
        return thread_limit()

    def long(turn):
        found, until = [thread_limit()], time.monotonic() + 300
        while found[-1] < 4 and time.monotonic() < until:
            time.sleep(0.001)
            turn.give_way()
            found.append(thread_limit())
        return found[-1]

    assert made_by(side_by_side([long, short], 4)) == [4, 2]


def test_within_one_work_there_are_no_more_threads_than_it_has():
    if not native_available():
        pytest.skip("no native engine")
    meet = threading.Barrier(2)

    def inner(turn):
        return thread_limit()

    def outer(turn):
        meet.wait()
        found = made_by(side_by_side([inner] * 2)), thread_limit()
        meet.wait()
        return found

    for inside, after in made_by(side_by_side([outer] * 2, 2)):
        assert inside == [1, 1] and after == 1


def test_an_error_ends_the_others_or_not():
    def fails(turn):
        raise ValueError("mine")

    def short(turn):
        turn.give_way()
        return "done"

    def long(turn):
        while True:
            time.sleep(0.002)
            turn.give_way()

    found = side_by_side([fails, short], 2, stop_on_error=False)
    assert isinstance(found[0].error, ValueError) and found[1].made == "done"
    with pytest.raises(ValueError, match="mine"):
        made_by(found)
    for threads in (1, 2):
        stopped = side_by_side([fails, *[long] * 3], threads)
        assert stopped[1].made is None and stopped[1].error is None


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_ends_all_and_is_passed_on(threads):
    ended = []

    def interrupts(turn):
        raise KeyboardInterrupt("now")

    def long(turn):
        try:
            while True:
                time.sleep(0.002)
                turn.give_way()
        finally:
            ended.append(1)

    with pytest.raises(KeyboardInterrupt, match="now"):
        side_by_side([interrupts, long, long], threads)
    assert len(ended) <= 2 and threading.active_count() < 50
    assert thread_limit() is None


def test_what_has_begun_is_ended_where_the_system_gives_no_more_threads(monkeypatch):
    ended, started, start = [], [], threading.Thread.start

    def second_fails(thread):
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    def long(turn):
        try:
            while True:
                time.sleep(0.002)
                turn.give_way()
        finally:
            ended.append(1)

    monkeypatch.setattr(threading.Thread, "start", second_fails)
    with pytest.raises(RuntimeError, match="can't start"):
        side_by_side([long, long], 2)
    assert len(started) == 1 and not started[0].is_alive()


@pytest.mark.skipif(os.name == "nt", reason="no signals to a process itself")
def test_ctrl_c_reaches_works_in_threads():
    def long(turn):
        while True:
            time.sleep(0.002)
            turn.give_way()

    def signals(turn):
        os.kill(os.getpid(), signal.SIGINT)
        return long(turn)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            side_by_side([long, signals, long], 2)
    finally:
        signal.signal(signal.SIGINT, before)
    assert all(not thread.name.startswith("Thread") or not thread.is_alive() for thread in threading.enumerate())
