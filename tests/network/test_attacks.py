"""Model files that somebody made with intent: each kind of attack, refused before it costs anything."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import elman as el
from elman.network.files import describe
from elman.network.network import Network
from elman.plain import to_json

NODE = ["input", [], 0.0, 0.0, "x"]


def cell(nodes: list[Any], outputs: list[int], **more: Any) -> dict[str, Any]:
    """A cell of one input and no state, as a file has it."""
    given = {"name": "c", "inputs": ["x"], "states": [], "nodes": nodes, "outputs": outputs, "names": {}, "initial": {}}
    return {**given, "doc": "", **more}


def chain(made: dict[str, Any], features: int = 2, layers: int = 1, **more: Any) -> dict[str, Any]:
    """The description of a chain of such a cell."""
    layer = {"cell": made, "units": None, "return_sequences": True, "reverse": False, "sizes": {}, "batch": None} | more
    return {
        "format": 1, "inputs": features, "dtype": "float32", "products": None, "seed": 0, "updates": 0, "epochs": 0,
        "frozen": [], "layers": [layer] * layers,
    }  # fmt: skip


def written(path: Path, description: Any, tensors: dict[str, np.ndarray] | None = None) -> Path:
    save_file(tensors or {}, path, {"elman": description if isinstance(description, str) else json.dumps(description)})
    return path


def twice(op: str, times: int, *numbers: float) -> list[Any]:
    """Nodes of which each reads the one before it twice."""
    first, second = (*numbers, 0.0, 0.0)[:2]
    return [NODE, *([op, [k, k], first, second, ""] for k in range(times))]


def refused(path: Path, match: str) -> None:
    with pytest.raises(el.ModelFileError, match=match):
        el.load(path)


# --- JSON -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[" * 100_000, "nested more than 64 deep"),
        ('{"a":' * 900 + "1" + "}" * 900, "nested more than 64 deep"),
        ('{"format": NaN}', "NaN, which JSON has not"),
        ('{"format": 1e999}', "beyond any float"),
        ('{"format": ' + "9" * 5000 + "}", "no JSON"),
        ('{"format": 1, "format": 2}', "the name 'format' twice"),
        ('{"format": 1', "no JSON"),
        ("[]", "its format is None"),
    ],
)
def test_json_that_is_none(tmp_path, text, match):
    refused(written(tmp_path / "m.safetensors", text), match)


HUGE = (2**53 + 1, 2**63, 10**300, -1, 1.5, True, "1", None, [1])


@pytest.mark.parametrize("name", ["format", "inputs", "updates", "epochs", "seed", "dtype", "frozen", "layers"])
@pytest.mark.parametrize("value", HUGE)
def test_counts_that_are_none(tmp_path, name, value):
    description = describe(el.Network(2, [el.GRU(3)]))
    path = written(tmp_path / "m.safetensors", {**description, name: value}, {})
    with pytest.raises(el.ModelFileError):
        el.load(path)


def test_what_a_file_says_beside_all_that_is_known_is_refused(tmp_path):
    net = el.Network(2, [el.GRU(3)])
    for place in ("layers", None):
        description = json.loads(to_json(describe(net), "network"))
        (description["layers"][0] if place else description)["code"] = "import os"
        refused(written(tmp_path / "m.safetensors", description, dict(net.params.items())), "says something of 'code'")


# --- graphs of cells ------------------------------------------------------------------------------------------

BAD_CELLS = {
    "no outputs": (cell([NODE], []), "0 outputs of 0 states"),
    "two outputs": (cell([NODE], [0, 0]), "2 outputs of 0 states"),
    "an output that is no number": (cell([NODE], ["0"]), "an output is '0'"),
    "an output from behind": (cell([NODE], [-1]), "an output is -1"),
    "a name that is no text": (cell([NODE], [0], name=7), "name of a cell is 7"),
    "inputs that are no texts": (cell([NODE], [0], inputs=[1]), "is 1; expected a name"),
    "an input twice": (cell([NODE], [0], inputs=["x", "x"]), "has 'x' twice"),
    "an argument that is none": (cell([["input", [], 0, 0, "y"]], [0]), "no argument of the cell"),
    "an op of engines": (cell([NODE, ["expand", [0], 0, 0, ""]], [1]), "no op that equations have"),
    "an op that is none": (cell([NODE, ["system", [0], 0, 0, ""]], [1]), "no op that equations have"),
    "operands behind": (cell([NODE, ["tanh", [1], 0, 0, ""]], [1]), "expected a whole number from 0 to 0"),
    "operands before": (cell([NODE, ["tanh", [-1], 0, 0, ""]], [1]), "an operand of node 1"),
    "too few operands": (cell([NODE, ["add", [0], 0, 0, ""]], [1]), "expected 2"),
    "a class": (cell([NODE, ["parameter", [], 0, 0, "__class__"]], [1]), "which no parameter can have"),
    "all parameters": (cell([NODE, ["parameter", [], 0, 0, "_all"]], [1]), "which no parameter can have"),
    "an argument as a parameter": (cell([NODE, ["parameter", [], 0, 0, "x"]], [1]), "which something else has"),
    "a slice from both ends": (cell([NODE, ["slice", [0], -1, 1, ""]], [1]), "cannot have the numbers -1 and 1"),
    "a part that is not there": (cell([NODE, ["part", [0], 2, 2, ""]], [1]), "cannot have the numbers 2 and 2"),
    "a rate above 1": (cell([NODE, ["dropout", [0], 1.5, 0, ""]], [1]), "cannot have the numbers 1.5 and 0"),
    "half a place": (cell([NODE, ["slice", [0], 0.5, 1, ""]], [1]), "expected a whole one"),
    "a huge number": (cell([NODE, ["slice", [0], 0, 10**300, ""]], [1]), "expected a whole one"),
    "a name far behind": (cell([NODE], [0], names={"9" * 400: "h"}), "is not there"),
    "no text of it": (cell([NODE], [0], doc=None), "doc of a cell is None"),
    "a parameter in vain": (
        cell([NODE, ["parameter", [], 0, 0, "W"], ["tanh", [1], 0, 0, ""]], [0]),
        "for nothing that it returns",
    ),
    "ranges of nothing": (cell([NODE], [0], ranges=[[0, "a", None, "x"]]), "no range of an input"),
}


@pytest.mark.parametrize("name", BAD_CELLS)
def test_graphs_that_no_function_writes(tmp_path, name):
    data, match = BAD_CELLS[name]
    refused(written(tmp_path / "m.safetensors", chain(data)), match)


def test_widths_without_end_are_refused(tmp_path):
    """Sixty products of a vector with itself would have 2^(2^60) values."""
    nodes = twice("outer", 60)
    began = time.process_time()
    refused(written(tmp_path / "m.safetensors", chain(cell(nodes, [60]))), "values in all")
    refused(written(tmp_path / "m.safetensors", chain(cell(twice("concat", 60), [60]))), "values in all")
    assert time.process_time() - began < 2


def test_parts_without_end_are_refused(tmp_path):
    nodes = [NODE, *(["part", [0], 0.0, 65536.0, ""] for _ in range(100))]
    refused(written(tmp_path / "m.safetensors", chain(cell(nodes, [1]), 65536)), "split into more than")


@pytest.mark.parametrize(
    "kind", ["doubled", "doubled in a matrix", "doubled matrix", "a long chain", "a long chain in a matrix"]
)
def test_graphs_whose_trees_have_no_end_are_read_at_once(tmp_path, kind):
    """A graph of 60 sums of a value with itself has a tree of 2^60; one of 3,000 ops is deeper than Python's stack."""
    ops = twice("add", 60)[1:] if "doubled" in kind else [["tanh", [k], 0.0, 0.0, ""] for k in range(3000)]
    tensors, units = {}, 2 if "matrix" in kind else None
    if "matrix" in kind:  # (tanh(tanh(... v ...)))[:, None] @ x
        turned = "copy" if kind == "doubled matrix" else "column"
        nodes = [["parameter", [], 0.0, 0.0, "v"], *ops, [turned, [len(ops)], 0.0, 0.0, ""], NODE]
        made = len(nodes) - 2
        nodes += [["parameter", [], 0.0, 0.0, "W"], ["mul", [made, made + 2], 0.0, 0.0, ""]]
        nodes += [["matrix", [made + 3], 0.0, 0.0, ""], ["matmul", [made + 4, made + 1], 0.0, 0.0, ""]]
        shape = (2, 2) if kind == "doubled matrix" else (2,)
        tensors = {"0.v": np.full(shape, 1e-3, np.float32), "0.W": np.full((2, 2), 1e-3, np.float32)}
    else:
        nodes = [NODE, *ops]
    began = time.process_time()
    net = el.load(written(tmp_path / "m.safetensors", chain(cell(nodes, [len(nodes) - 1]), units=units), tensors))
    assert repr(net) and net.summary() and net.layers[0].cell.equations() and net.layers[0].cell.latex()
    assert np.isfinite(net(np.full((1, 2, 2), 1e-30))).all()
    assert time.process_time() - began < 10


# --- layers ---------------------------------------------------------------------------------------------------


def test_many_layers_take_time_by_their_number(tmp_path):
    data = chain(cell([NODE, ["tanh", [0], 0.0, 0.0, ""]], [1]), layers=3000)
    began = time.process_time()
    assert len(el.load(written(tmp_path / "m.safetensors", data)).layers) == 3000
    assert time.process_time() - began < 6


def test_a_graph_that_reads_everything_twice_is_read_at_once(tmp_path):
    """Each of 60 layers adds the one before it to itself: as a tree 2^60."""
    add = cell([NODE, ["input", [], 0.0, 0.0, "z"], ["add", [0, 1], 0.0, 0.0, ""]], [2], inputs=["x", "z"])
    layer = chain(add)["layers"][0]
    part = {"layer": layer, "move": None, "initial": [], "memories": [], "tied": {}, "axis": 0}
    parts = [{**part, "name": f"p{k}", "sources": [[k - 1, -1]] * 2} for k in range(60)]
    graph = {"inputs": [["x", 2, 0]], "parts": parts, "outputs": [[59, -1]], "names": None, "by_name": False}
    description = chain(add) | {"format": 2, "graph": graph}
    del description["inputs"], description["layers"]
    net = el.load(written(tmp_path / "m.safetensors", description))
    assert repr(net) and net.stream() is not None and net(np.full((1, 2, 2), 1e-30)).shape == (1, 2, 2)


NETWORK = el.Network(lambda x: el.GRU(2)(el.shift(x, 1)), inputs=2)
GRAPHS = {
    "no outputs": (("outputs",), []),
    "an output twice": (("names",), ["a", "a"]),
    "names that are no texts": (("names",), [1]),
    "by name without names": (("by_name",), True),
    "by name as a number": (("by_name",), 1),
    "a source of three": (("parts", 1, "sources", 0), [0, -1, 0]),
    "a source that is a text": (("parts", 1, "sources", 0), "ab"),
    "a move of a layer": (("parts", 1, "move"), ["shift", 1]),
    "a move with parameters": (("parts", 0, "tied"), {"W": [0, "W"]}),
    "a reversal by steps": (("parts", 0, "move"), ["reverse", 7]),
    "an owner that is a list": (("parts", 1, "tied"), {"W_z": [0, ["W"]]}),
    "junk of batch normalisation": (("parts", 1, "layer", "batch"), {"momentum": 0.9, "epsilon": 1e-5}),
    "junk as batch normalisation": (("parts", 1, "layer", "batch"), [1]),
    "a flag that is a text": (("parts", 1, "layer", "reverse"), "no"),
    "sizes that are a list": (("parts", 1, "layer", "sizes"), [1]),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_of_layers_that_no_network_has(tmp_path, name):
    place, value = GRAPHS[name]
    description = json.loads(to_json(describe(NETWORK), "network"))
    inside = description["graph"]
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    refused(
        written(tmp_path / "m.safetensors", description, dict(NETWORK.params.items())),
        "has|expected|batch normalisation|not there",
    )


# --- arrays ---------------------------------------------------------------------------------------------------

OTHERS = {
    "a number": lambda a: a.sum(),
    "whole numbers": lambda a: a.astype(np.int32),
    "booleans": lambda a: a > 0,
    "doubles": lambda a: a.astype(np.float64),
    "halves": lambda a: a.astype(np.float16),
    "one more": lambda a: np.concatenate([a, a[:1]]),
    "another axis": lambda a: a[None],
}


@pytest.mark.parametrize("name", OTHERS)
def test_arrays_of_another_kind(tmp_path, name):
    net = el.Network(2, [el.Dense(3)])
    tensors = {n: np.array(a) for n, a in net.params.items()}
    tensors["0.b"] = np.asarray(OTHERS[name](tensors["0.b"]))
    refused(written(tmp_path / "m.safetensors", json.loads(to_json(describe(net), "n")), tensors), "0.b")


def test_sizes_are_compared_with_the_arrays_before_there_are_any(tmp_path):
    net = el.Network(2, [el.Dense(3)])
    description = json.loads(to_json(describe(net), "network"))
    for units in (10**6, 10**12, 2**62):
        description["layers"][0]["units"] = units
        refused(written(tmp_path / "m.safetensors", description, dict(net.params.items())), "shape|memory|holds")


def test_numbers_that_numpy_has_not(tmp_path):
    header = {"__metadata__": {"elman": "{}"}, "a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    text = json.dumps(header).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    refused(path, "BF16.*NumPy has not")


# --- checkpoints ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", [np.ones(()), np.ones(3, np.float32), np.ones(9, np.int32), np.ones(9, bool)])
def test_a_checkpoint_whose_optimiser_remembers_something_else(tmp_path, broken):
    def made():
        return el.Network(2, [el.Dense(3)]), el.Adam()

    (net, adam), path = made(), tmp_path / "c.safetensors"
    net.fit(
        np.ones((4, 2, 2)), np.ones((4, 2, 3)), epochs=1, optimizer=adam, callbacks=[el.Checkpoint(path)], verbose=0
    )
    from elman.untrusted import read_tensors

    tensors, header = read_tensors(path)
    save_file({**tensors, "optimizer/m": broken}, path, header)
    with pytest.raises(el.ModelFileError, match="optimizer/m is"):
        el.Checkpoint(path).resume(*made())


def test_a_pickled_network_goes_the_same_way():
    net = el.Network(2, [el.GRU(3)])
    restored, given = net.__reduce__()
    assert restored == Network.restored
    with pytest.raises(el.ModelFileError, match="says something of 'x'"):
        restored({**given[0], "x": 1}, *given[1:])
