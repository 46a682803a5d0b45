"""Tracing: names, shapes, and errors in the user's terms."""

from __future__ import annotations

import math

import numpy as np
import pytest

import elman.equations as el
from elman.cells import catalogue, gru, lstm
from elman.equations.store import from_data, to_data
from elman.errors import EquationError, ModelFileError, OptionError, ShapeError
from tests.cells.chains import CHAINED


def shapes(cell, F=3, H=5):
    graph = cell.trace().bind([F], H)
    return {name: graph.shape(name) for name in graph.parameters}


def test_shapes_follow_from_use():
    assert shapes(gru)["W_z"] == (5, 3)
    assert shapes(gru)["U_n"] == (5, 5)
    assert shapes(gru)["c_n"] == (5,)


def test_a_projected_state_may_have_its_own_size():
    @el.cell
    def projected(p, x, h, c):
        c = el.tanh(p.W @ x + p.U @ h + c)
        return p.P @ c, c

    graph = projected.trace().bind([3], 4, {"c": 9})
    assert graph.shape("U") == (9, 4) and graph.shape("P") == (4, 9)


def test_equations_are_written_from_the_graph():
    assert lstm.equations()[-2:] == ["c_t = f * c + i * g", "h_t = o * tanh(c_t)"]
    assert r"z_{t} &= \sigma(W_{z} x_{t} + U_{z} h_{t-1} + b_{z})" in gru.latex()


def test_brackets_stay_where_they_matter():
    @el.cell
    def brackets(p, x, h):
        return (h - (x - p.a)) * (1 - h) / (h + 2) - (-h) ** 2

    assert brackets.equations() == ["h_t = (h - (x - a)) * (1 - h) / (h + 2) - (-h)²"]


def test_a_missing_state_is_explained():
    @el.cell
    def forgot(p, x, h, c):
        return el.tanh(p.W @ x + p.U @ h)

    with pytest.raises(EquationError, match=r"returned 1 value, but its arguments name 2 states \(h, c\)"):
        forgot.trace()


def test_a_missing_return_is_explained():
    @el.cell
    def silent(p, x, h):
        el.tanh(p.W @ x)

    with pytest.raises(EquationError, match="is a `return` missing"):
        silent.trace()


def test_sizes_that_cannot_match_name_the_line():
    @el.cell
    def clash(p, x, h):
        return el.tanh(x + p.U @ h)  # x has F features

    with pytest.raises(ShapeError, match=r"(?s)3 .*features of x.*test_trace.py:\d+: return el.tanh\(x \+ p.U @ h\)"):
        clash.trace().bind([3], 5)


def test_a_matrix_used_for_two_sizes_names_it():
    @el.cell
    def twice(p, x, h):
        return el.tanh(p.W @ x + p.W @ h)

    with pytest.raises(ShapeError, match="p.W @ h"):
        twice.trace().bind([3], 5)


@pytest.mark.parametrize(
    ("equation", "said"),
    [
        (lambda p, x, h: h if h > 0 else x, r"el\.where\(condition"),
        (lambda p, x, h: math.tanh(h), "is not a number"),
        (lambda p, x, h: h.tanh(), r"write el\.tanh"),
        (lambda p, x, h: h @ x, r"el\.sum\(a \* b\)"),
        (lambda p, x, h: x @ p.W, r"p\.W @ x"),
        (lambda p, x, h: h + p.W.T, "can only multiply"),
        (lambda p, x, h: p.W @ x + p.W, "both as a"),
        (lambda p, x, h: h[0], r"el\.pick"),
        (lambda p, x, h: np.fft.fft(h), "is not a number|cannot"),
        (lambda p, x, h: np.arctan(h), "does not work on a symbol"),
        (lambda p, x, h: h + "1", "takes symbols and numbers"),
        (lambda p, x, h: h + np.ones(3), "fixed arrays belong into a parameter|symbols and numbers|does not work"),
    ],
)
def test_what_a_symbol_cannot_do_is_said_with_the_line(equation, said):
    with pytest.raises(EquationError, match=rf"(?s)({said}).*test_trace.py"):
        el.Cell(equation).trace()


def test_an_assigned_parameter_is_refused():
    @el.cell
    def assign(p, x, h):
        p.W = 3
        return h

    with pytest.raises(EquationError, match="declared by using"):
        assign.trace()


def test_an_unknown_option_names_the_nearest():
    with pytest.raises(OptionError, match="did you mean 'reset_after'"):
        gru.with_options(reset_afer=False)


def test_numpy_functions_of_the_table_work_on_symbols():
    cell = el.Cell(lambda p, x, h: np.tanh(np.add(p.W @ x, h)))
    assert cell.equations() == ["h_t = tanh(W x + h)"]


def test_a_cell_runs_on_arrays_for_one_step():
    from types import SimpleNamespace

    rng = np.random.default_rng(0)
    p = SimpleNamespace(W=rng.normal(size=(4, 2)), U=rng.normal(size=(4, 4)), b=np.zeros(4))
    x, h = rng.normal(size=2), rng.normal(size=4)
    np.testing.assert_allclose(catalogue()["simple"](p, x, h), np.tanh(p.W @ x + p.U @ h + p.b))


def test_functions_on_arrays_keep_their_precision():
    x = np.linspace(0, 1, 5)
    assert np.array_equal(el.minimum(x, 0.3), np.minimum(x, 0.3))
    assert el.tanh(np.float32(0.5)).dtype == np.float32 and el.tanh(0.5).dtype == np.float64


@pytest.mark.parametrize("name", CHAINED)
def test_a_stored_cell_has_the_same_equations(name):
    cell = catalogue()[name]
    stored = from_data(to_data(cell))
    assert stored.equations() == cell.equations()
    assert list(shapes(stored).items()) == list(shapes(cell).items())


@el.cell
def with_every_parameter(p, x, h):
    return el.dropout(el.tanh(p.W @ x + p.V.T @ h + p.b), 0.5) + p.E[el.sum(h * 0) + 1]


def test_a_stored_cell_runs_on_arrays_like_its_function():
    from types import SimpleNamespace

    rng = np.random.default_rng(0)
    sizes = {"W": (4, 2), "V": (4, 4), "b": (4,), "E": (3, 4)}
    p = SimpleNamespace(**{name: rng.normal(size=size) for name, size in sizes.items()})
    x, h = rng.normal(size=(5, 2)), rng.normal(size=(5, 4))
    expected = np.tanh(x @ p.W.T + h @ p.V + p.b) + p.E[1]
    stored = from_data(to_data(with_every_parameter))
    np.testing.assert_allclose(stored(p, x, h), expected)
    np.testing.assert_allclose(stored(p, x[0], h[0]), expected[0])


@pytest.mark.parametrize(("op", "other"), [("matmul", "x"), ("lookup", "x"), ("matmul_t", "W")])
def test_a_stored_product_needs_a_parameter_and_a_vector(op, other):
    data = to_data(el.Cell(lambda p, x, h: p.W @ x + p.U @ h))
    number = {row[4]: k for k, row in enumerate(data["nodes"]) if row[4]}
    product = next(row for row in data["nodes"] if row[0] == "matmul")
    product[:2] = [op, [number[other], number[other]]]
    with pytest.raises(EquationError, match="takes a parameter first|used both as|multiplies an input"):
        from_data(data).trace()


def test_a_parameter_is_no_index():
    with pytest.raises(EquationError, match=r"p\.E\[...\] needs a symbol \(the index\), got i"):
        el.Cell(lambda p, x, h: h + p.E[p.i] + p.W @ x).trace()


def test_damaged_equations_are_refused():
    data = to_data(gru)
    data["nodes"][-1][1] = [10_000, 0]
    with pytest.raises(ModelFileError, match="cannot be read"):
        from_data(data)


def test_a_profiler_goes_on_after_a_trace():
    import cProfile
    import sys

    profile = cProfile.Profile()
    with profile:
        gru.with_options(reset_after=False).trace()
        assert sys.getprofile() is profile
        sorted([3, 1, 2])
    assert any("sorted" in str(entry.code) for entry in profile.getstats())
