"""A module's forward on arrays as Elman has them: rows first, then steps, and what it returns so, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from elman.interop.proof import Trial
from elman.interop.pytorch.inputs import Argument, Layout, state_sizes
from elman.interop.pytorch.values import FEATURES, ONE, ROWS, STACK, STEPS
from elman.network import Network


@dataclass(frozen=True)
class Output:
    """An output of forward: which of its tensors, what their axes are, and the stack that it is."""

    number: int
    dims: tuple[str, ...]
    stack: tuple[int, ...]
    is_states: bool = False


@dataclass(frozen=True)
class Caller:
    """Calls a module.

    Attributes
    ----------
    module : torch.nn.Module
    layout : tuple of Argument
    outputs : tuple of Output
        Those that are outputs of the network.
    dtype : torch.dtype
    """

    module: Any
    layout: Layout
    outputs: tuple[Output, ...]
    dtype: Any

    @property
    def takes_lengths(self) -> bool:
        return any(a.kind == "lengths" for a in self.layout)

    @property
    def takes_states(self) -> bool:
        return any(a.kind == "states" for a in self.layout)

    @property
    def takes_rows(self) -> bool:
        """Whether it takes several rows at once."""
        return any(ROWS in a.dims for a in self.layout)

    def fitted(self, net: Network, trial: Trial) -> Trial:
        """A trial with 0 and 1, at first 1, where forward takes whole numbers that are no index, such as masks."""
        data = [a for a in self.layout if a.kind not in ("lengths", "states")]
        inputs = list(trial.inputs)
        for k, (argument, door) in enumerate(zip(data, net.doors, strict=True)):
            if argument.kind == "index" and not door.indices:
                inputs[k] = (inputs[k] > 0).astype(inputs[k].dtype)
                inputs[k][:, 0] = 1
        return replace(trial, inputs=tuple(inputs))

    def results(self, trial: Trial) -> list[np.ndarray]:
        """What a trial makes; row by row, cut to its length, where forward takes no lengths, or no rows."""
        rows, steps = self._size(trial)
        lengths = np.full(rows, steps) if trial.lengths is None else trial.lengths
        if self.takes_rows and (self.takes_lengths or trial.lengths is None):
            return [self._zeroed(a, lengths) for a in self.once(trial.inputs, lengths, trial.states)]
        found = []
        for b in range(rows):
            n = int(lengths[b])
            one = tuple(x[b : b + 1, :n] if x.ndim == 3 else x[b : b + 1] for x in trial.inputs)
            states = None if trial.states is None else [s[b : b + 1] for s in trial.states]
            found.append(self.once(one, lengths[b : b + 1], states))
        return [_joined(parts, steps) for parts in zip(*found, strict=True)]

    def _size(self, trial: Trial) -> tuple[int, int]:
        steps = next(x.shape[1] for x in trial.inputs if x.ndim == 3)
        return len(trial.inputs[0]), steps

    @staticmethod
    def _zeroed(a: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        if a.ndim < 3:
            return a
        return np.where((np.arange(a.shape[1]) < lengths[:, None])[..., None], a, 0)

    def once(self, inputs: Sequence[np.ndarray], lengths: np.ndarray, states: Any) -> list[np.ndarray]:
        """One call."""
        rows = len(inputs[0])
        steps = next(x.shape[1] for x in inputs if x.ndim == 3)
        with torch.no_grad():
            out = self.module(*self.arguments(inputs, lengths, states))
        tensors = tensors_of(out)
        found: list[np.ndarray] = []
        for output in self.outputs:
            found += arranged(tensors[output.number].detach().cpu().numpy(), output, rows, steps)
        return found

    def arguments(self, inputs: Sequence[np.ndarray], lengths: np.ndarray, states: Any) -> list[Any]:
        """What forward is called with."""
        given, found = iter(inputs), []
        for argument in self.layout:
            if argument.kind == "lengths":
                found.append(torch.tensor(np.array(lengths)))
            elif argument.kind == "states":
                found.append(argument)
            else:
                found.append(torch.tensor(placed(next(given), argument), dtype=self._dtype(argument, inputs)))
        if not self.takes_states:
            return found
        begun = self.states(len(inputs[0]), states)
        several = sum(a is b for a in found for b in self.layout if b.kind == "states") > 1
        parts = iter(begun)
        whole = tuple(begun) if len(begun) > 1 else begun[0]
        return [(next(parts) if several else whole) if isinstance(x, Argument) else x for x in found]

    def _dtype(self, argument: Argument, inputs: Sequence[np.ndarray]) -> Any:
        return torch.int64 if argument.kind == "index" or argument.features == 0 else self.dtype

    def states(self, rows: int, states: Any) -> list[Any]:
        """States as a recurrent layer takes them, (layers, B, H); zeros where None."""
        count, wide = state_sizes(self.module)
        if states is None:
            return [torch.zeros(count, rows, n, dtype=self.dtype) for n in wide]
        return [torch.tensor(np.stack(states[k :: len(wide)]), dtype=self.dtype) for k in range(len(wide))]


def placed(x: np.ndarray, argument: Argument) -> np.ndarray:
    """An input (B, T, F), or (B, F), with the axes that an argument has."""
    mine = [ROWS, STEPS, FEATURES] if x.ndim == 3 else [ROWS, FEATURES]
    for label in list(mine):
        if label not in argument.dims:
            x = x.take(0, mine.index(label))
            mine.remove(label)
    return x.transpose([mine.index(label) for label in argument.dims])


def arranged(x: np.ndarray, output: Output, rows: int, steps: int) -> list[np.ndarray]:
    """An output as arrays (B, T, F) or (B, F), one for each that is stacked in it."""
    stacks, sizes = iter(output.stack), {ROWS: rows, STEPS: steps, FEATURES: -1}
    dims = [one for label in output.dims for one in label if label != ONE]
    x = x.reshape([next(stacks) if d == STACK else sizes[d] for d in dims])  # of one row forward may leave out its axis
    for label in (ROWS, FEATURES):
        if label not in dims:
            x, dims = x[..., None], [*dims, label]
    order = [k for k, d in enumerate(dims) if d == STACK]
    order += [dims.index(label) for label in (ROWS, STEPS, FEATURES) if label in dims]
    x = x.transpose(order)
    return list(x.reshape(-1, *x.shape[len(output.stack) :]))


def _joined(parts: Sequence[np.ndarray], steps: int) -> np.ndarray:
    """Rows together, with zeros behind their ends."""
    if parts[0].ndim < 3:
        return np.concatenate(parts)
    return np.concatenate([np.pad(p, ((0, 0), (0, steps - p.shape[1]), (0, 0))) for p in parts])


def tensors_of(out: Any) -> list[Any]:
    """All tensors that forward returned, in their order."""
    if isinstance(out, torch.Tensor):
        return [out]
    if isinstance(out, torch.nn.utils.rnn.PackedSequence):
        return [out.data]
    if isinstance(out, dict):
        return [x for one in out.values() for x in tensors_of(one)]
    if isinstance(out, tuple | list):
        return [x for one in out for x in tensors_of(one)]
    return [x for one in vars(out).values() for x in tensors_of(one)] if hasattr(out, "__dict__") else []
