"""Block-diagonal matrices: the values and gradients of a full matrix whose other blocks are zero."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]


def full(blocks, count):
    """The block-diagonal matrix (out, in) of the blocks that lie below one another."""
    rows, columns = len(blocks) // count, blocks.shape[1]
    matrix = np.zeros((len(blocks), columns * count))
    for k in range(count):
        matrix[k * rows : (k + 1) * rows, k * columns : (k + 1) * columns] = blocks[k * rows : (k + 1) * rows]
    return matrix


def heads(count):
    """A GRU-like cell whose recurrent matrices are block-diagonal."""

    def function(p, x, h):
        z = el.sigmoid(p.W_z @ x + el.blocks(p.U_z, count) @ h + p.b)
        return z * h + (1 - z) * el.tanh(p.W @ x + el.blocks(p.U, count) @ (z * h))

    return el.cell(function)


@el.cell
def one_head(p, x, h):
    z = el.sigmoid(p.W_z @ x + p.U_z @ h + p.b)
    return z * h + (1 - z) * el.tanh(p.W @ x + p.U @ (z * h))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize(("count", "units"), [(1, 3), (2, 6), (4, 8), (3, 3), (2, 34)])
def test_values_and_gradients_are_those_of_the_full_matrix(count, units, engine, dtype):
    net = el.Network(3, [el.Recurrent(heads(count), units)], dtype=dtype, engine=engine)
    whole = el.Network(3, [el.Recurrent(one_head, units)], dtype=dtype, engine=engine)
    for name in net.params:
        value = net.params[name]
        whole.params[name] = full(value, count) if "U" in name else value
    random = np.random.default_rng(units)
    x, along = random.normal(size=(4, 5, 3)).astype(dtype), random.normal(size=(4, 5, units)).astype(dtype)
    close = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-12}
    np.testing.assert_allclose(net(x), whole(x), **close)
    one, other = net.backward(x, along), whole.backward(x, along)
    np.testing.assert_allclose(one[1], other[1], **close)
    there = full(np.ones((units, units // count)), count) > 0
    for name, gradient in one[0].items():
        wanted = other[0][name]
        found = full(gradient, count) if "U" in name else gradient
        np.testing.assert_allclose(found, np.where(there, wanted, 0) if "U" in name else wanted, **close)


def test_the_sizes_follow_and_each_block_starts_orthogonal():
    net = el.Network(3, [el.Recurrent(heads(4), 8)], dtype=np.float64)
    assert net.params["0.U"].shape == (8, 2)
    for k in range(4):
        block = net.params["0.U"][2 * k : 2 * k + 2]
        np.testing.assert_allclose(block @ block.T, np.eye(2), atol=1e-12)
    wide = el.Network(6, [el.Stateless(el.cell(lambda p, x: el.blocks(p.W, 3) @ x), 9)])
    assert wide.params["0.W"].shape == (9, 2)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_gradients_are_central_differences(count):
    assert el.check_gradients(heads(count), units=4, features=3).worst < 1e-7


def test_a_matrix_may_be_used_whole_and_in_blocks():
    @el.cell
    def both(p, x, h):
        return el.tanh(el.blocks(p.W, 2) @ el.concat(x, h) + p.W @ (x * h) + p.W.T @ h)

    net = el.Network(4, [el.Recurrent(both, 4)], dtype=np.float64)
    assert net.params["0.W"].shape == (4, 4)
    assert el.check_gradients(net).worst < 1e-7


def test_on_arrays_it_is_the_product():
    random = np.random.default_rng(0)
    W, x = random.normal(size=(6, 2)), random.normal(size=(5, 4))
    np.testing.assert_allclose(el.blocks(W, 2) @ x, x @ full(W, 2).T, rtol=1e-12)
    with pytest.raises(el.ShapeError, match="has no 4 blocks"):
        el.blocks(W, 4) @ x


WRONG = {
    r"el.blocks\(p.W, 4\) @ x: 6 ": lambda p, x, h: el.blocks(p.W, 4) @ x + h,
    r"el.blocks\(p.W, 3\) @ x: 8 ": lambda p, x, h: el.blocks(p.W, 3) @ x + h,
    "can only multiply": lambda p, x, h: el.blocks(p.W, 2).T @ x + h,
    "blocks takes a parameter": lambda p, x, h: el.blocks(x, 2) @ x + h,
    "a matrix multiplies an input": lambda p, x, h: el.blocks(p.W, 2) @ 3 + h,
    "the number of blocks": lambda p, x, h: el.blocks(p.W, 0) @ x + h,
}


@pytest.mark.parametrize("message", WRONG)
def test_what_does_not_fit_is_said(message):
    with pytest.raises(el.ElmanError, match=message):
        el.Network(6, [el.Recurrent(el.cell(WRONG[message]), 8)])


def test_they_are_written_stored_and_traced(tmp_path):
    assert heads(2).equations()[1].endswith("tanh(W x + blocks(U, 2) (z * h))")
    assert r"\operatorname{blocks}(U, 2) (z_{t} \odot h_{t-1})" in heads(2).latex()
    net = el.Network(3, [el.Recurrent(heads(2), 4)], dtype=np.float64)
    net.save(tmp_path / "m.elman")
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    np.testing.assert_array_equal(el.load(tmp_path / "m.elman")(x), net(x))
    np.testing.assert_allclose(net.trace(x)["0.h"], net(x), rtol=1e-12)
    assert "0.U+" in net.explain("mse")
