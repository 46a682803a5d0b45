"""Matrices that are one vector: outer products and products with vectors; cells whose states are such matrices."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
SIZES = [(1, 1), (1, 5), (4, 1), (3, 3), (2, 7), (8, 16), (17, 9)]


def three(n, m):
    """A layer of a vector that holds a (n), b (m) and a matrix (n, m)."""

    def function(p, x):
        a, b, matrix = x[..., :n], x[..., n : n + m], x[..., n + m :]
        return el.concat(el.outer(a, b), el.matvec(matrix, b), el.vecmat(a, matrix))

    return el.cell(function)


def by_einsum(x, n, m):
    a, b, matrix = x[..., :n], x[..., n : n + m], x[..., n + m :].reshape(*x.shape[:-1], n, m)
    outer = np.einsum("bti,btj->btij", a, b).reshape(*x.shape[:-1], -1)
    return np.concatenate([outer, np.einsum("btij,btj->bti", matrix, b), np.einsum("bti,btij->btj", a, matrix)], -1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_values_are_numpys(n, m, engine, dtype):
    width = n + m + n * m
    x = np.random.default_rng(n).normal(size=(3, 2, width)).astype(dtype)
    net = el.Network(width, [el.Stateless(three(n, m))], engine=engine, dtype=dtype)
    exact = by_einsum(x.astype(np.float64), n, m)
    np.testing.assert_allclose(
        net(x), exact, rtol=1e-5 if dtype == np.float32 else 1e-13, atol=64 * np.finfo(dtype).eps
    )
    np.testing.assert_allclose(three(n, m)(None, x), exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("n", "m"), SIZES[:5])
def test_gradients_are_central_differences(n, m):
    net = el.Network(2, [el.Dense(n + m + n * m), el.Stateless(three(n, m)), el.Dense(2)], dtype=np.float64)
    assert el.check_gradients(net, rows=2, steps=2).worst < 1e-7


@el.cell
def mlstm(p, x, h, C, n):
    """The matrix memory of Beck et al., xLSTM, 2024."""
    q, k, v = p.W_q @ x, p.W_k @ x, p.W_v @ x
    i, f = el.exp(el.sum(p.w_i * x)), el.sigmoid(el.sum(p.w_f * x))
    C = f * C + i * el.outer(v, k)
    n = f * n + i * k
    return el.sigmoid(p.W_o @ x) * el.matvec(C, q) / el.maximum(el.abs(el.sum(n * q)), 1), C, n


@el.cell
def delta_net(p, x, y, S):
    """Fast weights that the delta rule writes: Schlag, Irie and Schmidhuber, 2021."""
    k = el.softmax(p.W_k @ x)
    S = S + el.outer(el.sigmoid(el.sum(p.b * x)) * (p.W_v @ x - el.matvec(S, k)), k)
    return el.matvec(S, el.softmax(p.W_q @ x)), S


@el.cell
def ping_pong(p, x, h):
    """A square matrix times the state that it becomes: the result must not lie where an operand is."""
    m = el.outer(el.tanh(h), x)
    return el.tanh(el.matvec(m, el.vecmat(el.matvec(m, x), m)) + p.b)


@pytest.mark.parametrize("cell", [mlstm, delta_net, ping_pong])
def test_gradients_of_cells_with_matrices(cell):
    assert el.check_gradients(cell, units=3, features=3).worst < 1e-7


def test_the_sizes_follow():
    def sizes(**given):
        net = el.Network(3, [el.Recurrent(mlstm, 4, sizes=given)])
        return net.params["0.W_q"].shape, net.params["0.W_v"].shape, net.state_sizes()[0]

    assert sizes() == ((4, 3), (4, 3), [4, 16, 4])
    assert sizes(n=5) == sizes(C=20) == sizes(W_k=5) == ((5, 3), (4, 3), [4, 20, 5])
    square = el.cell(lambda p, x, h, C: (el.matvec(C, h), C * 0.5 + el.outer(h, h)))
    assert el.Network(2, [el.Recurrent(square, 3)]).state_sizes() == [[3, 9]]
    root = el.cell(lambda p, x, C: el.outer(p.W @ x, p.W @ x) + C)
    assert el.Network(2, [el.Recurrent(root, 49)]).params["0.W"].shape == (7, 2)


WRONG = {
    r"matvec\(h, x\): 4 .* 1.333 values are left": lambda p, x, h: el.matvec(h, x),
    r"4 \(the size of h.* against 9 \(x ⊗ x\)": lambda p, x, h: h + el.outer(x, x),
    r"9 \(x ⊗ x\) against 16 \(h ⊗ h\)": lambda p, x, h: h * el.sum(el.outer(x, x) + el.outer(h, h)),
    r"new state h.*: 4 .* against 12 \(h ⊗ x\)": lambda p, x, h: el.outer(h, x),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_does_not_fit_is_said_with_the_users_line(message):
    with pytest.raises(el.ShapeError, match=message) as raised:
        el.Network(3, [el.Recurrent(el.cell(WRONG[message]), 4)])
    assert "test_matrices.py" in str(raised.value)


def test_on_arrays_what_does_not_fit_is_an_error():
    with pytest.raises(el.ShapeError, match="matvec"):
        el.matvec(np.zeros((2, 5)), np.zeros((2, 2)))


def test_they_are_written_as_mathematics(tmp_path):
    lines = mlstm.equations()
    assert "C_t = f * C + i * v ⊗ k" in lines and "h_t = σ(W_o x) * C_t q / max(|sum(n_t * q)|, 1)" in lines
    assert r"v_{t} \otimes k_{t}" in mlstm.latex()
    assert el.cell(lambda p, x: el.vecmat(x, el.outer(x * 2, x))).equations() == ["y = ((x * 2) ⊗ x)ᵀ x"]
    net = el.Network(3, [el.Recurrent(mlstm, 4)], dtype=np.float64)
    net.save(tmp_path / "m.elman")
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    np.testing.assert_array_equal(el.load(tmp_path / "m.elman")(x), net(x))
    np.testing.assert_allclose(net.trace(x)["0.h"], net(x), rtol=1e-12)
