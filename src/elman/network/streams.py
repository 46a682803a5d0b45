"""Streams: many sequences that come and go, each with a state of its own, of which some go a step at a time."""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from elman import checks
from elman.checks import flag, numbers, shown, whole
from elman.engine.interface import Pool
from elman.errors import DataError, ElmanError, OptionError, ShapeError, StreamError
from elman.network import arguments
from elman.network.doors import by_input
from elman.network.face import Net
from elman.network.single_step import SingleStep
from elman.network.stream_states import SOME, StreamStates

_of_this_process: weakref.WeakSet[Streams] = weakref.WeakSet()


def _unlock() -> None:
    """In the child of a fork nobody holds a lock but threads that are not there."""
    for streams in _of_this_process:
        streams._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)


class Streams:
    """Many streams of one network; made by `Network.streams`.

    A stream is opened under a key and closed when its sequence ends. Any of those that are open go a step together, in
    one call: each has the numbers that it has alone (`Network.stream`), bit for bit. The parameters are those that the
    network had when this was made.

    Several threads may use one `Streams`: their calls take turns, each done whole before the next one begins.

    Parameters
    ----------
    network : Net
        What to run; `Stream` says which networks can be.
    capacity : int, optional
        How many streams may be open at once: one more is refused. By default any number, in memory that grows with
        them.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import GRU, Dense, Network
    >>> streams = Network(2, [GRU(8), Dense(1)]).streams()
    >>> for name in ("pump 1", "pump 2", "pump 3"):
    ...     _ = streams.open(name)
    >>> y = streams({"pump 3": [0.1, 0.2], "pump 1": [0.3, 0.4]})
    >>> list(y), y["pump 1"].shape
    (['pump 3', 'pump 1'], (1,))
    >>> streams.close("pump 1")
    >>> len(streams), "pump 1" in streams
    (2, False)
    """

    def __init__(self, network: Net, capacity: int | None = None):
        self._of = SingleStep(network)
        self.capacity = None if capacity is None else whole(capacity, "capacity")
        sizes = itertools.chain(*self._of.sizes)
        self._states = StreamStates(sizes, network.dtype, self.capacity)
        self._lock = threading.RLock()
        _of_this_process.add(self)
        self._pool: Pool | None = None
        self._pooling: list[np.ndarray] = []  # the arrays of that

    # --- streams come and go

    def open(self, key: Hashable = None, state: Any = None) -> Hashable:
        """Begin a stream.

        Parameters
        ----------
        key : hashable, optional
            What it is called from now on; by default the next whole number that is none's yet.
        state : list of tuples of arrays (1, H), optional
            Its state, as `Network.__call__` returns that of a single row; zeros by default.

        Returns
        -------
        hashable
            The key.

        Raises
        ------
        OptionError
            If a stream of this key is open, or as many as there may be.
        """
        given = None if state is None else self._flat(state)
        with self._lock:
            return self._states.open(key, given)

    def close(self, key: Hashable) -> None:
        """End a stream: its state is gone, and its key is free."""
        with self._lock:
            self._states.close(key)

    def reset(self, key: Hashable) -> None:
        """Take a stream back to a state of zeros."""
        with self._lock:
            self._states.put(key, None)

    def state(self, key: Hashable) -> list[tuple[np.ndarray, ...]]:
        """A copy of the state of a stream, of one row, as `Network.__call__` and `Network.stream` take it."""
        with self._lock:
            return self._of.nested(self._states.at(self._states.row(key)))

    def set_state(self, key: Hashable, state: Any) -> None:
        """Give a stream a state, as `open` takes it."""
        given = self._flat(state)
        with self._lock:
            self._states.put(key, given)

    def __len__(self) -> int:
        return len(self._states.rows)

    def __iter__(self) -> Iterator[Hashable]:
        """The keys of those that are open, in the order in which they were opened."""
        with self._lock:
            return iter(list(self._states.rows))

    def __contains__(self, key: Hashable) -> bool:
        return key in self._states.rows

    def __repr__(self) -> str:
        most = "" if self.capacity is None else f" of at most {self.capacity}"
        return f"<Streams: {len(self)} open{most}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "streams cannot be copied or pickled, as they hold the engine's memory: save(path) writes their states, "
            "and net.streams().restore(path) goes on from them"
        )

    # --- steps

    def __call__(self, x: Mapping[Hashable, Any], *, return_exceptions: bool = False) -> dict[Hashable, Any]:
        """One step of some streams, by their keys.

        Parameters
        ----------
        x : mapping of key to array (F,)
            What has come of each; of several inputs a tuple of arrays, or a dict by name.
        return_exceptions : bool, default False
            Go on without the streams whose x cannot be used: these stay as they are, and have their error in place of
            an output.

        Returns
        -------
        dict of key to array (O,)
            In the order of x; of several outputs a tuple of arrays, or a dict by name.

        Raises
        ------
        StreamError
            If the x of a stream does not fit, or x or a result is not finite: its `errors` say of which, and what. No
            stream has gone a step then.
        OptionError
            If a key is that of no stream.
        """
        flag(return_exceptions, "return_exceptions")
        if not isinstance(x, Mapping):
            raise OptionError(f"x is {shown(x)}; expected a dict of arrays by key, or step(keys, x)")
        with self._lock:
            self._states.all_rows(list(x))
            inputs, errors = self._rows(x)
            fit = [key for key in x if key not in errors]
            outputs: list[np.ndarray] = []
            if return_exceptions or not errors:
                outputs, wrong = self._stepped(fit, self._states.all_rows(fit), inputs)
                if wrong and return_exceptions:
                    left = [row for row, key in enumerate(fit) if key not in wrong]
                    fit = [fit[row] for row in left]
                    outputs, _ = self._stepped(fit, self._states.all_rows(fit), [array[left] for array in inputs])
                errors |= wrong
        if errors and not return_exceptions:
            raise _refused(errors, len(x))
        of = self._of
        rows = iter(outputs[0]) if of.one_output and fit else map(of.network.returned, zip(*outputs, strict=True))
        found = dict(zip(fit, rows, strict=True))
        return {key: errors[key] if key in errors else found[key] for key in x} if errors else found

    def step(self, keys: Sequence[Hashable], x: Any) -> Any:
        """One step of some streams: the fastest way for many of them.

        Parameters
        ----------
        keys : sequence of n keys
            Each once.
        x : array (n, F)
            What has come of them, in their order; of several inputs a tuple of arrays, or a dict by name.

        Returns
        -------
        array (n, O)
            Of several outputs a tuple of arrays, or a dict by name.

        Raises
        ------
        StreamError
            If x or a result is not finite: its `errors` say of which streams, and what. No stream has gone a step then.
        ShapeError, OptionError
            If x does not fit the keys, or a key is that of no stream, or comes twice.

        Examples
        --------
        >>> import numpy as np
        >>> from elman.network import GRU, Network
        >>> streams = Network(1, [GRU(4)]).streams(capacity=100)
        >>> keys = [streams.open() for _ in range(100)]
        >>> streams.step(keys[10:20], np.zeros((10, 1))).shape
        (10, 4)
        """
        keys = checks.listed(keys, "keys", "keys of streams")
        given = by_input(self._of.doors, x)
        with self._lock:
            rows = self._states.all_rows(keys)
            inputs = [self._checked(number, one, len(keys)) for number, one in enumerate(given)]
            outputs, errors = self._stepped(keys, rows, inputs)
        if errors:
            raise _refused(errors, len(keys))
        return self._of.returned(outputs)

    # --- files

    def save(self, path: str | Path) -> Path:
        """Write the keys and states of all streams to a safetensors file, complete or not at all.

        Raises
        ------
        OptionError
            If a key is neither a text nor a whole number.
        """
        path = checks.path(path)
        with self._lock:
            self._states.write(path)
        return path

    def restore(self, path: str | Path) -> None:
        """Open the streams of a file that `save` wrote, in place of those that are open.

        Raises
        ------
        ModelFileError
            If it is no such file, or one of a network with other states.
        OptionError
            If it has more streams than may be open.
        """
        path = checks.path(path)
        with self._lock:
            self._states.read(path)

    # --- its parts

    def _flat(self, state: Any) -> list[np.ndarray]:
        return arguments.flat_state(state, self._of.sizes, 1, self._of.network.dtype)

    def _pooled(self) -> Pool:
        """What takes streams a step further, in the arrays that there are now."""
        arrays = self._states.arrays
        if self._pool is None or self._pooling is not arrays:
            self._pool, self._pooling = self._of.engine.pool(self._of.arena, arrays), arrays
        return self._pool

    def _checked(self, number: int, x: Any, rows: int) -> np.ndarray:
        door = self._of.doors[number]
        array, expected = numbers(x, door.name), (rows, door.given.width)
        if array.shape != expected:
            raise ShapeError(f"{door.name} has shape {array.shape}; expected {expected} = (keys, features)")
        return array

    def _rows(self, x: Mapping[Hashable, Any]) -> tuple[list[np.ndarray], dict[Hashable, ElmanError]]:
        """The inputs of all streams, (n, F) each, and what is wrong with those that are left out."""
        shape, values = (self._of.doors[0].given.width,), list(x.values())
        if self._of.one_input and all(type(one) is np.ndarray and one.shape == shape for one in values) and values:
            array = np.array(values)
            if array.dtype.kind in "fiub":
                return [array], {}
        rows: list[list[np.ndarray]] = []
        errors: dict[Hashable, ElmanError] = {}
        for key, given in x.items():
            try:
                rows.append(self._row(given))
            except (DataError, ShapeError) as error:
                errors[key] = error
        return [np.stack(arrays) for arrays in zip(*rows, strict=True)], errors

    def _row(self, given: Any) -> list[np.ndarray]:
        """The inputs of a stream, (F,) each."""
        found = []
        for door, one in zip(self._of.doors, by_input(self._of.doors, given), strict=True):
            array, expected = numbers(one, door.name), (door.given.width,)
            if array.shape != expected and not (array.ndim == 0 and expected == (1,)):
                raise ShapeError(f"{door.name} has shape {array.shape}; expected {expected}, its features")
            found.append(array.reshape(expected))
        return found

    def _stepped(
        self, keys: Sequence[Hashable], rows: np.ndarray, given: Sequence[np.ndarray]
    ) -> tuple[list[np.ndarray], dict[Hashable, ElmanError]]:
        """The outputs of a step, or what is wrong with some streams."""
        outputs, wrong = self._of.outputs(len(keys)), np.zeros(len(keys), bool)
        if not keys:
            return outputs, {}
        try:
            inputs = [self._taken(number, array) for number, array in enumerate(given)]
            if self._pooled().step(rows, self._of.timed(inputs), outputs, wrong):
                return outputs, {}
        except DataError:  # at an index that is none, of any of them
            wrong[:] = True
        return outputs, self._errors(keys, rows, given, wrong)

    def _taken(self, number: int, array: np.ndarray) -> np.ndarray:
        """An input as the engine takes it."""
        self._of.look(number, array)
        door = self._of.doors[number]
        with np.errstate(over="ignore"):  # what is too large is infinite then, and found as such
            return np.ascontiguousarray(array, np.int64 if door.whole else door.dtype)

    def _errors(
        self, keys: Sequence[Hashable], rows: np.ndarray, given: Sequence[np.ndarray], wrong: np.ndarray
    ) -> dict[Hashable, ElmanError]:
        """Of each stream that is wrong, what."""
        errors: dict[Hashable, ElmanError] = {}
        for k in map(int, np.flatnonzero(wrong)):
            try:
                inputs = [self._taken(number, array[k : k + 1]) for number, array in enumerate(given)]
                self._of.explain(inputs, self._states.at(rows[k]), alone=True)
            except DataError as error:
                errors[keys[k]] = error
        return errors


def _refused(errors: Mapping[Hashable, ElmanError], streams: int) -> StreamError:
    said = [f"stream {shown(key)}: {error}" for key, error in itertools.islice(errors.items(), SOME)]
    more = f"; and {len(errors) - SOME} more streams" if len(errors) > SOME else ""
    none = f". None of the {streams} streams has gone a step" if streams > 1 else ""
    return StreamError("; ".join(said) + more + none, dict(errors))
