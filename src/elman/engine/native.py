"""The native engine: Python's face of the C++ runner of plans (`native/run.h`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import astuple
from typing import Any

import numpy as np

from elman.checks import whole
from elman.cores import cores
from elman.engine import arrays
from elman.engine.bfloat16 import check_products
from elman.engine.generation import Drawing
from elman.engine.interface import AS_A_WHOLE, Batch, Gradients, How, Pool, Stepper, TrainResult, Updates
from elman.engine.plain import plain_plan, plain_program
from elman.engine.plan import OptimizerProgram, Plan
from elman.engine.segments import check_how, check_wanted
from elman.engine.slots import Ref
from elman.errors import EngineError, ShapeError

try:
    import elman._native as _native
except ImportError:  # installed without a compiler: the NumPy engine does the work
    _native = None  # type: ignore[assignment]

_most: ContextVar[int | None] = ContextVar("_most", default=None)


def available() -> bool:
    """Whether the native engine was built."""
    return _native is not None


def instruction_sets() -> list[str]:
    """The names that ``ELMAN_ISA`` may have on this processor, best first; none without a native build."""
    return _native.info()["isas"] if available() else []


def instruction_set() -> str:
    """The name of the kernels that are used here: ``ELMAN_ISA``, or the best of this processor."""
    return _native.info()["isa"]


@contextmanager
def threads_at_most(count: int) -> Generator[None]:
    """Engines that are not told have so many threads at most, in what this thread does in the context."""
    token = _most.set(count)
    try:
        yield
    finally:
        _most.reset(token)


def default_threads() -> int:
    """The number of threads of an engine that is not told: ``ELMAN_THREADS``, or the cores this process may use.

    Of those no more than ``OMP_NUM_THREADS``, by which joblib, Dask and others share cores out to processes; and within
    `threads_at_most` no more than that one allows.
    """
    return min(_wanted_threads(), _most.get() or sys.maxsize)


def _wanted_threads() -> int:
    given = os.environ.get("ELMAN_THREADS", "")
    if not given:
        share = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]  # one of each level of nesting
        usable = cores()
        usable = min(usable, int(share) if share.isdecimal() and int(share) else usable)
        return min(usable, _native.info()["most_threads"]) if available() else usable
    return check_threads(int(given) if given.isdecimal() else given, "ELMAN_THREADS")


def check_threads(threads: Any, what: str = "threads") -> int:
    """A number of threads that an engine may have, `default_threads` for None; `OptionError` for any other."""
    if threads is None:
        return default_threads()
    return whole(threads, what, most=_native.info()["most_threads"] if available() else 2**31 - 1)


def limit_threads(most: int | None) -> None:
    """Let this thread's calls of engines have so many threads at most, which nobody else's take away; None: no limit.

    It holds for engines that there are already, too, and changes no number.
    """
    if _native is not None:
        _native.limit_threads(_native.info()["most_threads"] if most is None else most)


def thread_limit() -> int | None:
    """What `limit_threads` said in this thread; None without a limit."""
    if _native is None or _native.most_threads() == _native.info()["most_threads"]:
        return None
    return _native.most_threads()


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
        self.plan: Plan = plan
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise EngineError(f"dtype is {self.dtype}: the native engine computes in float32 or float64")
        bfloat16 = check_products(products, self.dtype)
        self.threads = check_threads(threads)
        self._intake = arrays.Intake(plan, self.dtype, looks=False)
        engine = _native.Engine32 if self.dtype == np.float32 else _native.Engine64
        self._engine = engine(plain_plan(plan, _native.ops(), self._intake.indices), self.threads, bfloat16)
        for f in plan.functions:
            made = NativeEngine(f.plan, self.dtype, self.threads)._engine
            reads = [astuple(view) for view in f.reads]
            self._engine.add_function(made, f.rows, f.columns, f.place, reads, plan.parameters)
        self._optimizer: tuple[OptimizerProgram, Any] | None = None

    def forward(
        self, parameters: np.ndarray, batch: Batch, how: How = AS_A_WHOLE, *, version: int = 0
    ) -> tuple[tuple[np.ndarray, ...], list[np.ndarray]]:
        """Outputs and final states; see `elman.engine.interface.Engine`, also for what follows."""
        batch, parameters = self._intake.batch(batch), self._intake.parameters(parameters)
        low, _ = check_how(self.plan, how)
        outputs, finals = self._outputs(batch.inputs)
        self._engine.forward(
            parameters,
            version,
            batch.inputs,
            batch.lengths,
            batch.states or [],
            batch.key,
            outputs,
            finals,
            low,
        )
        return tuple(outputs), self._intake.given(finals)

    def stepper(
        self,
        parameters: np.ndarray,
        inputs: Sequence[np.ndarray],
        states: list[np.ndarray],
        outputs: Sequence[np.ndarray],
    ) -> Stepper:
        """What computes one batch again and again on the same arrays.

        The parameters are packed in its first call and after a call of another kind: leave them as they are as long
        as it is used.
        """
        all_states = self._check_in_place(parameters, inputs, states, outputs, "x")
        stepper: Stepper = self._engine.repeated(parameters, 0, list(inputs), all_states, list(outputs))
        return stepper

    def pool(self, parameters: np.ndarray, states: list[np.ndarray]) -> Pool:
        """What takes some of many streams a step further."""
        self._intake.parameters(parameters)
        all_states = self._intake.states(states, len(states[0]) if states else 1, "states") or []
        pool: Pool = self._engine.pool(parameters, 0, all_states)
        return pool

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
        """Feed outputs back as inputs, in one call."""
        all_states = self._check_in_place(parameters, [window], states, [output], "window")
        with arrays.room([window]):
            out = np.empty((len(window), steps, window.shape[2]), window.dtype)
        repeated = self._engine.repeated(parameters, version, [window], all_states, [output])
        if drawing is None:
            repeated.generate(window, out)
        else:
            repeated.draw(window, astuple(drawing), out)
        return out

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
        batch, parameters = self._intake.batch(batch, goal=True), self._intake.parameters(parameters)
        low, truncate = check_how(self.plan, how)
        check_wanted(self.plan, batch, truncate > 0, want_input, want_states)
        outputs, finals = self._outputs(batch.inputs)
        with arrays.room(batch.inputs):
            gradients = np.empty(self.plan.parameters, self.dtype)
            of_inputs = self._input_gradients(batch.inputs) if want_input else []
            of_states = self._states(len(batch)) if want_states else []
        loss = self._engine.gradients(
            parameters,
            version,
            batch.inputs,
            batch.targets,
            batch.weights,
            batch.lengths,
            batch.states or [],
            batch.state_gradients or [],
            batch.key,
            gradients,
            outputs,
            finals,
            [g if slot >= 0 else None for g, slot in zip(of_inputs, self.plan.input_grads, strict=False)],
            of_states,
            low,
            truncate,
            batch.first,
            list(batch.totals),
        )
        initial_states = self._intake.given(of_states) if want_states else None
        return Gradients(loss, gradients, tuple(outputs), self._intake.given(finals), tuple(of_inputs), initial_states)

    def update(self, parameters: np.ndarray, gradients: np.ndarray, updates: Updates) -> bool:
        """One update from given gradients."""
        size, optimizer = (self.plan.parameters,), updates.optimizer
        spans, scalars = arrays.flat_spans(updates, len(updates.scalars), self.plan.parameters)
        return self._engine.update(
            self._intake.parameters(parameters, changed=True),
            self._intake.numbers(gradients, size, "gradients"),
            self._compiled(optimizer),
            [self._intake.numbers(array, size, f"state[{i}]") for i, array in enumerate(updates.state)],
            spans,
            scalars[:1],
            updates.clip_norm,
        )

    def check_indices(self, data: Batch) -> None:
        self._intake.check_indices(data)

    def train(self, parameters: np.ndarray, data: Batch, updates: Updates, how: How = AS_A_WHOLE) -> TrainResult:
        """Do many updates in one call."""
        data, optimizer, size = self._intake.batch(data, goal=True), updates.optimizer, (self.plan.parameters,)
        rows, borders = arrays.flat_batches(updates.batches, len(data))
        count = len(borders) - 1
        if len(updates.state) != optimizer.states:
            raise ShapeError(f"state has {len(updates.state)} arrays, the optimiser expects {optimizer.states}")
        carried = self._intake.states(updates.carried, arrays.one_size(borders), "carried") if updates.carried else []
        spans, scalars = arrays.flat_spans(updates, count, self.plan.parameters)
        keys = None if updates.keys is None else np.ascontiguousarray(updates.keys, np.uint64)
        losses, counted = np.empty(count, np.float64), updates.counter()
        done, finite = self._engine.train(
            self._intake.parameters(parameters, changed=True),
            data.inputs,
            data.targets,
            data.weights,
            data.lengths,
            rows,
            borders,
            self._compiled(optimizer),
            [self._intake.numbers(array, size, f"state[{i}]") for i, array in enumerate(updates.state)],
            spans,
            scalars,
            updates.clip_norm,
            None if keys is None else arrays.shaped(keys, (count,), "keys"),
            carried,
            updates.seconds,
            losses,
            counted,
            *check_how(self.plan, how),
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
        return out.view(f"i{self.dtype.itemsize}") if slot in self._intake.indices else out

    def bytes(self) -> int:
        """Memory that the engine holds for batches: the slots of all steps, and the states of runs in segments."""
        return self._engine.bytes()

    def _states(self, rows: int) -> list[np.ndarray]:
        return [np.empty((rows, w), self.dtype) for w in self._intake.state_widths]

    def _outputs(self, inputs: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        with arrays.room(inputs):
            outputs = [np.empty(shape, self.dtype) for shape in self._intake.output_shapes(inputs)]
            return outputs, self._states(len(inputs[0]))

    def _input_gradients(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Places for dL/d inputs; 0 of those that have none."""
        pairs = zip(inputs, self.plan.input_grads, strict=True)
        return [(np.empty if slot >= 0 else np.zeros)(x.shape, self.dtype) for x, slot in pairs]

    def _check_in_place(
        self,
        parameters: np.ndarray,
        inputs: Sequence[np.ndarray],
        states: Sequence[np.ndarray] | None,
        outputs: Sequence[np.ndarray],
        name: str,
    ) -> list[np.ndarray]:
        """All states; `ShapeError` unless the engine can use, and change, the very arrays."""
        self._intake.parameters(parameters)
        self._intake.in_place(inputs, name)
        self._intake.outputs(outputs, inputs)
        return self._intake.states(states, len(inputs[0]), "states") or []


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
