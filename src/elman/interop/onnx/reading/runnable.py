"""A model as ONNX Runtime runs it on sequences of any size."""

from __future__ import annotations

from typing import Any

from elman.interop.peers import peer

_TURNS = {  # of inputs and outputs of a recurrent node with layout=1, what makes them those of layout=0, and back
    "inputs": {0: [1, 0, 2], 5: [1, 0, 2], 6: [1, 0, 2]},
    "outputs": {0: [2, 0, 1, 3], 1: [1, 0, 2], 2: [1, 0, 2]},
}


def runnable(model: Any) -> tuple[Any, list[str]]:
    """A copy without the shapes that exporters noted, and with nodes of layout 0 only; and notes on that."""
    copy = type(model)()
    copy.CopyFrom(model)
    graph = copy.graph
    del graph.value_info[:]
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")
    turned = [node for node in graph.node if _batch_first(node)]
    if not turned:
        return copy, []
    nodes = [new for node in graph.node for new in (_turned(node) if _batch_first(node) else [node])]
    kept = [_copied(node) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)
    return copy, ["nodes of layout 1 were run as layout 0 with their axes turned, as ONNX Runtime runs no other"]


def _copied(node: Any) -> Any:
    new = type(node)()
    new.CopyFrom(node)
    return new


def _batch_first(node: Any) -> bool:
    return node.op_type in ("RNN", "GRU", "LSTM") and any(a.name == "layout" and a.i for a in node.attribute)


def _turned(node: Any) -> list[Any]:
    """The nodes before it, itself, and those behind it."""
    make = peer("onnx").helper.make_node
    new = _copied(node)
    kept = [a for a in node.attribute if a.name != "layout"]
    del new.attribute[:]
    new.attribute.extend(kept)
    before, after = [], []
    for k, perm in _TURNS["inputs"].items():
        if k < len(new.input) and new.input[k]:
            name = f"{new.output[0] or new.output[-1]}/turned_{k}"
            before.append(make("Transpose", [new.input[k]], [name], perm=perm))
            new.input[k] = name
    for k, perm in _TURNS["outputs"].items():
        if k < len(new.output) and new.output[k]:
            name = f"{new.output[k]}/turned"
            after.append(make("Transpose", [name], [new.output[k]], perm=perm))
            new.output[k] = name
    return [*before, new, *after]
