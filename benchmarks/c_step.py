"""A step in C beside ONNX Runtime and `net.stream()`: `python -m benchmarks.c_step`, in the peers' environment.

GRU 64 with one feature and with 64, LSTM 256 with 256, one row, one thread, float32. All take turns, in rounds; a
figure is the median of the rounds, in processor seconds of this process. The C is compiled by gcc (with `-std=c99` in
place of `-std=gnu99` it would fuse no product with a sum) and takes its steps in one call of NAME_run. ONNX Runtime
runs one node, a step a call with its states fed back, as it must in a stream, and all steps in one call, where it may
compute the products of all inputs together, as `stream.run` does. All give the same numbers, which is checked first.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import elman as el
from elman.interop.c.compiled import library_of
from elman.interop.c.export import texts_of
from elman.interop.peers import called

ROUNDS, STEPS = 15, {"GRU 64, one feature": 2000, "GRU 64": 2000, "LSTM 256": 200}
NATIVE, PLAIN = ("-O3", "-march=native"), ("-O3",)
BUILDS = {  # of C: options of the export, and flags of gcc
    "C, own functions, -march=native": ({"math": "own"}, NATIVE),
    "C, math.h, -march=native": ({}, NATIVE),
    "C, own functions, any x86-64": ({"math": "own"}, PLAIN),
    "C, int8 weights, own functions, -march=native": ({"math": "own", "weights": "int8"}, NATIVE),
}
Run = Callable[[np.ndarray], np.ndarray]  # of steps (T, F) to outputs (T, H)


def networks() -> dict[str, el.Network]:
    return {
        "GRU 64, one feature": el.Network(1, [el.GRU(64)], threads=1),
        "GRU 64": el.Network(64, [el.GRU(64)], threads=1),
        "LSTM 256": el.Network(256, [el.LSTM(256)], threads=1),
    }


def in_c(net: el.Network, how: dict[str, str], flags: tuple[str, ...]) -> Run:
    """All steps in one call, in arrays that are there already."""
    program, files, _ = texts_of(net, "net", **how)
    library: Any = library_of([(program, files)], "gcc", ("-std=gnu99", "-fPIC", "-shared", *flags))
    library.beside_net_size.restype = ctypes.c_size_t
    state = ctypes.create_string_buffer(library.beside_net_size())
    y = np.zeros((max(STEPS.values()), net.outputs), np.float32)

    def run(x: np.ndarray) -> np.ndarray:
        library.net_reset(state)
        assert library.net_run(state, _pointer(x), ctypes.c_size_t(len(x)), _pointer(y)) == 0
        return y[: len(x)]

    return run


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def stream(net: el.Network) -> Run:
    """A step a call."""
    steps = net.stream()

    def run(x: np.ndarray) -> np.ndarray:
        steps.reset()
        return np.concatenate([steps(row) for row in x[:, None]])

    return run


def stream_run(net: el.Network) -> Run:
    """All steps in one call."""
    steps = net.stream()

    def run(x: np.ndarray) -> np.ndarray:
        steps.reset()
        return steps.run(x)

    return run


def onnx_runtime(net: el.Network, together: bool) -> Run:
    """One node with states in and out."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(_model(net), options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()][1:]
    units = net.outputs

    def run(x: np.ndarray) -> np.ndarray:
        states = [np.zeros((1, 1, units), np.float32) for _ in names]
        found = []
        for part in [x[:, None]] if together else x[:, None, None]:
            y, *states = session.run(None, {"x": part, **dict(zip(names, states, strict=True))})
            found.append(y[:, 0, 0])
        return np.concatenate(found)

    return run


def _model(net: el.Network) -> bytes:
    """The layer as a node of ONNX, whose gates come in another order."""
    from onnx import TensorProto, helper, numpy_helper

    p = {name.removeprefix("0."): value for name, value in net.params.items()}
    kind, gates = ("LSTM", "iofg") if "W_g" in p else ("GRU", "zrn")
    side = [np.concatenate([p[f"{what}_{g}"] for g in gates])[None] for what in "WU"]
    first = np.concatenate([p[f"b_{g}"] for g in gates])
    second = np.zeros_like(first) if kind == "LSTM" else np.concatenate([np.zeros(2 * net.outputs), p["c_n"]])
    arrays = {"W": side[0], "R": side[1], "B": np.concatenate([first, second])[None]}
    states = ["h", "c"][: 2 if kind == "LSTM" else 1]
    how = {"hidden_size": net.outputs, **({"linear_before_reset": 1} if kind == "GRU" else {})}
    node = helper.make_node(kind, ["x", "W", "R", "B", "", *states], ["y", *(f"{s}_new" for s in states)], **how)
    F, H = net.inputs, net.outputs

    def info(name: str, shape: list[Any]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        [node],
        kind,
        [info("x", ["T", 1, F]), *(info(s, [1, 1, H]) for s in states)],
        [info("y", ["T", 1, 1, H]), *(info(f"{s}_new", [1, 1, H]) for s in states)],
        [numpy_helper.from_array(a.astype(np.float32), name) for name, a in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8).SerializeToString()


def contenders(net: el.Network) -> dict[str, Run]:
    found = {what: in_c(net, how, flags) for what, (how, flags) in BUILDS.items()}
    found["Elman, net.stream()"] = stream(net)
    found["Elman, net.stream().run, one call"] = stream_run(net)
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        print("without onnxruntime")
        return found
    name = called("onnxruntime", "ONNX Runtime")
    return found | {f"{name}, a step a call": onnx_runtime(net, False), f"{name}, one call": onnx_runtime(net, True)}


def measured(what: str, net: el.Network) -> dict[str, float]:
    """Microseconds of processor time a step, by contender."""
    x = np.random.default_rng(0).normal(size=(STEPS[what], net.inputs)).astype(np.float32)
    runs, truth = contenders(net), net(x[None])[0]
    for name, run in runs.items():
        apart = float(np.abs(run(x) - truth).max())
        assert apart < (0.05 if "int8" in name else 2e-5), (name, apart)
    rounds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            begin = time.process_time()
            run(x)
            rounds[name].append((time.process_time() - begin) / len(x) * 1e6)
    return {name: round(median(found), 3) for name, found in rounds.items()}


def main(file: str | None = None) -> None:
    found: dict[str, Any] = {what: measured(what, net) for what, net in networks().items()}
    found["load average"] = os.getloadavg()[0]
    text = json.dumps(found, indent=2)
    print(text)
    if file:
        Path(file).write_text(text + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
