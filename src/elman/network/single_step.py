"""One step of a network: the arrays that go in and come out of it, and what was wrong with one that failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.engine.indices import as_indices, whole_numbers
from elman.engine.interface import Batch
from elman.errors import OptionError
from elman.network import arguments
from elman.network.face import Net
from elman.network.stepwise import hindrance
from elman.training.finite import check_finite, check_indices


class SingleStep:
    """A network that goes from step to step, with the parameters that it has now.

    Raises
    ------
    OptionError
        If it has none: a layer runs in reverse, say.
    """

    def __init__(self, network: Net):
        check_stepwise(network)
        self.network, self.sizes = network, network.state_sizes()
        self.arena = network.params.read(lambda _: network.arena.copy())
        self.doors, self.ends, self.engine = network.doors, network.ends, network.new_engine()
        self.one_input, self.one_output = len(self.doors) == 1, network.structure.names is None

    def inputs(self, rows: int) -> list[np.ndarray]:
        """Inputs of one step, (B, F) each."""
        made = [zeros((rows, d.given.width), np.dtype(np.int64) if d.whole else d.dtype) for d in self.doors]
        for door, array in zip(self.doors, made, strict=True):
            door.begin(array)
        return made

    def outputs(self, *shape: int) -> list[np.ndarray]:
        """Of each output an array (..., O)."""
        return [zeros((*shape, end.outputs), self.network.dtype) for end in self.ends]

    def states(self, rows: int) -> list[np.ndarray]:
        """States of zeros, (B, H) each."""
        return [zeros((rows, size), self.network.dtype) for sizes in self.sizes for size in sizes]

    def timed(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Inputs of one step, as an engine takes them: (B, 1, F) of what has time."""
        return [a[:, None] if door.steps else a for a, door in zip(inputs, self.doors, strict=True)]

    def look(self, number: int, array: np.ndarray) -> None:
        """Raise `DataError` at what layers cannot use, of one step (B, F) or of several (B, T, F)."""
        door = self.doors[number]
        door.check_ranges(array)
        if door.indices:
            check_indices(array, door.indices, door.name)
        elif door.whole:  # a class that the equations pick
            plan = self.engine.plan
            limit = whole_numbers(plan, self.network.dtype)[plan.inputs[number].slot]
            as_indices(array if array.ndim == 3 else array[:, None], limit, None, door.name)

    def explain(self, inputs: Sequence[np.ndarray], states: Sequence[np.ndarray], *, alone: bool = False) -> None:
        """Raise `DataError` for a step that was not finite, which is done once more for its results.

        Of the row of a stream that is `alone` messages say the places in it.
        """
        here: Any = 0 if alone else slice(None)
        for door, array in zip(self.doors, inputs, strict=True):
            check_finite(array[here], door.name)
        with np.errstate(all="ignore"):
            batch = Batch(tuple(self.timed(inputs)), states=[state.copy() for state in states])
            outputs, finals = self.engine.forward(self.arena, batch)
        found = [y.reshape(len(y), -1) for y in outputs]
        names = [end.name or "output" for end in self.ends]
        names += [f"state[{i}][{j}]" for i, sizes in enumerate(self.sizes) for j in range(len(sizes))]
        results = {name: array[here] for name, array in zip(names, [*found, *finals], strict=True)}
        arguments.check_results(self.network, results, self.arena)

    def returned(self, outputs: Sequence[np.ndarray]) -> Any:
        """Outputs as the network returns them."""
        return outputs[0] if self.one_output else self.network.returned(outputs)

    def nested(self, flat: Sequence[np.ndarray]) -> list[tuple[np.ndarray, ...]]:
        """States by layer."""
        left = iter(flat)
        return [tuple(next(left) for _ in sizes) for sizes in self.sizes]


def check_stepwise(network: Net) -> None:
    """Raise `OptionError` unless a network's first output needs nothing but the first inputs."""
    why = hindrance(network.structure)
    if why:
        raise OptionError(f"{why}, which needs the whole sequence: call the network itself, not step by step")


def zeros(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    try:
        return np.zeros(shape, dtype)
    except (MemoryError, ValueError) as error:
        size = " x ".join(map(str, shape))
        raise OptionError(f"there is no memory for a stream with arrays of {size} numbers: take fewer rows") from error


def put(mine: np.ndarray, given: np.ndarray) -> None:
    """Copy numbers of any kind; what is too large becomes infinite, and is found as such."""
    with np.errstate(over="ignore", invalid="ignore"):
        mine[...] = given
