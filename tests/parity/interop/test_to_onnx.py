"""Networks as ONNX models: every cell, random cells, graphs and matrices."""

import importlib.util
import json

import numpy as np
import pytest

pytestmark = pytest.mark.parity
onnx = pytest.importorskip("onnx", reason="ONNX is not installed: `make parity` installs it")
runtime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: `make parity` installs it")

from tests import random_cells, random_graphs, random_matrices  # noqa: E402

import elman as el  # noqa: E402
from elman.interop.onnx import run  # noqa: E402

CELLS = el.cells.catalogue()
NODES = ("RNN", "GRU", "LSTM", "Scan")
STANDARD = {
    "LSTM": {"cifg", "lstm", "peephole_lstm"},
    "GRU": {"gru", "mgu", "mgu1", "mgu2", "mgu3", "mut2"},
    "RNN": {"echo_state", "irnn", "simple"},
}


def network(name, dtype="float32", reverse=False):
    """A cell between its inputs and a dense layer, of the first widths that it takes."""
    cell, found = CELLS[name], None
    for width in (3, 4, 1):
        widths = [width] + [1 if name == "timed_phased_lstm" else width] * (len(cell.inputs) - 1)
        try:
            found = found or _of(el.Recurrent(cell, 4, reverse=reverse), widths, dtype)
        except el.ElmanError:
            assert width > 1, name
    return found


def _of(layer, widths, dtype):
    if len(widths) == 1:
        return el.Network(*widths, [layer, el.Dense(2)], dtype=dtype)
    functions = {2: lambda a, b: el.Dense(2)(layer(a, b)), 3: lambda a, b, c: el.Dense(2)(layer(a, b, c))}
    inputs = dict(zip("abc", widths, strict=False))
    return el.Network(functions[len(widths)], inputs=inputs, dtype=dtype)


def kinds(model):
    return [node.op_type for node in model.graph.node if node.op_type in NODES]


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_is_written_and_agrees(name):
    model, report = el.interop.to_onnx(network(name), lengths=True, return_report=True)
    expected = next((op for op, names in STANDARD.items() if name in names), "Scan")
    assert kinds(model) == [expected]
    assert report.largest <= 1e-5 and any("ragged" in t for t in report.trials) and len(report.trials) == 4
    _, report = el.interop.to_onnx(network(name, "float64", reverse=True), return_report=True)
    assert report.largest <= 1e-10


@pytest.mark.parametrize("start", (0, random_graphs.BESIDE))
@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_random_graphs_agree(start, dtype):
    for seed in range(start, start + 25):
        net = random_graphs.draw(seed).network(None, dtype=dtype)
        _, report = el.interop.to_onnx(net, lengths=bool(seed % 2), return_report=True)
        assert report.trials, seed


@pytest.mark.parametrize("start", (0, random_cells.RICH, random_cells.BESIDE))
def test_random_cells_agree(start):
    for seed in range(start, start + 20):
        el.interop.to_onnx(random_cells.elman_network(random_cells.problem(seed), "native"), lengths=bool(seed % 2))


def test_random_matrices_of_parameters_are_folded():
    for seed in range(15):
        model = el.interop.to_onnx(random_matrices.network(seed))
        assert sum(t.data_type == onnx.TensorProto.DOUBLE for t in model.graph.initializer) >= 3


def everything(source, target, still):
    memory = el.Bidirectional(el.LSTM(3), merge="sum")(el.Conv1D(3, kernel=3)(source))
    h = el.GRU(3, reset_after=False)(target, state=el.Dense(3)(still))
    seen = el.AdditiveAttention(4)(h, memory)
    y = el.BatchNorm()(el.concat(h, seen, el.attend(h, memory, scale=0.5)))
    return {"each": el.Dense(2, activation="softmax")(el.shift(y, -1)), "all": el.pool(y, "attention")}


def test_a_graph_of_many_kinds_has_names_that_say_what_is_what():
    net = el.Network(everything, inputs={"source": 2, "target": 1, "still": el.Static(2)})
    model, report = el.interop.to_onnx(net, lengths=True, return_report=True)
    assert kinds(model) == ["LSTM", "GRU"] and "Softmax" in {n.op_type for n in model.graph.node}
    names = json.loads(model.metadata_props[0].value)
    assert names["inputs"] == ["source", "target", "still"] and names["outputs"] == ["each", "all"]
    assert names["lengths"] == ["lengths_source", "lengths_target"]
    assert [m.how for m in report.mapped if "bidirectional" in m.how] == ["LSTM node, gates i o f c, bidirectional"]
    assert model.producer_name == "elman" and model.opset_import[0].version == 17 and model.ir_version == 8


def test_batch_and_time_are_free_and_states_may_be_left_out(tmp_path):
    net = el.Network(1, [el.Embedding(7, 3), el.LSTM(4), el.Dense(2)])
    el.interop.to_onnx(net, tmp_path / "net.onnx", lengths=True)
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    session = runtime.InferenceSession(tmp_path / "net.onnx", options, providers=["CPUExecutionProvider"])
    assert {i.name: i.shape for i in session.get_inputs()} == {"x": ["batch", "time"], "lengths": ["batch"]}
    assert [i.name for i in session.get_overridable_initializers()] == ["initial_1_h", "initial_1_c"]
    assert [o.name for o in session.get_outputs()] == ["output", "final_1_h", "final_1_c"]
    x = np.random.default_rng(0).integers(0, 7, (5, 11))
    lengths, state = np.array([11, 3, 1, 7, 10]), [tuple(np.full((5, 4), v, np.float32) for v in (0.3, -0.2))]
    feeds = {"x": x, "lengths": lengths}
    np.testing.assert_allclose(session.run(["output"], feeds)[0], net(x, lengths=lengths), atol=1e-6)
    feeds |= {"initial_1_h": state[0][0], "initial_1_c": state[0][1]}
    y, finals = net(x, lengths=lengths, state=state, return_state=True)
    for found, wanted in zip(session.run(None, feeds), [y, *finals[0]], strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_chunks_of_a_stream_carry_their_states_over():
    net = el.Network(2, [el.GRU(4), el.Recurrent("lem", 4)])
    model = el.interop.to_onnx(net)
    runner = run.Runner(model)
    x = np.random.default_rng(0).normal(size=(2, 12, 2)).astype(np.float32)
    found, carried = [], {}
    for part in np.split(x, 4, axis=1):
        out = runner({"x": part, **carried})
        carried = {n.replace("final_", "initial_"): a for n, a in out.items() if n.startswith("final_")}
        found.append(out["output"])
    np.testing.assert_allclose(np.concatenate(found, 1), net(x), atol=1e-6)


def test_what_is_not_asked_for_is_not_written():
    model = el.interop.to_onnx(el.Network(2, [el.GRU(4, return_sequences=False), el.Dense(1)]), states=False)
    assert [i.name for i in model.graph.input] == ["x"] and [o.name for o in model.graph.output] == ["output"]
    assert not any(node.op_type in ("Expand", "Where") for node in model.graph.node)


def test_refusals_name_what_is_wrong(tmp_path):
    net = el.Network(2, [el.GRU(4)])
    with pytest.raises(el.ConversionError, match="takes a network, got list"):
        el.interop.to_onnx([net])
    with pytest.raises(el.ConversionError, match="products=None"):
        el.interop.to_onnx(el.Network(2, [el.GRU(4)], products="bfloat16"))
    with pytest.raises(el.OptionError, match="cannot be written"):
        el.interop.to_onnx(net, tmp_path / "no" / "such" / "\0")
    with pytest.raises(el.ConversionError, match="differs by"):
        el.interop.to_onnx(net, tolerance=1e-12)


def test_without_onnx_runtime_the_reference_proves_what_it_knows(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else found(name))
    net = el.Network(2, [el.Bidirectional(el.LSTM(3)), el.Recurrent("lem", 3), el.Dense(2)])
    _, report = el.interop.to_onnx(net, return_report=True)
    assert report.largest <= 1e-5 and any("reference and not by ONNX Runtime" in note for note in report.notes)
    with pytest.raises(el.ConversionError, match=r"node '0.forward/LSTM'.*sequence_lens.*pip install onnxruntime"):
        el.interop.to_onnx(net, lengths=True)
