"""Rows: inputs and targets row by row, in memory or in files, of which those of some batches are read at a time."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from elman import checks
from elman.data.datasets.blocks import Pool, pools
from elman.data.datasets.dataset import AHEAD, Asked, Dataset, Drawn
from elman.data.datasets.raw import Raw, arrays_of, joined, of_each
from elman.data.datasets.stores import Store, store_of
from elman.errors import DataError, ElmanError, OptionError, ShapeError

PART_BYTES = 1 << 23  # of rows as they were read, that are made batches of together
BLOCK_BYTES = 1 << 21  # of neighbours that are read together, where nothing else is said
POOL = 8  # blocks whose rows are mixed
SHUFFLES = ("rows", "blocks")


class RowDataset(Dataset):
    """Rows that are known by number.

    Attributes
    ----------
    mixes : {"rows", "blocks"}
        What a shuffle does: see `Rows`.
    block, pool : int
        Rows of a block, and blocks of a pool.
    """

    mixes: str = "rows"
    block: int = 1
    pool: int = POOL

    @abstractmethod
    def __len__(self) -> int:
        """N, the number of rows."""

    @abstractmethod
    def read(self, rows: np.ndarray, inputs: bool = True) -> Raw:
        """Some rows; where `mixes` is "blocks", ascending neighbours. Without `inputs` targets and weights only.

        Parameters
        ----------
        rows : array of int
            Their numbers.
        inputs : bool, default True
            Whether inputs are wanted.

        Returns
        -------
        Raw
        """

    @property
    @abstractmethod
    def bytes_a_row(self) -> int:
        """Of a row as it is read, about."""

    def told(self, error: ElmanError, rows: np.ndarray) -> ElmanError:
        """An error of some rows, counted from 0 there, with their own numbers.

        Parameters
        ----------
        error : ElmanError
            What is wrong with them.
        rows : array of int
            Their numbers.

        Returns
        -------
        ElmanError
        """
        place = getattr(error, "place", None)
        if place is None or not place[1]:
            return type(error)(f"rows {rows.min()} to {rows.max()}: {error}")
        name, (row, *rest), says = place
        return self._told_at(error, name, int(rows[row]), rest, says)

    def _told_at(self, error: ElmanError, name: str, row: int, rest: list[int], says: str) -> ElmanError:
        return type(error)(f"{name}{[row, *rest]} {says}")

    # --- an epoch ------------------------------------------------------------------------------------------

    def batches(self, asked: Asked) -> int:
        return -(-len(self._rows(asked)) // asked.batch_size)

    def _rows(self, asked: Asked) -> np.ndarray:
        return np.arange(len(self)) if asked.rows is None else asked.rows

    def sample(self, asked: Asked) -> Drawn:
        rows = np.arange(min(len(self), 2))
        return self._drawn(self.read(rows), rows, len(rows))

    def draw(self, asked: Asked, first: int = 0) -> Iterator[Drawn]:
        at_once = max(PART_BYTES // (self.bytes_a_row * asked.batch_size), 1) * asked.batch_size
        if asked.shuffle and self.mixes == "blocks":
            return self._batched(self._of_pools(asked, first * asked.batch_size), asked.batch_size, at_once)
        order = self._order(asked)
        some = (order[k : k + at_once] for k in range(first * asked.batch_size, len(order), at_once))
        return (self._drawn(self.read(rows), rows, asked.batch_size) for rows in some)

    def _order(self, asked: Asked) -> np.ndarray:
        """That of a training from arrays."""
        rows = self._rows(asked)
        return np.random.default_rng([asked.seed, asked.epoch]).permutation(rows) if asked.shuffle else rows

    def goals(self, asked: Asked) -> Iterator[Drawn]:
        size = max(PART_BYTES // self.bytes_a_row, 1)
        for first in range(0, len(self), size):
            rows = np.arange(first, min(first + size, len(self)))
            yield self._drawn(self.read(rows, inputs=False), rows, len(rows))

    def _drawn(self, raw: Raw, rows: np.ndarray, batch_size: int) -> Drawn:
        borders = np.minimum(np.arange(-(-len(rows) // batch_size) + 1) * batch_size, len(rows))
        return Drawn(raw, borders, lambda error: self.told(error, rows))

    # --- by blocks -----------------------------------------------------------------------------------------

    def borders(self) -> np.ndarray:
        """Where blocks begin, and where the last one ends.

        Returns
        -------
        ndarray of int
        """
        return np.minimum(np.arange(-(-len(self) // self.block) + 1) * self.block, len(self))

    def _of_pools(self, asked: Asked, first: int) -> Iterator[tuple[Raw, np.ndarray]]:
        seed = asked.seed, asked.epoch
        for skipped, pool in pools(self._rows(asked), self.borders(), self.pool, seed, first):
            kept = Pool(pool.blocks, pool.order[skipped:])
            yield joined([self.read(block) for block in pool.blocks])[kept.order], kept.rows

    def _batched(self, some: Iterable[tuple[Raw, np.ndarray]], batch_size: int, at_once: int) -> Iterator[Drawn]:
        """Whole batches; what is left of a pool comes first in the batch behind it."""
        left: tuple[Raw, np.ndarray] | None = None
        for raw, rows in some:
            if left is not None:
                raw, rows = joined([left[0], raw]), np.concatenate([left[1], rows])
            whole = len(rows) // batch_size * batch_size
            for first, end in itertools.pairwise([*range(0, whole, at_once), whole]):
                yield self._drawn(raw[first:end], rows[first:end], batch_size)
            left = (raw[whole:], rows[whole:]) if whole < len(rows) else None
        if left is not None:
            yield self._drawn(*left, batch_size)


class Rows(RowDataset):
    """Arrays, memory maps, and what gives neighbouring rows of an array in a file, such as data sets of HDF5 and zarr.

    Of what lies in files only some batches are in memory at a time. They are converted to the network's type and
    checked as they pass: an error names file, row and step, and comes when its batch is read, in the middle of an
    epoch. `fit` makes a `Rows` itself of memory maps and the like; make one to choose how they are mixed.

    Parameters
    ----------
    x : array (N, ...)
        Inputs, as `elman.training.fit.fit` takes them; of a network with several a tuple, or a dict by name. Of any
        type of numbers.
    target : array (N, ...), optional
        Targets, as `fit` takes them.
    lengths, sample_weight : array, optional
        As `fit` takes them.
    shuffle : {"rows", "blocks"}, optional
        What ``fit(shuffle=True)`` does. With "rows" each epoch has a full permutation, that of a training from arrays:
        the bits are the same. With "blocks" `block` neighbours are read together: the blocks are permuted, `pool` of
        them at a time are in memory, and their rows are permuted; rows of one batch come from the same few blocks. The
        default is "rows" for arrays and memory maps, else "blocks".
    block : int, optional
        Rows of a block; by default about 2 MiB, in whole chunks where x is stored in chunks.
    pool : int, default 8
        Blocks whose rows are mixed. A larger pool is nearer to a full permutation, and takes more memory.
    ahead : int, default 2
        Parts of an epoch, of about 8 MiB, that a thread of its own makes ready; 0 for no thread.

    Raises
    ------
    ShapeError
        If x, target, lengths and weights have different numbers of rows.
    DataError, OptionError
        If something is no array of numbers, or an option makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> numbers = np.random.default_rng(0).integers(0, 256, (64, 5, 1), dtype=np.uint8)
    >>> np.save("pixels.npy", numbers)
    >>> pixels = el.data.Rows(np.load("pixels.npy", mmap_mode="r"), numbers.mean(axis=1), shuffle="blocks", block=16)
    >>> net = el.Network(1, [el.GRU(4, return_sequences=False), el.Dense(1)])
    >>> net.fit(pixels, epochs=2, verbose=0).epochs
    2
    """

    def __init__(
        self,
        x: Any,
        target: Any = None,
        *,
        lengths: Any = None,
        sample_weight: Any = None,
        shuffle: str | None = None,
        block: int | None = None,
        pool: int = POOL,
        ahead: int = AHEAD,
    ):
        super().__init__(ahead)
        parts = {"x": x, "target": target, "lengths": lengths, "sample_weight": sample_weight}
        self._stores = Raw(*(_stores(part, name) for name, part in parts.items()))
        self._count = _rows_of(self._stores)
        stores = list(_all(self._stores))
        self.mixes = _mixing(shuffle, stores)
        self.pool = checks.whole(pool, "pool")
        chunks = getattr(next(arrays_of(_plain(x))), "chunks", None)
        self.block = _block(block, self.bytes_a_row, chunks)

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"Rows({self._count} rows, shuffle={self.mixes!r})"

    @property
    def bytes_a_row(self) -> int:
        """About how much memory a row takes."""
        return max(sum(_bytes_a_row(store) for store in _all(self._stores)), 1)

    def read(self, rows: np.ndarray, inputs: bool = True) -> Raw:
        stores = self._stores if inputs else Raw(None, *_goals(self._stores))
        return stores.of_each(lambda store: store.read(rows))

    def _told_at(self, error: ElmanError, name: str, row: int, rest: list[int], says: str) -> ElmanError:
        file = self._file(name)
        if not file:
            return super()._told_at(error, name, row, rest, says)
        where = [file, f"row {row}", *([f"step {rest[0]}"] if rest else [])]
        return type(error)(f"{', '.join(where)}: {name}{[row, *rest]} {says}")

    def _file(self, name: str) -> str:
        """Where the array lies that messages call so."""
        for given in (self._stores.x, {"target": self._stores.target}, {"sample_weight": self._stores.sample_weight}):
            found = given.get(name) if isinstance(given, Mapping) else given if name == "x" else None
            if found is not None and not isinstance(found, tuple | Mapping):
                return found.file
        return ""


def _plain(given: Any) -> Any:
    """A list of arrays, one for each input, as a tuple."""
    several = isinstance(given, list) and given and all(hasattr(one, "shape") for one in given)
    return tuple(given) if several else given


def _stores(given: Any, name: str) -> Any:
    return of_each(lambda array: store_of(array, name), _plain(given))


def _all(stores: Raw) -> Iterator[Store]:
    return arrays_of((stores.x, *_goals(stores)))


def _goals(stores: Raw) -> tuple[Any, Any, Any]:
    return stores.target, stores.lengths, stores.sample_weight


def _rows_of(stores: Raw) -> int:
    """N, which all have in common."""
    names = ("x", "target", "lengths", "sample_weight")
    counts = [
        (n, store.shape)
        for n, part in zip(names, (stores.x, *_goals(stores)), strict=True)
        for store in arrays_of(part)
    ]
    for name, shape in counts:
        if not shape:
            raise ShapeError(f"{name} is a single number; expected an array with a row for each row of x")
        if shape[0] != counts[0][1][0]:
            raise ShapeError(f"x has {counts[0][1][0]} rows and {name} has {shape[0]}; each row of x needs its own")
    if not counts or not counts[0][1][0]:
        raise DataError("x has no rows; expected at least one")
    return counts[0][1][0]


def _mixing(shuffle: Any, stores: list[Store]) -> str:
    at_random = all(store.at_random for store in stores)
    if shuffle is None:
        return "rows" if at_random else "blocks"
    if not isinstance(shuffle, str) or shuffle not in SHUFFLES:
        raise OptionError(
            f"shuffle is {checks.shown(shuffle)}{checks.nearest(shuffle, SHUFFLES)}; expected 'rows' or 'blocks' here: "
            "whether an epoch is shuffled at all is said to fit"
        )
    if shuffle == "rows" and not at_random:
        raise OptionError(
            "shuffle='rows' reads rows one by one, and a file that gives neighbours only would be read once for each: "
            "leave it out, or load the arrays into memory"
        )
    return shuffle


def _bytes_a_row(store: Store) -> int:
    return int(np.prod(store.shape[1:], dtype=np.int64)) * max(store.dtype.itemsize, 4)


def _block(given: Any, bytes_a_row: int, chunks: Any) -> int:
    """Rows of a block."""
    if given is not None:
        return checks.whole(given, "block")
    usual = max(BLOCK_BYTES // bytes_a_row, 1)
    chunk = chunks[0] if isinstance(chunks, tuple) and chunks and isinstance(chunks[0], int) else 1
    return max(usual // chunk, 1) * chunk
