"""What of JAX's side needs no JAX: which equations run when, flax's cells as equations, and what is said without it."""

import importlib.util

import numpy as np
import pytest

import elman as el
from elman.interop import from_flax, to_jax
from elman.interop.jax import flax_cells
from elman.interop.jax.steps import Equations


@el.cell(memory=1)
def several(p, x, m, h):
    """Products of the input, of a memory, of the state; attention; what is made of parameters; dropout of one."""
    seen = el.attend(p.Q @ h, p.K @ m, m)
    return el.tanh((p.g * p.W) @ x + p.U @ h + p.V @ seen + el.square(x) + el.dropout(p.b, 0.5))


def equations_of(cell, *sizes, memories=()):
    return Equations.of(cell.trace().bind(list(sizes), 4, memories=list(memories)))


def test_each_node_is_computed_once_and_behind_its_operands():
    found = equations_of(several, 4, memories=(4,))
    graph = found.graph
    known = {*graph.inputs, *graph.memories, *graph.states}
    for node in (*found.once, *found.before, *found.loop):
        assert node not in known and set(node.inputs) <= known
        known.add(node)
    assert set(graph.outputs) <= known and set(graph.nodes()) <= known


def test_products_that_need_no_state_are_outside_of_the_loop():
    found = equations_of(several, 4, memories=(4,))
    sources = {node.inputs[0].name or node.inputs[0].op: node for node in found.graph.nodes() if node.op == "matmul"}
    assert {name for name, node in sources.items() if node in set(found.before)} == {"matrix", "K"}
    assert {name for name, node in sources.items() if node in set(found.loop)} == {"Q", "U", "V"}
    assert any(node.op == "mul" for node in found.once)  # p.g * p.W
    assert [node.op for node in found.loop if node.op in ("square", "dropout")] == ["square", "dropout"]  # cheap
    assert set(found.carried) == {found.graph.inputs[0], sources["matrix"]}


@pytest.mark.parametrize("name", el.cells.catalogue())
def test_a_loop_of_every_cell_reads_nothing_that_was_not_computed(name):
    cell = el.cells.catalogue()[name]
    found = equations_of(cell, *[2] * len(cell.inputs))
    given = {*found.graph.states, *found.carried, *found.once}
    for node in found.loop:
        assert set(node.inputs) <= given
        given.add(node)


def test_without_states_there_is_no_loop():
    found = Equations.of(el.Dense(3).graph(2))
    assert not found.loop and len(found.before) == 2 and {node.name for node in found.once} == {"W", "b"}


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def filled(layer):
    net, rng = el.Network(2, [layer], dtype="float64"), np.random.default_rng(0)
    for name in sorted(net.params):
        net.params[name] = rng.normal(size=net.params[name].shape)
    x = rng.normal(size=(1, 1, 2))
    state = [tuple(rng.normal(size=(1, size)) for size in net.state_sizes()[0])]
    p = {name[2:]: np.array(value) for name, value in net.params.items()}
    return net(x, state=state)[0, 0], p, x[0, 0], *(s[0] for s in state[0])


@pytest.mark.parametrize("reset", [True, False])
def test_the_minimal_gated_unit_of_flax(reset):
    found, p, x, h = filled(el.Recurrent(flax_cells.minimal_gated, 3, reset=reset))
    f = sigmoid(p["W_f"] @ x + p["b_f"] + p["U_f"] @ h)
    seen = f * (p["U_n"] @ h + p["c_n"]) if reset else p["U_n"] @ h
    np.testing.assert_allclose(found, (1 - f) * np.tanh(p["W_n"] @ x + p["b_n"] + seen) + f * h)
    assert ("c_n" in p) == reset


def test_cells_with_other_gates_are_the_usual_ones_with_the_usual_gates():
    for cell, usual in ((flax_cells.gated_gru, el.cells.gru), (flax_cells.gated_lstm, el.cells.lstm)):
        (found, p, *_), (wanted, q, *_) = filled(el.Recurrent(cell, 3)), filled(el.Recurrent(usual, 3))
        assert set(p) == set(q)
        np.testing.assert_allclose(found, wanted)


def test_the_residual_cell_adds_its_state_before_the_activation():
    found, p, x, h = filled(el.Recurrent(flax_cells.residual_simple, 3))
    np.testing.assert_allclose(found, np.tanh(p["W"] @ x + p["b"] + p["U"] @ h + h))


@pytest.mark.parametrize(("kind", "count"), [("SimpleCell", 3), ("GRUCell", 10), ("MGUCell", 7), ("LSTMCell", 12)])
def test_parameters_of_a_cell_go_to_their_places(kind, count):
    rng = np.random.default_rng(0)
    _, names, _ = flax_cells.CELLS[kind]
    tree = {}
    for place in names.values():
        module, what = place.split(".")
        shape = (4,) if what == "bias" else (2, 4) if module[0] == "i" else (4, 4)
        tree.setdefault(module, {})[what] = rng.normal(size=shape).astype("f4")
    piece = flax_cells.piece_of(kind, tree, flax_cells.Options("tanh"), "cell")
    graph = piece.layer.graph(2)
    assert len(names) == count and {n: graph.shape(n) for n in graph.parameters} == {
        n: v.shape for n, v in piece.weights.items()
    }
    del tree[next(iter(tree))]
    with pytest.raises(el.ConversionError, match="the parameters cell have no"):
        flax_cells.piece_of(kind, tree, flax_cells.Options("tanh"), "cell")


def test_parameters_of_another_type_are_refused():
    tree = {"kernel": np.zeros((2, 3), np.float16)}
    with pytest.raises(el.ConversionError, match=r"dense.kernel is float16; .*astype"):
        flax_cells.leaf(tree, "kernel", "dense")


@pytest.mark.skipif(importlib.util.find_spec("jax") is not None, reason="JAX is installed")
def test_without_jax_it_is_said_what_to_install():
    with pytest.raises(el.ConversionError, match=r'pip install "elman\[jax\]"'):
        to_jax(el.Network(1, [el.GRU(2)]))
    with pytest.raises(el.ConversionError, match=r'pip install "elman\[flax\]"'):
        from_flax(None)
    with pytest.raises(el.OptionError, match="net"):
        to_jax(3)
