"""The unrolled network shows the equations: every named value a block, every use a wire, every state passed on."""

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError
from elman.plots.step import step_of

CELLS = {n: c for n, c in vars(el.cells).items() if isinstance(c, el.Cell)}


def texts(ax, gid):
    return [t.get_text() for t in ax.texts if t.get_gid() == gid]


def uses(step):
    return {name: set(block.sources) for name, block in step.blocks.items()}


def test_blocks_of_a_gru_are_its_equations():
    step = step_of(el.cells.gru.trace())
    assert uses(step) == {"z": {"x", "h"}, "r": {"x", "h"}, "n": {"x", "r", "h"}, "h'": {"z", "h", "n"}}
    assert step.blocks["z"].weights == {"x": ("W_z",), "h": ("U_z",)}
    assert {n: b.glyph for n, b in step.blocks.items()} == {"z": "σ", "r": "σ", "n": "tanh", "h'": "+"}


def test_blocks_of_an_lstm_are_its_equations():
    step = step_of(el.cells.lstm.trace())
    gates = dict.fromkeys("ifgo", {"x", "h"})
    assert uses(step) == {**gates, "c'": {"i", "f", "g", "c"}, "h'": {"o", "c'"}}
    assert step.outputs == ["h'", "c'"]


def test_an_output_beside_the_states_is_what_rises():
    def read_out(p, x, h):
        h = el.tanh(p.W @ x + p.U @ h)
        return p.V @ h, h

    step = step_of(el.cell(read_out).trace())
    assert uses(step) == {"h'": {"x", "h"}, "y": {"h'"}} and step.outputs == ["y", "h'"]
    assert [w.user for w in step.wires if w.source == "h'"] == ["y", "h.out"]
    ax = el.plots.unrolled(el.Network(1, [el.Recurrent(el.cell(read_out), 2)]), steps=2)
    assert texts(ax, "output") == ["$y_{1}$", "$y_{2}$"]


@pytest.mark.parametrize("name", CELLS)
def test_nothing_lies_on_top_of_anything_else(name):
    step = step_of(CELLS[name].trace())
    blocks = [step.places[b] for b in step.blocks]
    for (x1, y1), (x2, y2) in [(a, b) for k, a in enumerate(blocks) for b in blocks[:k]]:
        assert x1 != x2 or abs(y1 - y2) >= 1
    passing = [p for n, p in step.places.items() if "@" in n]
    assert all(x != bx or abs(y - by) >= 0.75 for x, y in passing for bx, by in blocks)
    assert all(0 <= x <= step.width and 0 < y < step.height for x, y in step.places.values())


@pytest.mark.parametrize("name", CELLS)
def test_wires_run_from_left_to_right_and_states_leave_where_they_enter(name):
    step = step_of(CELLS[name].trace())
    for wire in step.wires:
        x = [step.places[p][0] for p in wire.points if p in step.places]
        assert (np.diff(x) > 0).all()
    assert all(step.places[s][1] == step.places[f"{s}.out"][1] for s in step.states)
    assert {w.user for w in step.wires} == {*step.blocks, *(f"{s}.out" for s in step.states)}


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_can_be_drawn(name):
    ax = el.plots.unrolled(CELLS[name], steps=4)
    step = step_of(CELLS[name].trace())
    assert sum(p.get_gid() == "block" for p in ax.patches) == 4 * len(step.blocks)
    inputs = texts(ax, "input")
    assert all(text.startswith(f"$x_{{{t}}}$") for t, text in enumerate(inputs, 1)) and len(inputs) == 4
    assert [text.count("$, $") + 1 for text in inputs] == [len(step.inputs)] * 4
    assert len(texts(ax, "state")) == 5 * len(step.states)


def test_cells_that_hand_a_state_on_or_reset_it():
    @el.cell
    def delay(p, x, h, before, constant):
        return el.tanh(p.W @ x + p.U @ before), h, p.b

    step = step_of(delay.trace())
    assert uses(step) == {"h'": {"x", "before"}, "constant'": set()}
    assert step.outputs == ["h'", "h", "constant'"]
    assert sum(p.get_gid() == "block" for p in el.plots.unrolled(delay, 2).patches) == 4


def test_a_layer_that_returns_its_last_step_feeds_one_readout():
    net = el.Network(1, [el.SimpleRNN(3, return_sequences=False), el.Dense(1)])
    ax = el.plots.unrolled(net, steps=4)
    assert (texts(ax, "layer"), texts(ax, "output")) == (["dense\n1 unit"], ["$y_{4}$"])
    assert texts(ax, "state") == [f"$h_{{{t}}}$" for t in range(5)]


def test_a_layer_that_runs_backwards_ends_at_the_first_step():
    net = el.Network(1, [el.GRU(3, reverse=True, return_sequences=False), el.Dense(1)])
    ax = el.plots.unrolled(net, steps=3)
    assert texts(ax, "output") == ["$y_{1}$"]
    assert texts(ax, "state") == [f"$h_{{{t}}}$" for t in (4, 3, 2, 1)]


def test_matrices_are_named_where_there_is_room_or_when_asked():
    assert texts(el.plots.unrolled(el.cells.simple, 1), "weight") == ["$W$", "$U$"]
    assert texts(el.plots.unrolled(el.cells.gru, 1), "weight") == []
    assert len(texts(el.plots.unrolled(el.cells.gru, 1, names=True), "weight")) == 6


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(OptionError, match="Network, a Layer, a Cell or a Graph; got 3"):
        el.plots.unrolled(3)
    with pytest.raises(OptionError, match="steps is 0; expected a whole number of at least 1"):
        el.plots.unrolled(el.cells.gru, steps=0)


def test_equations_without_states_are_drawn_too():
    @el.cell(inputs=2)
    def squared(p, y, target):
        difference = y - target
        return el.sum(difference**2)

    ax = el.plots.unrolled(squared, 1)
    assert texts(ax, "block") == [r"$\mathrm{difference}$", r"$\mathrm{squared}$"]
    assert texts(ax, "input") == [r"$y_{1}$, $\mathrm{target}_{1}$"]


@pytest.mark.parametrize("steps", [1, 3])
def test_every_use_is_a_wire(steps):
    ax = el.plots.unrolled(el.cells.lstm, steps)
    wires = sum(type(patch).__name__ == "FancyArrowPatch" for patch in ax.patches)
    inside = 4 * 2 + 4 + 2 + 2  # x and h to each gate; i, f, g and c to c'; o and c' to h'; both states out
    assert wires == steps * (inside + 1 + 1) + 2 * (steps + 1)  # and x in, h out; states between the steps
