"""Which graphs are ONNX's RNN, GRU or LSTM: decided by their equations, whatever their cells are called."""

import numpy as np
import pytest

import elman as el
from elman.errors import ConversionError
from elman.interop import peers
from elman.interop.onnx.export import to_onnx
from elman.interop.onnx.load import from_onnx
from elman.interop.onnx.writing.standard import standard
from elman.interop.onnx.writing.values import folded


def found(cell, units=4, features=3):
    """The node of a cell, and the parameters of a network of it."""
    net = el.Network(features, [el.Recurrent(cell, units)], seed=1)
    for name, value in net.params.items():
        net.params[name] = value + np.random.default_rng(len(name)).normal(size=value.shape)
    values = {name.removeprefix("0."): value for name, value in net.params.items()}
    return standard(net.graphs[0], folded(net.graphs[0], values, net.dtype)), values


def test_gates_are_in_onnx_order_and_biases_are_the_first_of_two():
    node, p = found("lstm")
    np.testing.assert_array_equal(node.W, np.concatenate([p[f"W_{k}"] for k in "iofg"]))
    np.testing.assert_array_equal(node.R, np.concatenate([p[f"U_{k}"] for k in "iofg"]))
    np.testing.assert_array_equal(node.B, np.concatenate([*(p[f"b_{k}"] for k in "iofg"), np.zeros(16)]))
    assert node.op == "LSTM" and node.P is None
    node, p = found("gru")
    np.testing.assert_array_equal(node.W, np.concatenate([p[f"W_{k}"] for k in "zrn"]))
    np.testing.assert_array_equal(node.B[-4:], p["c_n"])
    assert node.before_reset and not found(el.cells.gru.with_options(reset_after=False))[0].before_reset


def test_a_users_cell_is_the_node_that_it_is():
    @el.cell
    def mine(p, x, a, b):
        """An LSTM by other names, its terms in another order, with a forget bias of 1."""
        keep = el.sigmoid(1 + (p.K @ a + p.k) + p.Q @ x)
        write = el.sigmoid(p.w + p.S @ x + p.T @ a)
        new = write * el.tanh(p.X @ x + (p.Y @ a + p.y)) + b * keep
        return el.tanh(new) * el.sigmoid(p.A @ x + p.B @ a - p.c), new

    node, p = found(mine)
    assert node.op == "LSTM"
    np.testing.assert_allclose(node.W[8:12], p["Q"])
    np.testing.assert_allclose(node.B[8:12], p["k"] + 1)
    np.testing.assert_allclose(node.B[4:8], -p["c"])


def test_a_gate_that_lets_in_is_one_that_keeps_with_the_other_sign():
    @el.cell
    def lets_in(p, x, h):
        z, r = el.sigmoid(p.A @ x + p.B @ h + p.a), el.sigmoid(p.C @ x + p.D @ h)
        return h + z * (el.tanh(p.E @ x + p.F @ (r * h)) - h)

    node, p = found(lets_in)
    assert node.op == "GRU" and not node.before_reset
    np.testing.assert_array_equal(node.W[:4], -p["A"])
    np.testing.assert_array_equal(node.B[:4], -p["a"])


def test_coupled_gates_are_an_lstm_whose_forget_gate_has_the_other_sign():
    node, p = found("cifg")
    assert node.op == "LSTM"
    np.testing.assert_array_equal(node.W[8:12], -p["W_i"])
    np.testing.assert_array_equal(node.P[8:], -p["v_i"])


def test_peepholes_and_activations():
    node, p = found("peephole_lstm")
    np.testing.assert_array_equal(node.P, np.concatenate([p["v_i"], p["v_o"], p["v_f"]]))
    node, _ = found(el.cells.simple.with_options(activation="leaky_relu"))
    assert node.functions == (("LeakyRelu", 0.01, 0.0),)
    node, _ = found(el.cells.lstm.with_options(activation="linear"))
    assert [f[0] for f in node.functions] == ["Sigmoid", "Affine", "Affine"]


@pytest.mark.parametrize(
    "name", ["projected_lstm", "original_lstm", "layer_norm_lstm", "janet", "li_gru", "ugrnn", "lem"]
)
def test_what_is_nearly_a_node_is_none(name):
    assert found(name)[0] is None


def test_one_term_more_makes_it_none():
    @el.cell
    def more(p, x, h):
        return el.tanh(p.W @ x + p.U @ h + 0.1 * h)

    @el.cell
    def other(p, x, h, c):
        f, i = el.sigmoid(p.A @ x + p.B @ h), el.tanh(p.C @ x + p.D @ h)  # gates of two functions
        c = f * c + i * el.tanh(p.E @ x + p.F @ h)
        return el.sigmoid(p.G @ x + p.H @ h) * el.tanh(c), c

    assert found(more)[0] is None and found(other)[0] is None


def test_without_onnx_it_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(peers.importlib, "import_module", missing)
    with pytest.raises(ConversionError, match=r'this needs onnx.*pip install "elman\[onnx\]"'):
        from_onnx(b"")
    with pytest.raises(ConversionError, match=r'this needs onnx.*pip install "elman\[onnx\]"'):
        to_onnx(el.Network(2, [el.GRU(2)]))
