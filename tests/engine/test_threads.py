"""Threads of Python at the same engines: the bits that each gets alone."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available
from elman.engine.threads import default_threads, limit_threads, thread_limit, threads_at_most
from elman.errors import EngineError

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
MANY = 4


def batch(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(3 + seed % 3, 5 + seed % 4, 2)).astype(np.float32)


def together(work) -> list:
    """What `work` of 0, 1, ... gives when threads do them at the same time."""
    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(work, range(3 * MANY)))


def same_as_alone(work) -> None:
    for number, found in enumerate(together(work)):
        np.testing.assert_array_equal(found, work(number))


def network(engine: str, seed: int = 0, *more) -> el.Network:
    return el.Network(2, [el.GRU(6), *more, el.Dense(2)], seed=seed, engine=engine)


@engines
def test_one_network_infers_in_many_threads(engine):
    net = network(engine)
    same_as_alone(lambda n: net(batch(n)))


KINDS = {
    "inference": lambda net, n: net(batch(n)),
    "low memory": lambda net, n: net(batch(n), memory="low"),
    "gradients": lambda net, n: np.concatenate(
        [g.ravel() for g in net.loss_and_grads(batch(n), batch(n), "mse")[1].values()]
    ),
    "backward": lambda net, n: net.backward(batch(n), batch(n))[1],
    "stream": lambda net, n: net.stream(len(batch(n))).run(batch(n)),
    "generation": lambda net, n: net.generate(batch(n), 7),
}


@engines
@pytest.mark.parametrize("threads", [1, 2])
def test_one_network_does_everything_in_many_threads_at_once(engine, threads):
    """Runs of all kinds and sizes at the same time, on networks with functions of parameters and without."""
    plain = network(engine, 0, el.Dropout(0.3))
    made = el.Network(2, [el.GRU(6), el.Dense(2), _positive()], seed=1, engine=engine)
    works = [(net, kind) for net in (plain, made) for kind in KINDS]
    for net in (plain, made):
        net.threads = threads

    def work(n):
        net, kind = works[n % len(works)]
        return KINDS[kind](net, n)

    alone = [work(n) for n in range(4 * len(works))]
    with ThreadPoolExecutor(8) as pool:
        for found, expected in zip(pool.map(work, range(4 * len(works))), alone, strict=True):
            np.testing.assert_array_equal(found, expected)


def _positive():
    @el.cell
    def positive(p, x):
        return el.abs(p.W) @ x

    return el.Layer(positive, 2)


@pytest.mark.skipif(not native_available(), reason="no native engine")
def test_calls_of_one_network_do_not_wait_for_one_another():
    """While one call is in the engine, whole other ones come and go; a busy machine may have it last too short."""
    net = network("native")
    net(batch(0))

    def others_while(steps):
        begun, ended, others = threading.Event(), threading.Event(), 0

        def work():
            begun.set()
            net(np.zeros((200, steps, 2), np.float32))
            ended.set()

        thread = threading.Thread(target=work)
        thread.start()
        begun.wait()
        while not ended.is_set():
            net(batch(0))
            others += 1
        thread.join()
        return others

    assert any(others_while(steps) > 20 for steps in (3000, 3000, 12_000, 48_000))


@engines
def test_what_is_read_while_others_write_is_the_old_or_the_new(engine):
    """Weights that are all one number, which a thread changes: no output is of two of them."""
    net = el.Network(1, [el.Dense(256), el.Dense(1)], engine=engine, seed=0)
    x, stop = np.ones((4, 30, 1), np.float32), threading.Event()

    def outputs(value):
        net.params.write(value)
        return net(x)

    allowed = [outputs(1.0), outputs(2.0)]

    def write():
        for value in itertools.cycle([1.0, 2.0]):
            net.params.write(value)
            time.sleep(2e-3)
            if stop.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(lambda _: net(x), range(200)):
                assert any((found == one).all() for one in allowed)
    finally:
        stop.set()
        writer.join()


def test_a_network_that_another_thread_trains_says_so_or_gives_values():
    net, x = network("native" if native_available() else "numpy"), np.zeros((64, 200, 2), np.float32)
    with ThreadPoolExecutor(1) as pool:
        with net.params.writing():
            found = pool.submit(net, x[:1])
            with pytest.raises(EngineError, match="by another thread"):
                found.result()
        assert np.isfinite(pool.submit(net, x[:1]).result()).all()


@engines
def test_many_streams_of_one_network(engine):
    net = network(engine)

    def work(n):
        stream = net.stream(len(batch(n)))
        return np.stack([stream(batch(n)[:, t]) for t in range(5)])

    same_as_alone(work)


@engines
@pytest.mark.parametrize("normalised", [False, True])
def test_networks_of_their_own_are_trained_at_the_same_time(engine, normalised):
    def work(n):
        net = network(engine, n, *([el.BatchNorm()] if normalised else []))
        net.fit(batch(n), batch(n + 3)[: len(batch(n)), :1].repeat(batch(n).shape[1], 1), epochs=3, verbose=0)
        return net.arena.copy()

    same_as_alone(work)


@pytest.mark.skipif(not native_available(), reason="no native engine")
def test_callers_with_threads_of_their_own_get_the_bits_that_each_gets_alone():
    def trained(threads):
        def work(n):
            net = el.Network(2, [el.LSTM(40 + n), el.Dense(2)], seed=n, engine="native", threads=8)
            limit_threads(threads)
            try:
                for most in (threads, 1, None, threads):  # blocks are cut anew
                    limit_threads(most)
                    net.fit(x, x, epochs=1, batch_size=40, verbose=0)
                return net.arena.copy()
            finally:
                limit_threads(None)

        return work

    x = np.random.default_rng(0).normal(size=(80, 30, 2)).astype(np.float32)
    alone = [trained(1)(n) for n in range(3)]
    for threads in (2, 3, 7):
        with ThreadPoolExecutor(3) as pool:
            for found, expected in zip(pool.map(trained(threads), range(3)), alone, strict=True):
                np.testing.assert_array_equal(found, expected)
    assert thread_limit() is None


def test_a_limit_holds_for_the_calling_thread_and_whatever_is_in_it():
    before = default_threads()
    with threads_at_most(1):
        assert (default_threads(), thread_limit()) == (1, 1)
        with threads_at_most(3):
            assert (default_threads(), thread_limit()) == (1, 1)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(thread_limit).result() is None
    assert (default_threads(), thread_limit()) == (before, None)
