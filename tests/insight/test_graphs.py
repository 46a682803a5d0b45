"""Graphs of layers: what is looked at, against numerical differences and the network's own gradients."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import elman as el
from elman.insight.system import System
from tests.insight.test_jacobians import numerical


def translate(source, target):
    memory = el.Bidirectional(el.GRU(2))(source)
    h = el.GRU(4)(target, state=memory.final)
    return el.Dense(3)(el.concat(h, el.attend(h, memory)))


def classify(x):
    h = el.Bidirectional(el.LSTM(2))(x)
    return el.Dense(3)(el.pool(h + el.Dense(4)(x), "mean"))


def stacked(x, static):
    """Residual, with an input without time and learnt initial states: a dynamical system as a whole."""
    first = el.GRU(3)(el.concat(x, el.repeat(static, x)), state=el.learnt(3))
    second = el.LSTM(3)(first) + first
    return {"y": el.Dense(2)(el.concat(second, x)), "z": el.Dense(1)(first)}


NETS = {
    "translate": (translate, {"source": 2, "target": 1}),
    "classify": (classify, {"x": 2}),
    "stacked": (stacked, {"x": 2, "static": el.Static(1)}),
}
STEPS = {0: 4, 1: 3}


def built(name: str) -> tuple[el.Network, dict[str, np.ndarray]]:
    function, inputs = NETS[name]
    net, random = el.Network(function, inputs=inputs, dtype=np.float64, seed=1), np.random.default_rng(3)
    net.params.write(random.normal(0, 0.7, net.arena.size))
    given = net.structure.inputs
    shapes = {one.name: (STEPS[one.axis], one.width) if one.axis >= 0 else (one.width,) for one in given}
    return net, {name: random.normal(size=(2, *shape)) for name, shape in shapes.items()}


def targets(net: el.Network, x: dict[str, np.ndarray]):
    y, random = net(x), np.random.default_rng(5)
    if isinstance(y, dict):
        return {name: random.normal(size=one.shape) for name, one in y.items()}
    return random.normal(size=y.shape)


def test_a_graph_that_goes_step_by_step_is_looked_at_as_a_whole():
    net, x = built("stacked")
    system = System(net)
    assert system.names == ["first.h", "lstm.h", "lstm.c"]
    inputs, begun = system.given(x)
    s = system.trajectory(inputs, begun)
    steps = net.trace(x)
    for name, part in system.parts.items():
        assert np.allclose(s[:, 1:, part], steps[name], atol=1e-12)
    assert np.allclose(s[:, 0, system.parts["first.h"]], net.params[learnt_of(net)], atol=1e-12)


def learnt_of(net: el.Network) -> str:
    return next(name for name in net.params if "learnt" in name)


LOOKED_AT = [
    ("stacked", None),
    ("stacked", "first"),
    ("translate", "memory.forward"),
    ("translate", "memory.backward"),
    ("translate", "h"),
    ("classify", "bidirectional.backward"),
]


def name_of(net: el.Network, layer: str | None) -> str | None:
    """Of a layer whose composite has no variable of its own."""
    names = [n for n, graph in zip(net.layer_names, net.graphs, strict=True) if graph.states]
    return layer if layer is None or layer in names else next(n for n in names if n.endswith(layer.split(".")[-1]))


@pytest.mark.parametrize(("name", "layer"), LOOKED_AT)
def test_jacobians_are_slopes_of_the_states_along_the_trace(name, layer):
    net, x = built(name)
    layer = name_of(net, layer)
    system = System(net, layer)
    J = el.insight.jacobians(net, x, layer=layer)
    inputs, begun = system.given(x)
    s = system.trajectory(inputs, begun)
    if layer is not None:
        backwards = slice(None, None, -1 if "backward" in layer else 1)
        assert np.allclose(s[:, 1:, system.parts["h"]], net.trace(x)[f"{layer}.h"][:, backwards], atol=1e-12)
    at, now = s[1, 2], inputs[1, 2]
    by_state = numerical(lambda v: system.step(v[None], now[None])[0], at)
    by_input = numerical(lambda v: system.step(at[None], v[None])[0], now)
    for of, rows in system.parts.items():
        for by, columns in system.parts.items():
            assert np.allclose(J[f"{of}/{by}"][1, 2], by_state[rows, columns], atol=1e-6)
        for by, columns in system.inputs.items():
            assert np.allclose(J[f"{of}/{by}"][1, 2], by_input[rows, columns], atol=1e-6)


@pytest.mark.parametrize(("name", "layer"), LOOKED_AT)
def test_the_steps_of_a_layers_parameters_add_up_to_their_gradient(name, layer):
    net, x = built(name)
    layer, target = name_of(net, layer), targets(net, x)
    flow = el.insight.gradient_flow(net, x, target, layer=layer)
    value, grads = net.loss_and_grads(x, target, "mse")
    assert flow.loss == pytest.approx(value, rel=1e-12)
    mine = [n for n in flow.by_parameter if layer is None or n.startswith(f"{layer}.")]
    assert len(mine) > 3
    for parameter in mine:
        assert np.allclose(flow.by_parameter[parameter].sum(axis=0), grads[parameter], rtol=1e-9, atol=1e-12), parameter


def test_norms_through_attention_are_those_of_numerical_gradients():
    """An encoder's state after a step moves every later one, and all that attends to it."""
    net, x = built("translate")
    target = targets(net, x)
    flow = el.insight.gradient_flow(net, x, target, layer="memory.forward")
    assert flow.triangle().shape == (STEPS[1], STEPS[0])
    system = System(net, "memory.forward")
    inputs, begun = system.given(x)
    s = system.trajectory(inputs, begun)
    for t, k in ((0, 0), (2, 1), (2, 3)):
        norms = [
            np.linalg.norm(
                numerical(lambda v, at=(b, t, k): moved(net, x, system, inputs, s, at, v, target), s[b, k + 1])
            )
            for b in range(2)
        ]
        assert flow.triangle()[t, k] == pytest.approx(np.mean(norms), rel=1e-6)


def moved(net, x, system, inputs, s, at, value, target) -> float:
    """The loss of one row at one step of the output, with the state after step k of the encoder another one."""
    b, t, k = at
    states = (
        np.concatenate(
            [s[b, 1 : k + 1], value[None], system.trajectory(inputs[b : b + 1, k + 1 :], value[None])[0, 1:]]
        )
        if k + 1 < inputs.shape[1]
        else np.concatenate([s[b, 1 : k + 1], value[None]])
    )
    back = net.trace({name: a[b : b + 1] for name, a in x.items()})["memory.backward.h"][0]
    memory, end = np.concatenate([states, back], axis=1), np.concatenate([states[-1], back[0]])
    rest = el.Network(behind, inputs={"memory": 4, "end": el.Static(4), "target": 1}, dtype=np.float64)
    for name in rest.params:
        rest.params[name] = net.params[name]
    y = rest({"memory": memory[None], "end": end[None], "target": x["target"][b : b + 1]})
    return float(np.mean((y[0, t] - target[b, t]) ** 2))


def behind(memory, end, target):
    h = el.GRU(4)(target, state=end)
    return el.Dense(3)(el.concat(h, el.attend(h, memory)))


def test_all_else_of_insight_takes_a_layer():
    net, x = built("translate")
    found = el.insight.memory(net, x, layer="h")
    assert found.to_initial_state.shape == (STEPS[1],) and found.capacity(delays=3, steps=60).by_delay.shape == (3,)
    points = el.insight.fixed_points(net, np.zeros((2, 4)), {"target": 0.5}, layer="h", settle=20, between=0)
    system = System(net, "h")
    assert len(points) and np.allclose(system.step(points.points, np.full((len(points), 1), 0.5)), points.points)
    assert el.insight.lyapunov_spectrum(net, steps=30, burn_in=5, layer="h").exponents.shape == (4,)
    one = {name: a[:1] for name, a in x.items()}
    assert el.insight.lyapunov_spectrum(net, one, burn_in=1, layer="memory.backward").exponents.shape == (2,)
    assert el.insight.equivalence(net, net, layers=("h", "h"), samples=20).same
    apart = el.insight.distances(net, x, {"a": None, "b": np.ones(4)}, [0, 2], layer="h")["a", "b"]
    assert apart.shape == (2, 2) and (apart > 0).all()
    assert "memory.forward.z" in el.insight.units(net, x)


@pytest.mark.parametrize(
    ("name", "layer", "message"),
    [
        ("translate", None, r"memory.backward \(gru\) runs in reverse, so that no step .* layer='memory.forward' or"),
        ("translate", "memory", r"did you mean 'memory.forward' or 'memory.backward'\?"),
        ("translate", "dense", "no layer with states"),
        ("translate", 3, "layer is 3"),
    ],
)
def test_what_cannot_be_looked_at_says_which_layer_and_why(name, layer, message):
    net, x = built(name)
    with pytest.raises(el.OptionError, match=message):
        el.insight.jacobians(net, x, layer=layer)


@el.cell(memory=1)
def aligned(p, x, m, h):
    return el.tanh(p.W @ x + p.U @ h + p.C @ el.attend(h, m, m))


def test_layers_that_attend_in_their_recurrence_and_late_beginnings():
    def attending(source, target):
        memory = el.GRU(3)(source)
        return el.Recurrent(aligned, 3)(target, memory)

    def late(x):
        first = el.GRU(3)(x)
        return el.GRU(3)(x, state=first.final) + first

    net = el.Network(attending, inputs={"source": 2, "target": 1})
    x = (np.zeros((1, 4, 2)), np.zeros((1, 3, 1)))
    for layer in (None, "aligned"):
        with pytest.raises(el.OptionError, match=r"\(aligned\) attends to all steps"):
            el.insight.memory(net, x, layer=layer)
    assert el.insight.memory(net, x, layer="memory").to_initial_state.shape == (4,)
    with pytest.raises(el.OptionError, match="begins where layer first has ended"):
        el.insight.memory(el.Network(late, inputs={"x": 1}), np.zeros((1, 3, 1)))


@pytest.mark.parametrize("name", NETS)
def test_a_report_of_any_graph(name, monkeypatch):
    monkeypatch.setattr(importlib.import_module("elman.insight.report"), "LYAPUNOV_STEPS", 40)
    net, x = built(name)
    found = el.insight.report(net, x)
    titles = [section.title for section in found.sections]
    assert any(title.startswith("Lyapunov exponents") for title in titles)
    assert found.json()
    assert name != "stacked" or found.html()


def test_the_live_callback_follows_a_graph_that_goes_step_by_step():
    net, x = built("stacked")
    target, flow = targets(net, x), el.insight.GradientFlowCallback(every=1, rows=2)
    net.fit(x, target, epochs=2, callbacks=[flow], verbose=0)
    assert np.allclose(flow.norms[-1], el.insight.gradient_flow(net, x, target).norms, rtol=1e-9)
    net, x = built("translate")
    with pytest.raises(el.OptionError, match="runs in reverse"):
        net.fit(x, targets(net, x), epochs=1, callbacks=[el.insight.GradientFlowCallback(layer="h")], verbose=0)
