"""ONNX Runtime: its GRU, LSTM and RNN nodes, for inference; "bound" streams between arrays that are bound once."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from elman.bench.mean_losses import outputs_loss
from elman.bench.turns import Run
from elman.bench.weights import weights
from elman.bench.workload import Workload

NODES = {"tanh": "RNN", "gru": "GRU", "lstm": "LSTM"}
ORDER = {"tanh": [0], "gru": [0, 1, 2], "lstm": [0, 3, 1, 2]}  # ONNX: z r h, and i o f c


def version() -> str:
    return onnxruntime.__version__


def prepare(workload: Workload, variant: str, threads: int) -> Run:
    """What an epoch does."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(
        model(workload).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    runs = {"inference": inference, "streaming": bound if variant == "bound" else streaming}
    return runs[workload.task](workload, session)


def state_names(workload: Workload) -> list[str]:
    return ["h", "c"] if workload.cell == "lstm" else ["h"]


def model(workload: Workload) -> onnx.ModelProto:
    """x (T, B, F) and states (D, B, H) to y (B, O), the readout of the last step, and the next states."""
    states, H = state_names(workload), workload.hidden
    attributes = {"linear_before_reset": 1} if workload.cell == "gru" else {}
    attributes |= {"direction": "bidirectional"} if workload.bidirectional else {}
    nodes = [
        helper.make_node(
            NODES[workload.cell],
            ["x", "W", "R", "B", "", *(f"{s}0" for s in states)],
            ["", *states],
            hidden_size=H,
            **attributes,
        ),
        *of_last(workload),
        helper.make_node("Gemm", ["last", "V", "d"], ["y"], transB=1),
    ]

    def tensors(shape: list, names: list[str]) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names]

    of_state = [workload.directions, workload.batch, H]
    graph = helper.make_graph(
        nodes,
        "recurrent",
        tensors(["T", workload.batch, workload.features], ["x"]) + tensors(of_state, [f"{s}0" for s in states]),
        tensors([workload.batch, workload.outputs], ["y"]) + tensors(of_state, states),
        [numpy_helper.from_array(value, name) for name, value in constants(workload).items()],
    )
    built = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(built)
    return built


def of_last(workload: Workload) -> list[onnx.NodeProto]:
    """The last values of a layer, (D, B, H), as rows (B, D H)."""
    if not workload.bidirectional:
        return [helper.make_node("Squeeze", ["h", "first"], ["last"])]
    return [
        helper.make_node("Transpose", ["h"], ["by_row"], perm=[1, 0, 2]),
        helper.make_node("Reshape", ["by_row", "side_by_side"], ["last"]),
    ]


def constants(workload: Workload) -> dict[str, np.ndarray]:
    """Weights, directions along the first axis, and what says how the last values become rows."""
    D, H, order = workload.directions, workload.hidden, ORDER[workload.cell]
    parts = [weights(workload, part) for part in range(D)]
    bias = np.stack([part.bias[order].ravel() for part in parts])
    last = (
        {"side_by_side": np.array([workload.batch, D * H], np.int64)} if D > 1 else {"first": np.array([0], np.int64)}
    )
    return last | {
        "W": np.stack([part.input[order].reshape(-1, workload.features) for part in parts]),
        "R": np.stack([part.state[order].reshape(-1, H) for part in parts]),
        "B": np.concatenate([bias, np.zeros_like(bias)], axis=1),
        "V": parts[0].readout,
        "d": parts[0].readout_bias,
    }


def zeros(workload: Workload) -> dict:
    shape = (workload.directions, workload.batch, workload.hidden)
    return {f"{s}0": np.zeros(shape, np.float32) for s in state_names(workload)}


def inference(workload: Workload, session) -> Run:
    x, target = workload.data()
    batches = [x[k : k + workload.batch].swapaxes(0, 1).copy() for k in range(0, len(x), workload.batch)]
    states = zeros(workload)

    def epoch() -> list[np.ndarray]:
        return [session.run(["y"], {"x": batch, **states})[0] for batch in batches]

    return Run(epoch, outputs_loss(workload.loss, target))


def streaming(workload: Workload, session) -> Run:
    x, target = workload.data()
    steps, names = x.swapaxes(0, 1).copy(), state_names(workload)  # (T, B, F)

    def epoch() -> list[np.ndarray]:
        states, outputs = zeros(workload), []
        for t in range(workload.steps):
            y, *final = session.run(["y", *names], {"x": steps[t : t + 1], **states})
            states = {f"{name}0": value for name, value in zip(names, final, strict=True)}
            outputs.append(y)
        return outputs

    return Run(epoch, outputs_loss(workload.loss, target[0]))


def bound(workload: Workload, session) -> Run:
    """Two bindings in turn: one reads the states that the other wrote."""
    x, target = workload.data()
    steps = x.swapaxes(0, 1).copy()  # (T, B, F)
    now, y = np.empty_like(steps[:1]), np.empty((workload.batch, workload.outputs), np.float32)
    states = [zeros(workload), zeros(workload)]

    def binding(of_input: dict, of_output: dict):
        made = session.io_binding()
        for name, array in {"x": now, **of_input}.items():
            made.bind_input(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        for name, array in {"y": y, **of_output}.items():
            made.bind_output(name.removesuffix("0"), "cpu", 0, np.float32, array.shape, array.ctypes.data)
        return made

    bindings = [binding(*states), binding(*reversed(states))]

    def epoch() -> list[np.ndarray]:
        outputs = []
        for array in states[0].values():
            array[...] = 0
        for t in range(workload.steps):
            now[...] = steps[t]
            session.run_with_iobinding(bindings[t % 2])
            outputs.append(y.copy())
        return outputs

    return Run(epoch, outputs_loss(workload.loss, target[0]))
