"""Numbers too small for a normal one: 0 inside the native engine, as ever in the arithmetic of who calls it."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import native_available

pytestmark = pytest.mark.skipif(not native_available(), reason="the native engine is not built")
SMALL = np.float32(1e-38)
random = np.random.default_rng(0)
X, Y = random.normal(size=(6, 9, 2)).astype(np.float32), random.normal(size=(6, 9, 2)).astype(np.float32)


def caller_has_denormals() -> bool:
    """Results that are denormal, and operands that are."""
    denormal = SMALL * np.float32(1e-3)
    return bool(denormal != 0 and denormal * np.float32(1e3) != 0)


def network(threads: int = 2) -> el.Network:
    return el.Network(2, [el.LSTM(8), el.Dense(2)], seed=0, threads=threads, engine="native")


def stream(net: el.Network) -> None:
    steps = net.stream()
    for t in range(9):
        steps(X[:1, t])


CALLS = {
    "forward": lambda net: net(X),
    "gradients": lambda net: net.loss_and_grads(X, Y),
    "fit": lambda net: net.fit(X, Y, epochs=1, verbose=0),
    "stream": stream,
    "generate": lambda net: net.generate(X, 5),
}


@pytest.mark.parametrize("call", CALLS)
def test_the_caller_keeps_its_denormals(call):
    assert caller_has_denormals()
    CALLS[call](network())
    assert caller_has_denormals()


def test_the_caller_keeps_its_denormals_after_a_call_that_raises():
    net = el.Network(1, [el.Embedding(7, 3), el.LSTM(4), el.Dense(7)], seed=0, engine="native")
    context = np.zeros((1, 3), np.int64)
    with pytest.raises(el.ElmanError):
        net(context + 7)
    assert caller_has_denormals()

    def stop(training):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        callback = el.LambdaCallback(on_batch_end=stop)
        net.fit(context, context, loss="softmax_cross_entropy", epochs=1, verbose=0, callbacks=[callback])
    assert caller_has_denormals()


def vanishing() -> tuple[np.ndarray, np.ndarray]:
    """Gates that saturate: what is left of a gradient after 300 steps is far below a normal number."""
    random = np.random.default_rng(0)
    return (6 * random.standard_normal((16, 300, 8))).astype(np.float32), random.integers(0, 4, 16)


def vanished(threads: int) -> list[np.ndarray]:
    layers = [el.LSTM(16, return_sequences=False), el.Dense(4)]
    net = el.Network(8, layers, seed=0, threads=threads, engine="native")
    x, y = vanishing()
    _, gradients = net.loss_and_grads(x, y, loss="softmax_cross_entropy")
    of_x = net.backward(x, np.ones((16, 4), np.float32))[1]
    assert (of_x[:, 0] == 0).mean() > 0.5  # they do vanish
    return [*gradients.values(), of_x]


def is_denormal(array: np.ndarray) -> np.ndarray:
    return (array != 0) & (np.abs(array) < np.finfo(array.dtype).tiny)


def test_gradients_that_vanish_are_0_and_the_same_for_any_number_of_threads():
    one, two = vanished(1), vanished(2)
    for a, b in zip(one, two, strict=True):
        assert not is_denormal(a).any()
        np.testing.assert_array_equal(a, b)
