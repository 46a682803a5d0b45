"""Rows of length 0: their states pass through, their outputs are 0, and they count nothing."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
LENGTHS = np.array([3, 0, 5, 0])
SOME = LENGTHS > 0


def network(engine: str, **options) -> el.Network:
    return el.Network(2, [el.LSTM(4, **options), el.Dense(2)], dtype=np.float64, engine=engine)


def data(outputs: tuple[int, ...] = (5, 2)) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x, target = random.normal(size=(4, 5, 2)), random.normal(size=(4, *outputs))
    x[~SOME] = np.nan  # nothing of them is looked at
    return x, target


@engines
@pytest.mark.parametrize("memory", ["normal", "low"])
def test_states_pass_through_and_outputs_are_zero(engine, memory):
    net, (x, _) = network(engine), data()
    state = [tuple(np.random.default_rng(1).normal(size=(2, 4, 4)))]
    y, after = net(x, state=state, lengths=LENGTHS, return_state=True, memory=memory)
    np.testing.assert_array_equal(y[~SOME], 0)
    for before, final in zip(state[0], after[0], strict=True):
        np.testing.assert_array_equal(final[~SOME], before[~SOME])
        assert (final[SOME] != before[SOME]).all()


@engines
def test_the_last_step_of_none_is_the_initial_state(engine):
    net, (x, _) = el.Network(2, [el.LSTM(4, return_sequences=False)], dtype=np.float64, engine=engine), data()
    state = [tuple(np.random.default_rng(1).normal(size=(2, 4, 4)))]
    np.testing.assert_array_equal(net(x, state=state, lengths=LENGTHS)[~SOME], state[0][0][~SOME])
    np.testing.assert_array_equal(net(x, lengths=LENGTHS)[~SOME], 0)


@engines
@pytest.mark.parametrize("how", [{}, {"memory": "low"}, {"truncate": 2}])
@pytest.mark.parametrize("loss", ["mse", "rmse"])
def test_they_weigh_nothing(engine, how, loss):
    net, (x, target) = network(engine), data()
    value, gradients = net.loss_and_grads(x, target, loss, lengths=LENGTHS, **how)
    expected, others = net.loss_and_grads(x[SOME], target[SOME], loss, lengths=LENGTHS[SOME], **how)
    assert value == pytest.approx(expected, rel=1e-13)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, others[name], rtol=1e-10, atol=1e-14)


@engines
def test_evaluation_and_metrics_leave_them_out(engine):
    net, (x, target) = network(engine), data()
    found = net.evaluate(x, target, lengths=LENGTHS, metrics=["mae"], batch_size=1)
    expected = net.evaluate(x[SOME], target[SOME], lengths=LENGTHS[SOME], metrics=["mae"])
    assert found == pytest.approx(expected, rel=1e-13)


@engines
def test_a_training_with_them_is_one_without(engine):
    with_them, without, (x, target) = network(engine), network(engine), data()
    options = {"epochs": 3, "verbose": 0, "shuffle": False, "optimizer": el.SGD(0.1)}
    long = with_them.fit(x, target, lengths=LENGTHS, batch_size=4, **options)
    options["optimizer"] = el.SGD(0.1)
    short = without.fit(x[SOME], target[SOME], lengths=LENGTHS[SOME], batch_size=2, **options)
    assert long["loss"] == pytest.approx(short["loss"], rel=1e-12)
    np.testing.assert_allclose(with_them.arena, without.arena, rtol=1e-12)


@engines
def test_batches_of_nothing_else_do_no_harm(engine):
    net, (x, target) = network(engine), data()
    history = net.fit(x, target, lengths=LENGTHS, batch_size=1, epochs=1, verbose=0, shuffle=False)
    assert np.isfinite(history["loss"]).all() and np.isfinite(net.arena).all()


@engines
@pytest.mark.parametrize("call", ["fit", "evaluate", "loss_and_grads"])
def test_nothing_but_them_is_refused(engine, call):
    net, (x, target) = network(engine), data()
    with pytest.raises(el.DataError, match="every row has length 0"):
        getattr(net, call)(x, target, lengths=[0, 0, 0, 0])


@pytest.mark.parametrize("bucket", [False, True])
def test_sequences_without_a_step_are_told(bucket):
    x = [np.ones((steps, 2)) for steps in (3, 0, 5, 0)]
    target = [np.ones((len(one), 2)) for one in x]
    with pytest.warns(RuntimeWarning, match=r"2 of 4 sequences have 0 steps, the first is x\[1\]"):
        network("numpy").fit(x, target, epochs=1, batch_size=2, verbose=0, bucket=bucket)
