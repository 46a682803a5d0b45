"""Threads of Python at the same engines: the bits that each gets alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available
from elman.engine.native import limit_threads, thread_limit

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
