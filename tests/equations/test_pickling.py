"""Cells, and layers and losses that hold them, pickled, copied and sent to other processes."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import sys
import types

import numpy as np
import pytest

import elman as el
from elman.cells import catalogue
from elman.equations import activation as as_function
from elman.network.layer_cells import dense
from elman.training.losses import LOSSES, resolve_loss


@el.cell(initial={"b": 0.5})
def of_a_module(p, x, h, *, activation="tanh", scale=2.0):
    return as_function(activation)(scale * (p.W @ x) + p.U @ h + p.b)


def local():
    def inside(p, x, h, k):
        k = el.normalise(p.W @ x + p.U.T @ h)
        return k + p.V @ h, k

    return el.cell(inside, initial={"W": np.full((4, 3), 0.25)})


def again(value):
    return pickle.loads(pickle.dumps(value))


def outputs(cell, seed=3):
    net = el.Network(3, [el.Recurrent(cell, 4)], seed=seed)
    return net(np.random.default_rng(0).normal(size=(2, 5, 3)))


@pytest.mark.parametrize("name", catalogue())
def test_a_cell_that_can_be_imported_stays_what_it_is(name):
    assert again(catalogue()[name]) is catalogue()[name]


@pytest.mark.parametrize(
    "cell",
    [
        of_a_module.with_options(scale=3.0),
        of_a_module.with_options(activation=lambda a: el.sin(a) * 2),
        local(),
        el.cell(lambda p, x, h: el.tanh(p.W @ x + h)),
    ],
    ids=["options", "option that is a lambda", "local", "lambda"],
)
def test_every_cell_computes_the_same_again(cell):
    for one in (again(cell), again(again(cell)), copy.copy(cell), copy.deepcopy(cell)):
        assert one.equations() == cell.equations() and one.name == cell.name and one.states == cell.states
        assert np.array_equal(outputs(one), outputs(cell)) and one.initial.keys() == cell.initial.keys()


def test_options_of_a_function_can_still_be_changed_and_those_of_a_graph_not():
    found = again(of_a_module.with_options(scale=3.0))
    assert found.options == {"activation": "tanh", "scale": 3.0}
    assert np.array_equal(outputs(found.with_options(scale=2.0)), outputs(of_a_module))
    with pytest.raises(el.OptionError, match="its options are decided"):
        again(of_a_module.with_options(activation=lambda a: a)).with_options(scale=1.0)


def test_a_cell_of_the_main_program_goes_as_its_graph(monkeypatch):
    """Another process, and tomorrow's notebook, has another main program."""

    def written(p, x, h):
        return el.tanh(p.W @ x + p.U @ h)

    written.__module__, written.__qualname__ = "__main__", "written"
    cell = el.cell(written)
    monkeypatch.setattr(sys.modules["__main__"], "written", cell, raising=False)
    content = pickle.dumps(cell)
    monkeypatch.delattr(sys.modules["__main__"], "written")
    assert pickle.loads(content).equations() == cell.equations()


def test_a_cell_whose_module_is_gone_is_named():
    module = types.ModuleType("gone_tomorrow")
    exec("import elman as el\n@el.cell\ndef away(p, x, h): return el.tanh(p.W @ x + h)", module.__dict__)
    sys.modules["gone_tomorrow"] = module
    content = pickle.dumps(module.away)
    del module.away
    with pytest.raises(el.ModelFileError, match="gone_tomorrow has no such cell"):
        pickle.loads(content)
    del sys.modules["gone_tomorrow"]
    with pytest.raises(el.ModelFileError, match="gone_tomorrow cannot be imported"):
        pickle.loads(content)


def test_an_initial_value_that_cannot_go_is_named():
    cell = el.cell(lambda p, x, h: el.tanh(p.W @ x + h), initial={"W": lambda shape, random: np.zeros(shape)})
    with pytest.raises(el.OptionError, match="its initial value of 'W'"):
        pickle.dumps(cell)


def test_layers_and_losses():
    layer = again(el.Recurrent(local(), 4, sizes={"k": 4}, reverse=True))
    assert layer.reverse and layer.sizes == {"k": 4} and layer.cell.states == ("h", "k")
    assert again(el.Dense(2)).cell.options == dense.options
    for loss in [*LOSSES.values(), resolve_loss(lambda p, y, target: el.mean(el.abs(y - target) ** 3))]:
        assert again(loss).cell.equations() == loss.cell.equations()
        assert resolve_loss(again(loss).cell).cell.equations() == loss.cell.equations()


def _in_another_process(cells):
    return [outputs(cell) for cell in cells]


def test_cells_in_another_process():
    cells = [el.cells.gru, of_a_module, local()]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(_in_another_process, (cells,))
    for ours, theirs in zip(_in_another_process(cells), there, strict=True):
        assert np.array_equal(ours, theirs)
