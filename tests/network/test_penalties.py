"""Penalties on activities: closed forms, slopes of the loss, what has them and what has not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
RANDOM = np.random.default_rng(0)
X, LENGTHS = RANDOM.normal(size=(5, 6, 3)), np.array([6, 2, 0, 4, 1])
L1, L2 = 0.3, 0.2


def pair(engine: str = BUILT[-1], **how: Any) -> tuple[el.Network, el.Network]:
    """A network with a penalty, and the same one without."""
    penalised, plain = (
        el.Network(3, [el.GRU(4, **how), *more, el.Dense(2)], dtype="float64", engine=engine)
        for more in ([el.ActivityPenalty(L1, L2)], [])
    )
    plain.params.restore(penalised.arena)
    return penalised, plain


def counted(h: np.ndarray, steps: int) -> float:
    return float(L1 * np.abs(h).sum() + L2 * np.square(h).sum()) / steps


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "ragged"])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("engine", BUILT)
def test_the_loss_is_that_of_the_data_and_a_mean_over_rows_and_steps_in_use(engine, last, lengths):
    net, plain = pair(engine, return_sequences=not last)
    target = RANDOM.normal(size=(5, 2) if last else (5, 6, 2))
    lone = el.Network(3, [el.GRU(4, return_sequences=not last)], dtype="float64")
    lone.params.restore(net.arena[: lone.arena.size])
    steps = 5 if last else 30 if lengths is None else int(lengths.sum())
    wanted = counted(lone(X, lengths=lengths), steps)
    weight = np.array([1.0, 2.0, 1.0, 0.5, 3.0])
    for how in ({}, {"memory": "low"}, {"truncate": 2}, {"sample_weight": weight}):
        loss, _ = net.loss_and_grads(X, target, lengths=lengths, **how)
        without, _ = plain.loss_and_grads(X, target, lengths=lengths, **how)
        assert loss - without == pytest.approx(wanted, abs=1e-12)
    assert np.array_equal(net(X, lengths=lengths), plain(X, lengths=lengths))


@pytest.mark.parametrize("engine", BUILT)
def test_gradients_are_slopes_of_that_loss(engine):
    net, _ = pair(engine)
    target, random = RANDOM.normal(size=(5, 6, 2)), np.random.default_rng(1)
    _, grads = net.loss_and_grads(X, target, lengths=LENGTHS)
    low = net.loss_and_grads(X, target, lengths=LENGTHS, memory="low")[1]
    for name, value in net.params.items():
        before, along, ends = np.array(value), random.normal(size=value.shape), []
        for step in (1e-6, -1e-6):
            net.params[name] = before + step * along
            ends.append(net.loss_and_grads(X, target, lengths=LENGTHS)[0])
        net.params[name] = before
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(float(np.sum(along * grads[name])), abs=1e-7)
        np.testing.assert_allclose(low[name], grads[name], rtol=0, atol=1e-12)


def test_training_has_it_and_judging_has_not():
    net, plain = pair()
    target = RANDOM.normal(size=(5, 6, 2))
    first, _ = net.loss_and_grads(X, target)
    history = net.fit(X, target, epochs=1, optimizer=el.SGD(1e-9), validation_data=(X, target), verbose=0)
    assert history["loss"][0] == pytest.approx(first, rel=1e-12)
    assert history["val_loss"][0] == pytest.approx(plain.evaluate(X, target), rel=1e-6)
    assert net.evaluate(X, target) == pytest.approx(plain.evaluate(X, target), rel=1e-6)


def test_it_makes_activities_small_and_few():
    target = np.zeros((5, 6, 2))
    sizes = []
    for more in ([], [el.ActivityPenalty(l1=1.0)]):
        net = el.Network(3, [el.SimpleRNN(6), *more, el.Dense(2)])
        net.fit(X, target, epochs=150, optimizer=el.Adam(0.02), verbose=0)
        sizes.append(float(np.abs(net.trace(X)["0.h"]).mean()))
    assert sizes[1] < 0.3 * sizes[0]


def test_in_a_graph_several_values_have_their_own():
    def network(x, s):
        h = el.ActivityPenalty(l2=0.5)(el.GRU(4)(x) + el.Dense(4)(x))
        at_the_end = el.ActivityPenalty(l1=0.25)(el.concat(el.pool(h, "mean"), s))
        return {"a": el.Dense(1)(h), "b": el.Dense(2)(at_the_end)}

    net = el.Network(network, inputs={"x": 3, "s": el.Static(2)}, dtype="float64")
    s = RANDOM.normal(size=(5, 2))
    y = net((X, s))
    targets = {name: np.zeros(value.shape) for name, value in y.items()}
    loss, _ = net.loss_and_grads((X, s), targets, loss_weights={"a": 2.0, "b": 1.0})
    steps = net.trace((X, s))
    h = next(v for name, v in steps.items() if name.startswith("h.") and v.shape == (5, 6, 4))
    end = steps["at_the_end.y"]
    wanted = 2 * np.square(y["a"]).mean() + np.square(y["b"]).mean()
    wanted += 0.5 * np.square(h).sum() / 30 + 0.25 * np.abs(end).sum() / 5
    assert loss == pytest.approx(wanted, rel=1e-12)
    assert [p.end.name for p in net.penalties] == ["h", "at_the_end"]


def test_files_keep_it(tmp_path):
    target = RANDOM.normal(size=(5, 6, 2))
    for net in (pair()[0], el.Network(lambda x: el.Dense(2)(el.ActivityPenalty(l2=1)(el.GRU(3)(x))), inputs=3)):
        again = el.load(net.save(tmp_path / "net.safetensors"))
        assert [layer.penalty for layer in again.layers] == [layer.penalty for layer in net.layers]
        loss = net.loss_and_grads(X, target)[0]
        assert again.loss_and_grads(X, target)[0] == pytest.approx(loss, rel=1e-6)


@pytest.mark.parametrize("wrong", [{}, {"l1": -1}, {"l2": "a"}, {"l1": np.nan}, {"l1": np.inf}, {"l2": True}])
def test_what_is_no_penalty(wrong):
    with pytest.raises(el.OptionError, match="penalty"):
        el.ActivityPenalty(**wrong)


def test_a_root_of_the_loss_cannot_have_one():
    net, _ = pair()
    with pytest.raises(el.OptionError, match="rmse .* penalty on activities: train it with mse"):
        net.fit(X, np.zeros((5, 6, 2)), loss="rmse", verbose=0)
