"""Which layers are PyTorch's own, and what a step's instructions are."""

from __future__ import annotations

import pytest

import elman as el
from elman.equations import ops
from elman.interop.pytorch.programs import program_of
from elman.interop.pytorch.standard import standard_of


def kinds(net):
    found = [standard_of(part) for part in net.structure.parts]
    return [None if one is None else one.kind for one in found]


@el.cell
def like_dense(p, x):
    return p.W @ x + p.b


@el.cell
def twice(p, x):
    """The input is used beside the product, so that this is no linear layer with something behind it."""
    return el.tanh(p.W @ x) * el.sum(x)


def test_kinds():
    layers = [
        el.Dense(4, activation="gelu"),
        el.Dropout(0.1),
        el.GRU(4),
        el.GRU(4, reset_after=False),
        el.LSTM(4, activation="relu"),
        el.SimpleRNN(4, activation="relu"),
        el.LayerNorm(epsilon=0.1),
        el.BatchNorm(epsilon=0.1),
        el.Stateless(like_dense, 3),
        el.Stateless(twice, 3),
        el.Recurrent("mgu", 3),
        el.Dropout(0.1, once=True),
    ]
    wanted = ["Linear", "Dropout", "GRU", None, None, "RNN", "LayerNorm", "BatchNorm", "Linear", None, None, None]
    assert kinds(el.Network(2, layers)) == wanted


def test_a_network_from_a_file_has_the_same_kinds(tmp_path):
    net = el.Network(1, [el.Embedding(5, 3), el.LSTM(4), el.Dense(2)])
    net.save(tmp_path / "net.safetensors")
    assert kinds(el.load(tmp_path / "net.safetensors")) == kinds(net) == ["Embedding", "LSTM", "Linear"]


@pytest.mark.parametrize("name", el.cells.catalogue())
def test_instructions_are_those_of_the_table_and_in_order(name):
    cell = el.cells.catalogue()[name]
    graph = cell.trace().bind([3] * len(cell.inputs), 4)
    program = program_of(graph)
    known = {k for _, k in program.parameters + program.constants}
    known |= {*program.inputs, *program.memories, *program.states}
    for one in (*program.once, *program.memory, *program.steps, *program.loop):
        assert one.op in ops.OPS and set(one.operands) <= known
        known.add(one.slot)
    assert set(program.outputs) <= known
    assert not set(program.states) & {i for one in program.steps for i in one.operands}
