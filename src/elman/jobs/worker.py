"""What runs where a job runs: one function of one item, and all that is to come back of it."""

from __future__ import annotations

import os
import pickle
import platform
import sys
import traceback
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from elman.engine import default_engine
from elman.engine.native import instruction_set
from elman.engine.threads import threads_at_most
from elman.errors import JobError
from elman.jobs.warned import Warned, recorded
from elman.training.scopes import Scope, within

KEPT = 2  # functions that a process keeps; one holds all that its jobs share

inside: ContextVar[bool] = ContextVar("inside", default=False)
"""Whether what runs is a job, whose own jobs are run in turn."""

_functions: OrderedDict[str, Callable[[Any], Any]] = OrderedDict()


@dataclass(frozen=True)
class Place:
    """Where something runs, and what makes the bits of its numbers."""

    process: tuple[str, int]
    arithmetic: str

    @classmethod
    def here(cls) -> Place:
        engine = default_engine()
        kernels = f" with {instruction_set()}" if engine == "native" else ""
        version = sys.modules[__name__.partition(".")[0]].__version__
        return cls((platform.node(), os.getpid()), f"elman {version}, engine {engine}{kernels}")


@dataclass(frozen=True)
class Sent:
    """A function as all of its jobs get it: itself to threads, pickled to other processes.

    Attributes
    ----------
    function : callable, bytes or ndarray of uint8
    key : str
        By which a process knows a function that it has unpickled before.
    place : Place
        Of the sender.
    scopes : sequence of Scope or None
        Where the trainings of each job are saved.
    """

    function: Any
    key: str
    place: Place
    scopes: Sequence[Scope | None] = ()

    @property
    def pickled(self) -> bool:
        return isinstance(self.function, bytes | np.ndarray)

    def unpacked(self) -> Callable[[Any], Any]:
        """The function; the one of the job before, where it is the same."""
        if not self.pickled:
            return self.function
        known = _functions.get(self.key)
        if known is None:
            known = _functions[self.key] = pickle.loads(self.function)
            while len(_functions) > KEPT:
                _functions.popitem(last=False)
        return known


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes
    ----------
    number : int
        Of its item.
    value : object
        What the function returned, or the exception that it raised.
    pickled : bool
        Whether that is bytes, or `Raised`, for the way.
    failed : bool
        Whether it is an exception.
    where : str
        The traceback of the exception.
    arithmetic : str
        What made the bits of its numbers.
    warned : tuple of Warned
        Warnings of another process.
    """

    number: int
    value: Any
    pickled: bool
    failed: bool
    arithmetic: str
    where: str = ""
    warned: tuple[Warned, ...] = field(default=())


def work(sent: Sent, number: int, item: Any) -> Outcome:
    """Run a job, with one thread for what is native."""
    here, warned = Place.here(), []
    with ExitStack() as stack:
        if here.process != sent.place.process:
            warned = stack.enter_context(recorded())
        stack.enter_context(threads_at_most(1))
        token = inside.set(True)
        stack.callback(inside.reset, token)
        stack.enter_context(within(sent.scopes[number] if sent.scopes else None))
        value, where = _made(sent, item)
    return Outcome(number, value, sent.pickled, bool(where), here.arithmetic, where, tuple(warned))


def _made(sent: Sent, item: Any) -> tuple[Any, str]:
    """What the function makes of the item, or its exception and that one's traceback; as it is sent back."""
    try:
        value = sent.unpacked()(pickle.loads(item) if sent.pickled else item)
    except (Exception, SystemExit) as error:  # the latter would end a worker of Dask
        return Raised.of(error) if sent.pickled else error, traceback.format_exc()
    try:
        return packed(value) if sent.pickled else value, ""
    except Exception as error:
        told = JobError(f"what came out cannot be sent to another process: {type(error).__name__}: {error}")
        return Raised.of(told), traceback.format_exc()


def packed(value: Any) -> bytes:
    """Anything as bytes: what has no module that others could import by value."""
    try:
        import cloudpickle
    except ImportError:  # joblib below 1.6 has its own
        from joblib.externals import cloudpickle
    return cloudpickle.dumps(value, pickle.HIGHEST_PROTOCOL)


@dataclass(frozen=True)
class Raised:
    """An exception on its way: pickled as Python does it where the same one comes back, else in parts.

    Python's own way keeps what classes written in C hold, as the file's name of an `OSError` and the errors of a group;
    but a library may have put one in its place (tblib, with Dask) that does not.
    """

    pickled: bytes

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        for made in (error, Parts.of(error)):
            with suppress(Exception):
                sent = cls(packed(made))
                back = sent.error()
                if type(back) is type(error) and _text(back) == _text(error):
                    return sent
        return cls(packed(RuntimeError(f"{type(error).__name__}: {_text(error)}")))

    def error(self) -> BaseException:
        """The exception, as it was raised."""
        found = pickle.loads(self.pickled)
        return found.error() if isinstance(found, Parts) else found


@dataclass(frozen=True)
class Parts:
    """An exception's class, its arguments and what it carries, each pickled, as far as that can be.

    Python's own way calls the class with `args`, which is not what many a class takes.
    """

    kind: bytes
    args: bytes
    carried: Mapping[str, bytes]

    @classmethod
    def of(cls, error: BaseException) -> Parts:
        carried = {name: _first_packed(value, None) for name, value in vars(error).items()}
        return cls(_first_packed(type(error), RuntimeError), _first_packed(error.args, (_text(error),)), carried)

    def error(self) -> BaseException:
        kind = pickle.loads(self.kind)
        args = pickle.loads(self.args)
        error = kind.__new__(kind, *args)
        if not isinstance(kind.__init__, FunctionType):  # of a class written in C, which holds more than its arguments
            kind.__init__(error, *args)
        error.args = args
        for name, value in self.carried.items():
            setattr(error, name, pickle.loads(value))
        return error


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as wrong:
        return f"its text cannot be made: {type(wrong).__name__}"


def _first_packed(*values: Any) -> bytes:
    """The first of some values that can be pickled and comes back."""
    for value in values:
        try:
            sent = packed(value)
            pickle.loads(sent)
            return sent
        except Exception:
            continue
    raise AssertionError("the last one is plain")
