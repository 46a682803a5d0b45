"""The NumPy engine: runs a plan in readable lines.

It is the oracle of the native engine, what a student reads, and what runs where no compiler was found. It does
everything the native engine does; a batch goes through time in runs (`elman.engine.run`) of one segment each. With
`memory="low"` only the states at their beginnings are kept; with `truncate` segments have no gradient from one to the
one before; otherwise there is one segment.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from elman.checks import whole
from elman.engine import arrays, bfloat16
from elman.engine.functions import Functions
from elman.engine.generation import Drawing, feed_back
from elman.engine.interface import AS_A_WHOLE, Batch, Gradients, How, Pool, Stepper, TrainResult, Updates
from elman.engine.meetings import Moments
from elman.engine.plan import Plan
from elman.engine.run import Run
from elman.engine.segments import Segment, check_how, check_wanted, followed, joined, root, segments_of
from elman.engine.segments import truncated_segments as truncated
from elman.engine.slots import ONCE, Ref
from elman.engine.stepping import NumpyPool, NumpyStepper
from elman.engine.updates import train, update
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
        self._intake = arrays.Intake(plan, self.dtype)
        self._factor: Callable[[np.ndarray], np.ndarray] = (
            bfloat16.rounded if bfloat16.check_products(products, self.dtype) else lambda x: x
        )
        self._functions = Functions(plan, lambda function: NumpyEngine(function, self.dtype))
        self._last: Run | None = None  # for `read`

    def forward(
        self, parameters: np.ndarray, batch: Batch, how: How = AS_A_WHOLE, *, version: int = 0
    ) -> tuple[tuple[np.ndarray, ...], list[np.ndarray]]:
        """Outputs and final states; see `elman.engine.interface.Engine`, also for what follows."""
        batch, parameters = self._intake.batch(batch), self._intake.parameters(parameters)
        parameters = self._functions.made(parameters, batch.key)
        low, _ = check_how(self.plan, how)
        outputs, states, segments = [], batch.states, segments_of(self._steps(batch), low)
        with arrays.room(batch.inputs):
            moments = Moments(self.plan)
            begin = functools.partial(self._run, parameters, batch, moments)
            self._rehearse(begin, moments, states, segments)
            for segment in segments:
                run = begin(states, segment)
                run.forward(self.plan.layers)
                outputs.append(run.outputs())
                states = run.final_states()
            return joined(outputs), self._intake.given(states or [])

    def stepper(
        self,
        parameters: np.ndarray,
        inputs: Sequence[np.ndarray],
        states: list[np.ndarray],
        outputs: Sequence[np.ndarray],
    ) -> Stepper:
        """What computes one batch again and again on the same arrays."""
        return NumpyStepper(functools.partial(self.forward, parameters), inputs, states, outputs)

    def pool(self, parameters: np.ndarray, states: list[np.ndarray]) -> Pool:
        """What takes some of many streams a step further."""
        return NumpyPool(functools.partial(self.forward, parameters), states)

    def generate(
        self,
        parameters: np.ndarray,
        window: np.ndarray,
        states: list[np.ndarray] | None,
        output: np.ndarray,
        steps: int,
        drawing: Drawing | None = None,
        *,
        version: int = 0,
    ) -> np.ndarray:
        """Feed outputs back as inputs."""

        def forward(x: np.ndarray, states: list[np.ndarray] | None) -> tuple[np.ndarray, list[np.ndarray]]:
            (y,), finals = self.forward(parameters, Batch.of(x, states=states))
            return y, finals

        with arrays.room((window,)):
            return feed_back(forward, window, states, output, steps, drawing)

    def gradients(
        self,
        parameters: np.ndarray,
        batch: Batch,
        how: How = AS_A_WHOLE,
        *,
        want_input: bool = False,
        want_states: bool = False,
        version: int = 0,
    ) -> Gradients:
        """The loss and its gradients."""
        found, _ = self._gradients(parameters, batch, how, want_input, want_states)
        return found

    def _gradients(
        self, parameters: np.ndarray, batch: Batch, how: How, want_input: bool = False, want_states: bool = False
    ) -> tuple[Gradients, Moments]:
        batch, parameters = self._intake.batch(batch, goal=True), self._intake.parameters(parameters)
        parameters = self._functions.made(parameters, batch.key)
        low, steps = check_how(self.plan, how)
        check_wanted(self.plan, batch, steps > 0, want_input, want_states)
        with arrays.room(batch.inputs):
            moments = Moments(self.plan)
            begin = functools.partial(self._run, parameters, batch, moments)
            if steps:
                found = self._truncated(begin, moments, batch, truncated(self._steps(batch), steps))
            else:
                found = self._whole(begin, moments, batch, segments_of(self._steps(batch), low))
        found.parameters = self._functions.back(parameters, found.parameters, batch.key)
        found.inputs = found.inputs if want_input else ()
        found.initial_states = self._intake.given(found.initial_states or []) if want_states else None
        found.states = self._intake.given(found.states or [])
        return found, moments

    def _steps(self, batch: Batch) -> int:
        """Of the longest time axis: of the only one, where a batch goes through time in segments."""
        return max(self._intake.steps(batch.inputs))

    def _rehearse(self, begin: Callable[..., Run], moments: Moments, states, segments: list[Segment]) -> None:
        """Find out what the rows do where they meet: in all segments together."""
        for number, stage in enumerate(self.plan.stages):
            if stage.meets is None or len(segments) == 1:  # a run of all steps finds out by itself
                continue
            here = states
            for segment in segments:
                run = begin(here, segment)
                run.rehearse(number, back=False)
                here = run.final_states()
            moments.close(stage.meets, False)

    def _rehearse_back(
        self, begin: Callable[..., Run], moments: Moments, state_gradients, pairs: list, *, linked: bool
    ) -> None:
        """The same on the way back; `pairs` are segments and what they begin with, `linked` by gradients of states."""
        for number, stage in reversed(list(enumerate(self.plan.stages))):
            if stage.meets is None or stage.meets.gradient.slot < 0 or len(pairs) == 1:
                continue
            here = state_gradients
            for segment, start in reversed(pairs):
                run = begin(start, segment)
                run.rehearse(number, here, back=True)
                here = run.initial_gradients() if linked else None
            moments.close(stage.meets, True)

    def _starts(self, begin: Callable[..., Run], states, segments: list[Segment]) -> list:
        """The segments, each with the states that it begins with."""
        pairs = []
        for segment in segments:
            pairs.append((segment, states))
            if not segment.ends:
                run = begin(states, segment)
                run.forward(self.plan.layers)
                states = run.final_states()
        return pairs

    def _whole(self, begin: Callable[..., Run], moments: Moments, batch: Batch, segments: list[Segment]) -> Gradients:
        self._rehearse(begin, moments, batch.states, segments)
        pairs = self._starts(begin, batch.states, segments)
        self._rehearse_back(begin, moments, batch.state_gradients, pairs, linked=True)
        found, state_gradients = None, batch.state_gradients
        for segment, start in reversed(pairs):
            here = begin(start, segment).gradients(state_gradients)
            found, state_gradients = followed(here, found), here.initial_states
        assert found is not None
        return root(found) if self.plan.root and not batch.totals else found

    def _truncated(
        self, begin: Callable[..., Run], moments: Moments, batch: Batch, segments: list[Segment]
    ) -> Gradients:
        if self.plan.meetings:
            self._rehearse(begin, moments, batch.states, segments)
            self._rehearse_back(begin, moments, None, self._starts(begin, batch.states, segments), linked=False)
        found = Gradients(0.0, np.zeros(self.plan.arena, self.dtype), (), batch.states)  # type: ignore[arg-type]
        for segment in segments:
            run = begin(found.states, segment)
            if segment.ends or self._has_sequences or self.plan.meetings:  # where rows meet, so do segments
                here = run.gradients(None)
                found.loss, found.parameters = found.loss + here.loss, found.parameters + here.parameters
                found.outputs = run.with_steps(found.outputs)
            else:  # there is no loss before the last segment, and so no gradient
                run.forward(self.plan.layers)
            found.states = run.final_states()
        return root(found) if self.plan.root and not batch.totals else found

    @property
    def _has_sequences(self) -> bool:
        return any(self.plan.axis(place) != ONCE for place in self.plan.outputs)

    def update(self, parameters: np.ndarray, gradients: np.ndarray, updates: Updates) -> bool:
        """One update from given gradients."""
        return update(self._intake.parameters(parameters, changed=True), gradients, updates)

    def check_indices(self, data: Batch) -> None:
        self._intake.check_indices(data)

    def train(self, parameters: np.ndarray, data: Batch, updates: Updates, how: How = AS_A_WHOLE) -> TrainResult:
        """One update for each batch of row numbers."""
        return train(
            self._gradients,
            self._intake.parameters(parameters, changed=True),
            self._intake.batch(data, goal=True),
            updates,
            how,
        )

    def read(self, which: str | Ref) -> np.ndarray:
        """A copy of a slot after the last call, (steps, B, width), rows in the user's order."""
        run = self._last
        if run is None or run.segment.steps < max(run.steps):
            raise EngineError("the last call kept one segment of its batch only: call with memory='normal' to read")
        ref = self.plan.names[which] if isinstance(which, str) else which
        order = run.axes[self.plan.axis(ref)].order
        return run.slots[ref.slot][:, np.argsort(order)].copy()

    def _run(self, parameters: np.ndarray, batch: Batch, moments: Moments, states, segment: Segment) -> Run:
        run = Run(self._intake, self._factor, parameters, batch, states, segment, moments)
        self._last = run
        return run
