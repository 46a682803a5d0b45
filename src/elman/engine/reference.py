"""The NumPy engine: runs a plan in readable lines.

It is the oracle of the native engine, what a student reads, and what runs where no compiler was found. It does
everything the native engine does; a batch goes through time in runs (`elman.engine.run`) of one segment each. With
`memory="low"` only the states at their beginnings are kept; with `truncate` segments have no gradient from one to the
one before; otherwise there is one segment.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from elman.checks import whole
from elman.engine import arrays, bfloat16
from elman.engine.generation import Drawing, feed_back
from elman.engine.indices import as_indices, whole_numbers
from elman.engine.plan import Gradients, Plan, Ref, TrainResult
from elman.engine.run import Run
from elman.engine.segments import (
    Segment,
    check_parameters_only,
    check_truncate,
    followed,
    joined,
    root,
    segments_of,
    truncated_segments,
)
from elman.engine.updates import train
from elman.errors import EngineError


class NumpyEngine:
    """Runs a plan with NumPy.

    Parameters
    ----------
    plan : Plan
        What to run.
    dtype : dtype, default float32
        Of all numbers.
    threads : int, optional
        Checked and not used: NumPy decides for itself.
    products : {"bfloat16"}, optional
        Round the operands of products to bfloat16, and sum in float32.
    """

    name = "numpy"

    def __init__(
        self,
        plan: Plan,
        dtype: np.typing.DTypeLike = np.float32,
        threads: int | None = None,
        products: str | None = None,
    ):
        if threads is not None:
            whole(threads, "threads")
        self.plan, self.dtype = plan, np.dtype(dtype)
        self._indices = whole_numbers(plan, self.dtype)
        self._factor: Callable[[np.ndarray], np.ndarray] = (
            bfloat16.rounded if bfloat16.check_products(products, self.dtype) else lambda x: x
        )
        self._last: Run | None = None  # for `read`

    def forward(self, parameters, x, *, lengths=None, states=None, key=0, memory="normal", version=0):
        """Outputs (B, T, O) or (B, O), and the final states; nothing is packed, so that any `version` will do."""
        segments = segments_of(self.plan, x, lengths, memory)
        x = self._input(x, lengths)
        outputs = []
        with arrays.room(x):
            for segment in segments:
                run = self._run(parameters, x, lengths, states, key, segment)
                run.forward(self.plan.stages)
                outputs.append(run.output())
                states = run.final_states()
            return joined(outputs), states

    def stepper(self, parameters, x, states: list[np.ndarray], output: np.ndarray) -> Callable[[], None]:
        """A function that computes one batch again and again on the same arrays; see the native engine."""

        def step() -> None:
            output[...], finals = self.forward(parameters, x, states=states)
            for state, final in zip(states, finals, strict=True):
                state[...] = final

        return step

    def generate(self, parameters, window, states, output, steps: int, drawing: Drawing | None = None, *, version=0):
        """Feed outputs back; see the native engine."""
        with arrays.room(window):
            return feed_back(functools.partial(self.forward, parameters), window, states, output, steps, drawing)

    def gradients(
        self,
        parameters,
        x,
        target,
        *,
        weights=None,
        lengths=None,
        states=None,
        key=0,
        want_input=False,
        want_states=False,
        state_gradients=None,
        memory="normal",
        truncate=None,
        version=0,
    ) -> Gradients:
        """The loss, and its gradients with respect to the parameters and, if wanted, input and initial states."""
        if steps := check_truncate(self.plan, truncate, memory):
            check_parameters_only(want_input, want_states, state_gradients)
            segments = truncated_segments(self.plan, x, lengths, steps)
        else:
            segments = segments_of(self.plan, x, lengths, memory)
        x, target = self._input(x, lengths), self._target(target, x, lengths)
        with arrays.room(x):
            if steps:
                return self._truncated(parameters, x, target, weights, lengths, states, key, segments)
            begin = functools.partial(self._run, parameters, x, lengths)
            found = self._whole(begin, target, weights, states, key, state_gradients, segments)
        found.input = found.input if want_input else None
        found.initial_states = found.initial_states if want_states else None
        return found

    def _whole(self, begin, target, weights, states, key, state_gradients, segments: list[Segment]) -> Gradients:
        starts = [states]
        for segment in segments[:-1]:
            run = begin(starts[-1], key, segment)
            run.forward(self.plan.stages[:-1])
            starts.append(run.final_states())
        found = None
        for segment, start in reversed(list(zip(segments, starts, strict=True))):
            here = begin(start, key, segment).gradients(target, weights, state_gradients)
            found, state_gradients = followed(here, found), here.initial_states
        assert found is not None
        return root(found) if self.plan.root else found

    def _truncated(self, parameters, x, target, weights, lengths, states, key, segments: list[Segment]) -> Gradients:
        found = Gradients(0.0, np.zeros(self.plan.parameters, self.dtype), np.empty(0, self.dtype), states or [])
        for segment in segments:
            run = self._run(parameters, x, lengths, found.states, key, segment)
            if segment.ends or self.plan.stages[-1].sequence:
                here = run.gradients(target, weights, None)
                found.loss, found.parameters = found.loss + here.loss, found.parameters + here.parameters
                found.output = run.with_steps(found.output, here.output)
            else:  # there is no loss before the last segment, and so no gradient
                run.forward(self.plan.stages[:-1])
            found.states = run.final_states()
        return root(found) if self.plan.root else found

    def train(self, *batches, **options) -> TrainResult:
        """One update for each batch of row numbers; see `elman.engine.updates.train`."""
        return train(self.gradients, *batches, **options)

    def read(self, which: str | Ref) -> np.ndarray:
        """A copy of a slot after the last call, (steps, B, width), rows in the user's order."""
        run = self._last
        if run is None or run.segment.steps < run.steps:
            raise EngineError("the last call kept one segment of its batch only: call with memory='normal' to read")
        ref = self.plan.names[which] if isinstance(which, str) else which
        return run.slots[ref.slot][:, np.argsort(run.order)].copy()

    def _run(self, parameters, x, lengths, states, key, segment: Segment) -> Run:
        run = Run(self.plan, self.dtype, self._indices, self._factor, parameters, x, lengths, states, key, segment)
        self._last = run
        return run

    def _input(self, x: Any, lengths: Any) -> np.ndarray:
        return self._values(x, self.plan.input.slot, lengths, "x")

    def _target(self, target: Any, x: np.ndarray, lengths: Any) -> np.ndarray:
        arrays.check_target(self.plan, target, *x.shape[:2])
        return self._values(target, self.plan.target, lengths, "target")

    def _values(self, array: Any, slot: int, lengths: Any, name: str) -> np.ndarray:
        below = self._indices.get(slot)
        return np.asarray(array, self.dtype) if below is None else as_indices(array, below, lengths, name)
