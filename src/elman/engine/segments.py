"""Segments: a batch taken through time in pieces, so that only one of them is in memory.

With ``memory="low"`` an engine first runs the segments forward and keeps the states at their beginnings. Then, from the
last to the first, it runs each again from there, and backward from the gradients that the segment behind it left.

With ``truncate=k`` segments of k steps follow one another, each begins with the states that the one before left, and no
gradient goes back into that. Steps are counted from each row's end, so that the last of its segments has k steps (all,
if it is shorter) and the first what is left over: a row's gradient does not depend on how long the others are.
Dropout's masks are those of the steps counted so: without ragged rows, the masks of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.checks import whole
from elman.engine.interface import Batch, Gradients, How
from elman.engine.plan import Attend, Move, Plan
from elman.errors import EngineError, OptionError

MEMORY = ("normal", "low")


@dataclass(frozen=True)
class Segment:
    """Some consecutive steps of a batch: those from `start` on; `ends` where they are its last ones.

    Steps are counted so that all rows of the batch begin together or, `at_end`, so that they end together.
    """

    start: int
    steps: int
    ends: bool
    at_end: bool = False

    def spans(self, lengths: np.ndarray, T: int) -> tuple[np.ndarray, np.ndarray]:
        """Of each row, of `T` steps at most: the first of its own steps that lies here, and how many do."""
        late = T - lengths if self.at_end else 0 * lengths
        first = np.maximum(0, self.start - late)
        return first, np.maximum(0, np.minimum(lengths, self.start + self.steps - late) - first)


def truncated_segments(T: int, steps: int) -> list[Segment]:
    """The segments of truncated gradients: of `steps` steps each, but for the first, which may have fewer."""
    borders = [0, *range(T % steps or steps, T, steps), T]
    pairs = zip(borders, borders[1:], strict=False)
    return [Segment(first, end - first, end == T, at_end=True) for first, end in pairs]


def segments_of(T: int, low: bool) -> list[Segment]:
    """The segments in which an engine goes through T steps: one, or with little memory about sqrt(T)."""
    size = math.isqrt(T - 1) + 1 if low else T
    return [Segment(t, min(size, T - t), t + size >= T) for t in range(0, T, size)]


def check_memory(plan: Plan, memory: str) -> bool:
    """Whether `memory` is "low"; `OptionError` if it is neither, or if the plan cannot go through time in segments."""
    if not isinstance(memory, str) or memory not in MEMORY:
        raise OptionError(f"memory must be 'normal' or 'low', got {memory!r}")
    if memory == "low" and (reason := _needs_whole(plan)):
        raise OptionError(f"memory='low' goes through time in segments, and {reason}: use memory='normal'")
    return memory == "low"


def check_how(plan: Plan, how: How) -> tuple[bool, int]:
    """Whether memory is low, and the steps of a truncated gradient's segments, 0 for the whole gradient.

    Raises
    ------
    OptionError
        If a plan cannot go through time so.
    """
    low = check_memory(plan, how.memory)
    return low, 0 if how.truncate is None else _check_truncate(plan, how.truncate, low)


def _check_truncate(plan: Plan, truncate: int, low: bool) -> int:
    truncate = whole(truncate, "truncate", most=np.inf)
    if low:
        raise OptionError(
            f"truncate={truncate} keeps only as many steps in memory at a time as it goes back, so memory='low' has "
            "nothing to do: leave it at 'normal'"
        )
    if reason := _needs_whole(plan):
        raise OptionError(f"truncate goes through time in segments, and {reason}: leave truncate out")
    return min(truncate, 2**31 - 1)


def check_wanted(plan: Plan, batch: Batch, truncated: bool, want_input: bool, want_states: bool) -> None:
    """`EngineError` where a plan does not have what is asked of its gradients."""
    if truncated and (want_input or want_states or batch.state_gradients is not None):
        raise EngineError(
            "truncated gradients are those of the loss with respect to parameters: ask for no other, and give no "
            "state_gradients, or leave truncate out"
        )
    if batch.state_gradients is not None and plan.root:
        raise EngineError("state_gradients cannot join the square root of a loss: use the loss without its root")
    if want_input and not plan.input_grads:
        raise EngineError("this plan has no gradient of the input: schedule it with one")
    if want_states and any(state.grads < 0 for stage in plan.stages for state in stage.states):
        raise EngineError("this plan has no gradients of the states: schedule it with them")


def _needs_whole(plan: Plan) -> str:
    """Why a plan cannot go through time in segments; nothing where it can."""
    kinds = {step.kind for stage in plan.stages for step in stage.before if isinstance(step, Move)}
    if "reverse" in kinds:
        return "a layer with reverse=True needs the whole sequence first (or give the network the sequences reversed)"
    if kinds:
        return f"a layer that takes values to other steps ({', '.join(sorted(kinds))}) needs the whole sequence first"
    if any(isinstance(step, Attend) for stage in plan.stages for step in (*stage.before, *stage.loop)):
        return "a layer that attends needs the whole sequence first"
    if plan.axes > 1:
        return "this network has several time axes"
    if any(state.initial >= 0 for stage in plan.stages for state in stage.states):
        return "states of this network begin with what a layer computes"
    return ""


def joined(segments: Sequence[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """Of several arrays: steps of all segments (B, T, n), or what the last one has (B, n)."""
    return tuple(np.concatenate(a, axis=1) if a[0].ndim == 3 else a[-1] for a in zip(*segments, strict=True))


def followed(first: Gradients, rest: Gradients | None) -> Gradients:
    """What a segment and those behind it found, together."""
    if rest is None:
        return first
    return Gradients(
        first.loss + rest.loss,
        first.parameters + rest.parameters,
        joined([first.outputs, rest.outputs]),
        rest.states,
        joined([first.inputs, rest.inputs]),
        first.initial_states,
    )


def root(found: Gradients) -> Gradients:
    """The square root of a loss, and its gradients."""
    loss = float(np.sqrt(found.loss))
    scale = found.parameters.dtype.type(0.5 / loss if loss > 0 else 0.0)
    inputs = tuple(x * scale for x in found.inputs)
    states = None if found.initial_states is None else [g * scale for g in found.initial_states]
    return Gradients(loss, found.parameters * scale, found.outputs, found.states, inputs, states)
