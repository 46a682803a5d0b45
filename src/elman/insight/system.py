"""A network as a dynamical system: one step of all its states, and the Jacobian of that step.

Everything here runs on a copy in float64, so that no diagnostic touches the network itself: weights, random numbers and
optimisers stay as they are, to the bit.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from elman import checks
from elman.engine.interface import Batch, Engine, Gradients
from elman.engine.stage import Source
from elman.errors import DataError, ElmanError, ShapeError
from elman.insight.looking import View, check_recurrent, state_parts, view, with_outputs_as_states
from elman.network import Network
from elman.network.arguments import flat_state
from elman.network.copies import in_float64
from elman.network.pieces import follow, piece

ROWS_AT_ONCE = 1 << 15  # of the runs that make up Jacobians


class System:
    """The map ``s' = F(s, x)`` of a network's states, which are concatenated to n numbers.

    The inputs of a step are concatenated too, to F numbers: those of the network; or, of one layer, what it reads. An
    input without time is the same at every step.

    Parameters
    ----------
    net : Network
        With one recurrent layer at least. All of them together are looked at, so that they must run forward on one time
        axis, with nothing but states between one step and the next.
    layer : str, optional
        The one that is looked at, by itself, fed by what it reads; of one that runs in reverse steps are counted from
        the last to the first.
    outputs : bool, default False
        Whether an output that a layer has beside its states is one of them, the first one: what a loss at a step leaves
        in the states is then known from these.

    Attributes
    ----------
    net : Network
        What makes a step, a copy in float64.
    names : list of str
        Of the states: ``h``, ``c`` where one layer has states, else ``0.h``, ``2.c`` ...
    parts : dict of str to slice
        Where each state lies in the n numbers.
    n : int
        Of all states together.
    inputs : dict of str to slice
        Where each input lies in the F numbers.
    F : int
        Of all inputs together.
    output : slice
        The first state of the last layer that has any.

    Raises
    ------
    OptionError
        If the network is no such system, or has no such layer.
    """

    whole: Network
    layer: str | None
    view: View
    net: Network
    engine: Engine
    names: list[str]
    sizes: list[int]
    parts: dict[str, slice]
    n: int
    inputs: dict[str, slice]
    output: slice

    def __init__(self, net: Network, layer: str | None = None, *, outputs: bool = False):
        checks.instance(net, Network, "net", "a Network")
        check_recurrent(net)
        structure = with_outputs_as_states(net.structure) if outputs else net.structure
        self.whole, self.layer = in_float64(net, structure), layer
        self.view = view(self.whole, layer)
        self.net = in_float64(net, self.view.stepping)
        self._feeder, self._made, self._given = self._feeding()
        self.follow(net)
        self.engine = self.net.differentiator
        looked_at = state_parts(self.net.structure)
        prefix = {part.name: f"{part.name}." if len(looked_at) > 1 else "" for part in looked_at}
        self.names = [prefix[part.name] + state.name for part in looked_at for state in part.graph.states]  # type: ignore[union-attr]
        self.sizes = [size for layer_sizes in self.net.state_sizes() for size in layer_sizes]
        self.parts = dict(zip(self.names, _slices(self.sizes), strict=True))
        self.n = sum(self.sizes)
        widths = [door.given.width for door in self.net.doors]
        self.inputs = dict(zip([door.given.name for door in self.net.doors], _slices(widths), strict=True))
        self.F = sum(widths)
        last = looked_at[-1]
        assert last.graph is not None
        self.output = self.parts[prefix[last.name] + last.graph.states[0].name]

    def _feeding(self) -> tuple[Network | None, list[Source], dict[tuple[int, int], Source]]:
        """What computes inputs and initial states that other layers make, and which of its outputs these are."""
        structure, view = self.whole.structure, self.view
        begun = {
            (number, k): source
            for number in view.numbers
            for k, source in enumerate(structure.parts[number].initial)
            if source is not None
        }
        made = [s for s in dict.fromkeys([*view.feeds, *begun.values()]) if s.number >= 0]
        return (in_float64(self.whole, piece(structure, made)) if made else None), made, begun

    @property
    def takes_index(self) -> bool:
        """Whether all inputs are indices, which have no gradient."""
        return not any(self.has_gradient)

    @functools.cached_property
    def has_gradient(self) -> np.ndarray:
        """Which of the F numbers are no indices."""
        return np.concatenate([np.full(door.given.width, not door.whole) for door in self.net.doors])

    @functools.cached_property
    def driven(self) -> np.ndarray:
        """Which of the F numbers come anew at each step, and are no indices."""
        return self.has_gradient & np.concatenate([np.full(d.given.width, d.steps) for d in self.net.doors])

    def follow(self, net: Network) -> None:
        """Take over the parameters that the network has now."""
        self.whole.params.restore(net.arena)
        for one in (self.net, self._feeder):
            if one is not None:
                follow(one, self.whole)

    # --- what comes in --------------------------------------------------------------------------------------

    def given(self, x: Any, state: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """The inputs of each step (B, T, F), and the states (B, n) to begin with, from the network's own inputs."""
        return self.fed(self.whole.check_batch(x, None)[0], state)

    def fed(self, arrays: Sequence[np.ndarray], state: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """The same from inputs that are checked."""
        found = {Source(~k): array for k, array in enumerate(arrays)}
        if self._feeder is not None:
            by_name = {given.name: a for given, a in zip(self.whole.structure.inputs, arrays, strict=True)}
            chosen = tuple(by_name[one.name] for one in self._feeder.structure.inputs)
            values, _ = self._feeder.engine().forward(self._feeder.arena, Batch(chosen))
            self._feeder.check_results(values)
            found |= dict(zip(self._made, values, strict=True))
        rows = len(arrays[0])
        begun = {key: found[source] for key, source in self._given.items()}
        return self._concatenated([found[s] for s in self.view.feeds]), self.first_states(state, rows, begun)

    def _concatenated(self, arrays: list[np.ndarray]) -> np.ndarray:
        steps = next(a.shape[1] for a in arrays if a.ndim == 3)
        timed = [a if a.ndim == 3 else np.repeat(a[:, None], steps, axis=1) for a in arrays]
        x = np.concatenate(timed, axis=2).astype(np.float64, copy=False)
        return x[:, ::-1] if self.view.reverse else x

    def by_input(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """The inputs as the engine takes them, of steps (R, T, F)."""
        found = []
        for door, part in zip(self.net.doors, self.inputs.values(), strict=True):
            array = x[:, :, part] if door.steps else x[:, 0, part]
            found.append(np.ascontiguousarray(array, np.int64 if door.whole else np.float64))
        return tuple(found)

    # --- running --------------------------------------------------------------------------------------------

    def step(self, s: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The next states (R, n) from states (R, n) and inputs (R, F)."""
        return self.after(s, np.ascontiguousarray(x)[:, None])

    def after(self, s: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The states (R, n) behind inputs (R, T, F)."""
        batch = Batch(self.by_input(x), states=self.split(s))
        _, states = self.engine.forward(self.net.arena, batch, version=self.net.params.version)
        return np.concatenate(states, axis=1)

    def trajectory(self, x: np.ndarray, s: np.ndarray | None = None, begun: int = 0) -> np.ndarray:
        """States (B, T + 1, n) along inputs (B, T, F): the first ones, and those after each step.

        Raises
        ------
        DataError
            If they grow beyond all bounds: at which step, counted on from `begun`.
        """
        B, T = x.shape[:2]
        found = np.empty((B, T + 1, self.n))
        found[:, 0] = 0 if s is None else s
        now = self.by_input(np.zeros((B, 1, self.F)))
        states = [a.copy() for a in self.split(found[:, 0])]
        step = self.net.engine().stepper(self.net.arena, now, states, self.no_gradient(B, 1))
        for t in range(T):
            for mine, new in zip(now, self.by_input(x[:, t : t + 1]), strict=True):
                mine[...] = new
            if not step():
                found[:, t + 1 :] = np.nan
                break
            for part, state in zip(self.parts.values(), states, strict=True):
                found[:, t + 1, part] = state
        finite = np.isfinite(found).all(axis=(0, 2))
        if not finite.all():
            lost = begun + int(np.argmin(finite))
            raise DataError(
                f"the states grow beyond all bounds: they, or the outputs, are not finite after step {lost}"
            )
        return found

    def jacobian(self, s: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """The exact derivatives of a step at states (R, n) and inputs (R, F).

        Returns
        -------
        J : ndarray, shape (R, n, n)
            ``J[r, i, j]`` is d s'_i / d s_j.
        Jx : ndarray, shape (R, n, F), or None where all inputs are indices
            d s'_i / d x_j; 0 of an index.
        """
        R = len(s)
        J, Jx = np.empty((R, self.n, self.n)), None if self.takes_index else np.empty((R, self.n, self.F))
        for rows in self._pieces(R):
            by_state, by_input = self._pulled_back(s[rows], x[rows])
            J[rows] = by_state
            if Jx is not None:
                Jx[rows] = by_input
        return J, Jx

    def pull_back(self, s: np.ndarray, x: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """dL/ds (R, n) at states s from dL/ds behind inputs x (R, T, F), without forming the Jacobians between."""
        found = self.gradients(self.pulled(x, s, gradient))
        return np.concatenate(found.initial_states or [], axis=1)

    def gradients(self, batch: Batch, *, want_input: bool = False) -> Gradients:
        """What a run of steps gives parameters, states and, if wanted, inputs."""
        version = self.net.params.version
        return self.engine.gradients(self.net.arena, batch, want_input=want_input, want_states=True, version=version)

    def _pieces(self, rows: int) -> Iterator[slice]:
        size = max(1, ROWS_AT_ONCE // self.n)
        return (slice(first, first + size) for first in range(0, rows, size))

    def _pulled_back(self, s: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The derivatives of each row: of each new state another gradient that is carried back."""
        by_state, by_input = self.carried(
            s, x, np.tile(np.eye(self.n), (len(s), 1, 1)), want_input=not self.takes_index
        )
        return by_state, np.empty(0) if by_input is None else by_input

    def carried(
        self, s: np.ndarray, x: np.ndarray, gradients: np.ndarray, *, want_input: bool = False
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Gradients (R, M, n) behind a step from states s (R, n) with inputs x (R, F), carried back through it.

        Returns
        -------
        by_state : ndarray, shape (R, M, n)
        by_input : ndarray, shape (R, M, F), or None where it is not wanted
            0 of an index.
        """
        R, M, _ = gradients.shape
        behind = gradients.reshape(R * M, self.n)
        batch = self.pulled(np.repeat(x, M, axis=0)[:, None], np.repeat(s, M, axis=0), behind)
        found = self.gradients(batch, want_input=want_input)
        by_state = np.concatenate(found.initial_states or [], axis=1).reshape(R, M, self.n)
        if not want_input:
            return by_state, None
        return by_state, np.concatenate([g.reshape(R, M, -1) for g in found.inputs], axis=2)

    def pulled(self, x: np.ndarray, s: np.ndarray, gradient: np.ndarray) -> Batch:
        """Inputs x (R, T, F) from states s on, and the gradient of the states behind them, of nothing else."""
        states, ends = self.split(s), self.split(gradient)
        return Batch(self.by_input(x), self.no_gradient(*x.shape[:2]), states=states, state_gradients=ends)

    def no_gradient(self, rows: int, steps: int) -> tuple[np.ndarray, ...]:
        """A gradient of the outputs that is zero."""
        shapes = [(rows, steps, e.outputs) if e.sequence_output else (rows, e.outputs) for e in self.net.ends]
        return tuple(np.zeros(shape) for shape in shapes)

    # --- between states and their concatenation -----------------------------------------------------------------

    def split(self, s: np.ndarray) -> list[np.ndarray]:
        """The states (R, size) of numbers (R, n)."""
        return [np.ascontiguousarray(s[:, part]) for part in self.parts.values()]

    def first_states(
        self, state: object, rows: int, begun: Mapping[tuple[int, int], np.ndarray] | None = None
    ) -> np.ndarray:
        """Numbers (R, n) from states as `Network.__call__` takes them, or numbers (n,) or (R, n).

        Those of None are zeros, but for states that another layer has begun.
        """
        if state is None:
            return self._begun(rows, begun or {})
        if isinstance(state, np.ndarray):
            if state.shape not in ((self.n,), (rows, self.n)):
                raise ShapeError(f"state has shape {state.shape}; expected ({self.n},) or ({rows}, {self.n})")
            return np.broadcast_to(checks.floats(state, "state", finite=True), (rows, self.n)).copy()
        parts = state_parts(self.net.structure)
        added = [len(part.graph.states) - len(part.layer.cell.states) for part in parts if part.graph is not None]
        all_sizes = self.net.state_sizes()
        sizes = [one[more:] for one, more in zip(all_sizes, added, strict=True)]
        try:
            flat = flat_state(state, sizes, rows, np.dtype(np.float64))
        except (TypeError, ValueError) as error:
            if isinstance(error, ElmanError):
                raise
            raise ShapeError(
                f"state must be an array ({self.n},) or ({rows}, {self.n}), or a list of tuples of arrays, one for "
                f"each state of each recurrent layer; got {checks.shown(state)}"
            ) from error
        left = iter(flat)
        pairs = [(k >= more, n) for one, more in zip(all_sizes, added, strict=True) for k, n in enumerate(one)]
        return np.concatenate([next(left) if given else np.zeros((rows, n)) for given, n in pairs], axis=1)

    def _begun(self, rows: int, begun: Mapping[tuple[int, int], np.ndarray]) -> np.ndarray:
        s, parts = np.zeros((rows, self.n)), iter(self.parts.values())
        for number in self.view.numbers:
            graph = self.whole.structure.parts[number].graph
            for k in range(len(graph.states) if graph is not None else 0):
                part = next(parts)
                if (number, k) in begun:
                    s[:, part] = begun[number, k]
        return s


def _slices(sizes: Sequence[int]) -> list[slice]:
    ends = np.cumsum(sizes)
    return [slice(int(end - size), int(end)) for size, end in zip(sizes, ends, strict=True)]
