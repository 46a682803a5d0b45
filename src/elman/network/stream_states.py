"""The states of many streams: which stream lies in which row, room for more, and their file."""

from __future__ import annotations

import itertools
import json
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from elman.checks import shown
from elman.errors import ModelFileError, OptionError
from elman.files import write_whole
from elman.network.single_step import zeros
from elman.tensors import to_bytes
from elman.untrusted import parsed, read_tensors

FIRST_ROOM = 16  # for so many streams at first; it doubles where it is not enough
SOME = 3  # keys that a message names
HEADER = "elman_streams"


class StreamStates:
    """States by key.

    Attributes
    ----------
    arrays : list of arrays (rows, H)
        One for each state; others after `open` and `read`, where there was no room.
    rows : dict of int by key
        In the order in which they were opened.
    """

    def __init__(self, sizes: Iterable[int], dtype: np.dtype, capacity: int | None):
        self.arrays = [zeros((0, size), dtype) for size in sizes]
        self.rows: dict[Hashable, int] = {}
        self._capacity, self._room, self._free = capacity, 0, list[int]()
        self._numbers = itertools.count()
        self._make_room(FIRST_ROOM)

    def open(self, key: Hashable, state: Sequence[np.ndarray] | None) -> Hashable:
        """A row for a key, or for a number that is none yet."""
        if key is None:
            key = next(number for number in self._numbers if number not in self.rows)
        if self._hashed(key) in self.rows:
            raise OptionError(f"the stream {shown(key)} is open already: close it, or reset it to begin anew")
        if len(self.rows) == self._capacity:
            raise OptionError(
                f"{self._capacity} streams are open, as many as there may be: close one, or make streams(capacity=...) "
                "with more"
            )
        if not self._free:
            self._make_room(2 * self._room)
        self.rows[key] = self._free.pop()
        self.put(key, state)
        return key

    def close(self, key: Hashable) -> None:
        self._free.append(self.row(key))
        del self.rows[key]

    def put(self, key: Hashable, state: Sequence[np.ndarray] | None) -> None:
        """Give a stream a state, (1, H) each, or zeros."""
        row = self.row(key)
        for number, mine in enumerate(self.arrays):
            mine[row] = 0 if state is None else state[number][0]

    def at(self, row: int) -> list[np.ndarray]:
        """A copy of a state, (1, H) each."""
        return [array[row : row + 1].copy() for array in self.arrays]

    def row(self, key: Hashable) -> int:
        found = self.rows.get(self._hashed(key))
        if found is None:
            some = ", ".join(shown(one) for one in itertools.islice(self.rows, SOME))
            there = f"{len(self.rows)} are, such as {some}" if self.rows else "none is"
            raise OptionError(f"no stream {shown(key)} is open ({there}); open({shown(key)}) begins it")
        return found

    def all_rows(self, keys: Sequence[Hashable]) -> np.ndarray:
        """Of keys that each come once, (n,)."""
        try:
            found = [self.rows[key] for key in keys]
        except (KeyError, TypeError):
            found = [self.row(key) for key in keys]  # which says what is wrong
        if len(set(found)) < len(found):
            twice = next(key for number, key in enumerate(keys) if found.index(found[number]) < number)
            raise OptionError(f"keys has {shown(twice)} twice; a stream goes one step in a call")
        return np.array(found, np.int64)

    def _make_room(self, rows: int) -> None:
        """For so many, in new arrays; less if there may be fewer."""
        rows = max(self._room, rows if self._capacity is None else min(rows, self._capacity))
        arrays = [zeros((rows, old.shape[1]), old.dtype) for old in self.arrays]
        for mine, old in zip(arrays, self.arrays, strict=True):
            mine[: self._room] = old
        self._free += range(rows - 1, self._room - 1, -1)
        self.arrays, self._room = arrays, rows

    @staticmethod
    def _hashed(key: Any) -> Hashable:
        try:
            hash(key)
        except TypeError as error:
            raise OptionError(f"a key is {shown(key)}; expected a text, a number or what else can be a key") from error
        found: Hashable = key
        return found

    # --- files

    def write(self, path: Path) -> None:
        """All keys and states, as a safetensors file."""
        keys = [int(key) if isinstance(key, np.integer) else key for key in self.rows]
        for key in keys:
            if type(key) not in (str, int):
                raise OptionError(
                    f"the key {shown(key)} cannot be written: give streams texts or whole numbers as keys"
                )
        rows = list(self.rows.values())
        states = {f"state.{number}": array[rows] for number, array in enumerate(self.arrays)}
        write_whole(path, to_bytes({**states, "rows": np.arange(len(keys))}, {HEADER: json.dumps(keys)}))

    def read(self, path: Path) -> None:
        """The keys and states of a file, in place of those that are here."""
        keys, states = _read(path, len(self.arrays))
        for state, mine in zip(states, self.arrays, strict=True):
            if state.shape != (len(keys), mine.shape[1]) or state.dtype != mine.dtype:
                raise ModelFileError(f"{path} holds streams of another network: their states have other sizes")
            if not np.isfinite(state).all():
                raise ModelFileError(f"{path} holds a state that is not finite: the file is broken; take another one")
        if self._capacity is not None and len(keys) > self._capacity:
            raise OptionError(f"{path} holds {len(keys)} streams, and {self._capacity} may be open")
        if len(keys) > self._room:
            self._make_room(len(keys))
        self._free = list(range(self._room - 1, len(keys) - 1, -1))
        self.rows = {key: row for row, key in enumerate(keys)}
        for mine, state in zip(self.arrays, states, strict=True):
            mine[: len(keys)] = state


def _read(path: Path, states: int) -> tuple[list[Hashable], list[np.ndarray]]:
    arrays, texts = read_tensors(path)
    if HEADER not in texts:
        raise ModelFileError(f"{path} holds no streams: expected a file that Streams.save has written")
    names = [f"state.{number}" for number in range(states)]
    if {name for name in arrays if name != "rows"} != set(names):
        raise ModelFileError(f"{path} holds streams of another network: it has other states")
    return _keys(path, texts[HEADER]), [arrays[name] for name in names]


def _keys(path: Path, text: str) -> list[Hashable]:
    try:
        keys = parsed(text, "the keys")
    except ModelFileError:
        keys = None
    if not isinstance(keys, list) or not all(type(key) in (str, int) for key in keys) or len(set(keys)) < len(keys):
        raise ModelFileError(
            f"the keys of the streams in {path} are {shown(text)}; expected texts or whole numbers, each once: the "
            "file is broken; take another one"
        )
    return keys
