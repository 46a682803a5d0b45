"""Random graphs of layers through what a user calls: traces, gradients, streams, and all of insight."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

import elman as el
from elman.insight.system import System
from tests.draws import draws
from tests.network.graph_networks import graph_networks


def outputs_of(net: el.Network, steps: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Each output as the trace has it, without time where it has none."""
    found = [steps[f"{net.structure.parts[source.number].name}.y"] for source in net.structure.outputs]
    return [y if end.sequence_output else y[:, 0] for y, end in zip(found, net.ends, strict=True)]


@draws(8)
@given(graph_networks())
def test_a_trace_ends_in_what_the_network_returns(drawn):
    net = drawn.network()
    x, lengths = drawn.data(net)
    for used in (None, lengths):
        for mine, y in zip(outputs_of(net, net.trace(x, lengths=used)), net(x, lengths=used).values(), strict=True):
            assert np.allclose(mine, y, atol=1e-11)


@draws(2)
@given(graph_networks())
def test_gradients_are_slopes(drawn):
    assert el.check_gradients(drawn.network(), rows=2, steps=2, samples=1).worst < 1e-7


@draws(5)
@given(graph_networks())
def test_every_layer_with_states_can_be_looked_at_or_says_why_not(drawn):
    net = drawn.network()
    x, _ = drawn.data(net)
    y = net(x)
    target = {name: np.zeros_like(one) for name, one in y.items()}
    value, grads = net.loss_and_grads(x, target)
    for layer in [None, *(n for n, graph in zip(net.layer_names, net.graphs, strict=True) if graph.states)]:
        try:
            flow = el.insight.gradient_flow(net, x, target, layer=layer)
        except el.OptionError as error:
            assert "so that" in str(error)
            assert layer is None or "attends to" in str(error)
            continue
        assert flow.loss == pytest.approx(value, rel=1e-11)
        for name in flow.by_parameter:
            if layer is None or name.startswith(f"{layer}."):
                assert np.allclose(flow.by_parameter[name].sum(axis=0), grads[name], rtol=1e-8, atol=1e-11), name
        assert np.isfinite(el.insight.memory(net, x, layer=layer).to_initial_state).all()


@draws(10)
@given(graph_networks(stepwise=True))
def test_a_stream_gives_what_the_network_gives_or_says_why_not(drawn):
    net = drawn.network()
    x, _ = drawn.data(net)
    whole = net(x)
    try:
        stream = net.stream(rows=2)
    except el.OptionError as error:
        assert "begins with states that other layers make" in str(error)
        with pytest.raises(el.OptionError, match="begins with states"):
            net.step({name: a[:, 0] if a.ndim == 3 else a for name, a in x.items()})
        system = System(net)
        inputs, begun = system.given(x)
        assert np.isfinite(system.trajectory(inputs, begun)).all()
        return
    state = None
    for t in range(3):
        now = {name: a[:, t] if a.ndim == 3 else a for name, a in x.items()}
        y, (stepped, state) = stream(now), net.step(now, state)
        for name, one in y.items():
            assert np.array_equal(one, stepped[name])
            assert np.allclose(one, whole[name][:, t] if whole[name].ndim == 3 else whole[name], atol=1e-12)


def test_a_stream_says_which_layer_needs_the_whole_sequence():
    net = el.Network(lambda x: el.Dense(1)(el.shift(el.GRU(2)(x), 2)), inputs={"x": 1})
    with pytest.raises(el.OptionError, match=r"layer shift \(shift\) shifts a sequence by 2 steps, which needs"):
        net.stream()


def test_a_summary_says_what_layers_begin_with_and_attend_to():
    def translate(source, target):
        memory = el.LSTM(4)(source)
        h = el.GRU(4)(target, state=memory.final[1])
        return el.Dense(2)(h + el.attend(h, memory))

    said = el.Network(translate, inputs={"source": 2, "target": 1}).summary()
    assert "gru(target, state=memory.final[1])" in said and "looking(h, memory)" in said
