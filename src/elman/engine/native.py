"""The native engine: Python's face of the C++ runner of plans (`native/run.h`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np

from elman.checks import whole
from elman.engine import arrays
from elman.engine.bfloat16 import check_products
from elman.engine.generation import Drawing
from elman.engine.indices import as_indices, whole_numbers
from elman.engine.plain import plain_plan, plain_program
from elman.engine.plan import Gradients, OptimizerProgram, Plan, Ref, TrainResult
from elman.engine.segments import check_memory, check_parameters_only, check_truncate
from elman.errors import EngineError, ShapeError

try:
    import elman._native as _native
except ImportError:  # installed without a compiler: the NumPy engine does the work
    _native = None  # type: ignore[assignment]

SECONDS_A_CALL = 0.15  # between two looks at Ctrl-C


def available() -> bool:
    """Whether the native engine was built."""
    return _native is not None


def instruction_sets() -> list[str]:
    """The names that ``ELMAN_ISA`` may have on this processor, best first; none without a native build."""
    return _native.info()["isas"] if available() else []


def default_threads() -> int:
    """The number of threads of an engine that is not told: ``ELMAN_THREADS``, or the cores this process may use."""
    given = os.environ.get("ELMAN_THREADS", "")
    if not given:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cores, _native.info()["most_threads"]) if available() else cores
    return check_threads(int(given) if given.isdecimal() else given, "ELMAN_THREADS")


def check_threads(threads: Any, what: str = "threads") -> int:
    """A number of threads that an engine may have, `default_threads` for None; `OptionError` for any other."""
    if threads is None:
        return default_threads()
    return whole(threads, what, most=_native.info()["most_threads"] if available() else 2**31 - 1)


class NativeEngine:
    """Runs a plan with the C++ engine.

    Parameters
    ----------
    plan : Plan
        What to run.
    dtype : numpy dtype
        float32 or float64, of all arrays that go in and out.
    threads : int, optional
        At most so many threads; by default ``ELMAN_THREADS`` or the cores this process may use. The numbers do not
        depend on it.
    products : {"bfloat16"}, optional
        Round the operands of products to bfloat16, and sum in float32.

    Raises
    ------
    EngineError
        There is no native build, or ``ELMAN_ISA`` names kernels that this processor lacks.
    """

    name = "native"

    def __init__(
        self, plan: Plan, dtype: Any = np.float32, threads: int | None = None, products: str | None = None
    ) -> None:
        if _native is None:
            raise EngineError("the native engine was not built: install a C++ compiler and reinstall elman")
        self.plan = plan
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise EngineError(f"dtype is {self.dtype}: the native engine computes in float32 or float64")
        bfloat16 = check_products(products, self.dtype)
        self.threads = check_threads(threads)
        self._indices = whole_numbers(plan, self.dtype)
        engine = _native.Engine32 if self.dtype == np.float32 else _native.Engine64
        self._engine = engine(plain_plan(plan, _native.ops(), self._indices), self.threads, bfloat16)
        self._state_widths = [state.width for stage in plan.stages for state in stage.states]
        self._optimizer: tuple[OptimizerProgram, Any] | None = None
        output = plan.slots[plan.output.slot]
        self._output_width = output.width
        self._output_steps = output.time != "single" and plan.stages[output.stage].sequence

    def forward(
        self,
        parameters: np.ndarray,
        x: np.ndarray,
        *,
        lengths: np.ndarray | None = None,
        states: Sequence[np.ndarray] | None = None,
        key: int = 0,
        memory: str = "normal",
        version: int = 0,
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Compute a network's output and final states.

        Parameters
        ----------
        parameters : array (P,)
            The parameter arena.
        x : array (B, T, F)
            Any strides. Of the engine's dtype; indices are int64.
        lengths : array (B,), optional
            Steps in use of each row; all T by default. Outputs past them are 0.
        states : list of arrays (B, width), optional
            Initial states of all stages; zeros by default.
        key : int
            Of dropout: seed and update, mixed.
        memory : {"normal", "low"}
            "low" runs segments of about sqrt(T) steps after one another, in the memory of one: the same bits.
        version : int
            A number of these very parameters, another after each change (`Parameters.version`): they are packed again
            only where it differs from the last call's. 0 if none is known: they are packed in any case.

        Returns
        -------
        output : array (B, T, O), or (B, O) after a layer that returns its last step
        states : list of arrays (B, width)
            Final states.
        """
        x = self._input(x, lengths)
        y, finals = self._outputs(x)
        self._engine.forward(
            self._check(parameters, (self.plan.parameters,), "parameters"),
            version,
            x,
            _lengths(lengths),
            self._check_states(states, len(x), "states"),
            key,
            y,
            finals,
            check_memory(self.plan, memory),
        )
        return y, finals

    def stepper(
        self, parameters: np.ndarray, x: np.ndarray, states: list[np.ndarray], output: np.ndarray
    ) -> Callable[[], None]:
        """A function that computes one batch again and again on the same arrays.

        It reads `x` (B, T, F) and `states`, writes `output` and, over them, the final `states`. The parameters are
        packed in its first call and after a call of another kind: leave them as they are as long as it is used.
        """
        self._check_in_place(x, "x")
        self._check(parameters, (self.plan.parameters,), "parameters")
        self._check_states(states, len(x), "states")
        self._check(output, self._output_shape(x), "output")
        return self._engine.repeated(parameters, 0, x, list(states), output)

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
        """Feed outputs back as inputs, in one call.

        Parameters
        ----------
        parameters : array (P,)
            The parameter arena.
        window : array (B, W, F)
            The last inputs that the network has seen. Each new one moves them up and takes the last place, and the
            network runs over all of them again. Changed in place.
        states : list of arrays (B, width), optional
            What those inputs led to, W = 1: each run begins with them and leaves its own. Changed in place. Without,
            each run begins with zeros.
        output : array (B, 1, O), or (B, O) after a layer that returns its last step
            What those inputs led to. Changed in place.
        steps : int
            How many inputs to make.
        drawing : Drawing, optional
            An input is the index of a class, drawn with the output as logits; without, it is the output.
        version : int
            As for `forward`.

        Returns
        -------
        array (B, steps, F)
        """
        self._check_in_place(window, "window")
        self._check(parameters, (self.plan.parameters,), "parameters")
        states = self._check_states(states, len(window), "states")
        self._check(output, self._output_shape(window), "output")
        with arrays.room(window):
            out, done = np.empty((len(window), steps, window.shape[2]), window.dtype), 0
        repeated = self._engine.repeated(parameters, version, window, states, output)
        while done < steps:  # Ctrl-C is looked at in between
            if drawing is None:
                done = repeated.generate(window, done, SECONDS_A_CALL, out)
            else:
                done = repeated.draw(window, astuple(drawing), done, SECONDS_A_CALL, out)
        return out

    def gradients(
        self,
        parameters: np.ndarray,
        x: np.ndarray,
        target: np.ndarray,
        *,
        weights: np.ndarray | None = None,
        lengths: np.ndarray | None = None,
        states: Sequence[np.ndarray] | None = None,
        key: int = 0,
        want_input: bool = False,
        want_states: bool = False,
        state_gradients: Sequence[np.ndarray] | None = None,
        memory: str = "normal",
        truncate: int | None = None,
        version: int = 0,
    ) -> Gradients:
        """Compute the loss and its gradients.

        Parameters
        ----------
        parameters, x, lengths, states, key, version
            As for `forward`.
        target : array (B, T, O'), or (B, O') where the loss has one step
            Class indices are int64, O' = 1.
        weights : array (B,), optional
            Of each row in the loss; all 1 by default.
        want_input, want_states : bool
            Whether to return dL/dx and dL/d(initial states).
        state_gradients : list of arrays (B, width), optional
            dL/d(final states), from what uses them; zeros by default.
        memory : {"normal", "low"}
            "low" keeps states only, every sqrt(T) steps, and computes the rest again from these.
        truncate : int, optional
            Go back through so many steps at most; see `elman.engine.segments`. Gradients of parameters only.
        """
        x = self._input(x, lengths)
        target = self._target(target, x, lengths)
        if steps := check_truncate(self.plan, truncate, memory):
            check_parameters_only(want_input, want_states, state_gradients)
        if state_gradients is not None and self.plan.root:
            raise EngineError("state_gradients cannot join the square root of a loss: use the loss without its root")
        if want_input and self.plan.input_grad < 0:
            raise EngineError("this plan has no gradient of the input: schedule it with one")
        if want_states and any(state.grads < 0 for stage in self.plan.stages for state in stage.states):
            raise EngineError("this plan has no gradients of the states: schedule it with them")
        y, finals = self._outputs(x)
        with arrays.room(x):
            gradients = np.empty(self.plan.parameters, self.dtype)
            input_grad = np.empty(x.shape, self.dtype) if want_input else None
            initials = [np.empty((len(x), w), self.dtype) for w in self._state_widths] if want_states else []
        loss = self._engine.gradients(
            self._check(parameters, (self.plan.parameters,), "parameters"),
            version,
            x,
            target,
            None if weights is None else self._check(weights, (len(x),), "weights"),
            _lengths(lengths),
            self._check_states(states, len(x), "states"),
            self._check_states(state_gradients, len(x), "state_gradients"),
            key,
            gradients,
            y,
            finals,
            input_grad,
            initials,
            check_memory(self.plan, memory),
            steps,
        )
        return Gradients(loss, gradients, y, finals, input_grad, initials if want_states else None)

    def train(
        self,
        parameters: np.ndarray,
        x: np.ndarray,
        target: np.ndarray,
        batches: arrays.Batches,
        optimizer: OptimizerProgram,
        state: Sequence[np.ndarray],
        scalars: np.ndarray,
        *,
        clip_norm: float = 0.0,
        keys: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        lengths: np.ndarray | None = None,
        carry_states: bool = False,
        states: Sequence[np.ndarray] | None = None,
        seconds: float = np.inf,
        memory: str = "normal",
        truncate: int | None = None,
    ) -> TrainResult:
        """Do many updates of the parameters, in place, in one call.

        It stops before an update whose loss or gradient is not finite; that loss is then the last one returned.

        Parameters
        ----------
        parameters : array (P,)
            Updated in place.
        x : array (N, T, F)
            The data set, of any strides: windows over a series need not be copied.
        target : array (N, T, O') or (N, O')
        batches : list of integer arrays, or all their numbers in one array and the (updates + 1,) borders of batches
            The rows of x of each update.
        optimizer : OptimizerProgram
            What an update does.
        state : list of arrays (P,)
            The optimiser's, updated in place.
        scalars : array (updates, optimizer.scalars)
            The optimiser's numbers in each update.
        clip_norm : float
            Largest norm of the whole gradient, which is scaled down to it; 0 for any.
        keys : array (updates,), optional
            Dropout's key of each update.
        weights, lengths : array (N,), optional
            Of each row of x.
        carry_states : bool
            Begin each batch with the final states of the one before (batches of one size).
        states : list of arrays (B, width), optional
            With `carry_states`, initial states of the first batch; updated in place to the final ones of the last.
        seconds : float
            No update begins after so much time, but the first.
        memory, truncate
            As for `gradients`.
        """
        x = self._input(x, lengths)
        target = self._target(target, x, lengths)
        rows, offsets = _flat_batches(batches, len(x))
        updates = len(offsets) - 1
        size = (self.plan.parameters,)
        if len(state) != optimizer.states:
            raise ShapeError(f"state has {len(state)} arrays, the optimiser expects {optimizer.states}")
        losses = np.empty(updates, np.float64)
        done, finite = self._engine.train(
            self._check(parameters, size, "parameters"),
            x,
            target,
            None if weights is None else self._check(weights, (len(x),), "weights"),
            _lengths(lengths),
            rows,
            offsets,
            self._compiled(optimizer),
            [self._check(array, size, f"state[{i}]") for i, array in enumerate(state)],
            _shaped(np.ascontiguousarray(scalars, np.float64), (updates, optimizer.scalars), "scalars"),
            clip_norm,
            None if keys is None else _shaped(np.ascontiguousarray(keys, np.uint64), (updates,), "keys"),
            self._carried(offsets, states) if carry_states else [],
            seconds,
            losses,
            check_memory(self.plan, memory),
            check_truncate(self.plan, truncate, memory),
        )
        return TrainResult(losses[: done if finite else done + 1], done, finite)

    def _compiled(self, optimizer: OptimizerProgram) -> Any:
        """The optimiser as the native engine runs it; the last one is kept."""
        known = self._optimizer  # of this engine, which several threads may use
        if known is None or known[0] is not optimizer:
            program = _native.Program32 if self.dtype == np.float32 else _native.Program64
            code = plain_program(optimizer.code, _native.ops())
            known = self._optimizer = optimizer, program(code, optimizer.states, optimizer.scalars)
        return known[1]

    def read(self, what: str | Ref) -> np.ndarray:
        """Copy a slot as the last call left it: (steps, B, width) in the order of x, 0 past a row's length."""
        if isinstance(what, str) and what not in self.plan.names:
            raise EngineError(f"the plan has no {what!r}; it has {', '.join(sorted(self.plan.names)) or 'no names'}")
        slot = self.plan.names[what].slot if isinstance(what, str) else what.slot
        out = np.empty(self._engine.shape(slot), self.dtype)
        self._engine.read(slot, out)
        return out.view(f"i{self.dtype.itemsize}") if slot in self._indices else out

    def bytes(self) -> int:
        """Memory that the engine holds for batches: the slots of all steps, and the states of runs in segments."""
        return self._engine.bytes()

    def _output_shape(self, x: np.ndarray) -> tuple[int, ...]:
        return (*x.shape[:2], self._output_width) if self._output_steps else (len(x), self._output_width)

    def _outputs(self, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        with arrays.room(x):
            finals = [np.empty((len(x), w), self.dtype) for w in self._state_widths]
            return np.empty(self._output_shape(x), self.dtype), finals

    def _carried(self, offsets: np.ndarray, states: Sequence[np.ndarray] | None) -> list[np.ndarray]:
        sizes = np.diff(offsets)
        if len(sizes) and (sizes != sizes[0]).any():
            raise ShapeError(
                f"states are carried from batch to batch, of {sizes.min()} to {sizes.max()} rows: make them equal"
            )
        B = int(sizes[0]) if len(sizes) else 0
        if states is None:
            return [np.zeros((B, w), self.dtype) for w in self._state_widths]
        return self._check_states(states, B, "states")

    def _check(self, array: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
        if array.dtype != self.dtype or not array.flags.c_contiguous:
            raise ShapeError(f"{name} is {_describe(array)}: the engine expects contiguous {self.dtype}")
        return _shaped(array, shape, name)

    def _check_states(self, states: Sequence[np.ndarray] | None, B: int, name: str) -> list[np.ndarray]:
        if states is None:
            return []
        if len(states) != len(self._state_widths):
            raise ShapeError(f"{name} has {len(states)} arrays, the network has {len(self._state_widths)} states")
        pairs = enumerate(zip(states, self._state_widths, strict=True))
        return [self._check(a, (B, w), f"{name}[{i}]") for i, (a, w) in pairs]

    def _input(self, x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
        arrays.check_input(self.plan, x, lengths)
        return self._values(x, self.plan.input.slot, lengths, "x")

    def _target(self, target: np.ndarray, x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
        if self.plan.target < 0:
            raise EngineError("this plan has no loss: schedule it with one to train")
        arrays.check_target(self.plan, target, *x.shape[:2])
        return self._values(target, self.plan.target, lengths, "target")

    def _values(self, array: np.ndarray, slot: int, lengths: np.ndarray | None, name: str) -> np.ndarray:
        """Numbers as they are; indices as int64, and checked by the native engine if they come so."""
        if slot in self._indices and array.dtype != np.int64:
            array = as_indices(array, self._indices[slot], lengths, name)
        expected = np.dtype(np.int64) if slot in self._indices else self.dtype
        if array.dtype != expected or not array.flags.aligned:
            raise ShapeError(f"{name} is {_describe(array)}: the engine expects aligned {expected}")
        return array

    def _check_in_place(self, x: np.ndarray, name: str) -> None:
        """`ShapeError` unless the engine can use, and change, the very array."""
        if self._input(x, None) is not x or not x.flags.c_contiguous:
            raise ShapeError(f"{name} is {_describe(x)}: the engine expects it contiguous, and indices as int64")


def _describe(array: np.ndarray) -> str:
    return f"{array.dtype} of shape {array.shape} and strides {array.strides}"


def _shaped(array: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    if array.shape != shape:
        raise ShapeError(f"{name} has shape {array.shape}, expected {shape}")
    return array


def _lengths(lengths: np.ndarray | None) -> np.ndarray | None:
    return None if lengths is None else np.ascontiguousarray(lengths, np.int64)


def _flat_batches(batches: arrays.Batches, N: int) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(batches, tuple):
        rows, offsets = (np.ascontiguousarray(a, np.int64) for a in batches)
    else:
        rows = np.concatenate([np.asarray(b, np.int64) for b in batches]) if len(batches) else np.empty(0, np.int64)
        offsets = np.cumsum([0, *map(len, batches)], dtype=np.int64)
    if offsets[0] != 0 or offsets[-1] != len(rows) or (np.diff(offsets) < 1).any():
        raise ShapeError("batches: every batch needs a row, and the borders go from 0 to the number of rows")
    if len(rows) and (rows.min() < 0 or rows.max() >= N):
        raise ShapeError(f"batches name rows {rows.min()} to {rows.max()}: x has rows 0 to {N - 1}")
    return rows, offsets


def evaluate(
    op: str,
    inputs: Sequence[np.ndarray],
    width: int | None = None,
    first: float = 0.0,
    second: float = 0.0,
    key: int = 0,
    step: int = 0,
) -> np.ndarray:
    """One native operation on arrays (rows, width); `width` of the result, by default that of the first input."""
    values = [np.ascontiguousarray(a) for a in inputs]
    out = np.empty((values[0].shape[0], values[0].shape[1] if width is None else width), values[0].dtype)
    _native.elementwise(_native.ops()[op], out, values, first, second, key, step)
    return out
