"""Jobs sent out and brought home: in the order of their items, equal to what one process makes of them."""

from __future__ import annotations

import pickle
import sys
import uuid
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from elman.checks import jobs
from elman.data.names import counted
from elman.errors import ElmanError, JobError, OptionError
from elman.jobs import dask
from elman.jobs.warned import warn_again
from elman.jobs.worker import Outcome, Place, Sent, inside, packed, work
from elman.training.scopes import scopes_of, within

Item = TypeVar("Item")
Made = TypeVar("Made")
ATTEMPTS = 4  # of a job whose process is lost, as Dask has it

Watch = Callable[[int, Any], Any]
"""Gets the number of an item and what was made of it, when that is there."""


def run_jobs(
    function: Callable[[Item], Made],
    items: Sequence[Item],
    n_jobs: int | None = None,
    *,
    names: Sequence[str] | None = None,
    watch: Watch | None = None,
) -> list[Made]:
    """What a function makes of each item, in their order.

    Parameters
    ----------
    function : callable
        Of one item. What all jobs need is to be bound to it, as ``functools.partial(function, data)`` does: it is
        pickled once.
    items : sequence
    n_jobs : int, optional
        How many at a time, in processes with one native thread each: -1 for one a core, -2 for all cores but one. By
        default 1, or what a context of joblib says: ``with joblib.parallel_config("dask"):``. What runs in a job runs
        its own jobs in turn.
    names : sequence of str, optional
        Of items, for messages; else ``job 1 of 3``.
    watch : function of (int, object), optional
        Told of each job as it ends, in any order.

    Returns
    -------
    list
        The same, bit for bit, for any number of jobs and wherever they run.

    Raises
    ------
    ElmanError, Exception
        What the first item raises that does so, its message with the item's name before it.
    JobError
        If a process ends without an answer, or what is sent cannot be pickled.
    OptionError
        If `n_jobs` makes no sense, or joblib is not installed.

    Examples
    --------
    >>> run_jobs(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    found: dict[int, Made] = {}
    for number, made in each_job(function, items, n_jobs, names=names):
        found[number] = made
        if watch is not None:
            watch(number, made)
    return [found[number] for number in range(len(items))]


def each_job(
    function: Callable[[Item], Made],
    items: Sequence[Item],
    n_jobs: int | None = None,
    *,
    names: Sequence[str] | None = None,
) -> Iterator[tuple[int, Made]]:
    """The number of each item and what was made of it, as soon as that is there; see `run_jobs`.

    Parameters
    ----------
    function : callable
        Of an item; it is pickled.
    items : sequence
        What it is called with.
    n_jobs : int, optional
        As for `run_jobs`.
    names : sequence of str, optional
        Of the items, for errors.

    Yields
    ------
    number : int
        Of the item.
    made : object
        What the function made of it.

    Examples
    --------
    >>> from elman.jobs import each_job
    >>> dict(each_job(abs, [-1, 2]))
    {0: 1, 1: 2}
    """
    names = [f"job {k + 1} of {len(items)}" for k in range(len(items))] if names is None else names
    workers = as_jobs(n_jobs)
    if workers == 1 or len(items) <= 1:
        return _in_turn(function, items, names)
    workers = min(workers, len(items))
    return _brought_home(function, items, workers, names)


def as_jobs(n_jobs: int | None) -> int:
    """How many jobs run at a time; 1 if they run in this process, in turn.

    Parameters
    ----------
    n_jobs : int or None
        A number, -1 for one each core, or None for what a context of joblib says, else 1.

    Returns
    -------
    int

    Raises
    ------
    OptionError
        If `n_jobs` makes no sense, or asks for several and joblib is not installed.

    Examples
    --------
    >>> from elman.jobs import as_jobs
    >>> as_jobs(None), as_jobs(1)
    (1, 1)
    """
    if n_jobs is not None:
        jobs(n_jobs)
    if inside.get() or n_jobs == 1 or (n_jobs is None and "joblib" not in sys.modules):
        return 1
    try:
        import joblib
    except ImportError as error:
        raise OptionError(
            f"n_jobs is {n_jobs}, and joblib, which runs several, is not installed: pip install 'elman[fleet]'"
        ) from error
    workers = int(joblib.effective_n_jobs(None if n_jobs is None else int(n_jobs)))
    return max(workers, 2) if _on_dask(_backend()) else workers  # one worker there is not this process


def _in_turn(
    function: Callable[[Item], Made], items: Sequence[Item], names: Sequence[str]
) -> Iterator[tuple[int, Made]]:
    scopes = scopes_of(len(items))
    for number, item in enumerate(items):
        try:
            with within(scopes[number]):
                made = function(item)
        except Exception as error:
            _named(error, names[number])
            raise
        yield number, made


def _brought_home(
    function: Callable[[Item], Made], items: Sequence[Item], workers: int, names: Sequence[str]
) -> Iterator[tuple[int, Made]]:
    """What jobs elsewhere made; of several that fail, the first item's exception, as one process would raise it."""
    failed: dict[int, Outcome] = {}
    ended: set[int] = set()
    here = Place.here().arithmetic
    with _ended_quietly(_outcomes(function, items, workers, names)) as outcomes:
        for outcome in outcomes:
            warn_again(outcome.warned)
            _compare(outcome.arithmetic, here)
            ended.add(outcome.number)
            if outcome.failed:
                failed[outcome.number] = outcome
            else:
                yield outcome.number, _unpacked(outcome, names)
            if failed and ended.issuperset(range(min(failed))):
                break
    if failed:
        first = failed[min(failed)]
        raise _named(_unpacked(first, names), names[first.number]) from JobError(f"where it ran:\n\n{first.where}")


@contextmanager
def _ended_quietly(outcomes: Generator[Outcome]) -> Generator[Iterator[Outcome]]:
    """Outcomes of which not all may be wanted; joblib warns of the rest."""
    try:
        yield outcomes
    finally:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"\d+ tasks", UserWarning)
            outcomes.close()


def _outcomes(
    function: Callable[[Item], Made], items: Sequence[Item], workers: int, names: Sequence[str]
) -> Generator[Outcome]:
    """Outcomes as they come."""
    backend, scopes = _backend(), scopes_of(len(items))
    if getattr(backend, "uses_threads", False):
        return _by_joblib(backend, Sent(function, "", Place.here(), scopes), items, workers, names)
    payloads = [_packed(item, name) for item, name in zip(items, names, strict=True)]
    sent = Sent(_packed(function, "what all jobs share"), uuid.uuid4().hex, Place.here(), scopes)
    if _on_dask(backend):
        return dask.outcomes(backend, sent, payloads, names)
    mapped = replace(
        sent, function=np.frombuffer(sent.function, np.uint8)
    )  # what is large joblib writes to a file once
    return _by_joblib(backend, mapped, payloads, workers, names)


def _by_joblib(
    backend: Any, sent: Sent, payloads: Sequence[Any], workers: int, names: Sequence[str]
) -> Generator[Outcome]:
    """Outcomes as joblib brings them. Jobs whose process was lost are run again."""
    import joblib

    left = set(range(len(payloads)))
    order = "generator_unordered" if backend.supports_return_generator else "list"
    for attempt in range(ATTEMPTS):
        calls = (joblib.delayed(work)(sent, number, payloads[number]) for number in sorted(left))
        try:
            for outcome in joblib.Parallel(workers, backend=backend, return_as=order)(calls):
                left.remove(outcome.number)
                yield outcome
            return
        except BrokenProcessPool as error:
            some = ", ".join(names[number] for number in sorted(left)[:3])
            if attempt + 1 == ATTEMPTS:
                raise JobError(f"{some}: their process was lost {ATTEMPTS} times: {error}") from error
            _tell(f"a process was lost, as by a lack of memory; {counted(len(left), 'jobs')} are run again: {some} ...")


def _backend() -> Any:
    """joblib's, as its context says; processes of its own have one thread for what is not ours, too."""
    from joblib.parallel import get_active_backend

    backend, _ = get_active_backend()
    if backend.supports_inner_max_num_threads and backend.inner_max_num_threads is None:
        backend = copy(backend)
        backend.inner_max_num_threads = 1
    return backend


def _on_dask(backend: Any) -> bool:
    return hasattr(backend, "client")


def _packed(value: Any, what: str) -> bytes:
    try:
        return packed(value)
    except Exception as error:
        raise JobError(
            f"{what} cannot be sent to another process: {type(error).__name__}: {error}. Give n_jobs=1, or leave out "
            "what is bound to this process, as open files and locks are"
        ) from error


def _unpacked(outcome: Outcome, names: Sequence[str]) -> Any:
    if not outcome.pickled:
        return outcome.value
    try:
        return outcome.value.error() if outcome.failed else pickle.loads(outcome.value)
    except Exception as error:
        raise JobError(
            f"{names[outcome.number]}: what came back cannot be read: {type(error).__name__}: {error}"
        ) from error


def _named(error: BaseException, name: str) -> BaseException:
    """An exception that says of which item it is, of the same class and with what it carries."""
    if isinstance(error, ElmanError) and error.args and isinstance(error.args[0], str):
        error.args = (f"{name}: {error.args[0]}", *error.args[1:])
    else:
        error.add_note(f"in {name}")
    return error


def _compare(there: str, here: str) -> None:
    if there != here:
        _tell(
            f"a job ran on {there}, where this process has {here}: its numbers may differ in their last digits. "
            "Install one version everywhere, and set ELMAN_ISA to what all processors have"
        )


def _tell(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=2)
