"""The proof that a network is the model that it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.onnx.reading.axes import FEATURES, Atom, Given, Node, Tensor
from elman.interop.onnx.reading.build import Built
from elman.interop.onnx.reading.inputs import Input
from elman.interop.onnx.run import Runner
from elman.interop.proof import Trial

LARGEST = 2**20  # rows and steps that a file may fix


class Other:
    """The model's side.

    Parameters
    ----------
    runner : Runner
    inputs : dict of str to Input
        Of the model.
    outputs, finals : dict of str to Tensor
        What it returns that is an output of the network, and what is a final state of it.
    built : Built

    Attributes
    ----------
    takes : dict
        What it can be run on, for `elman.interop.proof.prove`.
    notes : list of str
    """

    def __init__(
        self,
        runner: Runner,
        inputs: Mapping[str, Input],
        outputs: Mapping[str, Tensor],
        finals: Mapping[str, Tensor],
        built: Built,
    ):
        self._runner, self._inputs, self._outputs, self._built = runner, inputs, outputs, built
        self._ends = self._final_places(finals)
        given = [node.begins[k] for node, k in built.states]
        begins = [isinstance(b, Given) for b in given]
        shared = len({(b.name, b.place) for b in given if isinstance(b, Given)}) < sum(begins)
        rows, steps = self._fixed()
        if (rows or 1) * (steps or 1) > LARGEST:
            raise ConversionError(
                f"the file is for {rows or 'any'} rows of {steps or 'any'} steps: export it with dynamic axes of batch "
                "and time, or with smaller ones"
            )
        lengths = any(given.kind == "lengths" for given in inputs.values())
        states = bool(begins) and all(begins) and not shared
        self.takes: dict[str, Any] = {"ragged": lengths, "states": states, "rows": rows, "steps": steps}
        self.notes = ["some states of the network begin with zeros in the model"] * (any(begins) and not all(begins))
        self.notes += ["several states begin with one input of the model; the network takes each by itself"] * shared
        if rows or steps:
            self.notes.append("the file fixes the size of batch or time, which was proved so; the network takes any")

    def results(self, trial: Trial) -> list[np.ndarray]:
        """What the model makes of a trial: outputs, then, where it returns them, final states."""
        found = self._runner(self._feeds(trial))
        outputs = [_ours(found[name], tensor, trial) for name, tensor in self._outputs.items()]
        return outputs + [_at(found[name], tensor, place) for name, tensor, place in self._ends]

    def _fixed(self) -> tuple[int | None, int | None]:
        """Rows and steps where the file has fixed ones."""
        found: dict[str, int | None] = {"batch": None, "time": None}
        for given in self._inputs.values():
            for atom in given.node.timed if given.node else ():
                size = atom.root().size
                if size is not None and found[atom.role] not in (None, size):
                    raise ConversionError("the file fixes several lengths of time: export it with dynamic axes")
                found[atom.role] = found[atom.role] if size is None else size
        return found["batch"], found["time"]

    def _feeds(self, trial: Trial) -> dict[str, np.ndarray]:
        rows = len(trial.inputs[0])
        by_node = {node.option: x for node, x in zip(self._built.inputs, trial.inputs, strict=True)}
        steps = _steps(trial)
        found = {}
        for name, given in self._inputs.items():
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
        if FEATURES not in roles:
            x, own = x[..., 0], own[:-1]
        return np.ascontiguousarray(x.transpose([own.index(role) for role in roles])).astype(given.dtype)

    def _state_values(self, given: Input, trial: Trial, rows: int) -> np.ndarray:
        grid = np.zeros((*given.grid, rows, given.features), given.dtype)
        if trial.states is not None:
            for (node, k), state in zip(self._built.states, trial.states, strict=True):
                begin = node.begins[k]
                if isinstance(begin, Given) and begin.name == given.name:
                    grid[begin.place] = state
        order = [d.only if isinstance(d.only, int) else len(given.grid) + (d.only == FEATURES) for d in given.dims]
        return np.ascontiguousarray(grid.transpose(order))

    def _final_places(self, finals: Mapping[str, Tensor]) -> list[tuple[str, Tensor, tuple[int, ...]]]:
        """Where each final state of the network is in the outputs of the model; nothing where one is not there."""
        places = {}
        for name, tensor in finals.items():
            for place, end in zip(np.ndindex(tensor.grid.shape), tensor.nodes, strict=True):
                places[id(end.inputs[0].directions[0]), end.option] = (name, tensor, place)
        keys = [_key(node, k) for node, k in self._built.states]
        return [places[key] for key in keys] if all(key in places for key in keys) else []


def _key(node: Node, k: int) -> tuple[int, int]:
    """The direction that has the k-th state of a layer, and which of its own that is."""
    each = len(node.begins) // len(node.directions)
    return id(node.directions[k // each]), k % each


def _ours(array: np.ndarray, tensor: Tensor, trial: Trial) -> np.ndarray:
    """An output of the model as the network returns it: batch, time, then layers, directions and features."""
    sizes = {"batch": len(trial.inputs[0]), "time": _steps(trial)}
    parts = [p for d in tensor.dims for p in d.parts]
    roles = [p.role if isinstance(p, Atom) else p for p in parts]
    apart = np.asarray(array).reshape([sizes.get(r) or tensor.size_of(r).number for r in roles])
    first = [roles.index(r) for r in ("batch", "time") if r in roles]
    middle = [k for k, r in enumerate(roles) if isinstance(r, int)]
    last = [roles.index(FEATURES)] if FEATURES in roles else []
    turned = apart.transpose(first + middle + last)
    return turned.reshape(*turned.shape[: len(first)], -1)


def _steps(trial: Trial) -> int:
    return max((x.shape[1] for x in trial.inputs if x.ndim == 3), default=1)


def _at(array: np.ndarray, tensor: Tensor, place: tuple[int, ...]) -> np.ndarray:
    """One state (B, H) of an output."""
    index = [place[d.only] if isinstance(d.only, int) else slice(None) for d in tensor.dims]
    return np.asarray(array)[tuple(index)]
