"""Long native calls under a timer, run by `test_interrupts` in a process of its own: signal_calls.py THREADS NAME...

Without looks inside a call its signals are answered when it has come to its end, and all of them at once: a handler
that is called a second time was called inside. So what is tested needs no clock.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import elman as el
from elman.engine import make_engine
from elman.engine.interface import AS_A_WHOLE, Batch, How
from elman.engine.products import Weights
from elman.engine.smoothing import Smoothing, theta_moments
from elman.network.engines import planned

TICK = 0.02
LONG = 200_000  # steps


class Enough(Exception):
    """What the handler raises."""


def zeros(*shape: int) -> np.ndarray:
    """As many zeros as one likes, in the memory of one."""
    return np.broadcast_to(np.zeros(1, np.float32), shape)


def interrupted(call: Callable[[], Any], ready: Callable[[], bool] = lambda: True) -> None:
    """Call it, and see that it ends with what the handler raises, the second time that it is called inside."""
    times = itertools.count(1)

    def handler(number: int, frame: Any) -> None:
        inside = frame.f_globals.get("__name__", "").startswith("elman.") and ready()
        if inside and next(times) == 2:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise Enough

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    try:
        call()
    except Enough:
        return
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    raise SystemExit("the call came to its end")


def network(*layers: Any, inputs: int = 8) -> el.Network:
    return el.Network(inputs, list(layers), engine="native", threads=THREADS, seed=1)


def engine_of(net: el.Network) -> Any:
    return make_engine(planned(net), net.dtype, "native", THREADS)


def forward(net: el.Network, rows: int, steps: int, how: How = AS_A_WHOLE) -> Callable[[], Any]:
    engine, x = engine_of(net), zeros(rows, steps, net.inputs)
    return lambda: engine.forward(net.arena, Batch.of(x, lengths=None), how)


def backward(net: el.Network, rows: int, steps: int, memory: str = "normal", truncate: int | None = None) -> None:
    """Gradients, of a network that stays as it is and computes the same afterwards."""
    x, before = zeros(rows, steps, net.inputs), net.arena.copy()
    few = np.random.default_rng(0).normal(size=(rows, 9, net.inputs)).astype(np.float32)
    y = net(few)
    target = zeros(rows, *([steps] if net.sequence_output else []), net.outputs)
    interrupted(lambda: net.loss_and_grads(x, target, "mse", memory=memory, truncate=truncate))
    np.testing.assert_array_equal(net.arena, before)
    np.testing.assert_array_equal(net(few), y)


def many_rows() -> None:
    interrupted(forward(network(el.LSTM(256, return_sequences=False), el.Dense(1)), 1_000_000, 100))


def one_long_row() -> None:
    interrupted(forward(network(el.GRU(128, return_sequences=False), el.Dense(1)), 1, LONG))


def low_memory() -> None:
    interrupted(forward(network(el.GRU(128, return_sequences=False), el.Dense(1)), 1, 50 * LONG, How("low")))


def large_products() -> None:
    """Each takes long."""
    interrupted(forward(network(el.Dense(4096), el.Dense(4096), inputs=512), 64, 200))


def shared_products() -> None:
    """Of few rows, whose columns threads share."""
    interrupted(forward(network(el.LSTM(256, return_sequences=False), el.Dense(1)), 2, LONG))


def gradients() -> None:
    backward(network(el.LSTM(256), el.LSTM(256, return_sequences=False), el.Dense(1)), 8, 2000)


def gradients_of_one_row() -> None:
    backward(network(el.LSTM(128, return_sequences=False), el.Dense(1)), 1, LONG)


def gradients_in_low_memory() -> None:
    backward(network(el.GRU(96, return_sequences=False), el.Dense(1)), 2, 5 * LONG, "low")


def truncated_gradients() -> None:
    backward(network(el.GRU(96, return_sequences=False), el.Dense(1)), 2, 5 * LONG, truncate=1000)


def normalised_gradients() -> None:
    backward(network(el.GRU(64), el.BatchNorm(), el.GRU(64, return_sequences=False), el.Dense(1)), 32, 20_000)


def training() -> None:
    """Of updates only those count that are done whole: the network is what so many updates make of it."""
    x = np.random.default_rng(0).normal(size=(32, 200, 8)).astype(np.float32)
    how = {"batch_size": 32, "verbose": 0, "optimizer": "adam"}
    net, again = (network(el.LSTM(128), el.Dropout(0.2), el.Dense(8)) for _ in range(2))
    interrupted(lambda: net.fit(x, x, epochs=10_000, **how), lambda: net.updates > 0)
    again.fit(x, x, epochs=net.updates, **how)
    np.testing.assert_array_equal(net.arena, again.arena)


def carried_states() -> None:
    """Those of the update that was not done are not carried on: the next epoch is that of the network alone."""
    x = np.random.default_rng(0).normal(size=(32, 1500, 8)).astype(np.float32)
    net = network(el.LSTM(256), el.Dense(8))
    before = net.arena.copy()
    interrupted(lambda: net.fit(x, x, epochs=100, batch_size=32, verbose=0, stateful=True, shuffle=False))
    assert net.updates == 0 or (net.arena != before).any()
    if net.updates == 0:
        np.testing.assert_array_equal(net.arena, before)


def generation() -> None:
    net = network(el.GRU(128), el.Dense(8))
    context = np.random.default_rng(0).normal(size=(4, 5, 8)).astype(np.float32)
    interrupted(lambda: net.generate(context, 100_000))


def drawn_text() -> None:
    net = el.Network(1, [el.Embedding(64, 64), el.GRU(128), el.Dense(64)], engine="native", threads=THREADS)
    interrupted(lambda: net.generate(np.zeros((4, 5), int), 100_000))


def stream() -> None:
    """Its state is as it was, and it goes on from there."""
    net = network(el.GRU(256), el.Dense(1))
    stream, other = net.stream(), net.stream()
    few = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    stream.run(few), other.run(few)
    x = np.zeros((20 * LONG, 8), np.float32)
    interrupted(lambda: stream.run(x))
    np.testing.assert_array_equal(stream.run(few), other.run(few))


def smoothing() -> None:
    T, C, R = 3_000_000, 16, 1
    y = np.random.default_rng(0).normal(10, 1, size=(T, 1))
    some = [np.full((C, R), 0.1) for _ in range(5)]
    problem = Smoothing(y, np.zeros(R, np.int64), *some, np.full((0, C, R), 0.1), [], np.ones(R, bool))
    interrupted(lambda: problem.products(np.full((C - 1, R), 0.1)))


def theta() -> None:
    T, C = 3_000_000, 400
    y = np.random.default_rng(0).normal(10, 1, size=(1, T))
    interrupted(lambda: theta_moments(y, np.ones((2, 1, T)), np.full((C, 1), 0.3), 0))


def products() -> None:
    a = np.zeros((60_000, 2048), np.float32)
    weights = Weights(np.zeros((2048, 2048), np.float32), THREADS)
    out = np.zeros((60_000, 2048), np.float32)
    interrupted(lambda: weights.multiply(a, out))


def ctrl_c() -> None:
    """The real key, from another thread of the process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    net = network(el.LSTM(256, return_sequences=False), el.Dense(1))
    call = forward(net, 1_000_000, 100)

    def press() -> None:
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    try:
        threading.Thread(target=press).start()
        call()
    except KeyboardInterrupt:
        return
    raise SystemExit("the call came to its end")


def handlers_that_use_the_network() -> None:
    """A handler may call the very network whose call it interrupts; the stream that is at it is refused."""
    net = network(el.LSTM(64), el.Dense(1))
    few, outputs, errors = np.ones((2, 9, 8), np.float32), [], []
    expected = net(few)
    stream = net.stream()

    def handler(number: int, frame: Any) -> None:
        outputs.append(net(few))
        try:
            stream.run(few[0])
        except el.EngineError as error:
            errors.append(str(error))
        if len(errors) > 1:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise Enough

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, TICK, 5 * TICK)
    try:
        stream.run(np.zeros((20 * LONG, 8), np.float32))
    except Enough:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert len(errors) == 2 and all("handler of a signal" in error for error in errors), errors
    assert all((y == expected).all() for y in outputs)
    stream.run(few[0])


CALLS = {
    f.__name__: f
    for f in (
        many_rows,
        one_long_row,
        low_memory,
        large_products,
        shared_products,
        gradients,
        gradients_of_one_row,
        gradients_in_low_memory,
        truncated_gradients,
        normalised_gradients,
        training,
        carried_states,
        generation,
        drawn_text,
        stream,
        smoothing,
        theta,
        products,
        ctrl_c,
        handlers_that_use_the_network,
    )
}

if __name__ == "__main__":
    THREADS = int(sys.argv[1])
    for name in sys.argv[2:] or CALLS:
        begun = time.process_time()
        CALLS[name]()
        print(f"{name}: {time.process_time() - begun:.2f} s of processors", flush=True)
