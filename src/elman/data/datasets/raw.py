"""Raw rows: inputs, targets, lengths and weights as they were read, of which some can be taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Raw:
    """Rows as they were read.

    Attributes
    ----------
    x, target, lengths, sample_weight
        As `elman.training.fit.fit` takes them: an array, or a tuple or a dict of them; None where there is nothing.
    """

    x: Any
    target: Any = None
    lengths: Any = None
    sample_weight: Any = None

    def of_each(self, change: Callable[[Any], Any]) -> Raw:
        """The same with every array changed."""
        return Raw(*(of_each(change, part) for part in (self.x, self.target, self.lengths, self.sample_weight)))

    def __getitem__(self, rows: Any) -> Raw:
        return self.of_each(lambda array: array[rows])

    def __len__(self) -> int:
        return len(next(arrays_of((self.x, self.target))))


def joined(parts: Sequence[Raw]) -> Raw:
    """The rows of all of them, one after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = ([getattr(part, name) for part in parts] for name in ("x", "target", "lengths", "sample_weight"))
    return Raw(*(_joined(column) for column in columns))


def _joined(parts: list[Any]) -> Any:
    first = parts[0]
    if first is None:
        return None
    if isinstance(first, Mapping):
        return {name: _joined([part[name] for part in parts]) for name in first}
    if isinstance(first, tuple):
        return tuple(_joined(list(each)) for each in zip(*parts, strict=True))
    return np.concatenate(_as_long(parts))


def _as_long(parts: list[Any]) -> list[Any]:
    """Of sequences that were padded, each by itself: padded to the longest of all."""
    steps = [part.shape[1] for part in parts if np.ndim(part) > 1]
    if len(set(steps)) < 2:
        return parts
    longest = max(steps)
    return [np.pad(a, [(0, 0), (0, longest - a.shape[1]), *[(0, 0)] * (a.ndim - 2)]) for a in parts]


def of_each(change: Callable[[Any], Any], given: Any) -> Any:
    """The same structure, a tuple or a dict of arrays or one of them, with every array changed."""
    if given is None:
        return None
    if isinstance(given, Mapping):
        return {name: of_each(change, one) for name, one in given.items()}
    return tuple(of_each(change, one) for one in given) if isinstance(given, tuple) else change(given)


def arrays_of(given: Any) -> Iterator[Any]:
    """All arrays of such a structure."""
    if isinstance(given, Mapping):
        given = tuple(given.values())
    if isinstance(given, tuple):
        for one in given:
            yield from arrays_of(one)
    elif given is not None:
        yield given
