"""What a user gives to learn from, as a dataset where it is not simply arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from elman.checks import flag, shown
from elman.data.datasets.batches import Batches
from elman.data.datasets.dataset import Dataset
from elman.data.datasets.padded import check_sequences, is_ragged
from elman.data.datasets.ragged import Ragged
from elman.data.datasets.raw import arrays_of
from elman.data.datasets.rows import Rows
from elman.data.datasets.stores import lies_elsewhere
from elman.errors import OptionError


def dataset_of(
    x: Any,
    target: Any,
    *,
    lengths: Any = None,
    sample_weight: Any = None,
    steps: int | None = None,
    bucket: bool = False,
    called: str = "steps_per_epoch",
) -> Dataset | None:
    """The dataset that x is, or that reads x and target; None where they are arrays.

    The caller's own name for `steps` is `called`.

    Raises
    ------
    OptionError
        If something was given that does not go with it.
    """
    flag(bucket, "bucket")
    if isinstance(x, Dataset) or target is None:
        found = x if isinstance(x, Dataset) else _batches(x, steps, called)
        beside = {"target": target, "lengths": lengths, "sample_weight": sample_weight, "bucket": bucket or None}
        beside |= {called: steps} if isinstance(x, Dataset) else {}
        _refuse(beside, "a dataset has its own" if isinstance(x, Dataset) else "batches have their own")
        return found
    if callable(x) or isinstance(x, Iterator):
        raise OptionError(f"target is given, and {shown(x)} gives batches of (x, target) itself: leave target out")
    _refuse({called: steps}, "an epoch sees all rows of x once")
    if is_ragged(x):
        if lengths is not None:
            raise OptionError(
                "lengths came with a list of sequences, which say themselves how long they are: leave it out"
            )
        return Ragged(x, target, sample_weight=sample_weight, bucket=bucket)
    if bucket and isinstance(x, list):
        check_sequences(x)
    _refuse({"bucket": bucket or None}, "it is for a list of sequences of unequal lengths; x has rows of one")
    if any(lies_elsewhere(one) for one in _each((x, target))):
        return Rows(x, target, lengths=lengths, sample_weight=sample_weight)
    return None


def _batches(x: Any, steps: int | None, called: str) -> Batches:
    if isinstance(x, Mapping | tuple) or hasattr(x, "shape") or hasattr(x, "__array__"):
        raise OptionError(f"x is {shown(x)}, and target is missing: give net.fit(x, target), or batches of both")
    return Batches(x, steps=steps, called=called)


def _refuse(given: dict[str, Any], why: str) -> None:
    for name, value in given.items():
        if value is not None:
            raise OptionError(f"{name} is given, and {why}: leave it out")


def _each(given: Any) -> Any:
    """All arrays, also of lists of one for each input."""
    several = isinstance(given, tuple | list) and len(given) < 100
    return (one for part in given for one in _each(part)) if several else arrays_of(given)
