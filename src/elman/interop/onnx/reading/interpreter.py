"""A model, node by node."""

from __future__ import annotations

from typing import Any

from elman.errors import ConversionError, ElmanError
from elman.interop.onnx.reading import directions, functions, layers, moves, regroup, shapes, slices
from elman.interop.onnx.reading.axes import Known
from elman.interop.onnx.reading.call import BROKEN, Call, Reading, attributes, called

OPERATORS = {
    name: read
    for module in (shapes, moves, regroup, slices, layers, functions, directions)
    for name, read in module.OPERATORS.items()
}

ADVICE = {
    "Loop": "tf2onnx and others write a layer so that they do not know as RNN, GRU or LSTM: convert the Keras or "
    "PyTorch model itself (from_keras, from_torch), or export it from a framework that writes such nodes",
    "Scan": "the equations of a step, which are not read back: keep Elman's own model file beside it, or convert the "
    "original model",
    "If": "a choice between two graphs: export the model with inputs that are always used in one way, or simplify it",
    "TopK": "rows sorted by their length, as PyTorch writes packed sequences: export with enforce_sorted=True, or "
    "without packing",
    "Conv": "write the layer as el.Conv1D and assign its weights",
}


class Interpreter(Reading):
    """Goes through the nodes of a graph.

    Parameters
    ----------
    graph : onnx.GraphProto
    opset : int
    known : dict of str to Known
        Inputs and constants; what nodes make is added.
    """

    def __init__(self, graph: Any, opset: int, known: dict[str, Known]):
        super().__init__(opset, _uses(graph))
        self.graph, self.known = graph, known

    def run(self) -> None:
        self._check()
        for node in self.graph.node:
            self._run(node)

    def _check(self) -> None:
        """Refuse, before anything is read, the first node that nothing here reads; loops before what leads to them."""
        unknown = [n for n in self.graph.node if n.domain not in ("", "ai.onnx") or n.op_type not in OPERATORS]
        unknown.sort(key=lambda n: n.op_type not in ADVICE)
        for node in unknown:
            where = called(node)
            if node.domain not in ("", "ai.onnx"):
                raise ConversionError(
                    f"{where} is of the operators {node.domain!r}, which are not ONNX's own: export without them"
                )
            advice = ADVICE.get(
                node.op_type, "rewrite that part of the model, or make the network by hand and assign its weights"
            )
            raise ConversionError(f"{where} is not read: {advice}")

    def _run(self, node: Any) -> None:
        where = called(node)
        try:
            inputs = [self._input(name) for name in node.input]
            found = OPERATORS[node.op_type](self, Call(node, where, inputs, attributes(node)))
        except ElmanError as error:
            raise ConversionError(f"{where}: {str(error).removeprefix(where + ': ')}") from error
        except BROKEN as error:
            raise ConversionError(f"{where} cannot be read: {type(error).__name__}: {error}") from error
        outputs = found if isinstance(found, tuple) else (found,)
        self.known |= {name: value for name, value in zip(node.output, outputs, strict=False) if name}

    def _input(self, name: str) -> Any:
        if name and name not in self.known:
            raise ConversionError(f"it reads {name!r}, which nothing makes before it")
        return self.known[name] if name else None


def _uses(graph: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in [*(n for node in graph.node for n in node.input), *(o.name for o in graph.output)]:
        found[name] = found.get(name, 0) + 1
    return found
