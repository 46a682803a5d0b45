"""Dense layers and normalisations."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.equations import cell
from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import Node, Tensor
from elman.interop.onnx.reading.call import Call, Operators, Reading, array_in, bounded, node_of, tensor_in
from elman.interop.report import Mapped
from elman.network import BatchNorm, Dense, LayerNorm, Stateless


def _matmul(i: Reading, call: Call) -> Any:
    if all(isinstance(v, np.ndarray) for v in call.inputs):
        return bounded(call[0] @ call[1])
    x, w = tensor_in(call[0], "its first operand"), array_in(call[1], "its second operand")
    if w.ndim != 2:
        raise ConversionError(f"it multiplies by an array of shape {w.shape}; expected a matrix")
    return _dense(i, call, x, w.T, None)


def _gemm(i: Reading, call: Call) -> Any:
    x, w = tensor_in(call[0], "its first operand"), array_in(call[1], "its second operand")
    if w.ndim != 2 or call.get("transA", 0) or len(x.dims) != 2:
        raise ConversionError("it multiplies in a way that no dense layer does")
    w = w if call.get("transB", 0) else w.T
    bias = None if call[2] is None else array_in(call[2], "its bias")
    alpha, beta = (np.asarray(call.get(name, 1.0), w.dtype) for name in ("alpha", "beta"))
    return _dense(i, call, x, w if alpha == 1 else alpha * w, bias if bias is None or beta == 1 else beta * bias)


def _dense(i: Reading, call: Call, x: Tensor, w: np.ndarray, bias: np.ndarray | None) -> Tensor:
    if x.feature_axis != len(x.dims) - 1 or w.shape[1] != x.features:
        raise ConversionError(
            f"it multiplies a matrix of shape {w.shape} with the last axis, which has no {w.shape[1]} features"
        )
    arrays = {"W": w}
    if bias is not None:
        if bias.size not in (1, len(w)):
            raise ConversionError(f"its bias has the shape {bias.shape}; expected {len(w)} values")
        arrays["b"] = np.broadcast_to(bias.reshape(-1), len(w))
    name = next((n for n in call.node.input[1:2]), "")

    def made(node: Any) -> Node:
        return Node(
            "layer",
            (node_of(node),),
            len(w),
            node.timed,
            call.where,
            Dense(len(w), bias=bias is not None),
            dict(arrays),
        )

    i.mapped.append(Mapped(name, call.where, "dense"))
    return x.map(made, len(w))


def _batch_norm(i: Reading, call: Call) -> Any:
    x = tensor_in(call[0])
    if call.get("training_mode", 0) or x.feature_axis != 1:
        raise ConversionError("it normalises over another axis than the features, or trains: export for inference")
    epsilon = float(call.get("epsilon", 1e-5))
    arrays = {n: array_in(call[k], n).reshape(-1) for k, n in enumerate(("g", "b", "mean", "variance"), 1)}
    i.mapped.append(Mapped(call.node.input[1], call.where, "batch normalisation"))
    return x.map(
        lambda n: Node("layer", (node_of(n),), n.features, n.timed, call.where, BatchNorm(epsilon=epsilon), arrays)
    )


def _layer_norm(i: Reading, call: Call) -> Any:
    x = tensor_in(call[0])
    if x.place(int(call.get("axis", -1))) != len(x.dims) - 1 or x.feature_axis != len(x.dims) - 1:
        raise ConversionError("it normalises over another axis than the features")
    gain = array_in(call[1], "its gain").reshape(-1)
    arrays = {"g": gain, "b": np.zeros_like(gain) if call[2] is None else array_in(call[2], "its bias").reshape(-1)}
    epsilon = float(call.get("epsilon", 1e-5))
    i.mapped.append(Mapped(call.node.input[1], call.where, "layer normalisation"))
    return x.map(
        lambda n: Node("layer", (node_of(n),), n.features, n.timed, call.where, LayerNorm(epsilon=epsilon), arrays)
    )


@cell(initial={"g": 1.0})
def scale(p, x):
    """Each feature times a gain, and shifted."""
    return p.g * x + p.b


def scaled(where: str, node: Node, gain: np.ndarray, shift: np.ndarray) -> Node:
    """A layer of gains and shifts."""
    return Node("layer", (node,), node.features, node.timed, where, Stateless(scale), {"g": gain, "b": shift})


OPERATORS: Operators = {
    "MatMul": _matmul,
    "Gemm": _gemm,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
}
