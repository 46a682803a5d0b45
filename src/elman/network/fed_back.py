"""A network that is fed its own output: its halves' engines, and what goes along from step to step."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from elman.engine.indices import whole_numbers
from elman.engine.interface import Batch, Engine
from elman.engine.plan import Plan
from elman.engine.schedule import schedule
from elman.engine.stage import InputSpec, Source
from elman.network.parameters import Parameters
from elman.network.unrolling import Half, Halves


class Unrolled:
    """The engines of a network in two halves.

    Parameters
    ----------
    halves : Halves
    parameters : int
        How many the network has.
    engine : function of a plan to an engine
    """

    def __init__(self, halves: Halves, parameters: int, engine: Callable[[Plan], Engine]):
        self.halves: Halves = halves
        self._before = _Computed(halves.before, parameters, engine) if halves.before.layers else None
        self._step = _Computed(halves.step, parameters, engine)

    def begin(
        self,
        parameters: Parameters,
        inputs: Mapping[int, np.ndarray],
        lengths: Sequence[np.ndarray | None],
        rows: int,
    ) -> Fed:
        """Compute what is computed once, of all inputs but the one that is fed back, by number."""
        known = {Source(~number): array for number, array in inputs.items()}
        if self._before is not None:
            found, _ = self._before(parameters, known, lengths, rows)
            known |= found
        return Fed(self._step, self.halves, parameters, known, lengths, rows)


class _Computed:
    """A half with its engine."""

    def __init__(self, half: Half, parameters: int, engine: Callable[[Plan], Engine]):
        self.half: Half = half
        self._timeless = not half.axes  # an engine has a time axis
        given = [*half.given, *[InputSpec(1)] * self._timeless]
        self.engine = engine(schedule(half.layers, given, parameters, outputs=half.wanted))
        self.dtype, plan = self.engine.dtype, self.engine.plan
        indices = whole_numbers(plan, self.dtype)
        self._dtypes = [np.dtype(np.int64) if place.slot in indices else self.dtype for place in plan.inputs]
        self.states = [state.width for state in plan.given_states]

    def __call__(
        self,
        parameters: Parameters,
        values: Mapping[Source, np.ndarray],
        lengths: Sequence[np.ndarray | None],
        rows: int,
        states: list[np.ndarray] | None = None,
    ) -> tuple[dict[Source, np.ndarray], list[np.ndarray]]:
        """Its outputs, as the whole network knows them, and the final states."""
        given = [values[source] for source in self.half.inputs] + [np.zeros((rows, 1, 1))] * self._timeless
        batch = Batch(
            tuple(a.astype(dtype, copy=False) for a, dtype in zip(given, self._dtypes, strict=True)),
            lengths=tuple(lengths[axis] for axis in self.half.axes),
            states=states,
        )
        with np.errstate(all="ignore"):  # what is not finite is found and explained
            outputs, final = parameters.read(
                lambda version: self.engine.forward(parameters.arena, batch, version=version)
            )
        return dict(zip(self.half.outputs, outputs, strict=True)), final


class Fed:
    """Rows that are being made: where they stand, and what stays as it is.

    `known` are the inputs of the network and what was computed once.
    """

    def __init__(
        self,
        step: _Computed,
        halves: Halves,
        parameters: Parameters,
        known: Mapping[Source, np.ndarray],
        lengths: Sequence[np.ndarray | None],
        rows: int,
    ):
        self._step, self._halves, self._parameters, self._rows = step, halves, parameters, rows
        self._lengths, self._done = list(lengths), 0
        self._along = {source: known[source] for source in halves.known}
        self._still = {s: known[s] for s in step.half.inputs if s in known and s not in self._along}
        begins = zip(halves.begins, step.states, strict=True)
        self._states = [self._begin(None if s is None else known[s], size) for s, size in begins]
        self._earlier = {
            source: deque([np.zeros((rows, 1, halves.widths[source]), step.dtype)] * steps)
            for source, (_, steps) in halves.shifted.items()
        }

    def _begin(self, given: np.ndarray | None, size: int) -> np.ndarray:
        if given is None:
            return np.zeros((self._rows, size), self._step.dtype)
        return np.ascontiguousarray(given, self._step.dtype)

    def step(self, fed: np.ndarray) -> np.ndarray:
        """The output (B, O) of one more step of what is fed back (B, 1, F)."""
        now = slice(self._done, self._done + 1)
        values = {Source(~self._halves.fed): fed, **{s: a[:, now] for s, a in self._along.items()}, **self._still}
        values |= {source: queue.popleft() for source, queue in self._earlier.items()}
        outputs, self._states = self._step(self._parameters, values, self._lengths, self._rows, self._states)
        values |= outputs
        for source, queue in self._earlier.items():
            queue.append(values[self._halves.shifted[source][0]])
        self._done += 1
        return values[self._halves.output][:, 0]

    def spread(self, times: int) -> None:
        """Have each row so many times, one behind the other."""
        rows = np.arange(self._rows).repeat(times)
        self._rows = len(rows)
        self._still, self._along = ({s: a[rows] for s, a in kept.items()} for kept in (self._still, self._along))
        self._lengths = [None if given is None else given[rows] for given in self._lengths]
        self.go_on_from(rows)

    def go_on_from(self, rows: np.ndarray) -> None:
        """Have each row go on from what another has come to, of the same row before `spread`."""
        self._states = [state[rows] for state in self._states]
        self._earlier = {s: deque(values[rows] for values in queue) for s, queue in self._earlier.items()}
