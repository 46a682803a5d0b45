"""An ONNX model as a network."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np

from elman.checks import flag
from elman.errors import ConversionError, ElmanError
from elman.interop.onnx.reading.axes import Atom, Given, Node, Tensor
from elman.interop.onnx.reading.build import Built, Plan
from elman.interop.onnx.reading.call import BROKEN
from elman.interop.onnx.reading.file import loaded
from elman.interop.onnx.reading.inputs import Inputs
from elman.interop.onnx.reading.interpreter import Interpreter
from elman.interop.onnx.reading.moves import joined
from elman.interop.onnx.reading.proof import Other
from elman.interop.onnx.reading.runnable import runnable
from elman.interop.onnx.run import Runner
from elman.interop.peers import OURS, called
from elman.interop.proof import prove, trials
from elman.interop.report import Report


def from_onnx(
    model: str | PathLike[str] | bytes | Any,
    *,
    external_data: bool = False,
    tolerance: float | None = None,
    return_report: bool = False,
) -> Any:
    """A network of an ONNX model with RNN, GRU or LSTM nodes; both sides are run, and agree or it is refused.

    Read are these nodes with all of their attributes, dense layers, embeddings, activations and normalisations around
    them, and what exporters put between: models of ``torch.onnx.export`` (both exporters), of Keras' ``model.export``,
    and those of `to_onnx`. Layers run batch first here, whatever the file says.

    Parameters
    ----------
    model : path, bytes or onnx.ModelProto
        Nothing in it is run as code: it is read as numbers and names.
    external_data : bool, default False
        Whether weights may be read from files beside it, in its own folder. Otherwise no other file is opened.
    tolerance : float, optional
        The largest difference that is allowed; by default 1e-5, in float64 1e-10.
    return_report : bool, default False
        Also return what was done.

    Returns
    -------
    Network
        A chain of layers where the model is one. Final states that it returns are `return_state`'s; where it returns
        nothing else, the first of them is the output.
    Report
        With `return_report` only.

    Raises
    ------
    ConversionError
        If something in it is not read, with the node's name and what to do, or both sides differ.

    References
    ----------
    Open Neural Network Exchange, https://onnx.ai: operators RNN, GRU, LSTM.

    Examples
    --------
    >>> import elman as el
    >>> net = el.interop.from_onnx("colleague.onnx")  # doctest: +SKIP
    >>> net, report = el.interop.from_onnx("colleague.onnx", return_report=True)  # doctest: +SKIP
    """
    flag(external_data, "external_data"), flag(return_report, "return_report")
    read = _read(loaded(model, external_data))
    report = read.proved(tolerance)
    return (read.built.net, report) if return_report else read.built.net


def _read(model: Any) -> _Read:
    try:
        return _Read(model)
    except ElmanError:
        raise
    except BROKEN as error:
        raise ConversionError(f"the model cannot be read: {type(error).__name__}: {error}") from error


class _Read:
    """A model that is read, and its network."""

    def __init__(self, model: Any):
        self.model, self.graph = model, model.graph
        self.opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 1)
        self.notes: list[str] = []
        self.inputs = Inputs(self.graph)
        self.interpreter = Interpreter(self.graph, self.opset, self.inputs.known())
        self.interpreter.run()
        self.outputs, self.finals = self._outputs()
        self._say_roles()
        self.built = self._built()

    def proved(self, tolerance: float | None) -> Report:
        """Both sides run, and what the report says."""
        copy, notes = runnable(self.model)
        runner = Runner(copy)
        other = Other(runner, self.inputs.by_name, self.outputs, self.finals, self.built)
        notes = [*self.notes, *notes, *other.notes, f"operator set {self.opset}, proved with {runner.name}"]
        notes += [runner.note] if runner.note else []
        report = Report(self._source(), OURS, tuple(self.interpreter.mapped), notes=tuple(notes))
        drawn = trials(self.built.net, **other.takes)
        return prove(self.built.net, other.results, report, drawn, tolerance=tolerance)

    def _source(self) -> str:
        who = " ".join(filter(None, [self.model.producer_name, self.model.producer_version]))
        return called("onnx", "ONNX") + (f" of {who}" if who else "")

    # --- outputs --------------------------------------------------------------------------------------------

    def _outputs(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """What the network returns, and final states beside it."""
        found: dict[str, Tensor] = {}
        for output in self.graph.output:
            value = self.interpreter.known.get(output.name)
            if not isinstance(value, Tensor):
                raise ConversionError(f"the output {output.name} holds no values of the network")
            found[output.name] = value
        finals = {name: t for name, t in found.items() if all(getattr(n, "kind", "") == "final" for n in t.nodes)}
        if not found:
            raise ConversionError("the model has no outputs")
        if len(finals) == len(found):  # only states: the first of them is what it returns
            finals.pop(next(iter(finals)))
        outputs = {name: t for name, t in found.items() if name not in finals}
        if any(isinstance(n, Given) for t in outputs.values() for n in t.nodes):
            raise ConversionError("an output is an input as it is: leave it out")
        if finals:
            self.notes.append(f"{', '.join(finals)}: final states, which net(x, return_state=True) returns")
        return outputs, finals

    def _say_roles(self) -> None:
        """Which axis is batch, and which time, where no node said so."""
        for given in self.inputs.by_name.values():
            if given.node is None:
                continue
            atoms = given.node.timed
            if len(atoms) == 1:
                atoms[0].be("batch")
            elif len(atoms) == 2:
                self._say_two(given.name, *atoms)
        batches = [
            a
            for g in self.inputs.by_name.values()
            for d in g.dims
            for a in d.parts
            if isinstance(a, Atom) and a.role == "batch"
        ]
        for atom in batches[1:]:
            batches[0].join(atom)

    def _say_two(self, name: str, first: Atom, second: Atom) -> None:
        if not first.role and not second.role:
            self.notes.append(f"{name}: no node says which axis is time; it is read as (batch, time, features)")
        roles = {"batch": "time", "time": "batch"}
        if second.role:
            first.be(roles[second.role])
        else:
            first.be(first.role or "batch")
            second.be(roles[first.role])

    # --- the network ----------------------------------------------------------------------------------------

    def _built(self) -> Built:
        nodes = [self._joined(name, tensor) for name, tensor in self.outputs.items()]
        names = list(self.outputs) if len(nodes) > 1 else None
        dtypes = {g.dtype for g in self.inputs.by_name.values() if g.dtype.kind == "f" and g.kind == "values"}
        dtypes |= {a.dtype for a in self.inputs.constants.values() if a.dtype.kind == "f" and a.ndim > 1}
        dtype = np.float64 if np.dtype(np.float64) in dtypes else np.float32
        plan = Plan(nodes)
        recurrent = any(n.time is not None for n in plan.nodes)
        if not recurrent and all(len(n.timed) == 1 for n in plan.inputs):
            raise ConversionError("the model has no sequence: networks here have time steps")
        try:
            return Built(plan, dtype, names=names)
        except ConversionError:
            raise
        except ElmanError as error:
            raise ConversionError(f"no network can be made of the model: {error}") from error

    @staticmethod
    def _joined(name: str, tensor: Tensor) -> Node:
        """An output as one value: layers and directions beside one another."""
        if tensor.grid.size == 1:
            node: Node = tensor.nodes[0]
            return node
        order = [p for d in tensor.dims for p in d.parts if isinstance(p, int)]
        return joined(tuple(tensor.grid.transpose(order).ravel()), name)
