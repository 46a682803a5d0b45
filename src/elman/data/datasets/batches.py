"""Batches: whatever gives one batch after the other."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from elman import checks
from elman.data.datasets.dataset import AHEAD, Asked, Dataset, Drawn
from elman.data.datasets.padded import is_ragged, padded, sequences
from elman.data.datasets.raw import Raw, arrays_of
from elman.errors import DataError, ElmanError, OptionError, ShapeError

PARTS = ("x", "target", "lengths", "sample_weight")


class Batches(Dataset):
    """Batches from an iterator, a generator, a loader of another library, or a function that returns one of these.

    Each item is a batch ``(x, target)`` or ``(x, target, sample_weight)``, or a dict with the keys ``x``, ``target``,
    and maybe ``lengths`` and ``sample_weight``. What they hold is as `elman.training.fit.fit` takes it: for a network
    with several inputs x is a tuple or a dict by name. A list of sequences of unequal lengths is padded to the longest.
    Batches may have any number of rows, and of steps. `fit` makes a `Batches` itself of what it gets without a target.

    Batches are drawn a few ahead of the one that is trained on, on a thread of its own, unless ``ahead=0``.

    Parameters
    ----------
    source : iterable, sequence of batches, iterator, or function
        An iterable (a `DataLoader` of PyTorch, a `Dataset` of tf.data) is begun anew for each epoch. A sequence with
        ``__getitem__`` and ``__len__`` (a list, a `Sequence` or `PyDataset` of Keras) is asked for batch 0, 1, ..., and
        its ``on_epoch_end()``, if it has one, is called after an epoch. A function returns an iterator for each epoch;
        one with a parameter gets the number of epochs that the network has been trained before, to fix an order by. An
        iterator, such as a generator, goes on from epoch to epoch.
    steps : int, optional
        Batches of an epoch; by default ``len(source)``, and then an epoch has all of them. With `steps`, an epoch of an
        iterable or a sequence goes on where the one before ended, and begins anew behind the last batch.
    ahead : int, default 2
        How many batches are made ready while the engine trains on another; 0 for no thread.
    called : str, default "steps"
        What errors call `steps`: the option of whoever makes this.

    Raises
    ------
    OptionError
        If nothing can be gone through, or nothing says how many batches an epoch has.
    DataError
        While it trains: if an item is no batch, if they end too early, or are more than their length says. What
        `source` raises comes out as it is, with a note of the batch.

    Notes
    -----
    A training that goes on in the middle of an epoch asks a sequence for the batch that is next, and a function for the
    iterator of that epoch, of which it drops the batches before; of anything else it draws and drops all since the
    training began. So the numbers are the same where `source` gives the same batches again. A
    `state_dict` of a loader is neither kept nor loaded, of which a note tells: leave the loader at its beginning.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> def batches(epoch):
    ...     random = np.random.default_rng(epoch)
    ...     for rows in (8, 8, 4):
    ...         x = random.normal(size=(rows, 5, 1))
    ...         yield x, x.sum(axis=1)
    >>> net = el.Network(1, [el.GRU(4, return_sequences=False), el.Dense(1)])
    >>> net.fit(el.data.Batches(batches, steps=3), epochs=2, verbose=0).epochs
    2
    """

    batch_size = 0

    def __init__(self, source: Any, *, steps: int | None = None, ahead: int = AHEAD, called: str = "steps"):
        super().__init__(ahead)
        self._source, self._name = source, _called(source)
        self._open = _opener(source)
        self._indexed = _is_indexed(source)
        self.again = not isinstance(source, Iterator)
        self._length = _length(source) if self.again else None
        if steps is None and self._length is None:
            raise OptionError(f"{self._name} does not say how many batches an epoch has: give {called}")
        least = int(steps is not None)
        self.steps: int = checks.whole(self._length if steps is None else steps, called, least)
        if not self.steps:
            raise DataError(f"{self._name} has no batches; expected at least one")
        self._whole = steps is None and self.again
        self._anew = self._whole or _is_function(source)  # each epoch has an iterator of its own
        self._run: _Run | None = None
        self._passed = 0  # batches since the training began

    def __repr__(self) -> str:
        return f"Batches({self._name}, {self.steps} an epoch)"

    @property
    def own_state(self) -> str:
        """What a source is called that could say where it stands, which nobody asks it; else empty."""
        return self._name if hasattr(self._source, "state_dict") else ""

    def batches(self, asked: Asked) -> int:
        return self.steps

    def begin(self) -> None:
        self._passed = 0
        if self._anew:
            self._run = None

    def sample(self, asked: Asked) -> Drawn:
        with self._noted("batch 1"):
            item = self._source[0] if self._indexed else self._running(asked).peek()
        if item is ENDED:
            raise self._ended(asked, 0, 0)
        return self._made(item, "batch 1")

    def draw(self, asked: Asked, first: int = 0) -> Iterator[Drawn]:
        if asked.judging and self.again:
            other = Batches(self._source, steps=None if self._whole else self.steps, ahead=0)
            return other._drawn(replace(asked, turn=0), 0)
        return self._drawn(asked, first)

    def _drawn(self, asked: Asked, first: int) -> Iterator[Drawn]:
        items = self._by_number(asked, first) if self._indexed else self._by_turns(asked, first)
        for number, item in enumerate(items, first):
            yield self._made(item, _named(asked, number))
        if self._indexed and not asked.judging and hasattr(self._source, "on_epoch_end"):
            self._source.on_epoch_end()

    def _by_number(self, asked: Asked, first: int) -> Iterator[Any]:
        """The batches of a sequence."""
        for number in range(first, self.steps):
            with self._noted(_named(asked, number)):
                item = self._source[(asked.turn * self.steps + number) % max(self._length or 1, 1)]
            yield item

    def _by_turns(self, asked: Asked, first: int) -> Iterator[Any]:
        """The batches of an iterator, behind those that were done before."""
        begun = 0 if self._anew else self._passed
        for number in range(begun - (0 if self._anew else asked.turn * self.steps), self.steps):
            item = self._next(asked, number)
            self._passed += 1
            if number >= first:
                yield item
        if self._whole:
            self._check_ended(asked)
        if self._anew:
            self._run = None

    def _next(self, asked: Asked, number: int) -> Any:
        """The next batch; of what has ended and can begin anew, the first."""
        with self._noted(_named(asked, number)):
            run = self._running(asked)
            item = next(run)
            if item is ENDED and run.count and self.again and not self._anew:
                self._run = None
                item = next(self._running(asked))
        if item is ENDED:
            raise self._ended(asked, number, run.count)
        return item

    def _running(self, asked: Asked) -> _Run:
        if self._run is None or (self._anew and self._run.epoch != asked.epoch and not self._run.count):
            self._run = _Run(self._open(asked.epoch), asked.epoch)
        return self._run

    def _ended(self, asked: Asked, number: int, count: int) -> DataError:
        again = "" if self.again else ": a generator does not begin anew, give a function that returns one"
        return DataError(
            f"{_named(asked, number)}: {self._name} ended after {_count(count)}; expected {self.steps} for each "
            f"epoch{again}"
        )

    def _check_ended(self, asked: Asked) -> None:
        """Refuse more batches than the length says, which would never be trained on."""
        with self._noted("what comes behind the last batch"):
            item = next(self._running(asked))
        if item is not ENDED:
            raise DataError(
                f"{self._name} says that it has {_count(self.steps)}, and gives more: mend its length, or give "
                "steps_per_epoch"
            )

    @contextmanager
    def _noted(self, place: str) -> Iterator[None]:
        """Have errors of the source say where they arose."""
        try:
            yield
        except Exception as error:
            error.add_note(f"raised for {place} by {self._name}")
            raise

    def _made(self, item: Any, name: str) -> Drawn:
        def told(error: ElmanError) -> ElmanError:
            return type(error)(f"{name}: {error}")

        try:
            raw = batch_of(item)
            return Drawn(raw, np.array([0, _rows(raw)]), told)
        except ElmanError as error:
            raise told(error) from error


ENDED = object()


class _Run:
    """An iterator under way, whose next item can be looked at; `ENDED` where there is none."""

    def __init__(self, items: Iterator[Any], epoch: int):
        self.count, self.epoch = 0, epoch
        self._items = items
        self._seen: list[Any] = []

    def peek(self) -> Any:
        if not self._seen:
            self._seen.append(next(self._items, ENDED))
        return self._seen[0]

    def __next__(self) -> Any:
        item = self._seen.pop() if self._seen else next(self._items, ENDED)
        self.count += item is not ENDED
        return item


def _called(source: Any) -> str:
    """What messages call a source: not by its contents, which may be large."""
    name = getattr(source, "__qualname__", "")
    return f"{name}()" if name else f"the {type(source).__name__}"


def _count(batches: int) -> str:
    return f"{batches} batch" + "es" * (batches != 1)


def _named(asked: Asked, number: int) -> str:
    return f"batch {number + 1}" + ("" if asked.judging else f" of epoch {asked.turn + 1}")


def batch_of(item: Any) -> Raw:
    """What an iterator gave, as a batch."""
    if isinstance(item, Mapping) and "x" in item and set(item) <= set(PARTS):
        raw = Raw(**item)
    elif isinstance(item, tuple | list) and len(item) in (2, 3):
        raw = Raw(item[0], item[1], None, *item[2:])
    else:
        what = f"{len(item)} values" if isinstance(item, tuple | list) else checks.shown(item)
        if isinstance(item, Mapping):
            what = f"a dict with the keys {checks.shown(list(item))}"
        raise DataError(
            f"the iterator gave {what}; expected (x, target), (x, target, sample_weight), or a dict with the keys "
            f"{', '.join(PARTS)}"
        )
    return _padded(raw) if is_ragged(raw.x) else raw


def _padded(raw: Raw) -> Raw:
    if raw.lengths is not None:
        raise DataError("x is a list of sequences of unequal lengths, and lengths came too: give one of them")
    x, lengths = padded(sequences(raw.x, "x"))
    target = padded(sequences(raw.target, "target")) if is_ragged(raw.target) else (raw.target, lengths)
    if (target[1] != lengths).any():
        row = int(np.argmax(target[1] != lengths))
        raise ShapeError(f"x[{row}] has {lengths[row]} steps and target[{row}] {target[1][row]}; expected as many")
    return Raw(x, target[0], lengths, raw.sample_weight)


def _rows(raw: Raw) -> int:
    first = next(arrays_of(tuple(raw.x) if isinstance(raw.x, list) and raw.x else raw.x), None)
    shape = np.shape(raw.x if isinstance(raw.x, list) else first) if first is not None else ()
    if not shape or not shape[0]:
        raise DataError(f"x is {checks.shown(raw.x)}; expected an array with at least one row")
    return int(shape[0])


def _is_indexed(source: Any) -> bool:
    """Whether batches can be asked for by number."""
    return hasattr(source, "__getitem__") and hasattr(source, "__len__") and not isinstance(source, Mapping)


def _is_function(source: Any) -> bool:
    return callable(source) and not hasattr(source, "__iter__") and not _is_indexed(source)


def _opener(source: Any) -> Callable[[int], Iterator[Any]]:
    """A function of the epoch that returns an iterator."""
    if isinstance(source, Iterator):
        return lambda epoch: source
    if not _is_function(source):
        if not _is_indexed(source) and not hasattr(source, "__iter__"):
            raise OptionError(
                f"x is {checks.shown(source)}; expected batches: an iterable of (x, target), or a function that "
                f"returns one"
            )
        return lambda epoch: iter(source)
    takes = _takes_a_number(source)

    def opened(epoch: int) -> Iterator[Any]:
        made = source(epoch) if takes else source()
        if not hasattr(made, "__iter__"):
            raise OptionError(f"{checks.shown(source)} returned {checks.shown(made)}; expected an iterable of batches")
        return iter(made)

    return opened


def _takes_a_number(function: Any) -> bool:
    """Whether a function has a parameter to be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty for p in parameters)


def _length(source: Any) -> int | None:
    try:
        return len(source)
    except TypeError:
        return None
