"""Segments: a batch taken through time in pieces, so that only one of them is in memory.

With ``memory="low"`` an engine first runs the segments forward and keeps the states at their beginnings. Then, from the
last to the first, it runs each again from there, and backward from the gradients that the segment behind it left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from elman.engine import arrays
from elman.engine.plan import Gradients, Plan, Reverse
from elman.errors import OptionError

MEMORY = ("normal", "low")


@dataclass(frozen=True)
class Segment:
    """Some consecutive steps of a batch: those from `start` on; `ends` where they are its last ones."""

    start: int
    steps: int
    ends: bool

    @property
    def slice(self) -> slice:
        return slice(self.start, self.start + self.steps)


def segments_of(plan: Plan, x: np.ndarray, lengths: np.ndarray | None, memory: str) -> list[Segment]:
    """The segments in which an engine goes through x (B, T, F): one, or with little memory about sqrt(T)."""
    arrays.check_input(plan, x, lengths)
    T = x.shape[1]
    size = math.isqrt(T - 1) + 1 if check_memory(plan, memory) else T
    return [Segment(t, min(size, T - t), t + size >= T) for t in range(0, T, size)]


def check_memory(plan: Plan, memory: str) -> bool:
    """Whether `memory` is "low"; `OptionError` if it is neither, or if the plan cannot go through time in segments."""
    if memory not in MEMORY:
        raise OptionError(f"memory must be 'normal' or 'low', got {memory!r}")
    steps = (step for stage in plan.stages for step in stage.before)
    if memory == "low" and any(isinstance(step, Reverse) for step in steps):
        raise OptionError(
            "memory='low' goes through time in segments, and a layer with reverse=True needs the whole sequence first: "
            "use memory='normal', or give the network the sequences reversed"
        )
    return memory == "low"


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """Steps of all segments (B, T, n), or what the last one has (B, n)."""
    return np.concatenate(parts, axis=1) if parts[0].ndim == 3 else parts[-1]


def followed(first: Gradients, rest: Gradients | None) -> Gradients:
    """What a segment and those behind it found, together."""
    if rest is None:
        return first
    return Gradients(
        first.loss + rest.loss,
        first.parameters + rest.parameters,
        joined([first.output, rest.output]),
        rest.states,
        None if first.input is None or rest.input is None else joined([first.input, rest.input]),
        first.initial_states,
    )


def root(found: Gradients) -> Gradients:
    """The square root of a loss, and its gradients."""
    loss = float(np.sqrt(found.loss))
    scale = found.parameters.dtype.type(0.5 / loss if loss > 0 else 0.0)
    x = None if found.input is None else found.input * scale
    states = None if found.initial_states is None else [g * scale for g in found.initial_states]
    return Gradients(loss, found.parameters * scale, found.output, found.states, x, states)
