"""Running a model of Keras on what a network is run on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.engine.slots import ONCE
from elman.interop.peers import peer
from elman.interop.proof import Trial
from elman.network import Network


def rows_of(model: Any, net: Network, trial: Trial, states: bool) -> list[np.ndarray]:
    """Outputs, then final states: of ragged rows one row after the other, each cut where it ends."""
    begins = _begins(net, trial) if states else []
    if trial.lengths is None:
        return run(model, [*_inputs(model, trial.inputs), *begins])
    rows = [_row(model, net, trial, begins, k) for k in range(len(trial.lengths))]
    return [np.concatenate([_padded(row[k], max(trial.lengths), net, k) for row in rows]) for k in range(len(rows[0]))]


def _begins(net: Network, trial: Trial) -> list[np.ndarray]:
    if trial.states is not None:
        return list(trial.states)
    sizes = [size for layer in net.state_sizes() for size in layer]
    return [np.zeros((len(trial.inputs[0]), size), net.dtype) for size in sizes]


def _row(model: Any, net: Network, trial: Trial, begins: Sequence[np.ndarray], k: int) -> list[np.ndarray]:
    assert trial.lengths is not None
    timed = [given.axis != ONCE for given in net.structure.inputs]
    cut = [x[k : k + 1, : trial.lengths[k]] if t else x[k : k + 1] for x, t in zip(trial.inputs, timed, strict=True)]
    return run(model, [*_inputs(model, cut), *(state[k : k + 1] for state in begins)])


def _padded(found: np.ndarray, steps: int, net: Network, number: int) -> np.ndarray:
    """An output of all steps with zeros behind its end."""
    if number >= len(net.ends) or not net.ends[number].sequence_output:
        return found
    return np.pad(found, [(0, 0), (0, steps - found.shape[1]), (0, 0)])


def _inputs(model: Any, given: Sequence[np.ndarray]) -> list[np.ndarray]:
    """As the model takes them: indices without features where it has none."""
    tensors = model.inputs[: len(given)]
    return [x.reshape(x.shape[: len(t.shape)]).astype(t.dtype) for x, t in zip(given, tensors, strict=True)]


def run(model: Any, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """All outputs of a call."""
    named = isinstance(getattr(model, "_inputs_struct", None), dict)
    given: Any = dict(zip(model._inputs_struct, inputs, strict=True)) if named else list(inputs)
    with warnings.catch_warnings():  # of what is only tried here
        warnings.simplefilter("ignore")
        found = model(given if named or len(inputs) > 1 else inputs[0], training=False)
    found = list(found.values()) if isinstance(found, dict) else found
    return [numpy_of(y) for y in (found if isinstance(found, list | tuple) else [found])]


def numpy_of(value: Any) -> np.ndarray:
    """A tensor or variable of Keras as an array, whichever framework runs it."""
    return np.asarray(peer("keras").ops.convert_to_numpy(value))
