"""Batches of inputs and labels, shuffled together, one epoch after the other or without end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from elman import checks
from elman.errors import DataError


class BatchLoader:
    """Batches of inputs and their labels, in an order of their own for each epoch.

    ``for x, y in loader`` runs through one epoch; its last batch may be smaller. `next_batch` serves full batches
    without end, across the borders of epochs. Both take the rows from one sequence of epochs: the order of
    epoch e depends on the seed and e alone, and every row comes once in it. A loop claims a whole epoch as it begins.

    Only a batch is ever copied, so `x` may be a memory-mapped file or windows over a series.

    Parameters
    ----------
    x : array, shape (N, ...)
        Inputs.
    y : array, shape (N, ...)
        Labels or targets.
    batch_size : int, default 32
        Rows B of a batch.
    shuffle : bool, default True
        Whether each epoch has another order; otherwise rows come as they are.
    one_hot : int or bool, default False
        Give labels as rows of zeros and a one: so many classes, or with True as many as the largest label says.
    drop_last : bool, default False
        Whether a loop leaves out a smaller last batch.
    seed : int, default 0
        Fixes the orders.

    Attributes
    ----------
    served : int
        Rows served so far. Set it to what it was to go on from there.

    Raises
    ------
    DataError
        If `x` and `y` have different numbers of rows or none, or labels are not classes where `one_hot` needs them.
    OptionError
        If an option makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> loader = BatchLoader(np.arange(5), np.arange(5) % 3, batch_size=2, one_hot=3, shuffle=False)
    >>> [x.tolist() for x, y in loader]
    [[0, 1], [2, 3], [4]]
    >>> x, y = loader.next_batch(3)
    >>> y.tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """

    x: np.ndarray
    y: np.ndarray
    batch_size: int
    seed: int
    classes: int
    served: int

    def __init__(
        self,
        x: np.typing.ArrayLike,
        y: np.typing.ArrayLike,
        batch_size: int = 32,
        *,
        shuffle: bool = True,
        one_hot: int | bool = False,
        drop_last: bool = False,
        seed: int = 0,
    ):
        self.x, self.y = np.asanyarray(x), np.asanyarray(y)
        if self.x.ndim == 0 or self.y.ndim == 0 or len(self.x) != len(self.y) or len(self.x) == 0:
            raise DataError(
                f"x has shape {self.x.shape} and y {self.y.shape}; expected as many rows of both, and at least one"
            )
        self.batch_size, self.seed = checks.whole(batch_size, "batch_size"), checks.as_seed(seed)
        self.shuffle: bool = shuffle
        self.drop_last: bool = drop_last
        self.classes = _classes(self.y, one_hot)
        self.served = 0
        self._order: tuple[int, np.ndarray] | None = None

    def __repr__(self) -> str:
        return f"BatchLoader({len(self.x)} rows, {len(self)} batches of {self.batch_size}, epoch {self.epoch})"

    def __len__(self) -> int:
        """Batches of an epoch."""
        whole_batches, rest = divmod(len(self.x), self.batch_size)
        return whole_batches + (rest > 0 and not self.drop_last)

    @property
    def epoch(self) -> int:
        """Epochs that have been served to their end, or claimed by a loop."""
        return self.served // len(self.x)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        epoch = -(-self.served // len(self.x))  # a new one, even if `next_batch` left one unfinished
        self.served = (epoch + 1) * len(self.x)
        order = self.order(epoch)
        return (self._batch(order[k * self.batch_size : (k + 1) * self.batch_size]) for k in range(len(self)))

    def next_batch(self, batch_size: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The next rows, always as many as asked for; where an epoch ends, the next one begins within the batch.

        Parameters
        ----------
        batch_size : int, optional
            Rows B; the loader's own by default.

        Returns
        -------
        x : ndarray, shape (B, ...)
        y : ndarray, shape (B, ...), or (B, ..., classes) with `one_hot`
        """
        missing = self.batch_size if batch_size is None else checks.whole(batch_size, "batch_size")
        parts = []
        while missing:
            epoch, begin = divmod(self.served, len(self.x))
            part = self.order(epoch)[begin : begin + missing]
            parts.append(part)
            missing -= len(part)
            self.served += len(part)
        return self._batch(np.concatenate(parts))

    def order(self, epoch: int) -> np.ndarray:
        """The rows in the order of an epoch (counted from 0), shape (N,).

        Parameters
        ----------
        epoch : int
            Its number.

        Returns
        -------
        ndarray of int, shape (N,)
        """
        if self._order is None or self._order[0] != epoch:
            rows = np.arange(len(self.x))
            if self.shuffle:
                np.random.default_rng([self.seed, epoch]).shuffle(rows)
            self._order = epoch, rows
        return self._order[1]

    def _batch(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y = np.asarray(self.x[rows]), np.asarray(self.y[rows])
        return x, (one_hot(y, self.classes) if self.classes else y)


def one_hot(labels: np.typing.ArrayLike, classes: int | None = None) -> np.ndarray:
    """Class indices as rows of zeros with a one at the class.

    Parameters
    ----------
    labels : array of int, any shape
        Classes 0 .. classes - 1.
    classes : int, optional
        How many there are; by default as many as the largest label says.

    Returns
    -------
    ndarray of float32, shape (..., classes)

    Raises
    ------
    DataError
        If labels are not whole numbers, or not below `classes`.

    Examples
    --------
    >>> one_hot([2, 0], classes=3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    found = np.asarray(labels)
    count = _classes(found, True if classes is None else checks.whole(classes, "classes"))
    outside = (found < 0) | (found >= count)
    if outside.any():
        raise DataError(f"label {found[outside][0]} is no class: expected whole numbers 0..{count - 1}")
    return (found[..., None] == np.arange(count)).astype(np.float32)


def _classes(labels: np.ndarray, wanted: Any) -> int:
    """How many classes there are; 0 where labels stay as they are."""
    if wanted is False or wanted is None:
        return 0
    if labels.dtype.kind not in "iu":
        raise DataError(f"labels hold {labels.dtype}; one-hot encoding needs whole numbers, the classes from 0")
    return int(labels.max(initial=0)) + 1 if wanted is True else checks.whole(wanted, "one_hot")
