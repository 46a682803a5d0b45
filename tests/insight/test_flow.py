"""Gradient flow against numerical differences, closed forms and the network's own gradients."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.insight import GradientFlowCallback, gradient_flow
from elman.insight.flow import Side, pairs_of
from elman.insight.system import System
from elman.insight.verdict import Verdict
from tests.insight.test_jacobians import layers_of, numerical
from tests.of_catalogue import STATE_AS_OUTPUT


def problem(net: el.Network, rows: int = 2, steps: int = 5, seed: int = 0):
    random = np.random.default_rng(seed)
    net.params.write(random.normal(0, 0.7, net.arena.size))
    x = random.normal(size=(rows, steps, net.inputs))
    shape = (rows, steps, net.outputs) if net.sequence_output else (rows, net.outputs)
    return x, random.normal(size=shape)


def loss_at(system: System, s: np.ndarray, x: np.ndarray, goal: np.ndarray) -> float:
    """The squared error of the output at the end of some steps that begin at states s."""
    net = system.net
    after = system.trajectory(x[None], s[None])[0, -1] if len(x) else s
    y = el.Network(len(after[system.output]), [el.Activation("linear")], dtype=np.float64)(
        after[None, None, system.output]
    )
    last = max(k for k, graph in enumerate(net.graphs) if graph.states) + 1
    for layer, number in zip(net.layers[last:], range(last, len(net.layers)), strict=True):
        one = el.Network(y.shape[-1], [layer], dtype=np.float64)
        for name in one.params:
            one.params[name] = net.params[f"{number}.{name.split('.', 1)[1]}"]
        y = one(y)
    return float(np.mean((y[0, 0] - goal) ** 2))


@pytest.mark.parametrize("name", [*STATE_AS_OUTPUT, "invented", "stack"])
def test_norms_of_all_pairs_are_those_of_numerical_gradients(name):
    net = el.Network(2, layers_of(name), seed=2, dtype=np.float64)
    x, target = problem(net)
    system, T = System(net), x.shape[1]
    flow = gradient_flow(net, x, target)
    s = system.trajectory(x)
    for t, k in ((T - 1, 0), (T - 1, 3), (T - 1, T - 1), (2, 0)):
        if t < T - 1 and not net.sequence_output:
            assert flow.triangle()[t, k] == 0
            continue
        goals = target[:, t] if net.sequence_output else target
        norms = [
            np.linalg.norm(
                numerical(
                    lambda v, b=b, t=t, k=k, goals=goals: loss_at(system, v, x[b, k + 1 : t + 1], goals[b]), s[b, k + 1]
                )
            )
            for b in range(len(x))
        ]
        assert flow.triangle()[t, k] == pytest.approx(np.mean(norms), rel=1e-6, abs=1e-9)
        if t == T - 1:
            assert np.allclose(flow.by_sequence[:, k], norms, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("loss", ["mse", "rmse", "huber"])
@pytest.mark.parametrize("name", ["lstm", "invented", "stack"])
def test_the_steps_add_up_to_the_gradient(name, loss):
    net = el.Network(2, [layer for layer in layers_of(name) if layer.cell.name != "dropout"], dtype=np.float64)
    x, target = problem(net, rows=3, steps=7)
    flow = gradient_flow(net, x, target, loss)
    value, grads = net.loss_and_grads(x, target, loss)
    assert flow.loss == pytest.approx(value, rel=1e-12)
    for parameter, parts in flow.by_parameter.items():
        assert parts.shape == (7, *grads[parameter].shape)
        assert np.allclose(parts.sum(axis=0), grads[parameter], rtol=1e-10, atol=1e-12), parameter


def test_a_character_model_and_initial_states():
    net = el.Network(1, [el.Embedding(5, 3), el.GRU(4), el.Dense(5)], dtype=np.float64)
    random = np.random.default_rng(0)
    x, target = random.integers(0, 5, (2, 6)), random.integers(0, 5, (2, 6))
    state = [(random.normal(size=(2, 4)),)]
    flow = gradient_flow(net, x, target, "softmax_cross_entropy", state=state)
    value, grads = net.loss_and_grads(x, target, "softmax_cross_entropy", state=state)
    assert flow.loss == pytest.approx(value, rel=1e-12)
    assert all(np.allclose(p.sum(axis=0), grads[n], atol=1e-12) for n, p in flow.by_parameter.items())


def test_jacobians_in_pieces_are_the_same(monkeypatch):
    net = el.Network(2, [el.LSTM(3), el.Dense(1)], dtype=np.float64)
    x, target = problem(net, rows=5)
    whole = gradient_flow(net, x, target)
    monkeypatch.setattr("elman.insight.flow.BYTES_AT_ONCE", 1)
    pieces = gradient_flow(net, x, target)
    assert np.allclose(pieces.triangle(), whole.triangle(), rtol=1e-12)
    assert np.array_equal(pieces.norms, whole.norms)


def study_3(cell: str) -> el.insight.GradientFlow:
    """T=50, F=5, H=8, weights uniform(-0.5, 0.5) times a scale; the sum of the state at step 30."""
    random = np.random.default_rng(0)
    scale = 4.0 if cell.startswith("exploding") else 1.0
    if cell == "holding":
        layer = el.GRU(8, initial=el.cells.gru_holding(8, 5))
    else:
        draws = {n: scale * random.uniform(-0.5, 0.5, shape) for n, shape in (("W", (8, 5)), ("U", (8, 8)))}
        layer = el.SimpleRNN(8, initial=draws, activation="relu" if cell == "exploding, relu" else "tanh")
    net = el.Network(5, [layer], dtype=np.float64)
    x = random.normal(size=(100, 30, 5)) * (cell != "exploding, at rest")  # tanh units that are driven saturate
    return gradient_flow(net, x, np.zeros((100, 30, 8)), lambda y, target: el.sum(y - target))


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("vanishing", "vanishes"),
        ("exploding, at rest", "explodes"),
        ("exploding, relu", "explodes"),
        ("holding", "holds"),
    ],
)
def test_the_verdicts_of_study_3(cell, kind):
    flow = study_3(cell)
    assert flow.found.kind == kind
    assert kind in flow.verdict
    assert flow.horizon == 29 if kind != "vanishes" else 0 < flow.horizon < 15


@pytest.mark.parametrize(
    ("factor", "kind", "horizon", "words"),
    [
        (0.1 ** (1 / 7), "vanishes", 14, "falls by 10x every 7 steps"),
        (10 ** (1 / 5), "explodes", 49, "grows by 10x every 5 steps"),
        (1.0, "holds", 49, "holds over 49 steps"),
        (0.0, "vanishes", 0, "vanishes in one step"),
    ],
)
def test_verdicts_have_their_numbers(factor, kind, horizon, words):
    found = Verdict.of(factor ** np.arange(49, -1, -1.0))
    assert (found.kind, found.horizon) == (kind, horizon)
    assert words in found.words
    assert f"the loss at step 50 reaches back {horizon} steps" in found.words


def test_nothing_of_the_network_changes():
    net = el.Network(2, [el.GRU(3), el.Dropout(0.3), el.Dense(1)])
    before, updates, history = net.arena.copy(), net.updates, net.history
    first, second = (gradient_flow(net, np.ones((2, 4, 2)), np.ones((2, 4, 1))) for _ in range(2))
    assert np.array_equal(net.arena, before)
    assert (net.updates, net.history) == (updates, history)
    assert np.array_equal(first.triangle(), second.triangle())


def test_the_picture_has_its_lines():
    ax = study_3("vanishing").plot()
    assert len(ax.lines) == 1
    assert "vanishes" in ax.get_title()


@pytest.mark.parametrize(
    "layers", [[el.LSTM(5), el.Dense(1)], [el.GRU(4), el.SimpleRNN(3, return_sequences=False), el.Dense(1)]]
)
def test_the_callback_sees_the_same_norms_and_changes_nothing(layers):
    x = np.random.default_rng(0).normal(size=(32, 12, 1)).astype(np.float32)
    target = np.cumsum(x, axis=1) if len(layers) == 2 else x.sum(axis=1)
    seen, plain = el.Network(1, layers, seed=1), el.Network(1, layers, seed=1)
    flow = GradientFlowCallback(every=3, rows=4)
    options = {"optimizer": "adam", "batch_size": 8, "epochs": 3, "verbose": 0}
    seen.fit(x, target, callbacks=[flow], **options)
    plain.fit(x, target, **options)
    assert np.array_equal(seen.arena, plain.arena)
    assert flow.updates == [3, 6, 9, 12]
    assert np.allclose(flow.norms[-1], gradient_flow(seen, x[:4], target[:4]).norms, rtol=1e-9)
    assert 0 < flow.share < 1
    assert flow.horizons[-1] == flow.verdicts[-1].horizon
    assert len(flow.plot().collections) == 1


def test_the_callback_takes_some_steps_of_a_long_sequence():
    x = np.random.default_rng(0).normal(size=(8, 60, 1)).astype(np.float32)
    net, flow = el.Network(1, [el.GRU(6), el.Dense(1)]), GradientFlowCallback(every=1, rows=8)
    net.fit(x, np.cumsum(x, axis=1), epochs=2, callbacks=[flow], verbose=0)
    found = gradient_flow(net, x, np.cumsum(x, axis=1))
    assert len(flow.steps) == 16 and flow.steps[0] == 1 and flow.steps[-1] == 60
    assert np.allclose(flow.norms[-1], found.norms[flow.steps - 1], rtol=1e-9)
    assert abs(flow.horizons[-1] - found.horizon) <= 4


def test_a_training_that_goes_on_has_the_norms_of_before(tmp_path):
    def train(flow, **more):
        net = el.Network(1, [el.SimpleRNN(4), el.Dense(1)])
        x = np.random.default_rng(0).normal(size=(16, 9, 1))
        return net.fit(x, x, epochs=6, batch_size=4, callbacks=[flow, *more.pop("more", [])], verbose=0, **more)

    def end(training):
        if training.net.updates >= 14:
            raise ZeroDivisionError

    whole, first, flow = (el.insight.GradientFlowCallback(every=4) for _ in range(3))
    train(whole)
    with pytest.raises(ZeroDivisionError):
        train(first, checkpoint=tmp_path, more=[el.LambdaCallback(on_progress=end)])
    train(flow, checkpoint=tmp_path, resume=True)
    assert flow.updates == whole.updates
    np.testing.assert_array_equal(flow.norms, whole.norms)


@pytest.mark.parametrize(
    "by", [Side(), Side(states=slice(2, 5)), Side(inputs=slice(1, 2))], ids=["all", "some", "input"]
)
@pytest.mark.parametrize("name", ["lstm", "invented"])
def test_gradients_that_are_carried_back_are_those_that_jacobians_carry(name, by):
    """Few steps of many states go without Jacobians; the same losses, each written out over all steps, go by them."""
    net = el.Network(2, layers_of(name), seed=2, dtype=np.float64)
    x, _ = problem(net, rows=3)
    system, random = System(net), np.random.default_rng(1)
    assert x.shape[1] + 1 < 2 * system.n
    s = system.trajectory(x)
    direct, whole = random.normal(size=(2, 3, x.shape[1], system.n))
    each = direct[:, None] * np.eye(x.shape[1])[None, :, :, None]
    other = whole.copy()
    pairs, last = pairs_of(system, direct, s, x, by, whole)
    expected, last_expected = pairs_of(system, each, s, x, by, other)
    np.testing.assert_allclose(pairs, expected, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(last, last_expected, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(whole, other, rtol=1e-10, atol=1e-13)
