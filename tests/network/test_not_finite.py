"""NaN and infinity: refused where they come in, with their place, and named where they arise."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
BAD = [np.nan, np.inf, -np.inf]


def network(**options):
    return el.Network(2, [el.GRU(4), el.Dense(1)], **{"seed": 1, **options})


def with_bad(shape, place, value):
    array = np.zeros(shape)
    array[place] = value
    return array


def spoil(net, name, place):
    with net.params.writing() as arena:
        net.params.places[name].view(arena)[place] = np.nan


X, Y = np.zeros((3, 5, 2)), np.zeros((3, 5, 1))


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("engine", BUILT)
def test_an_input_is_refused_with_its_place(engine, value):
    net, x = network(engine=engine), with_bad((3, 5, 2), (1, 2, 1), value)
    calls = [
        lambda: net(x),
        lambda: net.trace(x),
        lambda: net.loss_and_grads(x, Y),
        lambda: net.backward(x, Y),
        lambda: net.evaluate(x, Y),
        lambda: net.fit(x, Y, verbose=0),
        lambda: net.train_on_batch(x, Y, optimizer=el.SGD()),
        lambda: net.fit(X, Y, validation_data=(x, Y), verbose=0),
    ]
    before = net.arena.copy()
    for call in calls:
        with pytest.raises(el.DataError, match=rf"x\[1, 2, 1\] is {value}: expected finite"):
            call()
    assert np.array_equal(net.arena, before)
    with pytest.raises(el.DataError, match=rf"x\[1, 0, 1\] is {value}"):
        net.step(x[:, 2])


def test_what_lies_past_a_rows_end_is_not_looked_at():
    x = with_bad((3, 5, 2), (1, 4, 0), np.nan)
    assert np.isfinite(network()(x, lengths=[5, 4, 5])).all()
    loss, _ = network().loss_and_grads(x, with_bad((3, 5, 1), (1, 4, 0), np.nan), lengths=[5, 4, 5])
    assert np.isfinite(loss)


@pytest.mark.parametrize("value", BAD)
def test_targets_states_gradients_and_weights_are_refused_with_their_place(value):
    net = network()
    bad, state = with_bad(Y.shape, (2, 1, 0), value), [(with_bad((3, 4), (0, 3), value),)]
    for call, place in [
        (lambda: net.loss_and_grads(X, bad), r"target\[2, 1, 0\]"),
        (lambda: net.evaluate(X, bad), r"target\[2, 1, 0\]"),
        (lambda: net.backward(X, bad), r"output_gradient\[2, 1, 0\]"),
        (lambda: net(X, state=state), r"state\[0\]\[0\]\[0, 3\]"),
        (lambda: net.stream(3, state=state), r"state\[0\]\[0\]\[0, 3\]"),
        (lambda: net.backward(X, Y, state_gradients=state), r"state_gradients\[0\]\[0\]\[0, 3\]"),
        (lambda: net.loss_and_grads(X, Y, sample_weight=[1, value, 1]), r"sample_weight\[1\]"),
        (lambda: net.generate(with_bad((4, 1), (2, 0), value), 3), "2 inputs"),
    ]:
        with pytest.raises(el.ElmanError, match=place):
            call()


def test_a_number_beyond_float32_is_named_as_such():
    with pytest.raises(el.DataError, match=r"x\[0, 0, 0\] is inf: expected finite numbers \(float32 holds .* 3.4e\+38"):
        network()(with_bad((1, 1, 2), (0, 0, 0), 1e39))
    with pytest.raises(el.DataError, match=r"target\[0, 0, 0\] is inf"):
        network().evaluate(np.zeros((1, 1, 2)), np.full((1, 1, 1), 1e39))
    assert network(dtype=np.float64)(with_bad((1, 1, 2), (0, 0, 0), 1e39)).shape == (1, 1, 1)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("value", BAD)
def test_a_stream_keeps_its_state_when_a_step_is_refused(engine, value):
    net, x = network(engine=engine), np.random.default_rng(0).normal(size=(6, 3, 2))
    stream, twin = net.stream(3), net.stream(3)
    for now in x:
        for wrong in (with_bad((3, 2), (1, 0), value), np.zeros((2, 2)), np.zeros(2), [["a", "b"]] * 3, None):
            with pytest.raises(el.ElmanError, match=r"x\[1, 0\] is|x has shape|x holds"):
                stream(wrong)
        assert np.array_equal(stream(now), twin(now))
        assert all(np.array_equal(a, b) for a, b in zip(stream.state[0], twin.state[0], strict=True))


@pytest.mark.parametrize("engine", BUILT)
def test_a_nan_that_the_equations_would_lose_is_refused(engine):
    net = el.Network(1, [el.Dense(1, activation="relu"), el.SimpleRNN(2)], engine=engine)
    with pytest.raises(el.DataError, match=r"x\[0, 0\] is nan"):
        net.stream()([[np.nan]])
    with pytest.raises(el.DataError, match=r"x\[0, 0, 0\] is nan"):
        net([[[np.nan]]])


@pytest.mark.parametrize("engine", BUILT)
def test_an_index_that_is_none_is_refused_with_its_place(engine):
    net = el.Network(1, [el.Embedding(5, 3), el.GRU(4), el.Dense(5)], engine=engine)
    stream, twin, before = net.stream(2), net.stream(2), net.arena.copy()
    stream([[1], [2]]), twin([[1], [2]])
    for wrong in (np.array([[1], [5]]), np.array([[1.0], [1.5]]), np.array([[0], [-1]]), [[1], [np.nan]]):
        with pytest.raises(el.DataError, match=r"x\[1\] is|x\[1, 0\] is nan"):
            stream(wrong)
        x = np.tile(wrong, (1, 4))
        x[:, :2] = 0
        for call in (lambda x=x: net(x), lambda x=x: net.fit(x, np.zeros((2, 4)), loss="softmax_cross_entropy")):
            with pytest.raises(el.DataError, match=r"x\[1, 2"):
                call()
    assert np.array_equal(stream([[3], [4]]), twin([[3], [4]])) and np.array_equal(net.arena, before)
    assert np.isfinite(net([[1, 9], [1, 2]], lengths=[1, 2])).all()


def test_a_weight_that_is_nan_is_named():
    net = network()
    spoil(net, "0.W_r", (2, 1))
    stream = net.stream()
    for call in (
        lambda: net(X),
        lambda: net.step(X[:, 0]),
        lambda: stream(X[:1, 0]),
        lambda: net.loss_and_grads(X, Y),
        lambda: net.backward(X, Y),
        lambda: net.evaluate(X, Y),
    ):
        with pytest.raises(el.DataError, match=r"the parameter 0\.W_r\[2, 1\] is nan"):
            call()
    with pytest.raises(el.TrainingError, match=r"0\.W_r\[2, 1\]"):
        net.fit(X, Y, verbose=0)


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
@pytest.mark.parametrize("engine", BUILT)
def test_growth_beyond_the_dtype_is_named_as_such(engine):
    net = el.Network(1, [el.SimpleRNN(1, activation="linear", initial={"U": 1e30, "W": 1e30})], engine=engine)
    with pytest.raises(el.DataError, match=r"output\[0, 1, 0\] has become inf, though inputs .* finite"):
        net(np.ones((1, 3, 1)))
    with pytest.raises(el.DataError, match="has become"):
        net.loss_and_grads(np.ones((1, 3, 1)), np.ones((1, 3, 1)))
    stream = net.stream()
    stream([[1.0]])
    state = stream.state[0][0].copy()
    for _ in range(2):
        with pytest.raises(el.DataError, match=r"output\[0, 0\] has become inf"):
            stream([[1.0]])
        assert np.array_equal(stream.state[0][0], state)
    net.params["0.U"] = 0
    assert net(np.ones((1, 3, 1))).shape == (1, 3, 1)


def test_a_context_is_refused_with_its_place():
    net = el.Network(1, [el.GRU(4), el.Dense(1)])
    with pytest.raises(el.DataError, match=r"x\[0, 3, 0\] is nan"):
        net.generate([0, 1, 2, np.nan], 3)
    spoil(net, "1.b", ...)
    with pytest.raises(el.DataError, match=r"the parameter 1\.b\[0\] is nan"):
        net.generate([0.0, 1], 3)
