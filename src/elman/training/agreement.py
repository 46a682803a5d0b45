"""Agreement: an error on one rank ends the training on all of them, and each says whose it was."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from elman import errors
from elman.errors import ElmanError, TrainingError
from elman.training.ranks import Ranks

ORIGIN = "elman_rank"  # attribute of an exception that all ranks have agreed on: whose it was


class Failure(NamedTuple):
    """What an exception says, as it goes from one rank to the others."""

    kind: str
    message: str


def failure_of(error: BaseException | None) -> Failure | None:
    return None if error is None else Failure(type(error).__name__, str(error))


def raise_first(failures: list[Failure | None], ranks: Ranks, own: BaseException | None) -> None:
    """Raise what the first rank that failed has raised, on all ranks; nothing where none has."""
    origin = next((rank for rank, failure in enumerate(failures) if failure is not None), None)
    if origin is None:
        return
    found = failures[origin]
    error = own if origin == ranks.rank or _alike(failures) else None
    if error is None and found is not None:
        error = _elsewhere(found, origin)
    assert error is not None
    setattr(error, ORIGIN, origin)
    raise error


def _alike(failures: list[Failure | None]) -> bool:
    return all(failure == failures[0] for failure in failures)


def _elsewhere(failure: Failure, rank: int) -> BaseException:
    """An exception of another rank: of its own type where it is one of ours, or Ctrl-C."""
    kind = getattr(errors, failure.kind, None)
    if isinstance(kind, type) and issubclass(kind, ElmanError):
        return kind(f"rank {rank}: {failure.message}")
    if failure.kind == KeyboardInterrupt.__name__:
        return KeyboardInterrupt()
    if failure.kind == MemoryError.__name__:
        return MemoryError(f"rank {rank}: {failure.message}")
    what = failure.kind if hasattr(builtins, failure.kind) else f"a {failure.kind}"
    return TrainingError(f"rank {rank} ended with {what}: {failure.message}")


@contextmanager
def together(ranks: Ranks) -> Iterator[None]:
    """What each rank does by itself: where it raises on one, it does so on all."""
    own: BaseException | None = None
    try:
        yield
    except BaseException as error:
        own = error
    raise_first(ranks.gather(failure_of(own)), ranks, own)
