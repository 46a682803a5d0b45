"""The plan: what an engine runs, as plain data.

A plan says everything about one network (and, for training, one loss) except the sizes ``B`` and ``T`` and the
numbers. The scheduler (`elman.engine.schedule`) writes it; the NumPy engine (`elman.engine.reference`) and the
native engine run it.

Values live in **slots**, arrays of shape ``(steps, B, width)``. An instruction names a place in a slot by a `Ref`:
at step ``t`` it means row ``(t + offset) % steps`` of the slot's first axis.

A network is a list of **stages**, each after those that it reads: one for each layer, then one for each loss. A
stage belongs to a time **axis**, as its slots do; each axis has its own number of steps and its own lengths, and
`ONCE` is that of stages with a single step, in use for every row. A stage runs in four parts::

    before   for every t, in any order: what does not depend on the states   (hoisted input products)
    loop     for t = 0 .. T-1: the recurrence
    reverse  for t = T-1 .. 0: the backward recurrence
    after    for every t, in any order: what the backward recurrence does not wait for   (gradient of the input)

Rows do not meet in these, whatever their number: an engine may take some through all stages before it begins with the
next. The exception is a stage that has a `Meeting`: before it runs, all rows have come so far.

Then every `MatrixGradient`, `VectorGradient` and `TableGradient` is one sum over all (time x batch) rows. What programs
of `reverse` add up as they go, by ``accumulate``, are gradients of vectors too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from elman.engine.slots import ONCE, Ref, Slot
from elman.engine.sums import MatrixGradient, TableGradient, VectorGradient


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
class Move:
    """Values taken to other steps, or another axis, for each row of length L: only in `before` and `after`.

    With `add` the target's values are added to, else every step of the row is written, with 0 where nothing goes to.

    - ``reverse``: ``target[t] = source[L - 1 - t]``;
    - ``shift``: ``target[t] = source[t - number]``, both within the row;
    - ``take``: ``target[0] = source[number]``, counted from the row's end where it is negative; the target is `ONCE`;
    - ``put``: ``target[number] = source[0]``, counted so too; the source is `ONCE`;
    - ``repeat``: ``target[t] = source[0]`` at every step; the source is `ONCE`;
    - ``share``: the same, of ``source[0] / L``;
    - ``sum``: ``target[0]`` is the sum of ``source[t]`` over all steps; the target is `ONCE`;
    - ``mean``: that sum over L;
    - ``max``: the largest of each feature;
    - ``max_back``: ``target[t] = source[0]`` at the first step t where `of` is largest, feature by feature.
    """

    kind: Literal["reverse", "shift", "take", "put", "repeat", "share", "sum", "mean", "max", "max_back"]
    source: Ref
    target: Ref
    number: int = 0
    add: bool = False
    of: Ref = Ref(-1)


@dataclass(frozen=True)
class Attend:
    """``target = sum over s of a[s] values[s]``, where ``a = softmax over s of score(query, keys[s])``.

    The steps s are those of the axis of `keys` and `values`, up to the row's own length there. The score is
    ``scale * keys[s] . query``, or, where `vector` is an offset of the arena and not -1,
    ``v . tanh(query + keys[s])`` with the vector v there.
    """

    query: Ref
    keys: Ref
    values: Ref
    target: Ref
    scale: float = 1.0
    vector: int = -1


@dataclass(frozen=True)
class AttendBack:
    """The way back through `attend`, from dL/d target.

    dL/d query is written, and dL/d keys and dL/d values are added to (all of one row's steps, in each step of the
    stage); slots -1 are not wanted. dL/d v is added to the gradient arena at `attend.vector`, step by step.
    """

    attend: Attend
    gradient: Ref
    query_grad: Ref
    keys_grad: Ref
    values_grad: Ref


@dataclass(frozen=True)
class Operand:
    """What an elementwise instruction reads or writes; one of

    - ``slot``: `ref` in a slot;
    - ``temp``: number `index` of the tile's scratch registers;
    - ``const``: the number `value`, one value for every row (width 0);
    - ``vector``: `width` values at `index` of the parameter arena, the same for every row;
    - ``moment``: `width` values at `index` of what rows found out where they met (see `Meeting`);
    - ``sum``: `width` values at `index` of the gradient arena, which only ``accumulate`` in `reverse` adds to;
    - ``array`` (optimisers only): number `index` of the flat arrays (0 parameters, 1 gradients, 2 ... state);
    - ``scalar`` (optimisers only): number `index` of the update's scalars (width 0).
    """

    kind: Literal["slot", "temp", "const", "vector", "moment", "sum", "array", "scalar"]
    width: int
    ref: Ref = Ref(-1)
    index: int = -1
    value: float = 0.0


@dataclass(frozen=True)
class Instruction:
    """``out = op(*inputs)``; `first` and `second` are the op's numbers (slope, bounds, rate).

    `name` is what the equations call the result, for people; nothing depends on it.
    """

    op: str
    out: Operand
    inputs: tuple[Operand, ...]
    first: float = 0.0
    second: float = 0.0
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class Elementwise:
    """A straight-line program over rows; rows never meet."""

    code: tuple[Instruction, ...]


Step = Product | Lookup | Move | Attend | AttendBack | Elementwise


@dataclass(frozen=True)
class State:
    """A state of a stage: slots of its values and (in training) of its gradient, row t before step t.

    The runner fills row 0 of `values` from the slot `initial`, of one step, or, where that is -1, from what the
    caller gave; and the slot `final`, of one step too, unless it is -1, with each row's final value. Backward it fills
    for each batch row of length L row L of `grads` with dL/d(final state): what the caller gave, of states whose
    initial value is the caller's too, or zero; plus the slot `final_grad`. At the end it writes row 0 of `grads` to the
    slot `initial_grad`, or with `adds` adds it.

    One that is `inner` is an output beside the states, of which the last step is wanted: it is kept as a state is, from
    segment to segment, but no caller gives it or gets it.
    """

    name: str
    width: int
    values: int
    grads: int = -1
    initial: int = -1
    initial_grad: int = -1
    adds: bool = False
    final: int = -1
    final_grad: int = -1
    inner: bool = False


@dataclass(frozen=True)
class Meeting:
    """What is found out of all rows of a batch, and all of their steps in use, before a stage runs.

    Each row and step counts alike, whatever its weight in the loss. The moments are kept in double, each one a vector
    of the width of `source`, one behind the other from `place` on (see `MOMENTS`):

    - before `before` runs: the mean and the variance of `source`, and ``1 / sqrt(variance + epsilon)``;
    - before `reverse` runs, unless the slot of `gradient` is -1: the mean of `gradient`, and that of its product with
      `normalised`.

    Where `mean` and `variance` are places of the parameter arena and not -1, the runner keeps running moments there:
    each update makes them ``momentum * old + (1 - momentum) * moment of the batch``, and nothing else changes them.
    """

    source: Ref
    normalised: Ref
    place: int
    epsilon: float
    gradient: Ref = Ref(-1)
    mean: int = -1
    variance: int = -1
    momentum: float = 0.0


MOMENTS = ("mean", "variance", "inverse deviation", "mean of the gradient", "mean of its product")  # of a meeting


@dataclass(frozen=True)
class Stage:
    """One layer, or one loss; `clears` are slots that are set to 0 before its way back, for all steps."""

    name: str
    axis: int
    before: tuple[Step, ...] = ()
    loop: tuple[Step, ...] = ()
    reverse: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    states: tuple[State, ...] = ()
    clears: tuple[int, ...] = ()
    meets: Meeting | None = None

    @property
    def sequence(self) -> bool:
        """Whether it has more than one step."""
        return self.axis != ONCE


@dataclass(frozen=True)
class Goal:
    """Where a backward run begins, of one output: at the loss of a target, or, without a loss, with dL/d output.

    All but `share` are slots. `weight` is that of each row and step in the loss, which the runner fills: sample weight
    / sum of the weights of all steps in use, times `share`. `value` is the loss of each row and step; the loss
    of all is ``sum(weight * value)``. `seed` is dL/d output of a plan without losses.
    """

    target: int = -1
    weight: int = -1
    value: int = -1
    seed: int = -1
    share: float = 1.0

    @property
    def slot(self) -> int:
        """What the caller gives: the target, or dL/d output."""
        return self.target if self.target >= 0 else self.seed


@dataclass(frozen=True)
class View:
    """Where a function of parameters reads: row r, column c at ``offset + r * along_rows + c * along_columns``."""

    offset: int
    along_rows: int
    along_columns: int


@dataclass(frozen=True)
class Function:
    """A matrix that is made of parameters before each run; it lies behind them, at `place` of the arena.

    `plan` makes it, of a batch of its rows and one step; its inputs are views of the parameters. In training it is
    seeded, and gives dL/d inputs, which are added to the gradients of those.
    """

    name: str
    plan: Plan
    rows: int
    columns: int
    reads: tuple[View, ...]
    place: int


@dataclass(frozen=True)
class Plan:
    """Everything an engine needs, but B, T and the numbers.

    `inputs` and `outputs` are places of the network's inputs and outputs, `goals` one for each output in a plan of
    gradients; the last stages are those of their losses, if they have any. With `root` the loss is the square root of
    that sum (the runner then scales all gradients by 1 / (2 loss)). `input_grads` are the slots of dL/d inputs, or -1;
    `axes` is the number of time axes. What `functions` make lies behind the parameters.
    """

    slots: tuple[Slot, ...]
    stages: tuple[Stage, ...]
    matrices: tuple[Matrix, ...]
    gradients: tuple[MatrixGradient | VectorGradient | TableGradient, ...]
    parameters: int
    inputs: tuple[Ref, ...]
    outputs: tuple[Ref, ...]
    goals: tuple[Goal, ...] = ()
    input_grads: tuple[int, ...] = ()
    root: bool = False
    axes: int = 1
    names: dict[str, Ref] = field(default_factory=dict)
    functions: tuple[Function, ...] = ()

    @property
    def arena(self) -> int:
        """How many values there are of parameters and of what is made of them."""
        return self.parameters + sum(function.rows * function.columns for function in self.functions)

    @property
    def losses(self) -> int:
        """How many stages, the last ones, are losses."""
        return sum(goal.target >= 0 for goal in self.goals)

    @property
    def layers(self) -> tuple[Stage, ...]:
        """All stages but those of losses."""
        return self.stages[: len(self.stages) - self.losses]

    @property
    def free_states(self) -> tuple[State, ...]:
        """Those that no stage begins, in the order of stages: what goes into a run of a segment and comes out."""
        return tuple(state for stage in self.stages for state in stage.states if state.initial < 0)

    @property
    def given_states(self) -> tuple[State, ...]:
        """Those whose initial values are the caller's, in the order of stages."""
        return tuple(state for state in self.free_states if not state.inner)

    @property
    def meetings(self) -> tuple[Meeting, ...]:
        """Of all stages, in their order."""
        return tuple(stage.meets for stage in self.stages if stage.meets is not None)

    @property
    def moments(self) -> int:
        """How many numbers all meetings find out."""
        return sum(len(MOMENTS) * self.slots[meeting.source.slot].width for meeting in self.meetings)

    def axis(self, place: Ref) -> int:
        """The time axis of a place."""
        return self.slots[place.slot].axis


@dataclass(frozen=True)
class OptimizerProgram:
    """An optimiser's equations for one flat array of parameters.

    `code` reads and writes ``array`` operands (0 parameters, 1 gradients, 2 ... the optimiser's state) and reads
    ``scalar`` operands, one row of numbers for each update (learning rate, bias corrections ...).
    """

    code: tuple[Instruction, ...]
    states: int
    scalars: int
