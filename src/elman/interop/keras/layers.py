"""Layers of Keras that are made of equations: registered as ``elman>...``, so that ``.keras`` files hold data only.

Import this module before ``keras.saving.load_model`` reads such a file: ``import elman.interop.keras.layers``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from elman.equations.ops import OPS
from elman.interop.keras.ops import DROPOUTS, TABLE, beside

registered = keras.saving.register_keras_serializable(package="elman")
LEAVES = ("input", "state", "memory", "parameter", "constant", "const")


class Equations:
    """The graph of one step, as data of `elman.equations.store`, whose parameters are variables of a Keras layer.

    Parameters
    ----------
    layer : keras.layers.Layer
        Whose variables they are.
    data : dict
        The graph.
    shapes : dict of str to sequence of int
        Of its parameters.
    fixed : sequence of str
        Parameters that training leaves as they are.
    widths : sequence of int
        Of each node.
    """

    def __init__(self, layer: Any, data: dict[str, Any], shapes: Any, fixed: Sequence[str], widths: Sequence[int]):
        self.layer, self.data, self.widths = layer, data, list(widths)
        self.shapes, self.fixed = {name: tuple(shape) for name, shape in shapes.items()}, tuple(fixed)
        self.variables: dict[str, Any] = {}
        self._held: dict[int, Any] = {}  # what no step changes, while a sequence is run
        self._masks: dict[int, Any] = {}  # what is dropped at all steps of it
        self.random = any(op in DROPOUTS for op, *_ in data["nodes"])

    def build(self, given: Sequence[str] = ()) -> None:
        """Make the variables; those that are `given` come with each call."""
        for name, shape in self.shapes.items():
            if name not in given:
                self.variables[name] = self.layer.add_weight(
                    name=name, shape=shape, initializer="zeros", trainable=name not in self.fixed
                )

    def config(self) -> dict[str, Any]:
        shapes = {name: list(shape) for name, shape in self.shapes.items()}
        return {"equations": self.data, "shapes": shapes, "fixed": list(self.fixed), "widths": self.widths}

    def hold(self, memories: Sequence[Any], like: Any, training: bool) -> None:
        """Compute what memories and parameters alone make, once for all steps; and which values are dropped in all."""
        self.release()
        known = dict(zip(self.data.get("memories", ()), memories, strict=True))
        held = self._run(known, training)
        for number, (op, _, rate, *_) in enumerate(self.data["nodes"]):
            if training and op == "dropout_once" and number not in held:
                ones = ops.repeat(ops.ones_like(like[:, :1]), self.widths[number], axis=-1)
                self._masks[number] = keras.random.dropout(ones, rate, seed=self.layer.seed_generator)
        self._held = held

    def release(self) -> None:
        self._held, self._masks = {}, {}

    def values(self, given: dict[str, Any], training: bool, like: Any) -> list[Any]:
        """The outputs of a step, with rows like those of `like`."""
        found = self._run(given, training)
        return [beside(found[k], like) for k in self.data["outputs"]]

    def _run(self, given: dict[str, Any], training: bool) -> dict[int, Any]:
        """Every node whose operands are known, by its number."""
        values = dict(self._held)
        for number, (op, inputs, first, second, name) in enumerate(self.data["nodes"]):
            if number in values:
                continue
            if op in LEAVES:
                leaf = self._leaf(op, first, name, given)
                values |= {} if leaf is None else {number: leaf}
            elif all(i in values for i in inputs):
                values[number] = self._value(number, op, [values[i] for i in inputs], first, second, training)
        return values

    def _leaf(self, op: str, first: float, name: str, given: dict[str, Any]) -> Any:
        if op == "const":
            return ops.convert_to_tensor(first, dtype=self.layer.compute_dtype)
        if op in ("parameter", "constant") and name not in given:
            return ops.convert_to_tensor(self.variables[name])
        return given.get(name)

    def _value(self, number: int, op: str, operands: list[Any], first: float, second: float, training: bool) -> Any:
        if op not in DROPOUTS:
            return TABLE[op](*operands, *(first, second)[: OPS[op].numbers])
        (x,) = operands
        if not training:
            return x
        if number in self._masks:
            return x * self._masks[number]
        once = op == "dropout_once" and len(x.shape) == 3
        shape = (ops.shape(x)[0], 1, x.shape[-1]) if once else None
        return keras.random.dropout(x, first, noise_shape=shape, seed=self.layer.seed_generator)


class _Layer(keras.layers.Layer):
    """What layers of equations have in common."""

    def __init__(self, equations: Any, shapes: Any, fixed: Any, widths: Any, **more: Any):
        super().__init__(**more)
        self.equations = Equations(self, equations, shapes, fixed, widths)
        if self.equations.random:
            self.seed_generator = keras.random.SeedGenerator()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.equations.config()}


@registered
class Cell(_Layer):
    """The step of a recurrent layer, made of equations.

    Parameters
    ----------
    equations, shapes, fixed, widths
        See `Equations`.
    inputs : list of int
        How wide each input is; they lie side by side.
    state_size : list of int
    output_size : int
    """

    def __init__(self, *, inputs: list[int], state_size: list[int], output_size: int, **equations: Any):
        super().__init__(**equations)
        self.inputs, self.state_size, self.output_size = list(inputs), list(state_size), output_size

    def build(self, input_shape: Any = None) -> None:
        self.equations.build()
        self.built = True

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        data = self.equations.data
        given = dict(zip(data["states"], states, strict=True))
        ends = [sum(self.inputs[: k + 1]) for k in range(len(self.inputs))]
        for name, end, wide in zip(data["inputs"], ends, self.inputs, strict=True):
            given[name] = inputs[:, end - wide : end]
        found = self.equations.values(given, bool(training), inputs)
        return found[0], found[len(found) - len(self.state_size) :]

    def get_config(self) -> dict[str, Any]:
        more = {"inputs": self.inputs, "state_size": self.state_size, "output_size": self.output_size}
        return {**super().get_config(), **more}


@registered
class Recurrent(keras.layers.RNN):
    """`keras.layers.RNN` of a `Cell`, which may attend to memories: sequences that every step sees as a whole."""

    def __init__(self, cell: Any, memories: int = 0, **options: Any):
        super().__init__(cell, **options)
        self.memories = memories

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        super().build(sequences_shape[0] if self.memories else sequences_shape, initial_state_shape)
        self.built = True

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        return super().compute_output_shape(sequences_shape[0] if self.memories else sequences_shape)

    def compute_mask(self, sequences: Any, mask: Any = None) -> Any:
        return super().compute_mask(sequences, mask)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        x, memories = (sequences[0], sequences[1:]) if self.memories else (sequences, ())
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        self.cell.equations.hold(memories, x[:, 0], bool(training))
        try:
            return super().call(x, initial_state=initial_state, mask=mask, training=training)
        finally:
            self.cell.equations.release()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "memories": self.memories}


@registered
class Stateless(_Layer):
    """Equations of each step without states, of sequences (B, T, F) or vectors (B, F).

    Parameters
    ----------
    equations, shapes, fixed, widths
        See `Equations`.
    timed : bool
        Whether what it makes has steps.
    lends, borrows : list of str
        Parameters that it gives away, behind its output, and those that it gets, behind all else that it reads.
    """

    def __init__(self, *, timed: bool, lends: Sequence[str] = (), borrows: Sequence[str] = (), **equations: Any):
        super().__init__(**equations)
        self.timed, self.lends, self.borrows = timed, list(lends), list(borrows)

    def build(self, input_shape: Any = None) -> None:
        self.equations.build(self.borrows)
        self.built = True

    def _shape(self, given: Any) -> Any:
        data = self.equations.data
        timed = next((shape for shape in given if len(shape) == 3), given[0])
        rows = (given[0][0], timed[1]) if self.timed else (given[0][0],)
        out = (*rows, self.equations.widths[data["outputs"][0]])
        return (out, *(self.equations.shapes[name] for name in self.lends)) if self.lends else out

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._shape(input_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        data, given = self.equations.data, list(inputs)
        names = [*data["inputs"], *data.get("memories", ()), *self.borrows]
        like = given[0] if self.timed or len(given[0].shape) == 2 else given[0][:, 0]
        named = dict(zip(names, given[len(given) - len(names) :], strict=True))
        floats = {n: v if keras.backend.is_float_dtype(v.dtype) else ops.cast(v, self.compute_dtype)
                  for n, v in named.items()}  # fmt: skip
        out = self.equations.values(floats, bool(training), ops.cast(like, self.compute_dtype))[0]
        lent = [ops.convert_to_tensor(self.equations.variables[name]) for name in self.lends]
        return (out, *lent) if lent else out

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "timed": self.timed, "lends": self.lends, "borrows": self.borrows}


@registered
class Unmasked(keras.layers.Layer):
    """The same values without a mask: what reads them goes through all steps."""

    def __init__(self, **more: Any):
        super().__init__(**more)
        self.supports_masking = True  # else Keras warns that the mask ends here

    def call(self, inputs: Any) -> Any:
        return ops.copy(inputs)  # the same tensor would keep its mask

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        return None

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@registered
class Move(keras.layers.Layer):
    """Values taken to other steps, or gathered over them; see `elman.network.moves`.

    Parameters
    ----------
    kind : {"reverse", "shift", "take", "repeat", "sum", "mean", "max"}
    number : int
        Of shift how many steps, of take which one.
    """

    def __init__(self, kind: str, number: int = 0, **more: Any):
        super().__init__(**more)
        self.kind, self.number = kind, number

    def call(self, inputs: Any) -> Any:
        return MOVES[self.kind](inputs, self.number)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self.kind == "repeat":
            (rows, wide), (_, steps, *_) = input_shape
            return rows, steps, wide
        return input_shape if self.kind in ("reverse", "shift") else (input_shape[0], *input_shape[2:])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind, "number": self.number}


def _shifted(x: Any, steps: int) -> Any:
    if steps > 0:
        return ops.pad(x, [[0, 0], [steps, 0], [0, 0]])[:, :-steps]
    return ops.pad(x, [[0, 0], [0, -steps], [0, 0]])[:, -steps:] if steps else x


def _repeated(both: Any, _: int) -> Any:
    x, like = both
    steps = like[:, :, None] if len(like.shape) == 2 else like[:, :, :1]
    return x[:, None] + ops.zeros_like(ops.cast(steps, x.dtype))


MOVES: dict[str, Any] = {
    "reverse": lambda x, _: ops.flip(x, axis=1),
    "shift": _shifted,
    "take": lambda x, number: x[:, number],
    "repeat": _repeated,
    "sum": lambda x, _: ops.sum(x, axis=1),
    "mean": lambda x, _: ops.mean(x, axis=1),
    "max": lambda x, _: ops.max(x, axis=1),
}


@registered
class Zeros(keras.layers.Layer):
    """Zeros for each row of what is given, for states that begin with nothing."""

    def __init__(self, units: int, **more: Any):
        super().__init__(**more)
        self.units = units

    def call(self, inputs: Any) -> Any:
        return ops.zeros((ops.shape(inputs)[0], self.units), dtype=self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0], self.units

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


CUSTOM = (Cell, Recurrent, Stateless, Unmasked, Move, Zeros)
