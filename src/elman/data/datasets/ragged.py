"""Ragged: sequences each of its own length, whose batches are padded to their own longest one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from elman import checks
from elman.data.datasets.dataset import AHEAD, Asked, Drawn
from elman.data.datasets.padded import padded, sequences
from elman.data.datasets.raw import Raw
from elman.data.datasets.rows import RowDataset
from elman.errors import ShapeError

POOL_BATCHES = 50  # whose sequences are sorted by length together


class Ragged(RowDataset):
    """Sequences of many lengths.

    Each batch is padded to its own longest sequence. The padding is not computed, but it is read, copied and kept; with
    ``bucket=True`` the sequences of a batch are about equally long. `fit` makes a `Ragged` itself of a list of arrays
    of unequal lengths.

    Parameters
    ----------
    x : list of N arrays (T_n, F), or (T_n,) where F is 1
        Inputs.
    target : array (N, O) or (N,); list of N arrays (T_n, O) or (T_n,)
        Targets, one for each sequence or one for each step.
    sample_weight : array (N,), optional
        As `elman.training.fit.fit` takes it.
    bucket : bool, default False
        Whether a batch has sequences of about one length. In a shuffled epoch, rows in an order at random are cut into
        pools of 50 batches, the rows of each pool are sorted by length and cut into batches, and all batches of the
        epoch are permuted: which rows meet is still a matter of chance, and the same for each seed and epoch. Without a
        shuffle there is nothing to sort, and it is refused.
    ahead : int, default 2
        Batches that a thread of its own makes ready; 0 for no thread.

    Raises
    ------
    ShapeError, DataError
        If a sequence is no array of numbers of the same features, or its target has another length.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> random = np.random.default_rng(0)
    >>> x = [random.normal(size=(steps, 1)) for steps in random.integers(3, 30, 64)]
    >>> net = el.Network(1, [el.GRU(4, return_sequences=False), el.Dense(1)])
    >>> sums = np.array([one.sum() for one in x])
    >>> net.fit(el.data.Ragged(x, sums, bucket=True), epochs=2, verbose=0).epochs
    2
    """

    def __init__(
        self,
        x: Sequence[Any],
        target: Any = None,
        *,
        sample_weight: Any = None,
        bucket: bool = False,
        ahead: int = AHEAD,
    ):
        super().__init__(ahead)
        self._x = sequences(checks.listed(x, "x", "sequences"), "x")
        self.bucket: bool = checks.flag(bucket, "bucket")
        self._lengths = np.array([len(one) for one in self._x])
        self._note_empty()
        self._target = _targets(target, self._lengths)
        self._weights = None if sample_weight is None else checks.numbers(sample_weight, "sample_weight")
        if self._weights is not None and self._weights.shape != self._lengths.shape:
            raise ShapeError(
                f"sample_weight has shape {self._weights.shape}, expected {self._lengths.shape}, one for each sequence"
            )

    def _note_empty(self) -> None:
        empty = np.flatnonzero(self._lengths == 0)
        if len(empty):
            warnings.warn(
                f"{len(empty)} of {len(self._x)} sequences have 0 steps, the first is x[{empty[0]}]: of targets of "
                "each step they have none, and one of the whole sequence is learnt from initial states alone",
                RuntimeWarning,
                stacklevel=3,
            )

    def __len__(self) -> int:
        return len(self._x)

    def __repr__(self) -> str:
        return f"Ragged({len(self)} sequences of {self._lengths.min()} to {self._lengths.max()} steps)"

    @property
    def bytes_a_row(self) -> int:
        """About how much memory a row takes."""
        return max(int(self._lengths.mean()) * self._x[0].shape[1] * 4, 1)

    def read(self, rows: np.ndarray, inputs: bool = True) -> Raw:
        x, lengths = padded([self._x[row] for row in rows])
        if isinstance(self._target, list):
            target: Any = padded([self._target[row] for row in rows])[0]
        else:
            target = None if self._target is None else self._target[rows]
        return Raw(x if inputs else None, target, lengths, None if self._weights is None else self._weights[rows])

    def draw(self, asked: Asked, first: int = 0) -> Iterator[Drawn]:
        rows, size = self._order(asked), asked.batch_size
        cut = [rows[begin : begin + size] for begin in range(0, len(rows), size)]
        if self.bucket and asked.shuffle:
            cut = self._by_length(rows, asked)
        for batch in cut[first:]:
            yield self._drawn(self.read(batch), batch, len(batch))

    def _by_length(self, rows: np.ndarray, asked: Asked) -> list[np.ndarray]:
        """Batches of rows about equally long; the smaller one, if there is one, is the last of its pool."""
        size, pool = asked.batch_size, asked.batch_size * POOL_BATCHES
        found = []
        for begin in range(0, len(rows), pool):
            some = rows[begin : begin + pool]
            some = some[np.argsort(self._lengths[some], kind="stable")]
            found += [some[k : k + size] for k in range(0, len(some), size)]
        order = np.random.default_rng([asked.seed, asked.epoch, 1]).permutation(len(found))
        return [found[k] for k in order]


def _targets(given: Any, lengths: np.ndarray) -> Any:
    """One for each sequence as an array, or one for each step as a list of arrays."""
    if given is None:
        return None
    if isinstance(given, list) and len(given) and np.ndim(given[0]) > 0 and _of_steps(given, lengths):
        return sequences(given, "target")
    found = checks.numbers(given, "target", "; give classes as 0, 1, 2, ...")
    if len(found.shape) < 1 or len(found) != len(lengths):
        raise ShapeError(
            f"x has {len(lengths)} sequences and target has shape {found.shape}; each sequence needs its own"
        )
    return found


def _of_steps(given: list[Any], lengths: np.ndarray) -> bool:
    """Whether targets have as many steps as their sequences."""
    counts = [len(one) for one in given]
    if counts == lengths.tolist():
        return True
    if len(set(counts)) == 1:
        return False
    if len(counts) != len(lengths):
        raise ShapeError(f"x has {len(lengths)} sequences and target {len(counts)}; each sequence needs its own")
    row = int(np.argmax(np.array(counts) != lengths))
    raise ShapeError(
        f"x[{row}] has {lengths[row]} steps and target[{row}] {counts[row]}; expected one target for each step"
    )
