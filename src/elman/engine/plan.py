"""The plan: what an engine runs, as plain data.

A plan says everything about one network (and, for training, one loss) except the sizes ``B`` and ``T`` and the
numbers. The scheduler (`elman.engine.schedule`) writes it; the NumPy engine (`elman.engine.reference`) and the
native engine run it.

Values live in **slots**, arrays of shape ``(steps, B, width)``. An instruction names a place in a slot by a `Ref`:
at step ``t`` it means row ``(t + offset) % steps`` of the slot's first axis.

A network is a chain of **stages**, one for each layer and a last one for the loss. A stage runs in four parts::

    before   for every t, in any order: what does not depend on the states   (hoisted input products)
    loop     for t = 0 .. T-1: the recurrence
    reverse  for t = T-1 .. 0: the backward recurrence
    after    for every t, in any order: what the backward recurrence does not wait for   (gradient of the input)

Then every `MatrixGradient`, `VectorGradient` and `TableGradient` is one sum over all (time x batch) rows. What programs
of `reverse` add up as they go, by ``accumulate``, are gradients of vectors too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

# steps:  T rows, one for each time step of the stage (1 after a layer that returns its last step only)
# states: T + 1 rows; row t is the value before step t, row T the final one
# pair:   2 rows used in turn, a `states` slot that forgets
# single: 1 row, scratch within one step
Time = Literal["steps", "states", "pair", "single"]


@dataclass(frozen=True)
class Slot:
    """An array of shape (steps, B, width)."""

    width: int
    time: Time
    stage: int
    name: str = ""


@dataclass(frozen=True)
class Ref:
    """Row ``(t + offset) % steps`` of a slot, at step t."""

    slot: int
    offset: int = 0


@dataclass(frozen=True)
class Matrix:
    """Parameters that multiply the same operand, fused: rows of all segments below one another.

    A segment is ``(offset, rows, columns)`` of a row-major matrix in the parameter arena. The product is
    ``C_i = A @ W_i.T`` for every segment, or ``C = A @ W`` (one segment only) when `transposed`.
    """

    segments: tuple[tuple[int, int, int], ...]
    transposed: bool = False


@dataclass(frozen=True)
class Product:
    """``targets[i] = source @ W_i.T + bias_i``, or ``+=`` when `add`; `bias` holds arena offsets or None."""

    matrix: int
    source: Ref
    targets: tuple[Ref, ...]
    add: bool = False
    bias: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Lookup:
    """``target = table[index]``: for each index a row of the ``(rows, width)`` table at `offset` of the arena."""

    offset: int
    rows: int
    index: Ref
    target: Ref


@dataclass(frozen=True)
class Reverse:
    """``target[t] = source[L - 1 - t]`` for each row of length L: only in `before` and `after`."""

    source: Ref
    target: Ref


@dataclass(frozen=True)
class Operand:
    """What an elementwise instruction reads or writes; one of

    - ``slot``: `ref` in a slot;
    - ``temp``: number `index` of the tile's scratch registers;
    - ``const``: the number `value`, one value for every row (width 0);
    - ``vector``: `width` values at `index` of the parameter arena, the same for every row;
    - ``sum``: `width` values at `index` of the gradient arena, which only ``accumulate`` in `reverse` adds to;
    - ``array`` (optimisers only): number `index` of the flat arrays (0 parameters, 1 gradients, 2 ... state);
    - ``scalar`` (optimisers only): number `index` of the update's scalars (width 0).
    """

    kind: Literal["slot", "temp", "const", "vector", "sum", "array", "scalar"]
    width: int
    ref: Ref = Ref(-1)
    index: int = -1
    value: float = 0.0


@dataclass(frozen=True)
class Instruction:
    """``out = op(*inputs)``; `first` and `second` are the op's numbers (slope, bounds, rate)."""

    op: str
    out: Operand
    inputs: tuple[Operand, ...]
    first: float = 0.0
    second: float = 0.0


@dataclass(frozen=True)
class Elementwise:
    """A straight-line program over rows; rows never meet."""

    code: tuple[Instruction, ...]


Step = Product | Lookup | Reverse | Elementwise


@dataclass(frozen=True)
class State:
    """A state of a stage: slots of its values and (in training) of its gradient, row t before step t.

    The runner fills row 0 of `values` from the initial state, and for each batch row of length L row L of `grads`
    from dL/d(final state), which is zero or given, plus `Stage.last_grad` for the first state.
    """

    name: str
    width: int
    values: int
    grads: int = -1


@dataclass(frozen=True)
class Stage:
    """One layer. `sequence` is False after a layer that returns its last step only: the stage then has one step.

    `last` is the single-row slot that the runner fills with each row's final value of the first state when the
    layer returns its last step only, and `last_grad` the one that holds its gradient; -1 when it returns all.
    """

    name: str
    sequence: bool
    before: tuple[Step, ...] = ()
    loop: tuple[Step, ...] = ()
    reverse: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    states: tuple[State, ...] = ()
    last: int = -1
    last_grad: int = -1


@dataclass(frozen=True)
class MatrixGradient:
    """``dW (rows, columns) += sum over t and b of delta[t, b]' source[t, b]``, at `offset` of the gradient arena."""

    offset: int
    rows: int
    columns: int
    delta: Ref
    source: Ref
    stage: int


@dataclass(frozen=True)
class VectorGradient:
    """``db (width) += sum over t and b of delta[t, b]``, at `offset` of the gradient arena."""

    offset: int
    width: int
    delta: Ref
    stage: int


@dataclass(frozen=True)
class TableGradient:
    """``dtable[index[t, b]] += delta[t, b]`` for every t and b, at `offset` of the gradient arena."""

    offset: int
    rows: int
    width: int
    index: Ref
    delta: Ref
    stage: int


@dataclass(frozen=True)
class Plan:
    """Everything an engine needs, but B, T and the numbers.

    `input`, `output`, `target`, `weight`, `value` are slots: the network's input ``(T, B, F)``; its output; and for
    training the target, the weight of each row and step in the loss (the seed of the backward pass; the runner fills
    it: sample weight / sum of the weights of all steps in use) and the loss of each row and step. The loss is
    ``sum(weight * value)``, and its square root when `root` (the runner then scales all gradients by 1 / (2 loss)).
    `seed` is the slot of dL/d output in a plan that goes backward from any such gradient, without a loss.
    `input_grad` is the slot of dL/dx, or -1.
    """

    slots: tuple[Slot, ...]
    stages: tuple[Stage, ...]
    matrices: tuple[Matrix, ...]
    gradients: tuple[MatrixGradient | VectorGradient | TableGradient, ...]
    parameters: int
    input: Ref
    output: Ref
    target: int = -1
    weight: int = -1
    value: int = -1
    seed: int = -1
    input_grad: int = -1
    root: bool = False
    names: dict[str, Ref] = field(default_factory=dict)

    @property
    def layers(self) -> tuple[Stage, ...]:
        """All stages but that of the loss."""
        return self.stages[:-1] if self.target >= 0 else self.stages

    @property
    def goal(self) -> int:
        """The slot of what a backward run begins with: the target or dL/d output; -1 of a plan without gradients."""
        return self.target if self.target >= 0 else self.seed

    @property
    def sequence(self) -> bool:
        """Whether there is an output of each step."""
        slot = self.slots[self.output.slot]
        return slot.time != "single" and self.stages[slot.stage].sequence


@dataclass(frozen=True)
class OptimizerProgram:
    """An optimiser's equations for one flat array of parameters.

    `code` reads and writes ``array`` operands (0 parameters, 1 gradients, 2 ... the optimiser's state) and reads
    ``scalar`` operands, one row of numbers for each update (learning rate, bias corrections ...).
    """

    code: tuple[Instruction, ...]
    states: int
    scalars: int
