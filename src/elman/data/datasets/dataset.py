"""Datasets: what gives the rows of an epoch some batches at a time, so that they need not be in memory at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from elman import checks
from elman.data.datasets.raw import Raw
from elman.errors import ElmanError

AHEAD = 2  # parts of an epoch that are made ready while the engine trains on another


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of a dataset, for one time through it.

    Attributes
    ----------
    batch_size : int
        Rows of a batch.
    shuffle : bool
        Whether rows come in another order than their own.
    seed : int
        Of the network; it fixes the order together with `epoch`.
    epoch : int
        How many epochs the network has been trained before.
    turn : int
        The number of the epoch within its training, from 0.
    rows : array of int, optional
        The rows that count, in their order; all by default.
    judging : bool
        Whether it is gone through beside a training, to judge what that has learnt.
    """

    batch_size: int
    shuffle: bool = False
    seed: int = 0
    epoch: int = 0
    turn: int = 0
    rows: np.ndarray | None = None
    judging: bool = False


@dataclass(frozen=True, eq=False)
class Drawn:
    """Some batches as they were read: nothing of them is checked, and no type is changed.

    Attributes
    ----------
    raw : Raw
        Their rows, batch after batch.
    borders : array of int (K + 1,)
        Where each of K batches begins among these rows, and where the last one ends.
    told : function
        The same error in terms of what the user gave: a row's own number, its file, the number of a batch.
    """

    raw: Raw
    borders: np.ndarray
    told: Callable[[ElmanError], ElmanError]


class Dataset(ABC):
    """What a network can be trained on, or judged by, without being in memory as a whole.

    Attributes
    ----------
    ahead : int
        How many parts of an epoch a thread of its own reads, checks and converts while the engine trains on another; 0
        for none.
    batch_size : int or None
        Rows of a batch, where the dataset says so itself; 0 where they differ.
    again : bool
        Whether it can be gone through beside a training, and after it.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> x, target = el.data.tasks.sine(rows=20, steps=10)
    >>> batches = el.data.Batches([(x[:10], target[:10]), (x[10:], target[10:])])
    >>> isinstance(batches, el.data.Dataset)
    True
    >>> history = el.Network(1, [el.GRU(4), el.Dense(1)]).fit(batches, epochs=2, verbose=0)
    """

    ahead: int
    batch_size: int | None = None
    again: bool = True

    def __init__(self, ahead: int = AHEAD):
        self.ahead = checks.whole(ahead, "ahead", 0)

    @abstractmethod
    def batches(self, asked: Asked) -> int:
        """How many batches an epoch has.

        Parameters
        ----------
        asked : Asked
            What the training wants: batch size, seed, epoch and the like.

        Returns
        -------
        int
        """

    @abstractmethod
    def draw(self, asked: Asked, first: int = 0) -> Iterator[Drawn]:
        """The batches of an epoch from one on, some at a time.

        Parameters
        ----------
        asked : Asked
            What the training wants: batch size, seed, epoch and the like.
        first : int, default 0
            The first batch.

        Yields
        ------
        Drawn
            Some batches.
        """

    @abstractmethod
    def sample(self, asked: Asked) -> Drawn:
        """Some rows, of which nothing is used up.

        Parameters
        ----------
        asked : Asked
            What the training wants: batch size, seed, epoch and the like.

        Returns
        -------
        Drawn
        """

    def begin(self) -> None:  # noqa: B027 (most have nothing to do then)
        """A training begins, or what judges one."""

    def goals(self, asked: Asked) -> Iterator[Drawn] | None:
        """Targets and weights of all rows in their order, without inputs; None where rows are not known by number.

        Parameters
        ----------
        asked : Asked
            What the training wants: batch size, seed, epoch and the like.

        Returns
        -------
        iterator of Drawn, or None
        """
        return None
