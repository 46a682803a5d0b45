"""Parameters: one flat array, and named views of it that are read; writes are counted."""

from __future__ import annotations

import itertools
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from elman.attributes import PARAMETERS, answering
from elman.checks import numbers, whole
from elman.engine.blas import one_blas_thread
from elman.equations.graph import Graph
from elman.errors import EngineError, ModelFileError, OptionError, ShapeError
from elman.network.flow import Part
from elman.network.initialisers import generator, initial_value, rule
from elman.training.finite import check_finite
from elman.training.notes import note

_versions = itertools.count(1)  # of the parameters of all networks
SECONDS_OF_PATIENCE = 1.0  # with another thread that writes, and writes, while values are read
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Place:
    """Where a parameter lies in the flat array."""

    offset: int
    shape: tuple[int, ...]
    layer: int  # whose it is
    valid: Callable[[np.ndarray, str], None] | None = None  # raises for values that make no sense

    @property
    def size(self) -> int:
        return math.prod(self.shape)  # NumPy's would wrap around at sizes beyond 2^63

    def view(self, flat: np.ndarray) -> np.ndarray:
        """The parameter, or its gradient, in a flat array."""
        return flat[self.offset : self.offset + self.size].reshape(self.shape)


def layout(parts: Sequence[Part]) -> dict[str, Place]:
    """A place for every parameter, layer after layer: ``"<layer>.<name in the equations>"``.

    Those that are another layer's have none of their own.
    """
    places: dict[str, Place] = {}
    offset = 0
    for number, part in enumerate(part for part in parts if part.graph is not None):
        assert part.graph is not None
        for name in part.graph.parameters:
            if name in part.tied:
                continue
            place = Place(offset, part.graph.shape(name), number, part.layer.cell.valid.get(name))
            places[f"{part.name}.{name}"] = place
            offset += place.size
    return places


def views(places: dict[str, Place], flat: np.ndarray) -> dict[str, np.ndarray]:
    """All of a flat array, such as a gradient, by name."""
    return {name: place.view(flat) for name, place in places.items()}


def flat(parameters: np.ndarray | dict[str, np.ndarray], places: dict[str, Place], dtype: np.dtype) -> np.ndarray:
    """Parameters of a model file, by name or in one flat array, as such an array."""
    size = sum(place.size for place in places.values())
    if isinstance(parameters, np.ndarray):
        if parameters.shape != (size,):
            raise ShapeError(f"parameters have shape {parameters.shape}; expected ({size},)")
        return np.array(parameters, dtype)
    if set(parameters) != set(places):
        raise ModelFileError(f"holds parameters {sorted(parameters)}, its layers have {sorted(places)}")
    for name, place in places.items():
        if parameters[name].shape != place.shape:
            raise ShapeError(f"{name} has shape {parameters[name].shape}, its layer expects {place.shape}")
        if parameters[name].dtype != dtype:
            raise ModelFileError(f"{name} is of {parameters[name].dtype}, and the network of {dtype}")
        _tell_of_large(parameters[name], name)
    return np.concatenate([np.empty(0, dtype), *(np.ravel(parameters[name]) for name in places)])


class Counted(np.ndarray):
    """A view of parameters. What is written to it by index, or by ``+=`` and the like, is checked and counted.

    For everything else it is read-only, so that no write goes unnoticed; copies, and what is computed from it, are
    plain arrays.
    """

    _owner: Parameters | None = None

    def __array_finalize__(self, given: Any) -> None:
        self._owner = getattr(given, "_owner", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out, compute = options.pop("out", ()), getattr(ufunc, method)
        if method == "at" and inputs[0] is self:  # NumPy writes to what is read-only here, so it gets a copy
            changed = np.array(self)
            compute(changed, *map(_plain, inputs[1:]))
            self[...] = changed
            return None
        if len(out) == 1 and out[0] is self and not options:  # self += value
            self[...] = compute(*map(_plain, inputs))
            return self
        if out:
            options["out"] = tuple(map(_plain, out))
        return compute(*map(_plain, inputs), **options)

    def __setitem__(self, where: Any, value: Any) -> None:
        if self._owner is None or self.flags.writeable:
            super().__setitem__(where, value)
            return
        found = finite(value, self.dtype, "the value for parameters")
        with self._owner.writing():
            view = self.view(np.ndarray)
            view.flags.writeable = True
            view[where] = found

    def __reduce__(self) -> Any:
        return np.array(self).__reduce__()

    def __deepcopy__(self, memo: Any) -> np.ndarray:  # type: ignore[override]
        return np.array(self)

    def copy(self, order: Any = "C") -> np.ndarray:  # type: ignore[override]
        return np.array(self, order=order)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def finite(value: Any, dtype: np.dtype, name: str) -> np.ndarray:
    """Numbers in a dtype, all finite in it."""
    with np.errstate(over="ignore"):  # what is too large is infinite then, and found as such
        found = numbers(value, name).astype(dtype, copy=False)
    check_finite(np.atleast_1d(found), name)
    return found


@answering(PARAMETERS)
class Parameters(Mapping[str, np.ndarray]):
    """Named parameters, which lie in one flat array, the arena; all writing goes through here.

    Reading gives a view (`Counted`). Assignment copies values in, of the parameter's shape or one number:
    ``net.params["0.W"] = 0.5 * net.params["0.W"]``; writing to the view by index, or by ``*=``, is the same. An engine
    keeps parameters in an order of its own, and knows by their version whether to make that again.

    Parameters
    ----------
    places : dict of str to Place
        Where each lies.
    values : ndarray, shape (P,)
        The flat array, which is theirs from now on.

    Attributes
    ----------
    arena : ndarray, shape (P,)
        All values, to be read.

    Raises
    ------
    OptionError, ShapeError, DataError
        If there is no such parameter, or what is assigned does not fit it or holds a NaN or an infinity.

    Examples
    --------
    >>> from elman.network import Dense, Network
    >>> params = Network(1, [Dense(2)]).params
    >>> params["0.W"] = [[2], [3]]
    >>> params["0.b"] = 0.5
    >>> params.arena.tolist()
    [2.0, 3.0, 0.5, 0.5]
    """

    places: dict[str, Place]
    arena: Counted

    def __init__(self, places: dict[str, Place], values: np.ndarray):
        self.places, self._values = places, values
        self.arena = values.view(Counted)
        self.arena.flags.writeable = False
        self.arena._owner = self
        self._writers: list[tuple[int, int]] = []  # process and thread of each write under way
        self._version = next(_versions)

    def __reduce__(self) -> tuple[Any, ...]:
        return Parameters, (self.places, self._values.copy())

    @property
    def version(self) -> int:
        """A number that only these values have, in this process: another after each write, and 0 during one."""
        return 0 if self._writers else self._version

    @contextmanager
    def writing(self) -> Iterator[np.ndarray]:
        """The flat array, to be changed within the ``with`` and nowhere else; nothing is checked."""
        values, me = self._values.view(), (os.getpid(), threading.get_ident())
        self._writers.append(me)
        try:
            yield values
        finally:
            values.flags.writeable = False
            self._version = next(_versions)  # while nobody sees one
            self._writers.remove(me)

    def read(self, run: Callable[[int], _Found]) -> _Found:
        """What `run` makes of values that no other thread changes meanwhile: the old ones or the new, never of both.

        It is run once more where another thread has written to them in between, and not before such a write has ended.

        Parameters
        ----------
        run : function of the version
            It may be called several times.

        Raises
        ------
        EngineError
            If another thread writes again and again, as a training does.
        """
        until = 0.0
        while True:
            before = self._version
            if not self._others_write():
                try:
                    found = run(self.version)
                except Exception:
                    if self._is_still(before):
                        raise
                else:
                    if self._is_still(before):
                        return found
            until = until or time.monotonic() + SECONDS_OF_PATIENCE
            if time.monotonic() > until:
                raise EngineError(
                    "the parameters are written to again and again by another thread (is the network trained there?), "
                    "so that they are never read as a whole: use a copy of the network, or wait until it is done"
                )
            time.sleep(1e-3)

    def _is_still(self, version: int) -> bool:
        """Whether nothing was written since then."""
        return self._version == version and not self._others_write()

    def _others_write(self) -> bool:
        """Whether another thread is at it; one that a fork has left behind is none."""
        if not self._writers:
            return False
        me = os.getpid(), threading.get_ident()
        return any(writer[0] == me[0] and writer[1] != me[1] for writer in self._writers.copy())

    def write(self, values: np.typing.ArrayLike) -> None:
        """Set all of them, to a flat array (P,) as `arena` is, or to one number."""
        found = self._fitting(values, self.arena.shape, "parameters")
        with self.writing() as arena:
            arena[...] = found

    def restore(self, values: np.ndarray) -> None:
        """Have the values that the flat array had, whatever they were."""
        with self.writing() as arena:
            arena[...] = values

    def where(self, index: int) -> str:
        """The parameter at a place of the flat array, as ``0.W_i[3, 2]``."""
        index = whole(index, "index", least=0)
        for name, place in self.places.items():
            if place.offset <= index < place.offset + place.size:
                inside = np.unravel_index(index - place.offset, place.shape)
                return f"{name}[{', '.join(str(int(i)) for i in inside)}]"
        raise OptionError(f"there is no parameter number {index}; there are {self.arena.size}")

    def __getitem__(self, name: str) -> np.ndarray:
        return self._place(name).view(self.arena)

    def __setitem__(self, name: str, value: np.typing.ArrayLike) -> None:
        self._set(name, value, name)

    def begin(self, name: str, value: np.typing.ArrayLike) -> None:
        """Set one to its initial value."""
        self._set(name, value, f"the initial value of {name}")

    def _set(self, name: str, value: np.typing.ArrayLike, what: str) -> None:
        place = self._place(name)
        found = self._fitting(value, place.shape, what)
        if place.valid:
            place.valid(found, what)
        with self.writing() as arena:
            place.view(arena)[...] = found

    def _fitting(self, value: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
        """A value for parameters of this shape, in their dtype and finite."""
        given = numbers(value, name)
        if given.shape not in ((), shape):
            raise ShapeError(f"{name} has shape {shape}, got a value of shape {given.shape}")
        found = finite(np.broadcast_to(given, shape), self._values.dtype, name)
        _tell_of_large(found, name)
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.places  # Mapping's own asks by a KeyError, as does its `get`

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if isinstance(name, str) and name in self.places else default

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __repr__(self) -> str:
        return "\n".join(f"{name} {place.shape}" for name, place in self.places.items())

    def _place(self, name: str) -> Place:
        if not isinstance(name, str) or name not in self.places:
            raise OptionError(f"there is no parameter {name!r}; there are {', '.join(self.places) or 'none'}")
        return self.places[name]


def _tell_of_large(values: np.ndarray, name: str) -> None:
    """Note a value whose products go beyond the dtype.

    What overflows is infinite or NaN by the order of a sum, and no two engines and processors have the same; a tanh
    behind it makes a number of one and not of the other.
    """
    limit = math.sqrt(np.finfo(values.dtype).max)
    if values.size and (values.max() > limit or values.min() < -limit):
        place = [int(i) for i in np.unravel_index(np.abs(values).argmax(), values.shape)]
        note(
            f"{name}{place or ''} is {np.abs(values).max():.3g} in size: products of numbers above {limit:.2g} go "
            f"beyond {values.dtype}, and the engines need not agree on what comes of that; have parameters and "
            "inputs of about 1, or dtype float64"
        )


@one_blas_thread()
def initialise(
    parameters: Parameters, parts: Sequence[Part], seed: int, known: Mapping[str, np.ndarray] | None = None
) -> None:
    """Fill the parameters: what the layer says, else what the cell says, else the rule.

    `known` has the constants of cells that come from a file, which do not have them.
    """
    for number, part in enumerate(part for part in parts if part.graph is not None):
        layer, graph = part.layer, part.graph
        assert graph is not None
        unknown = set(layer.initial) - set(graph.parameters)
        if unknown:
            raise OptionError(
                f"layer {part.name} ({layer.cell.name}) has no parameter {sorted(unknown, key=str)[0]!r} to "
                f"initialise; it has {', '.join(graph.parameters) or 'none'}"
            )
        for name in (name for name in graph.parameters if name not in part.tied):
            full = f"{part.name}.{name}"
            how = layer.initial.get(name, layer.cell.initial.get(name, _by_rule(graph, name, full, known or {})))
            value = initial_value(how, generator(seed, number, name), graph.shape(name), full, graph.blocks(name))
            parameters.begin(full, value)


def _by_rule(graph: Graph, name: str, full: str, known: Mapping[str, np.ndarray]) -> Any:
    """What a parameter starts with where nothing else is said: a constant with its value."""
    parameter = graph.parameters[name]
    if parameter.fixed and parameter.value is None:
        return known.get(full, partial(_unknown, full))
    return parameter.value if parameter.fixed else rule(graph, name)


def _unknown(name: str, random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    raise OptionError(f"{name} is a constant of a stored cell, whose value the model has: give it by initial=")
