"""Parameters: one flat array, and named views of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import numbers
from elman.equations import Graph
from elman.errors import DataError, OptionError, ShapeError
from elman.network.initialisers import generator, initial_value, rule
from elman.network.layers import Layer


@dataclass(frozen=True)
class Place:
    """Where a parameter lies in the flat array."""

    offset: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)  # NumPy's would wrap around at sizes beyond 2^63


def layout(graphs: list[Graph]) -> dict[str, Place]:
    """A place for every parameter, layer after layer: ``"<layer>.<name in the equations>"``."""
    places: dict[str, Place] = {}
    offset = 0
    for number, graph in enumerate(graphs):
        for name in graph.parameters:
            place = Place(offset, graph.shape(name))
            places[f"{number}.{name}"] = place
            offset += place.size
    return places


class Parameters(Mapping[str, np.ndarray]):
    """Named, writable views of a flat array; assignment copies values in and checks the shape."""

    def __init__(self, places: dict[str, Place], arena: np.ndarray):
        self.places, self.arena = places, arena

    def __getitem__(self, name: str) -> np.ndarray:
        place = self._place(name)
        return self.arena[place.offset : place.offset + place.size].reshape(place.shape)

    def __setitem__(self, name: str, value: np.typing.ArrayLike) -> None:
        view, array = self[name], numbers(value, name)
        if array.shape not in ((), view.shape):
            raise ShapeError(f"{name} has shape {view.shape}, got a value of shape {array.shape}")
        view[...] = array

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


def initialise(parameters: Parameters, layers: list[Layer], graphs: list[Graph], seed: int) -> None:
    """Fill the parameters: what the layer says, else what the cell says, else the rule."""
    for number, (layer, graph) in enumerate(zip(layers, graphs, strict=True)):
        unknown = set(layer.initial) - set(graph.parameters)
        if unknown:
            raise OptionError(
                f"layer {number} ({layer.cell.name}) has no parameter {sorted(unknown, key=str)[0]!r} to initialise; "
                f"it has {', '.join(graph.parameters) or 'none'}"
            )
        for name in graph.parameters:
            how = layer.initial.get(name, layer.cell.initial.get(name, rule(graph, name)))
            full = f"{number}.{name}"
            with np.errstate(over="ignore"):  # found below
                parameters[full] = initial_value(how, generator(seed, number, name), graph.shape(name), full)
            if not np.isfinite(parameters[full]).all():
                raise DataError(f"the initial value of {full} is not finite in {parameters.arena.dtype}; give numbers")
