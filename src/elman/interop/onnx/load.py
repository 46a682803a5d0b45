"""An ONNX model as a network."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np

from elman.checks import flag
from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import FEATURES, Atom, Dim, Given, Known, Lengths, Node, Tensor, Whole, tensor_of
from elman.interop.onnx.reading.build import Built, Plan
from elman.interop.onnx.reading.file import dtype_of, loaded, values
from elman.interop.onnx.reading.interpreter import Interpreter
from elman.interop.onnx.reading.moves import joined
from elman.interop.onnx.reading.runnable import runnable
from elman.interop.onnx.run import Runner
from elman.interop.peers import OURS, called
from elman.interop.proof import Trial, prove
from elman.interop.report import Report
from elman.network import Network


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
        nothing else, the hidden ones are the output.
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
    read = _Read(loaded(model, external_data))
    report = read.proved(tolerance)
    return (read.net, report) if return_report else read.net


@dataclass
class Input:
    """An input of a model: what it is here, and its axes there."""

    name: str
    kind: str  # "values", "indices", "state" or "lengths"
    dtype: np.dtype
    dims: tuple[Dim, ...]
    grid: tuple[int, ...] = ()
    features: int = 1
    node: Node | None = None


class _Read:
    """A model that is read, and its network."""

    def __init__(self, model: Any):
        self.model, self.graph = model, model.graph
        self.opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 1)
        self.constants = _constants(self.graph)
        self.uses = _Uses(self.graph)
        self.notes: list[str] = []
        self.inputs = self._inputs()
        self.interpreter = Interpreter(self.graph, self.opset, self._known())
        self.interpreter.run()
        self.outputs, self.finals = self._outputs()
        self._say_roles()
        self.built = self._built()
        self.net: Network = self.built.net

    # --- inputs ---------------------------------------------------------------------------------------------

    def _inputs(self) -> dict[str, Input]:
        found = {}
        for given in self.graph.input:
            state = given.name in self.uses.states and self._starts_at_zero(given.name)
            if given.name not in self.constants or state:
                found[given.name] = self._input(given)
                self.constants.pop(given.name, None)
        return found

    def _starts_at_zero(self, name: str) -> bool:
        return name not in self.constants or not self.constants[name].any()

    def _input(self, given: Any) -> Input:
        name, tensor = given.name, given.type.tensor_type
        what = f"the input {name}"
        dtype = dtype_of(tensor.elem_type, what)
        if not tensor.HasField("shape"):
            raise ConversionError(f"{what} has no shape: export the model with one")
        sizes = [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in tensor.shape.dim]
        if name in self.uses.states:
            return self._state(name, dtype, sizes)
        if dtype.kind in "iu" and len(sizes) == 1:
            return Input(name, "lengths", dtype, ())
        if name in self.uses.indices and len(sizes) in (1, 2):
            return self._values(name, dtype, sizes, 1, "indices")
        if dtype.kind != "f" or len(sizes) not in (2, 3):
            raise ConversionError(
                f"{what} is of {dtype} with {len(sizes)} axes; expected batch, time and features, or batch and features"
            )
        if sizes[-1] is None:
            raise ConversionError(f"{what} has no fixed number of features: export the model with one")
        return self._values(name, dtype, sizes[:-1], sizes[-1], "values")

    def _values(self, name: str, dtype: np.dtype, sizes: list[int | None], features: int, kind: str) -> Input:
        atoms = tuple(Atom(f"{k} of the input {name}", size) for k, size in enumerate(sizes))
        node = Node("input", (), features, atoms, name, option=name)
        dims = [Dim((atom,)) for atom in atoms] + ([Dim((FEATURES,))] if kind == "values" else [])
        return Input(name, kind, dtype, tuple(dims), (), features, node)

    def _state(self, name: str, dtype: np.dtype, sizes: list[int | None]) -> Input:
        """Of a state the axes are those of layers and directions, batch and units."""
        if len(sizes) not in (2, 3) or sizes[-1] is None or dtype.kind != "f":
            raise ConversionError(
                f"the input {name} is a state of {len(sizes)} axes; expected directions, batch and units"
            )
        grid_axis = None if len(sizes) == 2 else 1 if self.uses.batch_first else 0
        batch = Atom(f"batch of {name}")
        batch.be("batch")
        dims = [Dim((batch,)), Dim((FEATURES,))]
        grid: tuple[int, ...] = ()
        if grid_axis is not None:
            size = sizes[grid_axis]
            if size is None:
                raise ConversionError(f"the input {name} has no fixed number of layers: export the model with one")
            dims.insert(grid_axis, Dim((0,)))
            grid = (size,)
        return Input(name, "state", dtype, tuple(dims), grid, sizes[-1])

    def _known(self) -> dict[str, Known]:
        known: dict[str, Known] = dict(self.constants)
        for name, given in self.inputs.items():
            known[name] = self._value(given)
        return known

    @staticmethod
    def _value(given: Input) -> Known:
        if given.kind == "lengths":
            return Lengths(given.name)
        if given.kind == "indices":
            assert given.node is not None
            return Whole(given.node, given.dims, lambda n: n)
        if given.kind == "values":
            assert given.node is not None
            return tensor_of(given.node, given.dims, given.features)
        grid = np.empty(given.grid, object)
        for place in np.ndindex(given.grid):
            grid[place] = Given(given.name, place, given.dims, given.features)
        return Tensor(given.dims, grid, given.features)

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
        if len(finals) == len(found):  # only states: the hidden ones are what it returns
            finals = {name: t for name, t in finals.items() if all(n.option for n in t.nodes)}
            if len(finals) == len(found):
                finals = {}
        outputs = {name: t for name, t in found.items() if name not in finals}
        if any(isinstance(n, Given) for t in outputs.values() for n in t.nodes):
            raise ConversionError("an output is an input as it is: leave it out")
        if finals:
            self.notes.append(f"{', '.join(finals)}: final states, which net(x, return_state=True) returns")
        return outputs, finals

    def _say_roles(self) -> None:
        """Which axis is batch, and which time, where no node said so."""
        for given in self.inputs.values():
            if given.node is None:
                continue
            atoms = given.node.timed
            if len(atoms) == 1:
                atoms[0].be("batch")
            elif len(atoms) == 2:
                self._say_two(given.name, *atoms)
        batches = [
            a
            for g in self.inputs.values()
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
        dtypes = {g.dtype for g in self.inputs.values() if g.dtype.kind == "f" and g.kind == "values"}
        dtypes |= {a.dtype for a in self.constants.values() if a.dtype.kind == "f" and a.ndim > 1}
        dtype = np.float64 if np.dtype(np.float64) in dtypes else np.float32
        plan = Plan(nodes)
        recurrent = any(n.time is not None for n in plan.nodes)
        if not recurrent and all(len(n.timed) == 1 for n in plan.inputs):
            raise ConversionError("the model has no sequence: networks here have time steps")
        return Built(plan, dtype, names=names)

    @staticmethod
    def _joined(name: str, tensor: Tensor) -> Node:
        """An output as one value: layers and directions beside one another."""
        if tensor.grid.size == 1:
            node: Node = tensor.nodes[0]
            return node
        order = [p for d in tensor.dims for p in d.parts if isinstance(p, int)]
        return joined(tuple(tensor.grid.transpose(order).ravel()), name)

    # --- the proof ------------------------------------------------------------------------------------------

    def proved(self, tolerance: float | None) -> Report:
        copy, notes = runnable(self.model)
        runner = Runner(copy)
        given = [begin for node, k in self.built.states for begin in (node.begins[k],)]
        takes_states = bool(given) and all(isinstance(b, Given) for b in given)
        if given and not takes_states and any(isinstance(b, Given) for b in given):
            notes.append(
                "not all of the states that the network takes are inputs of the model: those begin with zeros there"
            )
        finals = self._final_places()
        rows, steps = self._fixed()

        def theirs(trial: Trial) -> list[np.ndarray]:
            found = runner(self._feeds(trial))
            outputs = [self._ours(found[name], tensor) for name, tensor in self.outputs.items()]
            return outputs + [found_state(found) for found_state in finals]

        ragged = any(g.kind == "lengths" for g in self.inputs.values())
        report = Report(self._source(), OURS, tuple(self.interpreter.mapped))
        notes = [*self.notes, *notes, f"operator set {self.opset}, proved with {runner.name}"]
        if rows or steps:
            notes.append("the file fixes the size of batch or time, which was proved so; the network takes any")
        report = report.noting(*notes, *([runner.note] if runner.note else []))
        return prove(
            self.net, theirs, report, ragged=ragged, states=takes_states, tolerance=tolerance, rows=rows, steps=steps
        )

    def _source(self) -> str:
        who = " ".join(filter(None, [self.model.producer_name, self.model.producer_version]))
        return called("onnx", "ONNX") + (f" of {who}" if who else "")

    def _fixed(self) -> tuple[int | None, int | None]:
        """Rows and steps where the file has fixed ones."""
        found: dict[str, int | None] = {"batch": None, "time": None}
        for given in self.inputs.values():
            for atom in given.node.timed if given.node else ():
                if atom.root().size is not None:
                    found[atom.role] = atom.root().size
        return found["batch"], found["time"]

    def _feeds(self, trial: Trial) -> dict[str, np.ndarray]:
        rows = len(trial.inputs[0])
        by_node = {node.option: x for node, x in zip(self.built.inputs, trial.inputs, strict=True)}
        steps = max((x.shape[1] for x in trial.inputs if x.ndim == 3), default=1)
        found = {}
        for name, given in self.inputs.items():
            if given.kind == "lengths":
                lengths = np.full(rows, steps) if trial.lengths is None else trial.lengths
                found[name] = lengths.astype(given.dtype)
            elif given.kind == "state":
                found[name] = self._state_values(given, trial, rows)
            else:
                found[name] = self._turned(given, by_node.get(name), rows, steps)
        return found

    def _turned(self, given: Input, x: np.ndarray | None, rows: int, steps: int) -> np.ndarray:
        """An input with its axes as the model has them; what nobody reads is zero."""
        assert given.node is not None
        sizes = {"batch": rows, "time": steps}
        roles = [d.only.role if isinstance(d.only, Atom) else FEATURES for d in given.dims]
        if x is None:
            return np.zeros([sizes.get(role, given.features) for role in roles], given.dtype)
        own = ["batch", "time", FEATURES] if x.ndim == 3 else ["batch", FEATURES]
        if given.kind == "indices":
            x, own = x[..., 0], own[:-1]
        return np.ascontiguousarray(x.transpose([own.index(role) for role in roles])).astype(given.dtype)

    def _state_values(self, given: Input, trial: Trial, rows: int) -> np.ndarray:
        grid = np.zeros((*given.grid, rows, given.features), given.dtype)
        if trial.states is not None:
            for (node, k), state in zip(self.built.states, trial.states, strict=True):
                begin = node.begins[k]
                if isinstance(begin, Given) and begin.name == given.name:
                    grid[begin.place] = state
        order = [d.only if isinstance(d.only, int) else len(given.grid) + (d.only == FEATURES) for d in given.dims]
        return np.ascontiguousarray(grid.transpose(order))

    @staticmethod
    def _ours(array: np.ndarray, tensor: Tensor) -> np.ndarray:
        """An output of the model as the network returns it: batch, time, then layers, directions and features."""
        array = np.asarray(array)
        parts = [p for d in tensor.dims for p in d.parts]
        roles = [p.role if isinstance(p, Atom) else p for p in parts]
        if len(parts) == array.ndim:
            first = [roles.index(r) for r in ("batch", "time") if r in roles]
            middle = [k for k, r in enumerate(roles) if isinstance(r, int)]
            last = [roles.index(FEATURES)] if FEATURES in roles else []
            array = array.transpose(first + middle + last)
            return array.reshape(*array.shape[: len(first)], -1)
        return array

    def _final_places(self) -> list[Any]:
        """What reads each final state of the network from the outputs of the model; none where one is not there."""
        places = {}
        for name, tensor in self.finals.items():
            for place in np.ndindex(tensor.grid.shape):
                node = tensor.grid[place]
                places[id(node.inputs[0].arrays), node.option] = (name, tensor, place)
        found = []
        for node, k in self.built.states:
            key = self._place_of(node, k, places)
            if key is None:
                return []
            name, tensor, place = key
            found.append(lambda arrays, n=name, t=tensor, p=place: _at(arrays[n], t, p))
        return found

    @staticmethod
    def _place_of(node: Node, k: int, places: dict[Any, Any]) -> Any:
        return places.get((id(node.arrays), k))


def _at(array: np.ndarray, tensor: Tensor, place: tuple[int, ...]) -> np.ndarray:
    """One state (B, H) of an output."""
    index = [place[d.only] if isinstance(d.only, int) else slice(None) for d in tensor.dims]
    return np.asarray(array)[tuple(index)]


def _constants(graph: Any) -> dict[str, np.ndarray]:
    return {tensor.name: values(tensor) for tensor in graph.initializer}


# --- what inputs are for ----------------------------------------------------------------------------------------

_MOVING = (
    "Slice",
    "Split",
    "Squeeze",
    "Unsqueeze",
    "Gather",
    "Transpose",
    "Identity",
    "Cast",
    "Reshape",
    "Expand",
    "Concat",
)
_OF_INDICES = (
    "Cast",
    "Identity",
    "Add",
    "Sub",
    "Mul",
    "Where",
    "Less",
    "Not",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Mod",
)
_RECURRENT = ("RNN", "GRU", "LSTM")


class _Uses:
    """Which inputs states begin with, and which are indices: those that lead there by moves alone."""

    def __init__(self, graph: Any):
        self._makers = {name: node for node in graph.node for name in node.output}
        recurrent = [node for node in graph.node if node.op_type in _RECURRENT]
        self.batch_first = any(a.name == "layout" and a.i for node in recurrent for a in node.attribute)
        self.states = {n for node in recurrent for name in node.input[5:7] for n in self._leading(name, _MOVING, 1)}
        gathers = [node for node in graph.node if node.op_type == "Gather" and len(node.input) > 1]
        self.indices = {n for node in gathers for n in self._leading(node.input[1], _OF_INDICES, None)}

    def _leading(self, name: str, through: tuple[str, ...], first: int | None) -> set[str]:
        """What a value comes from; of a move only what is moved counts, unless it joins several."""
        found, stack, seen = set(), [name], set()
        while stack:
            here = stack.pop()
            if here in seen:
                continue
            seen.add(here)
            node = self._makers.get(here)
            if node is None:
                found.add(here)
            elif node.op_type in through:
                stack.extend(node.input if first is None or node.op_type == "Concat" else node.input[:first])
        return found
