"""Streams: many sequences that come and go, each with a state of its own, of which some go a step at a time."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from elman import checks
from elman.checks import flag, numbers, shown, whole
from elman.errors import DataError, ElmanError, ModelFileError, OptionError, ShapeError, StreamError
from elman.files import write_whole
from elman.network import arguments
from elman.network.doors import by_input
from elman.network.face import Net
from elman.network.files import read_tensors
from elman.network.single_step import SingleStep, zeros
from elman.network.tensors import to_bytes

FIRST_ROOM = 16  # for so many streams at first; it doubles where it is not enough
MOST_SAID = 3  # streams that a message says something of


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
        self._lock = threading.RLock()
        self._places: dict[Hashable, int] = {}
        self._free: list[int] = []
        self._states = self._of.states(0)
        self._room = 0
        self._numbers = itertools.count()
        self._make_room(FIRST_ROOM)

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
            if key is None:
                key = next(number for number in self._numbers if number not in self._places)
            if _hashed(key) in self._places:
                raise OptionError(f"the stream {shown(key)} is open already: close it, or reset it to begin anew")
            if len(self._places) == self.capacity:
                raise OptionError(
                    f"{self.capacity} streams are open, as many as there may be: close one, or make "
                    f"streams(capacity=...) with more"
                )
            if not self._free:
                self._make_room(2 * self._room)
            place = self._free.pop()
            self._put(place, given)
            self._places[key] = place
            return key

    def close(self, key: Hashable) -> None:
        """End a stream: its state is gone, and its key is free."""
        with self._lock:
            self._free.append(self._place(key))
            del self._places[key]

    def reset(self, key: Hashable) -> None:
        """Take a stream back to a state of zeros."""
        with self._lock:
            self._put(self._place(key), None)

    def state(self, key: Hashable) -> list[tuple[np.ndarray, ...]]:
        """A copy of the state of a stream, of one row, as `Network.__call__` and `Network.stream` take it."""
        with self._lock:
            place = self._place(key)
            return self._of.nested([state[place : place + 1].copy() for state in self._states])

    def set_state(self, key: Hashable, state: Any) -> None:
        """Give a stream a state, as `open` takes it."""
        given = self._flat(state)
        with self._lock:
            self._put(self._place(key), given)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Hashable]:
        """The keys of those that are open, in the order in which they were opened."""
        with self._lock:
            return iter(list(self._places))

    def __contains__(self, key: Hashable) -> bool:
        return key in self._places

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
            self._all_places(list(x))
            inputs, errors = self._rows(x)
            fit = [key for key in x if key not in errors]
            outputs: list[np.ndarray] = []
            if return_exceptions or not errors:
                outputs, wrong = self._stepped(fit, self._all_places(fit), inputs)
                if wrong and return_exceptions:
                    left = [row for row, key in enumerate(fit) if key not in wrong]
                    fit = [fit[row] for row in left]
                    outputs, _ = self._stepped(fit, self._all_places(fit), [array[left] for array in inputs])
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
            places = self._all_places(keys)
            inputs = [self._checked(number, one, len(keys)) for number, one in enumerate(given)]
            outputs, errors = self._stepped(keys, places, inputs)
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
            keys = [int(key) if isinstance(key, np.integer) else key for key in self._places]
            places = np.array(list(self._places.values()), np.int64)
            states = {f"state.{i}": state[places] for i, state in enumerate(self._states)}
        for key in keys:
            if type(key) not in (str, int):
                raise OptionError(
                    f"the key {shown(key)} cannot be written: give streams texts or whole numbers as keys"
                )
        write_whole(path, to_bytes({**states, "keys": np.arange(len(keys))}, {"elman_streams": json.dumps(keys)}))
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
        arrays, texts = read_tensors(checks.path(path))
        if "elman_streams" not in texts:
            raise ModelFileError(f"{path} holds no streams: expected a file that Streams.save has written")
        keys = json.loads(texts["elman_streams"])
        states = [arrays.get(f"state.{i}") for i in range(len(self._states))]
        for state, mine in zip(states, self._states, strict=True):
            if state is None or state.shape != (len(keys), mine.shape[1]) or state.dtype != mine.dtype:
                raise ModelFileError(f"{path} holds streams of another network: the states have other sizes")
        if self.capacity is not None and len(keys) > self.capacity:
            raise OptionError(f"{path} holds {len(keys)} streams, and {self.capacity} may be open")
        with self._lock:
            self._free += self._places.values()
            self._places = {}
            self._make_room(max(self._room, len(keys)))
            places = [self._free.pop() for _ in keys]
            for mine, state in zip(self._states, states, strict=True):
                mine[places] = state
            self._places = dict(zip(keys, places, strict=True))

    # --- its parts

    def _make_room(self, streams: int) -> None:
        """For so many; the engine gets new arrays."""
        if streams == self._room:
            return
        if self.capacity is not None:
            streams = max(self._room, min(streams, self.capacity))
        states = [zeros((streams, old.shape[1]), old.dtype) for old in self._states]
        for mine, old in zip(states, self._states, strict=True):
            mine[: self._room] = old
        self._free += range(streams - 1, self._room - 1, -1)
        self._states, self._room = states, streams
        self._pool = self._of.engine.pool(self._of.arena, states)

    def _flat(self, state: Any) -> list[np.ndarray]:
        return arguments.flat_state(state, self._of.sizes, 1, self._of.network.dtype)

    def _put(self, place: int, state: Sequence[np.ndarray] | None) -> None:
        for number, mine in enumerate(self._states):
            mine[place] = 0 if state is None else state[number][0]

    def _place(self, key: Hashable) -> int:
        place = self._places.get(_hashed(key))
        if place is None:
            some = ", ".join(shown(one) for one in itertools.islice(self._places, MOST_SAID))
            there = f"{len(self._places)} are, such as {some}" if self._places else "none is"
            raise OptionError(f"no stream {shown(key)} is open ({there}); open({shown(key)}) begins it")
        return place

    def _all_places(self, keys: Sequence[Hashable]) -> np.ndarray:
        try:
            places = [self._places[key] for key in keys]
        except (KeyError, TypeError):
            places = [self._place(key) for key in keys]  # which says what is wrong
        if len(set(places)) < len(places):
            twice = next(key for number, key in enumerate(keys) if places.index(places[number]) < number)
            raise OptionError(f"keys has {shown(twice)} twice; a stream goes one step in a call")
        return np.array(places, np.int64)

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
        self, keys: Sequence[Hashable], places: np.ndarray, given: Sequence[np.ndarray]
    ) -> tuple[list[np.ndarray], dict[Hashable, ElmanError]]:
        """The outputs of a step, or what is wrong with some streams."""
        outputs, wrong = self._of.outputs(len(keys)), np.zeros(len(keys), bool)
        if not keys:
            return outputs, {}
        try:
            inputs = [self._taken(number, array) for number, array in enumerate(given)]
            if self._pool.step(places, self._of.timed(inputs), outputs, wrong):
                return outputs, {}
        except DataError:  # at an index that is none, of any of them
            wrong[:] = True
        return outputs, self._errors(keys, places, given, wrong)

    def _taken(self, number: int, array: np.ndarray) -> np.ndarray:
        """An input as the engine takes it."""
        self._of.look(number, array)
        door = self._of.doors[number]
        with np.errstate(over="ignore"):  # what is too large is infinite then, and found as such
            return np.ascontiguousarray(array, np.int64 if door.whole else door.dtype)

    def _errors(
        self, keys: Sequence[Hashable], places: np.ndarray, given: Sequence[np.ndarray], wrong: np.ndarray
    ) -> dict[Hashable, ElmanError]:
        """Of each stream that is wrong, what."""
        errors: dict[Hashable, ElmanError] = {}
        for row in map(int, np.flatnonzero(wrong)):
            place = places[row]
            try:
                inputs = [self._taken(number, array[row : row + 1]) for number, array in enumerate(given)]
                self._of.explain(inputs, [state[place : place + 1] for state in self._states], alone=True)
            except DataError as error:
                errors[keys[row]] = error
        return errors


def _hashed(key: Any) -> Hashable:
    try:
        hash(key)
    except TypeError as error:
        raise OptionError(f"a key is {shown(key)}; expected a text, a number or what else can be a key") from error
    found: Hashable = key
    return found


def _refused(errors: Mapping[Hashable, ElmanError], streams: int) -> StreamError:
    said = [f"stream {shown(key)}: {error}" for key, error in itertools.islice(errors.items(), MOST_SAID)]
    more = f"; and {len(errors) - MOST_SAID} more streams" if len(errors) > MOST_SAID else ""
    none = f". None of the {streams} streams has gone a step" if streams > 1 else ""
    return StreamError("; ".join(said) + more + none, dict(errors))
