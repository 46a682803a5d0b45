"""Jobs on a cluster of Dask, which runs those of a worker that is lost on another one.

joblib's own way there waits for ever when Dask gives a job up, and keeps what all jobs share on one worker alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Sequence
from typing import Any

from elman.errors import JobError
from elman.jobs.worker import Outcome, Sent, work

TASKS = 32  # of each core, of many items


def outcomes(backend: Any, sent: Sent, payloads: Sequence[bytes], names: Sequence[str]) -> Generator[Outcome]:
    """Outcomes in the order in which they are there.

    Raises
    ------
    JobError
        If Dask gives a job up, as one that ends its worker again and again.
    """
    from dask.distributed import as_completed

    client = backend.client
    batches = _batches(len(payloads), sum(client.ncores().values()))
    sorted_out = [[payloads[number] for number in batch] for batch in batches]
    with warnings.catch_warnings():  # Dask warns of large data in a task, which is what makes it outlive a worker
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        shared = client.submit(_itself, sent, pure=False, **backend.submit_kwargs)
        futures = client.map(
            _work_all, [shared] * len(batches), batches, sorted_out, pure=False, **backend.submit_kwargs
        )
    batch_of = dict(zip(futures, batches, strict=True))
    try:
        for future, made in as_completed(futures, with_results=True, raise_errors=False):
            if not isinstance(made, list):
                raise _given_up(future, made, [names[number] for number in batch_of[future]])
            yield from made
    finally:
        client.cancel([shared, *futures])


def _batches(items: int, cores: int) -> list[range]:
    """Numbers of items, those of a task together: a task costs Dask a millisecond and more."""
    size = max(items // (TASKS * max(cores, 1)), 1)
    return [range(start, min(start + size, items)) for start in range(0, items, size)]


def _work_all(sent: Sent, numbers: Sequence[int], payloads: Sequence[bytes]) -> list[Outcome]:
    return [work(sent, number, payload) for number, payload in zip(numbers, payloads, strict=True)]


def _itself(sent: Sent) -> Sent:
    """A task that is what all others read: Dask makes it again where the worker that held it is gone."""
    return sent


def _given_up(future: Any, made: Any, names: Sequence[str]) -> JobError:
    error = made[1] if isinstance(made, tuple) else made
    told = JobError(
        f"{', '.join(names[:3])}{', ...' if len(names) > 3 else ''} (or a job beside): Dask gave up ({future.status}), "
        f"{type(error).__name__}: {error}. Do its workers have elman, and memory enough?"
    )
    told.__cause__ = error if isinstance(error, BaseException) else None
    return told
