"""A network as an ONNX model."""

from __future__ import annotations

import json
from os import PathLike
from typing import Any

import numpy as np

from elman import checks
from elman.checks import flag
from elman.engine.slots import ONCE
from elman.equations.symbols import width
from elman.errors import ConversionError
from elman.files import check_file, write_whole
from elman.interop.onnx.run import Runner
from elman.interop.onnx.writing.moves import Moves
from elman.interop.onnx.writing.parts import Parts
from elman.interop.onnx.writing.values import Value
from elman.interop.onnx.writing.writer import IR_VERSION, OPSET, Writer, code_of, live, protobuf, typed
from elman.interop.peers import OURS, called, peer
from elman.interop.proof import Trial, prove, trials
from elman.interop.report import Report
from elman.network import Network

LARGEST = 2**31 - 2**20  # bytes of a protobuf message


def to_onnx(
    net: Network,
    path: str | PathLike[str] | None = None,
    *,
    states: bool = True,
    lengths: bool = False,
    tolerance: float | None = None,
    return_report: bool = False,
) -> Any:
    """A network as an ONNX model, which ONNX Runtime and others run; both sides are run, and agree or it is refused.

    Batch and time are dynamic axes: inputs are (batch, time, features), those of indices (batch, time), outputs (batch,
    time, features) or (batch, features). A layer whose equations are ONNX's RNN, GRU or LSTM is that node, both
    directions of one layer a bidirectional one; any other is a Scan of its equations, with what needs no state before
    it. In float64 all are Scans, as runtimes have no such nodes for it. Dropout is left out.

    Parameters
    ----------
    net : Network
    path : path, optional
        Where to write it; it is returned in any case.
    states : bool, default True
        Whether states come in and go out: inputs ``initial_LAYER_STATE`` (batch, width), which may be left out and are
        zero then, and outputs ``final_LAYER_STATE``.
    lengths : bool, default False
        Whether rows may differ in length: the input ``lengths`` (batch,) of int64, of a network with several time axes
        ``lengths_INPUT``. What lies behind a row's end is 0 in the outputs. Otherwise all steps of all rows are used.
    tolerance : float, optional
        The largest difference that is allowed; by default 1e-5, in float64 1e-10.
    return_report : bool, default False
        Also return what was done.

    Returns
    -------
    onnx.ModelProto
        Of operator set 17.
    Report
        With `return_report` only.

    Raises
    ------
    ConversionError
        If the network cannot be written so, or both sides differ.
    OptionError
        If the file cannot be written.

    References
    ----------
    Open Neural Network Exchange, https://onnx.ai: operators RNN, GRU, LSTM, Scan.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(8), el.Dense(2)])
    >>> model = el.interop.to_onnx(net, "model.onnx")  # doctest: +SKIP
    >>> [node.op_type for node in model.graph.node if node.op_type == "GRU"]  # doctest: +SKIP
    ['GRU']
    """
    flag(states, "states"), flag(lengths, "lengths"), flag(return_report, "return_report")
    _check(net)
    place = None if path is None else checks.path(path)
    if place is not None:
        check_file(place)
    written = _Written(net, states=states, lengths=lengths)
    report = _proved(net, written, tolerance)
    if place is not None:
        write_whole(place, written.model.SerializeToString())
    return (written.model, report) if return_report else written.model


def _check(net: Network) -> None:
    if not isinstance(net, Network):
        raise ConversionError(f"to_onnx takes a network, got {type(net).__name__}; of an estimator give its network")
    if net.products is not None:
        raise ConversionError(
            f"the network rounds what products multiply to {net.products}, which ONNX's nodes do not: save it, and "
            "load it with products=None first"
        )
    if net.arena.nbytes > LARGEST:
        raise ConversionError(
            f"the network has {net.arena.nbytes:,} bytes of parameters, and an ONNX file holds at most {LARGEST:,}"
        )


class _Written:
    """The model of a network, and what its inputs and outputs are called."""

    def __init__(self, net: Network, *, states: bool, lengths: bool):
        self.net, self.with_states = net, states
        self.writer = Writer(net.dtype)
        self.inputs = [self._unused(door.given.name) for door in net.doors]
        self.lengths = self._lengths() if lengths else {}
        wanted = [(n, k) for n, k, _ in self._free()] if states else []
        self.initial = {key: self._unused(f"initial_{self._state(*key)}") for key in wanted}
        self.outputs = [self._unused(name) for name in net.structure.names or ("output",)]
        self.final = {key: self._unused(f"final_{self._state(*key)}") for key in wanted}
        self.parts = self._parts()
        self.model = self._model()

    def _unused(self, name: str) -> str:
        return self.writer.shared.unused(name)

    def _lengths(self) -> dict[int, str]:
        firsts = {d.given.axis: d.given.name for d in reversed(self.net.doors) if d.steps}
        several = len(firsts) > 1
        return {
            axis: self._unused(f"lengths_{name}" if several else "lengths") for axis, name in sorted(firsts.items())
        }

    def _free(self) -> list[tuple[int, int, int]]:
        """The number of a part, that of a state, and its width, of all states that the caller gives."""
        found = []
        for number, part in enumerate(self.net.structure.parts):
            for k, state in enumerate(part.graph.states if part.graph else ()):
                if not part.initial or part.initial[k] is None:
                    found.append((number, k, width(state)))
        return found

    def _state(self, number: int, k: int) -> str:
        part = self.net.structure.parts[number]
        assert part.graph is not None
        return f"{part.name}_{part.graph.states[k].name}".replace(".", "_")

    # --- nodes ----------------------------------------------------------------------------------------------

    def _parts(self) -> Parts:
        """All nodes, outputs and final states included."""
        doors, structure = self.net.doors, self.net.structure
        of_axis = {
            d.given.axis: name for d, name in zip(reversed(doors), reversed(self.inputs), strict=True) if d.steps
        }
        axes = Moves(self.writer, of_axis, self.lengths)
        self.writer.scope = "inputs"
        given = [self._given(door, name) for door, name in zip(doors, self.inputs, strict=True)]
        self._begun: dict[tuple[int, int], str] = {}
        parts = Parts(self.net, self.writer, axes, given, lambda number, k: self._begin(axes, number, k))
        parts.write()
        self.writer.scope = "outputs"
        for name, source in zip(self.outputs, structure.outputs, strict=True):
            self._returned(axes, name, parts.of(source), structure.axis(source))
        for (number, k), name in self.final.items():
            self.writer.called(name, parts.finals[number, k])
        return parts

    def _given(self, door: Any, name: str) -> Value:
        """An input as (T, B, F)."""
        w = self.writer
        if door.whole and door.given.width == 1:
            name = w.node("Unsqueeze", name, w.whole(-1))
        return Value(w.node("Transpose", name, perm=[1, 0, 2]) if door.steps else name, door.whole)

    def _begin(self, axes: Moves, number: int, k: int) -> str | None:
        """What a state begins with, for every row; one row is for all of them."""
        name = self.initial.get((number, k))
        if name is None:
            return None
        w = self.writer
        shape = w.node("Concat", axes.rows(), w.node("Shape", name, start=1), axis=0)
        return w.node("Expand", name, shape)

    def _returned(self, axes: Moves, name: str, value: Value, axis: int) -> None:
        w = self.writer
        if axis != ONCE:
            value = Value(w.node("Transpose", axes.zeroed(value, axis).name, perm=[1, 0, 2]), value.whole)
        if value.whole:
            value = Value(w.node("Cast", value.name, to=code_of(w.dtype)))
        w.called(name, value.name)

    # --- the model ------------------------------------------------------------------------------------------

    def _model(self) -> Any:
        helper = peer("onnx").helper
        numpy_helper = peer("onnx.numpy_helper")
        made = live(self.writer.nodes, [*self.outputs, *self.final.values()])
        read = {name for node in made for name in node.reads}
        constants = {n: a for n, a in self.writer.shared.constants.items() if n in read}
        defaults = {
            name: np.zeros((1, n), self.net.dtype) for name, n in zip(self.initial.values(), self._sizes(), strict=True)
        }
        graph = helper.make_graph(
            [protobuf(node) for node in made],
            "elman",
            self._typed_inputs(),
            self._typed_outputs(),
            initializer=[numpy_helper.from_array(a, n) for n, a in {**constants, **defaults}.items()],
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="elman",
            producer_version=OURS.removeprefix("Elman "),
        )
        helper.set_model_props(model, {"names": json.dumps(self._names())})
        return _checked(model)

    def _sizes(self) -> list[int]:
        return [n for _, _, n in self._free()] if self.with_states else []

    def _steps(self, axis: int) -> list[str]:
        """The dynamic axes before the features, by name."""
        if axis == ONCE:
            return ["batch"]
        several = self.net.structure.time_axes > 1
        first = next(d.given.name for d in self.net.doors if d.given.axis == axis)
        return ["batch", f"time_{first}" if several else "time"]

    def _typed_inputs(self) -> list[Any]:
        found = []
        for door, name in zip(self.net.doors, self.inputs, strict=True):
            features = [] if door.whole and door.given.width == 1 else [door.given.width]
            dtype = np.dtype(np.int64) if door.whole else self.net.dtype
            found.append(typed(name, dtype, [*self._steps(door.given.axis), *features]))
        found += [typed(name, np.dtype(np.int64), ["batch"]) for name in self.lengths.values()]
        states = zip(self.initial.values(), self._sizes(), strict=True)
        return found + [typed(name, self.net.dtype, ["batch_or_1", n]) for name, n in states]

    def _typed_outputs(self) -> list[Any]:
        structure = self.net.structure
        found = [
            typed(name, self.net.dtype, [*self._steps(structure.axis(s)), structure.features(s)])
            for name, s in zip(self.outputs, structure.outputs, strict=True)
        ]
        states = zip(self.final.values(), self._sizes(), strict=True)
        return found + [typed(name, self.net.dtype, ["batch", n]) for name, n in states]

    def _names(self) -> dict[str, Any]:
        """What is called how, for a reader of the file."""
        parts = self.net.structure.parts
        states = {n: [parts[p].name, parts[p].graph.states[k].name] for (p, k), n in self.initial.items()}  # type: ignore[union-attr]
        finals = {n: [parts[p].name, parts[p].graph.states[k].name] for (p, k), n in self.final.items()}  # type: ignore[union-attr]
        return {
            "inputs": self.inputs,
            "lengths": list(self.lengths.values()),
            "outputs": self.outputs,
            "initial states": states,
            "final states": finals,
        }

    def feeds(self, trial: Trial) -> dict[str, np.ndarray]:
        """What the model takes for a trial."""
        found = {}
        for door, name, x in zip(self.net.doors, self.inputs, trial.inputs, strict=True):
            found[name] = x[..., 0] if door.whole and door.given.width == 1 else x
        rows, steps = (
            len(trial.inputs[0]),
            {d.given.axis: x.shape[1] for d, x in zip(self.net.doors, trial.inputs, strict=True) if d.steps},
        )
        for axis, name in self.lengths.items():
            found[name] = np.full(rows, steps[axis]) if trial.lengths is None else trial.lengths
        if trial.states is not None:
            found |= dict(zip(self.initial.values(), trial.states, strict=True))
        return found


def _checked(model: Any) -> Any:
    onnx = peer("onnx")
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:  # pragma: no cover - a mistake of this module
        raise ConversionError(f"the model that was made is none: {error}; please report the network") from error
    return model


def _proved(net: Network, written: _Written, tolerance: float | None) -> Report:
    runner = Runner(written.model)
    wanted = [*written.outputs, *written.final.values()]

    def theirs(trial: Trial) -> list[np.ndarray]:
        found = runner(written.feeds(trial))
        return [found[name] for name in wanted]

    notes = [f"operator set {OPSET}; {called('onnx', 'ONNX')}, proved with {runner.name}"]
    notes += [runner.note] if runner.note else []
    if not written.lengths:
        notes.append("all steps of all rows are used: lengths=True adds an input for rows of different lengths")
    if any(p.graph and any(n.op.startswith("dropout") for n in p.graph.nodes()) for p in net.structure.parts):
        notes.append("dropout is left out: the model is for use, not for training")
    report = Report(OURS, called("onnx", "ONNX"), tuple(written.parts.mapped), notes=tuple(notes))
    ragged, states = bool(written.lengths), written.with_states
    return prove(net, theirs, report, trials(net, ragged=ragged, states=states), tolerance=tolerance)
