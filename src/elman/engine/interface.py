"""What an engine is: the data of a run, how it goes through time, and what every engine can do.

`Engine` is what the floors above know. There are the NumPy engine (`elman.engine.reference`) and the native one
(`elman.engine.native`); one suite of tests serves both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from elman.engine.generation import Drawing
from elman.engine.plan import OptimizerProgram, Plan
from elman.engine.slots import Ref

# Row numbers of each batch; or all of them in one array, and the (batches + 1,) borders of the batches in it.
Batches = Sequence[np.ndarray] | tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows that go through a network, or a data set of which `Engine.train` takes some at a time.

    Parameters
    ----------
    inputs : tuple of arrays (B, T, F), or (B, F) where there is no time
        One for each input of the plan. Any strides. Of the engine's dtype; indices are int64.
    targets : tuple of arrays (B, T, O') or, where the output has one step, (B, O'), optional
        For gradients, one for each output. Class indices are int64, O' = 1. Where the plan is seeded: dL/d output,
        O' = O.
    lengths : tuple of arrays (B,) or None
        Steps in use of each row, 0 or more, for each time axis; all T where it is None, or the tuple is empty.
    weights : tuple of arrays (B,) or, where the output has all steps, (B, T), or None
        Of each row, or each of its steps, in the loss, for each output; all 1 where it is None, or the tuple is empty.
    states : list of arrays (B, H), optional
        Initial states, of those of the plan that are not given by a layer; zeros by default.
    state_gradients : list of arrays (B, H), optional
        dL/d their final states, from what uses them; zeros by default.
    key : int, default 0
        Of dropout: seed and update, mixed.
    first : int, default 0
        The number of the first row for dropout, where the rows are a shard of a larger batch.
    totals : tuple of float, optional
        Of a shard: the sum of all weights in the larger batch, for each output. Loss and gradients are then what these
        rows add to those of that batch, before any root.
    """

    inputs: tuple[np.ndarray, ...]
    targets: tuple[np.ndarray, ...] = ()
    lengths: tuple[np.ndarray | None, ...] = ()
    weights: tuple[np.ndarray | None, ...] = ()
    states: Sequence[np.ndarray] | None = None
    state_gradients: Sequence[np.ndarray] | None = None
    key: int = 0
    first: int = 0
    totals: tuple[float, ...] = ()

    @classmethod
    def of(
        cls,
        x: np.ndarray,
        target: np.ndarray | None = None,
        lengths: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        **more: Any,
    ) -> Batch:
        """A batch of a network with one input and one output."""
        return cls((x,), () if target is None else (target,), (lengths,), (weights,), **more)

    def __len__(self) -> int:
        return len(self.inputs[0])

    def rows(self, rows: Any, *, states: Sequence[np.ndarray] | None = None, key: int = 0) -> Batch:
        """Some rows of a data set, with initial states of their own."""
        inputs, targets = (tuple(a[rows] for a in arrays) for arrays in (self.inputs, self.targets))
        lengths, weights = (
            tuple(None if a is None else a[rows] for a in arrays) for arrays in (self.lengths, self.weights)
        )
        return Batch(inputs, targets, lengths, weights, states, key=key)


@dataclass(frozen=True)
class How:
    """How a batch goes through time; see `elman.engine.segments`.

    Parameters
    ----------
    memory : {"normal", "low"}
        "low" keeps states only, every sqrt(T) steps, and computes the rest again from these: the same bits forward
        (where rows meet, up to the rounding of their moments, which are put together segment by segment).
    truncate : int, optional
        Go back through so many steps at most, for gradients of parameters only.
    """

    memory: str = "normal"
    truncate: int | None = None


AS_A_WHOLE = How()


class Span(NamedTuple):
    """Neighbouring parameters that an update changes, and the number of the group whose scalars it takes for them."""

    first: int
    size: int
    group: int = 0


@dataclass(frozen=True, eq=False)
class Updates:
    """What `Engine.train` shall do with a data set.

    Parameters
    ----------
    batches : list of integer arrays, or a pair of arrays
        The rows of each update; see `Batches`.
    optimizer : OptimizerProgram
        What an update does.
    state : list of arrays (P,)
        The optimiser's, updated in place.
    scalars : array (updates, optimizer.scalars); with `spans` (updates, groups, optimizer.scalars)
        The optimiser's numbers in each update.
    keys : array (updates,), optional
        Dropout's key of each update.
    clip_norm : float, default 0
        Largest norm of the whole gradient, which is scaled down to it; 0 for any.
    carried : list of arrays (B, H), optional
        States that each batch begins with and leaves to the next, updated in place; zeros each time by default.
    seconds : float
        No update begins after so much time, but the first.
    spans : sequence of Span, optional
        What is changed, in order; all parameters, as one group, by default. Parameters in no span stay as they are, and
        so does the optimiser's state of them; their gradients neither count in `clip_norm` nor need be finite.
    done : array (1,) of int64, optional
        Is set to the number of updates that are done, also where an exception (the handler of a signal's, for example)
        ends the call: then all is as it was before the update that was under way.
    norms : array (updates,) of float64, optional
        Is filled with the norm of each update's gradient, before it is clipped; as in `clip_norm`, of what is changed.
    """

    batches: Batches
    optimizer: OptimizerProgram
    state: Sequence[np.ndarray]
    scalars: np.ndarray
    keys: np.ndarray | None = None
    clip_norm: float = 0.0
    carried: Sequence[np.ndarray] | None = None
    seconds: float = np.inf
    spans: Sequence[Span] | None = None
    done: np.ndarray | None = None
    norms: np.ndarray | None = None

    def counter(self) -> np.ndarray:
        """Where to count the updates that are done: `done`, set to 0."""
        found = np.zeros(1, np.int64) if self.done is None else self.done
        found[0] = 0
        return found

    def norms_of(self, count: int) -> np.ndarray | None:
        """Where the norms of so many updates go."""
        return None if self.norms is None else self.norms[:count]


@dataclass
class Gradients:
    """What a backward run returns; arrays in the user's row order."""

    loss: float
    parameters: np.ndarray  # (P,)
    outputs: tuple[np.ndarray, ...]  # (B, T, O) or (B, O)
    states: list[np.ndarray]  # final states, (B, width) each
    inputs: tuple[np.ndarray, ...] = ()  # dL/d inputs, (B, T, F) or (B, F); 0 of indices
    initial_states: list[np.ndarray] | None = None

    @property
    def output(self) -> np.ndarray:
        """The only one."""
        (found,) = self.outputs
        return found

    @property
    def input(self) -> np.ndarray | None:
        """dL/d the only input, if it was wanted."""
        if not self.inputs:
            return None
        (found,) = self.inputs
        return found


@dataclass
class TrainResult:
    """Losses of the updates that were done; `finite` is False when the next one's loss or gradient was not."""

    losses: np.ndarray  # (updates,)
    done: int
    finite: bool


class Stepper(Protocol):
    """Computes one batch again and again on the same arrays; made by `Engine.stepper`."""

    def __call__(self) -> bool:
        """Read the inputs and states, write the outputs and, over them, the final states.

        Returns whether inputs and all results are finite; where they are not, and where it raises, the states stay as
        they are, and the outputs hold nothing of use.
        """
        ...

    def run(self, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> bool:
        """Many steps one after the other, of a batch that is one step: the same numbers as of so many calls.

        Inputs (B, T, F) and outputs (B, T, O) are contiguous, also of what has no time in the plan. The states change
        when all steps are done, and where that is not so, as above, not at all.
        """
        ...

    def quick(self, input: np.ndarray, output: np.ndarray) -> Callable[[Any], np.ndarray | None]:
        """A function of x that does one step and returns a copy of the output; None where it did none, or none so fast.

        `input` (B, F) and `output` (B, O) are the only ones. x need not be looked at: where it is not an array of
        this shape, of numbers that are finite, no step is done.
        """
        ...


class Pool(Protocol):
    """The states of many streams, of which some go a step at a time; made by `Engine.pool`."""

    def step(
        self, places: np.ndarray, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray], wrong: np.ndarray
    ) -> bool:
        """One step of some streams, each with the numbers that it has alone.

        Parameters
        ----------
        places : array (n,) of int64
            Which streams, each once.
        inputs : sequence of arrays (n, 1, F), or (n, F) of what has no time
        outputs : sequence of arrays (n, O)
            What they are written to.
        wrong : array (n,) of bool
            Where this returns False, whether anything of a stream is not finite.

        Returns
        -------
        bool
            Whether all that goes in and comes out is finite; where it is not, and where it raises, all states stay.
        """
        ...


class Engine(Protocol):
    """What runs a plan, and trains with it.

    Parameters are the flat array (P,) of the engine's dtype, contiguous. Their `version` is a number of these very
    values, another after each change (`Parameters.version`): an engine that keeps them in an order of its own makes
    that again where it differs from the last call's; 0 if none is known, and it does so in any case.
    """

    @property
    def name(self) -> str: ...

    @property
    def plan(self) -> Plan: ...

    @property
    def dtype(self) -> np.dtype: ...

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
        """The loss (0 of a seeded plan) and its gradients, if wanted of the inputs and the initial states too."""
        ...

    def check_indices(self, data: Batch) -> None:
        """`DataError` at the first index of a data set that is none, before anything is learnt from the others."""
        ...

    def train(self, parameters: np.ndarray, data: Batch, updates: Updates, how: How = AS_A_WHOLE) -> TrainResult:
        """Do many updates of the parameters, in place.

        It stops before an update whose loss or gradient is not finite; that loss is then the last one returned.
        """
        ...

    def update(self, parameters: np.ndarray, gradients: np.ndarray, updates: Updates) -> bool:
        """The first of some updates, from given gradients (P,), which it may change; False, and nothing is done, where
        they are not finite.
        """
        ...

    def forward(
        self, parameters: np.ndarray, batch: Batch, how: How = AS_A_WHOLE, *, version: int = 0
    ) -> tuple[tuple[np.ndarray, ...], list[np.ndarray]]:
        """Outputs (B, T, O), 0 past a row's end, or (B, O); and the final states (B, H)."""
        ...

    def stepper(
        self,
        parameters: np.ndarray,
        inputs: Sequence[np.ndarray],
        states: list[np.ndarray],
        outputs: Sequence[np.ndarray],
    ) -> Stepper:
        """What computes one batch again and again on the same arrays."""
        ...

    def pool(self, parameters: np.ndarray, states: list[np.ndarray]) -> Pool:
        """What takes some of many streams a step further, with the states (streams, H) of all of them."""
        ...

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
        """Feed outputs back as inputs, of a plan with one of each.

        Parameters
        ----------
        parameters : array (P,)
            The parameter arena.
        window : array (B, W, F)
            The last inputs that the network has seen. Each new one moves them up and takes the last place, and the
            network runs over all of them again. Changed in place.
        states : list of arrays (B, H), optional
            What those inputs led to, W = 1: each run begins with them and leaves its own. Changed in place. Without,
            each run begins with zeros.
        output : array (B, 1, O), or (B, O) after a layer that returns its last step
            What those inputs led to. Changed in place.
        steps : int
            How many inputs to make.
        drawing : Drawing, optional
            An input is the index of a class, drawn with the output as logits; without, it is the output.

        Returns
        -------
        array (B, steps, F)
        """
        ...

    def read(self, which: str | Ref) -> np.ndarray:
        """A copy of a slot as the last call left it: (steps, B, width) in the order of x, 0 past a row's length."""
        ...
