"""ONNX files as colleagues send them: layouts, attributes, data beside them, what is refused, and broken ones."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.parity
onnx = pytest.importorskip("onnx", reason="ONNX is not installed: `make parity` installs it")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: `make parity` installs it")

from onnx import TensorProto  # noqa: E402
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info  # noqa: E402
from onnx.numpy_helper import from_array  # noqa: E402

import elman as el  # noqa: E402

GOLDEN = Path(__file__).parents[2] / "golden" / "onnx"
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
FUNCTIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}
ACTIVATIONS = (
    *("Sigmoid", "Tanh", "Relu", "LeakyRelu", "Elu", "Softplus"),
    *("Softsign", "Affine", "HardSigmoid", "ScaledTanh", "ThresholdedRelu"),
)


def model(nodes, inputs, outputs, weights=None, opset=17, **more):
    """A model of nodes; inputs and outputs by name and shape, weights by name."""
    given = [make_tensor_value_info(n, more.get(n, TensorProto.FLOAT), shape) for n, shape in inputs.items()]
    made = [make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs]
    graph = make_graph(nodes, "test", given, made, [from_array(np.asarray(a), n) for n, a in (weights or {}).items()])
    return make_model(graph, opset_imports=[make_opsetid("", opset)], ir_version=8)


def weights(rng, op, features=3, units=4, directions=1):
    gates = GATES[op]
    shapes = {"W": (gates * units, features), "R": (gates * units, units), "B": (2 * gates * units,)}
    return {n: (rng.normal(size=(directions, *s)) * 0.25).astype(np.float32) for n, s in shapes.items()}


def lstm(**attributes):
    """An LSTM node with a dense layer behind it."""
    found = weights(np.random.default_rng(0), "LSTM") | {"V": np.ones((4, 2), np.float32)}
    nodes = [
        make_node("LSTM", ["x", "W", "R", "B"], ["y"], name="cell", hidden_size=4, **attributes),
        make_node("Squeeze", ["y", "one"], ["s"], name="squeeze"),
        make_node("MatMul", ["s", "V"], ["out"], name="dense"),
    ]
    return model(nodes, {"x": ["time", "batch", 3]}, ["out"], found | {"one": np.array([1])})


@pytest.mark.parametrize("op", GATES)
def test_attributes_of_recurrent_nodes_at_random(op):
    """Directions, layouts, activations with alpha and beta, clip, peepholes, coupled gates, states and lengths."""
    for seed in range(25):
        rng = np.random.default_rng((seed, 11))
        both = bool(rng.random() < 0.4)
        how = {"hidden_size": 4, "direction": "bidirectional" if both else str(rng.choice(["forward", "reverse"]))}
        found = weights(rng, op, directions=1 + both)
        if rng.random() < 0.5:
            how["activations"] = [str(a) for a in rng.choice(ACTIVATIONS, FUNCTIONS[op] * (1 + both))]
            if rng.random() < 0.5 or {"Affine", "ScaledTanh", "ThresholdedRelu"} & set(how["activations"]):
                how["activation_alpha"] = [float(a) for a in rng.uniform(0.1, 0.6, 12)]
                how["activation_beta"] = [float(b) for b in rng.uniform(0.1, 0.9, 12)]
        how |= {"clip": float(rng.uniform(0.2, 1))} if rng.random() < 0.3 else {}
        how |= {"linear_before_reset": int(rng.integers(2))} if op == "GRU" else {}
        how |= {"input_forget": int(rng.integers(2))} if op == "LSTM" else {}
        first = bool(rng.random() < 0.3)
        how |= {"layout": 1} if first else {}
        states = ["h", "c"] if op == "LSTM" else ["h"]
        inputs = {"x": ["batch", "time", 3] if first else ["time", "batch", 3]}
        names = ["x", "W", "R", "B" if rng.random() < 0.8 else ""]
        lengths, begins = bool(rng.random() < 0.4), bool(rng.random() < 0.5)
        inputs |= {"lengths": ["batch"]} if lengths else {}
        names.append("lengths" if lengths else "")
        inputs |= {n: ["batch", 1 + both, 4] if first else [1 + both, "batch", 4] for n in states} if begins else {}
        names += states if begins else [""] * len(states)
        if op == "LSTM" and rng.random() < 0.4:
            found["P"] = rng.normal(size=(1 + both, 12)).astype(np.float32)
            names.append("P")
        outputs = ["y", *(f"{n}_end" for n in states)]
        node = make_node(op, names, outputs, name="cell", **how)
        used = {n: a for n, a in found.items() if n in names}
        asked = model([node], inputs, outputs, used, lengths=TensorProto.INT32)
        net, report = el.interop.from_onnx(asked, return_report=True)
        assert report.largest <= 1e-5 and any("states" in t for t in report.trials) == begins, seed
        assert any("ragged" in t for t in report.trials) == lengths, seed
        assert len(report.differences) == 1 + len(states) * (1 + both), seed


def test_a_report_says_conventions():
    net, report = el.interop.from_onnx(lstm(), return_report=True)
    text = str(report)
    for part in ("node 'cell' (LSTM)", "gates i o f c, biases summed", "dense", "operator set 17", "ONNX Runtime"):
        assert part in text, text
    assert [layer.cell.name for layer in net.layers] == ["lstm", "dense"] and net.structure.is_chain


def test_the_last_step_is_a_layer_that_returns_it():
    made = lstm()
    made.graph.node[2].input[0] = "last"
    made.graph.node.insert(2, make_node("Gather", ["s", "end"], ["last"], name="last", axis=0))
    made.graph.initializer.append(from_array(np.array(-1), "end"))
    assert el.interop.from_onnx(made).layers[0].return_sequences is False


# --- data beside the file ---------------------------------------------------------------------------------------


def test_data_in_another_file_are_read_when_asked_for(tmp_path):
    made = lstm()
    onnx.save_model(made, tmp_path / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0)
    with pytest.raises(el.ConversionError, match=r"lie in another file, 'm.data': pass external_data=True"):
        el.interop.from_onnx(tmp_path / "m.onnx")
    net = el.interop.from_onnx(tmp_path / "m.onnx", external_data=True)
    np.testing.assert_array_equal(net.arena, el.interop.from_onnx(lstm()).arena)
    (tmp_path / "m.data").write_bytes((tmp_path / "m.data").read_bytes()[:-9])
    with pytest.raises(el.ConversionError, match="too short"):
        el.interop.from_onnx(tmp_path / "m.onnx", external_data=True)


@pytest.mark.parametrize("place", ("../m.data", "/etc/passwd", "a/../../m.data", "", "link"))
def test_no_file_outside_of_the_folder_is_opened(tmp_path, place):
    (tmp_path / "in").mkdir()
    (tmp_path / "m.data").write_bytes(bytes(10000))
    (tmp_path / "in" / "link").symlink_to(tmp_path / "m.data")
    made = lstm()
    onnx.save_model(made, tmp_path / "in" / "m.onnx", save_as_external_data=True, location="w", size_threshold=0)
    stored = onnx.load_model(tmp_path / "in" / "m.onnx", load_external_data=False)
    for tensor in stored.graph.initializer:
        next(e for e in tensor.external_data if e.key == "location").value = place
    (tmp_path / "in" / "m.onnx").write_bytes(stored.SerializeToString())
    with pytest.raises(el.ConversionError, match="no file in the model's own folder"):
        el.interop.from_onnx(tmp_path / "in" / "m.onnx", external_data=True)


# --- what is refused --------------------------------------------------------------------------------------------


def _with(**how):
    return lstm(**how)


def _node(op, **attributes):
    made = lstm()
    made.graph.node.append(make_node(op, ["out"], ["more"], name="strange", **attributes))
    made.graph.output[0].name = "more"
    return made


def _half():
    made = lstm()
    made.graph.initializer[0].CopyFrom(from_array(np.zeros((1, 16, 3), np.float16), "W"))
    return made


def _no_features():
    made = lstm()
    made.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "features"
    return made


def _missing():
    made = lstm()
    made.graph.node[2].input[0] = "nowhere"
    return made


def _not_finite():
    made = lstm()
    made.graph.initializer[0].CopyFrom(from_array(np.full((1, 16, 3), np.nan, np.float32), "W"))
    return made


REFUSED = {
    "a custom operator": (
        lambda: _node("Gelu", domain="com.microsoft"),
        "node 'strange' .*'com.microsoft'.*export without",
    ),
    "an unknown node": (lambda: _node("Bogus"), r"node 'strange' \(Bogus\) is not read: .*by hand"),
    "a convolution": (lambda: _node("Conv"), "el.Conv1D"),
    "half precision": (_half, "W is of float16.*export the model in float32"),
    "no width": (_no_features, "x has no fixed number of features"),
    "nothing makes it": (_missing, "node 'dense' .*'nowhere', which nothing makes"),
    "not finite": (_not_finite, "0.W_i.* is nan"),
    "a wrong direction": (lambda: _with(direction="sideways"), "node 'cell' .*direction is 'sideways'"),
    "a wrong activation": (lambda: _with(activations=["Sin"] * 3), "node 'cell' .*'Sin' is none of ONNX's"),
    "no alpha": (lambda: _with(activations=["Affine"] * 3), "'Affine' has no alpha and beta"),
    "too few activations": (lambda: _with(activations=["Tanh"]), "has 1 activations; expected 3"),
    "a negative clip": (lambda: _with(clip=-1.0), "clip is -1"),
    "another axis": (lambda: _node("Softmax", axis=0), "node 'strange' .*another axis than the features"),
    "no model": (lambda: b"no model", "is no ONNX model"),
    "an empty file": (lambda: b"", "has no nodes"),
    "no file": (lambda: "/no/such.onnx", "cannot be read: No such file"),
    "a wrong kind": (lambda: 3, "got int"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_read_is_refused_by_name(what):
    make, message = REFUSED[what]
    with pytest.raises(el.ConversionError, match=message):
        el.interop.from_onnx(make())


def test_what_differs_is_refused():
    with pytest.raises(el.ConversionError, match=r"ONNX .* -> Elman .*differs by"):
        el.interop.from_onnx(lstm(), tolerance=1e-12)


# --- broken files -----------------------------------------------------------------------------------------------


def _bases():
    nets = [
        el.Network(1, [el.Embedding(7, 3), el.Bidirectional(el.LSTM(4)), el.Dense(2, activation="softmax")]),
        el.Network(3, [el.GRU(4), el.GRU(3, reset_after=False, return_sequences=False), el.LayerNorm()]),
    ]
    written = [el.interop.to_onnx(net, lengths=bool(k)).SerializeToString() for k, net in enumerate(nets)]
    return [*written, lstm(clip=0.5).SerializeToString(), *(f.read_bytes() for f in sorted(GOLDEN.glob("*.onnx"))[:4])]


def _broken(raw, rng):
    """Bytes changed or cut off; or a name, an attribute, a shape, a type, values, a node or the operator set."""
    kind = int(rng.integers(8))
    if kind < 2:
        content = bytearray(raw)
        for place in rng.integers(0, len(raw), int(rng.integers(1, 8))):
            content[place] = int(rng.integers(256))
        return bytes(content)
    if kind == 2:
        return raw[: int(rng.integers(len(raw)))]
    made = onnx.ModelProto.FromString(raw)
    _change(made, kind, rng)
    return made.SerializeToString()


def _change(made, kind, rng):
    graph = made.graph
    node = graph.node[int(rng.integers(len(graph.node)))]
    tensor = graph.initializer[int(rng.integers(len(graph.initializer)))]
    if kind == 3 and node.input:
        names = [*(n for each in graph.node for n in each.output), *(t.name for t in graph.initializer), ""]
        node.input[int(rng.integers(len(node.input)))] = str(rng.choice(names))
    elif kind == 4:
        every = [a for each in graph.node for a in each.attribute]
        _change_attribute(every[int(rng.integers(len(every)))], rng)
    elif kind == 5 and tensor.dims:
        tensor.dims[int(rng.integers(len(tensor.dims)))] = int(rng.choice([-1, 0, 1, 7, 2**31, 2**62]))
    elif kind == 6:
        _change_tensor(tensor, rng)
    elif rng.random() < 0.3:
        graph.node.remove(node)
    elif rng.random() < 0.5:
        node.op_type = str(rng.choice(["Add", "LSTM", "Reshape", "Slice", "Loop", "Concat", "Squeeze", "MatMul"]))
    elif rng.random() < 0.5:
        made.opset_import[0].version = int(rng.choice([-1, 0, 5, 11, 99, 2**62]))
    else:
        dims = graph.input[0].type.tensor_type.shape.dim
        dims[int(rng.integers(len(dims)))].dim_value = int(rng.choice([0, 1, 5, 2**31, 2**62]))


def _change_attribute(attribute, rng):
    if attribute.type == 2:
        attribute.i = int(rng.choice([-(2**40), -1, 0, 1, 3, 7, 2**31]))
    elif attribute.type == 7 and attribute.ints:
        attribute.ints[int(rng.integers(len(attribute.ints)))] = int(rng.choice([-1, 0, 5, 2**40]))
    elif attribute.type == 3:
        attribute.s = bytes(rng.integers(0, 256, 4).astype(np.uint8))
    else:
        attribute.type = int(rng.integers(1, 12))


def _change_tensor(tensor, rng):
    if rng.random() < 0.3:
        tensor.data_type = int(rng.integers(0, 20))
    elif tensor.data_type == TensorProto.INT64:
        size = max(1, int(np.prod(tensor.dims)))
        tensor.raw_data = rng.choice([-(2**62), -1, 0, 1, 2, 10**9, 2**62], size).astype(np.int64).tobytes()
        del tensor.int64_data[:]
    else:
        tensor.raw_data = bytes(rng.integers(0, 256, len(tensor.raw_data)).astype(np.uint8))


def test_broken_files_are_read_or_refused_but_nothing_else():
    """300 of them; none takes 20 s, and no error is another's."""
    bases, read = _bases(), 0

    def late(*_):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    try:
        for seed in range(300):
            rng = np.random.default_rng((seed, 5))
            content = _broken(bases[seed % len(bases)], rng)
            signal.alarm(20)
            try:
                el.interop.from_onnx(content)
                read += 1
            except el.ConversionError as error:
                assert str(error).strip(), seed
            except Exception as error:
                raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert 10 < read < 200


def test_a_model_without_outputs_is_refused():
    made = lstm()
    del made.graph.output[:]
    with pytest.raises(el.ConversionError, match="no outputs"):
        el.interop.from_onnx(made)


def test_reading_runs_nothing_and_opens_nothing_else(tmp_path):
    """The process opens no file of the folder but the model's own."""
    onnx.save_model(lstm(), tmp_path / "m.onnx")
    (tmp_path / "m.data").write_text("never read")
    before = os.stat(tmp_path / "m.data").st_atime_ns
    el.interop.from_onnx(tmp_path / "m.onnx")
    assert os.stat(tmp_path / "m.data").st_atime_ns == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.data", "m.onnx"]


def test_files_of_older_exporters_are_read():
    """Operator set 9: axes are attributes, constants are inputs too, and the weights begin no state."""
    found = weights(np.random.default_rng(0), "GRU")
    zeros = np.zeros((1, 1, 4), np.float32)
    nodes = [
        make_node("GRU", ["x", "W", "R", "B", "", "start"], ["y", "end"], name="cell", hidden_size=4),
        make_node("Squeeze", ["y"], ["s"], axes=[1]),
        make_node("Softmax", ["s"], ["out"], axis=2),
    ]
    shapes = {"x": ["time", 1, 3], **{n: list(a.shape) for n, a in found.items()}}
    made = model(nodes, shapes, ["out", "end"], found | {"start": zeros}, opset=9)
    made.ir_version = 3
    net, report = el.interop.from_onnx(made, return_report=True)
    assert [layer.cell.name for layer in net.layers] == ["gru", "activation_layer"] and report.largest <= 1e-5
    assert any("fixes the size of batch" in note for note in report.notes)


def test_many_large_constants_beside_one_another_are_refused_before_memory_is_taken():
    rng = np.random.default_rng(0)
    nodes = [
        make_node("Concat", ["ones"] * 4000, ["many"], axis=0),
        make_node("GRU", ["x", "W", "R", "B"], ["y"], hidden_size=4),
    ]
    given = {**weights(rng, "GRU"), "ones": np.ones(2**20, np.float32)}
    made = model(nodes, {"x": ["T", "B", 3]}, ["y"], given)
    with pytest.raises(el.ConversionError, match="4,194,304,000 values"):
        el.interop.from_onnx(made)
