"""Every cell of the catalogue: its values, gradients and files, and what it says of itself.

The values are those of independent references from the papers (`tests/parity/cells`), which
`tests/golden/make_cells.py` wrote to `tests/golden/cells.npz`: a new cell needs a reference there, and nothing here.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available
from tests import cell_problems
from tests.cell_problems import Case, Problem, Results
from tests.of_catalogue import ONE_INPUT

MAKE = "tests/golden/make_cells.py"
GOLDEN = Path(__file__).parents[1] / "golden" / "cells.npz"
with np.load(GOLDEN) as stored:
    CASES = {name: Case(**case) for name, case in json.loads(str(stored["cases"])).items()}
    WANTED = {name: stored[name] for name in CASES}
CELLS = el.cells.catalogue()
FIRST = {case.cell: case for case in reversed(CASES.values())}
"""For each cell the case of its own options."""
BUILT = [e for e in ENGINES if e != "native" or native_available()]


@cache
def problem_of(name: str) -> Problem:
    return cell_problems.draw(CASES[name])


@cache
def network_of(name: str, engine: str) -> el.Network:
    return cell_problems.network(problem_of(name), "float64", engine)


def case_of(cell: str) -> Case:
    """The sizes with which a cell's reference was computed."""
    assert cell in FIRST, f"{cell} has no reference: write tests/parity/cells/{cell}.py, then run {MAKE}"
    return FIRST[cell]


def golden(name: str, found: Results) -> Results:
    """The stored results under the names and shapes of those found."""
    keys = sorted(found)
    ends = np.cumsum([found[key].size for key in keys])
    assert ends[-1] == WANTED[name].size, f"{name} has other sizes than its golden values: run {MAKE}"
    parts = np.split(WANTED[name], ends[:-1])
    return {key: part.reshape(found[key].shape) for key, part in zip(keys, parts, strict=True)}


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_the_papers(name):
    """On rows of unequal lengths."""
    for engine in BUILT:
        found = cell_problems.elman_results(problem_of(name), network_of(name, engine))
        cell_problems.assert_close(found, golden(name, found), 1e-9, engine)


@pytest.mark.parametrize("name", CASES)
def test_single_precision_is_near_to_them(name):
    for engine in BUILT:
        net = cell_problems.network(problem_of(name), "float32", engine)
        found = cell_problems.elman_results(problem_of(name), net)
        cell_problems.assert_close(found, golden(name, found), 1e-5, engine)


@pytest.mark.parametrize("name", CASES)
def test_engines_agree_on_whole_rows(name):
    problem = problem_of(name)
    one, *others = (cell_problems.elman_results(problem, network_of(name, e), ragged=False) for e in BUILT)
    longest = int(np.argmax(problem.lengths))
    wanted = golden(name, one)["output"][longest]
    np.testing.assert_allclose(one["output"][longest], wanted, rtol=0, atol=1e-9 * max(1, np.abs(wanted).max()))
    for other in others:
        cell_problems.assert_close(other, one, 1e-11)


@pytest.mark.parametrize("cell", CELLS)
def test_low_memory_and_traces_change_nothing(cell):
    name = case_of(cell).name
    problem, net = problem_of(name), network_of(name, BUILT[0])
    usual, low = (cell_problems.elman_results(problem, net, ragged=False, memory=m) for m in ("normal", "low"))
    cell_problems.assert_close(low, usual, 1e-12)
    steps = net.trace(*cell_problems.given(problem, np.float64))
    for state in problem.states:
        np.testing.assert_allclose(steps[state][:, -1], usual[f"final {state}"], rtol=0, atol=1e-9, err_msg=state)
    graph = net.graphs[0]
    np.testing.assert_allclose(steps[graph.names.get(graph.outputs[0], graph.ends[0])], usual["output"], atol=1e-9)


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_central_differences(cell):
    net = network_of(case_of(cell).name, BUILT[0])
    try:
        assert el.check_gradients(net, rows=2, steps=3, samples=4).worst < 1e-7
    except el.OptionError as error:  # what has no slope has another gradient on purpose
        assert "not the slope" in str(error)


@pytest.mark.parametrize("scale", [1e6, 1e-30, 0.0])
@pytest.mark.parametrize("cell", ONE_INPUT)
def test_inputs_of_any_size_give_numbers(cell, scale):
    """No formula divides 0 by 0 where its gates saturate, nor does its gradient."""
    case = case_of(cell)
    net, (x, _) = case.network("float32", BUILT[-1]), cell_problems.given(problem_of(case.name), np.float32)
    factors = np.full(x.shape[-1], scale, np.float32)
    if CELLS[cell].options.get("step") == "input":
        factors[-1] = 1  # a time
    y = net(x * factors)
    gradients, *_ = net.backward(x * factors, np.ones_like(y))
    assert np.isfinite(y).all() and all(np.isfinite(g).all() for g in gradients.values())


@pytest.mark.parametrize("cell", CELLS)
def test_files_keep_every_bit(cell, tmp_path):
    case = case_of(cell)
    net, problem = case.network("float32"), problem_of(case.name)
    x, _ = cell_problems.given(problem, np.float32)
    net.save(tmp_path / "net.elman")
    loaded = el.load(tmp_path / "net.elman")
    assert loaded.trainable == net.trainable
    assert np.array_equal(loaded.arena, net.arena) and np.isfinite(net.arena).all()
    assert np.array_equal(loaded(x), net(x))


@pytest.mark.parametrize("cell", CELLS)
def test_it_says_where_it_comes_from_and_what_it_computes(cell):
    one = CELLS[cell]
    assert "arameter" in one.__doc__, "nothing of its parameters"
    assert re.search(r"\n\s+References?: .*?\b(19|20)\d\d\b", one.__doc__, re.S), "no reference with a year"
    lines, formula = one.equations(), one.latex()
    states = {line.split(" = ")[0] for line in lines}
    assert {f"{state}_t" for state in one.states} <= states, lines
    assert formula.startswith(r"\begin{aligned}") and formula.endswith(r"\end{aligned}")
    assert formula.count("{") == formula.count("}") and formula.count("=") >= len(lines)


def test_a_layer_takes_the_name_of_a_cell():
    assert el.Recurrent("lstm", 3) == el.Recurrent(el.cells.lstm, 3)
    assert el.Recurrent("co_rnn", 3, dt=0.1).cell.options["dt"] == 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: el.Recurrent("LSTM", 3),
            r"no cell 'LSTM' \(did you mean 'lstm'\?\); there are antisymmetric_rnn, atr",
        ),
        (lambda: el.Recurrent(el.GRU, 3), "expected a cell, such as el.cells.lstm, or the name of one; @elman.cell"),
        (lambda: el.Recurrent(3, 3), "cell is 3; expected a cell, such as el.cells.lstm, or the name of one$"),
        (
            lambda: el.Network(2, [el.Recurrent("mc_lstm", 3)]),
            r"got 1; in the function .* called with them: layer\(x, a\)",
        ),
        (
            lambda: el.Forecaster(cell="mc_lstm").fit(np.ones(99)),
            r"mc_lstm takes 2 values \(x, a\); expected a cell of",
        ),
        (
            lambda: el.LanguageModel(el.cells.ode_lstm.with_options(step="input")).fit("ab" * 9000),
            r"for the time.*el.cells.ode_lstm.with_options\(step=1.0",
        ),
        (lambda: el.LanguageModel("gru_d").fit("ab" * 9000), "gru_d takes 3 values"),
    ],
)
def test_what_is_no_cell_is_told(call, message):
    with pytest.raises(el.OptionError, match=message):
        call()


def test_a_name_that_is_nearly_that_of_a_cell():
    with pytest.raises(AttributeError, match=r"elman.cells has no 'indrnn' \(did you mean 'ind_rnn'\?\)"):
        el.cells.indrnn  # noqa: B018
    assert not hasattr(el.cells, "__wrapped__")
