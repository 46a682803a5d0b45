"""Stream: a network that takes one time step after the other, as the values arrive."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from elman.checks import numbers, whole
from elman.engine.indices import as_indices, whole_numbers
from elman.engine.interface import Batch
from elman.errors import DataError, OptionError, ShapeError
from elman.network import arguments
from elman.network.doors import by_input
from elman.network.face import Net
from elman.network.stepwise import hindrance
from elman.training.finite import check_finite, check_indices


class Stream:
    """Runs a network step by step with the least work between steps; made by `Network.stream`.

    It keeps the state, and the parameters as they were when it was made. The numbers are those of `Network.step`, bit
    for bit.

    Parameters
    ----------
    network : Net
        What to run, with nothing but states between steps: none of its layers may run in reverse, attend
        to a sequence, gather or shift one, or begin with states that others make. What is taken of the last step is
        that of the step at hand; an input without time is given at each step.
    rows : int, default 1
        Sequences side by side, B.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default.

    Raises
    ------
    OptionError
        If a layer runs in reverse, say: its first output depends on the last input.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Dense, GRU, Network
    >>> stream = Network(2, [GRU(8), Dense(1)]).stream()
    >>> [stream(x).shape for x in np.zeros((3, 1, 2))]
    [(1, 1), (1, 1), (1, 1)]
    """

    def __init__(self, network: Net, rows: int = 1, state: Any = None):
        check_stepwise(network)
        rows = whole(rows, "rows")
        self._network, self._arena, self._sizes = network, network.arena.copy(), network.state_sizes()
        given, ends = network.structure.inputs, network.ends
        widths = [*(one.width for one in given), *(end.outputs for end in ends), *itertools.chain(*self._sizes)]
        arrays = _zeros([(rows, n) for n in widths], network.dtype)
        inputs, self._outputs = arrays[: len(given)], arrays[len(given) : len(given) + len(ends)]
        self._states = arrays[len(given) + len(ends) :]
        for door, array in zip(network.doors, inputs, strict=True):
            door.begin(array)
        first = {d.given.name: _timed(a, d.steps) for a, d in zip(inputs, network.doors, strict=True)}
        self._x, _ = network.check_batch(first, None)
        self._inputs = [a[:, 0] if a.ndim == 3 else a for a in self._x]
        self._one_input, self._one_output = len(given) == 1, network.structure.names is None
        self._shape = self._inputs[0].shape
        plain = "iu" if self._x[0].dtype.kind == "i" else "fiub"
        self._kinds = "" if network.doors[0].ranges else plain  # of numbers that need no further look
        self._engine = network.new_engine()
        y = [_timed(a, end.sequence_output) for a, end in zip(self._outputs, ends, strict=True)]
        self._step = self._engine.stepper(self._arena, self._x, self._states, y)
        if state is not None:
            self.state = state

    def __call__(self, x: Any) -> Any:
        """One step: x (B, F) to y (B, O); of several inputs or outputs a tuple of them, or a dict by name.

        Raises
        ------
        ShapeError, DataError
            If x does not fit, holds a NaN, an infinity or what is no index, or if a result is not finite: which, and
            where. The state is then that before the step.
        """
        if self._one_input and type(x) is np.ndarray and x.shape == self._shape and x.dtype.kind in self._kinds:
            self._inputs[0][...] = x
        else:
            for number, new in enumerate(by_input(self._network.doors, x)):
                self._inputs[number][...] = self._checked(number, new)
        try:
            if not self._step():
                self._explain()
        except DataError:
            for door, array in zip(self._network.doors, by_input(self._network.doors, x), strict=True):
                if door.indices:
                    check_indices(np.asarray(array), door.indices, door.name)
            raise
        if self._one_output:
            return self._outputs[0].copy()
        return self._network.returned([y.copy() for y in self._outputs])

    def _checked(self, number: int, x: Any) -> np.ndarray:
        door, shape = self._network.doors[number], self._inputs[number].shape
        array = numbers(x, door.name)
        if array.shape != shape:
            raise ShapeError(f"{door.name} has shape {array.shape}; expected {shape} = (rows of the stream, features)")
        door.check_ranges(array)
        if door.indices:
            check_indices(array, door.indices, door.name)
        elif door.whole:  # a class that the equations pick
            plan = self._engine.plan
            limit = whole_numbers(plan, self._network.dtype)[plan.inputs[number].slot]
            as_indices(array[:, None], limit, None, door.name)
        return array

    def _explain(self) -> None:
        """Raise `DataError` for a step that was not finite, which is done once more for its results."""
        for door, mine in zip(self._network.doors, self._inputs, strict=True):
            check_finite(mine, door.name)
        with np.errstate(all="ignore"):
            outputs, states = self._engine.forward(self._arena, Batch(self._x, states=self._states))
        ends = self._network.ends
        found = [y[:, 0] if end.sequence_output else y for y, end in zip(outputs, ends, strict=True)]
        names = [end.name or "output" for end in ends]
        names += [f"state[{i}][{j}]" for i, sizes in enumerate(self._sizes) for j in range(len(sizes))]
        arguments.check_results(self._network, dict(zip(names, [*found, *states], strict=True)), self._arena)

    @property
    def state(self) -> list[tuple[np.ndarray, ...]]:
        """A copy of the state after the last step, as `Network.__call__` takes and returns it."""
        left = iter(self._states)
        return [tuple(next(left).copy() for _ in sizes) for sizes in self._sizes]

    @state.setter
    def state(self, value: Any) -> None:
        given = arguments.flat_state(value, self._sizes, len(self._inputs[0]), self._network.dtype)
        for mine, new in zip(self._states, given, strict=True):
            mine[...] = new

    def reset(self) -> None:
        """Back to states of zeros."""
        for state in self._states:
            state[...] = 0


def check_stepwise(network: Net) -> None:
    """Raise `OptionError` unless a network's first output needs nothing but the first inputs."""
    why = hindrance(network.structure)
    if why:
        raise OptionError(f"{why}, which needs the whole sequence: call the network itself, not step by step")


def _timed(array: np.ndarray, steps: bool) -> np.ndarray:
    """One step as a sequence."""
    return array[:, None] if steps else array


def _zeros(shapes: list[tuple[int, int]], dtype: np.dtype) -> list[np.ndarray]:
    try:
        return [np.zeros(shape, dtype) for shape in shapes]
    except (MemoryError, ValueError) as error:
        raise OptionError(f"there is no memory for a stream of {shapes[0][0]} rows: take fewer") from error


def step(net: Net, x: Any, state: Any = None) -> tuple[Any, list[tuple[np.ndarray, ...]]]:
    """One time step: x (B, F) to y (B, O), and the state for the next; of several inputs a tuple, or a dict."""
    if not net.structure.is_chain:
        check_stepwise(net)
    steps: Any = {}
    for door, one in zip(net.doors, by_input(net.doors, x), strict=True):
        array = numbers(one, door.name)
        if array.ndim != 2:
            raise ShapeError(
                f"{door.name} has shape {array.shape}; expected (B, F) = (rows, {door.given.width} features)"
            )
        steps[door.given.name] = array[:, None, :] if door.steps else array
    y, state = net(steps, state=state, return_state=True)
    outputs = y.values() if isinstance(y, dict) else y if isinstance(y, tuple) else [y]
    return net.returned([one[:, 0] if one.ndim == 3 else one for one in outputs]), state


def stream(net: Net, rows: int = 1, state: Any = None) -> Stream:
    """Steps one by one, as the values arrive; see `Stream`.

    Parameters
    ----------
    rows : int, default 1
        How many sequences go side by side, B.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default.
    """
    return Stream(net, rows, state)
