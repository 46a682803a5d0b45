"""Stream: a network that takes one time step after the other, as the values arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from elman.checks import numbers, whole
from elman.errors import DataError, ShapeError
from elman.hints import STREAM, hinted
from elman.network import arguments
from elman.network.doors import by_input
from elman.network.face import Net
from elman.network.single_step import SingleStep, check_stepwise, put
from elman.network.streams import Streams
from elman.training.finite import check_indices


class Stream:
    """Runs a network step by step with the least work between steps; made by `Network.stream`.

    It keeps the state, and the parameters as they were when it was made. The numbers are those of `Network.step`, bit
    for bit. One thread at a time may call it; `Network.streams` serves many.

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
    >>> stream.run(np.zeros((1000, 2))).shape
    (1000, 1)
    """

    def __init__(self, network: Net, rows: int = 1, state: Any = None):
        self._of = of = SingleStep(network)
        self._rows = rows = whole(rows, "rows")
        self._inputs, self._outputs, self._states = of.inputs(rows), of.outputs(rows), of.states(rows)
        y = [a[:, None] if end.sequence_output else a for a, end in zip(self._outputs, of.ends, strict=True)]
        self._step = of.engine.stepper(of.arena, of.timed(self._inputs), self._states, y)
        quick = of.one_input and of.one_output and not of.doors[0].ranges
        self._quick = self._step.quick(self._inputs[0], self._outputs[0]) if quick else _no_step
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
        y = self._quick(x)
        return self._looked_at(x) if y is None else y

    def _looked_at(self, x: Any) -> Any:
        """One step of anything that is like an array."""
        of, given = self._of, by_input(self._of.doors, x)
        for number, new in enumerate(given):
            put(self._inputs[number], self._checked(number, new))
        try:
            if not self._step():
                of.explain(self._inputs, self._states)
        except DataError:
            for door, array in zip(of.doors, given, strict=True):
                if door.indices:
                    check_indices(np.asarray(array), door.indices, door.name)
            raise
        return of.returned([y.copy() for y in self._outputs])

    def _checked(self, number: int, x: Any) -> np.ndarray:
        door, shape = self._of.doors[number], self._inputs[number].shape
        array = numbers(x, door.name)
        if array.shape != shape:
            raise ShapeError(f"{door.name} has shape {array.shape}; expected {shape} = (rows of the stream, features)")
        self._of.look(number, array)
        return array

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a stream cannot be copied or pickled, as it holds the engine's memory: copy or send the network and "
            "stream.state, and make another one with net.stream(rows, state)"
        )

    def run(self, x: Any) -> Any:
        """Many steps in one call: the numbers of as many calls, bit for bit, and much faster.

        Parameters
        ----------
        x : array (T, F), or (B, T, F) of a stream of B rows
            Values in the order in which they came; of several inputs a tuple of them, or a dict by name. An input
            without time has a value for each step too.

        Returns
        -------
        array (T, O), or (B, T, O) of such an x
            What the calls would return; of several outputs a tuple of them, or a dict by name. The state is then that
            behind the last step.

        Raises
        ------
        ShapeError, DataError
            If x does not fit, or at the first step that cannot be done, which is named. No step is done then.

        Examples
        --------
        >>> from elman.network import GRU, Network
        >>> net = Network(1, [GRU(8)])
        >>> x = np.sin(np.arange(50.0))[:, None]
        >>> stream, other = net.stream(), net.stream()
        >>> bool((stream.run(x) == np.concatenate([other(now[None]) for now in x])).all())
        True
        """
        of = self._of
        given = [numbers(one, door.name) for door, one in zip(of.doors, by_input(of.doors, x), strict=True)]
        alone = given[0].ndim == 2
        arrays = self._sequences([a[None] if alone and a.ndim == 2 else a for a in given])
        outputs = of.outputs(self._rows, arrays[0].shape[1])
        if arrays[0].shape[1] and not self._ran(arrays, outputs):
            self._explain_run(arrays)
        return of.returned([y[0] if alone else y for y in outputs])

    def _sequences(self, given: list[np.ndarray]) -> list[np.ndarray]:
        """Inputs of many steps, (B, T, F) each."""
        steps = given[0].shape[1] if given[0].ndim == 3 else 0
        for door, array in zip(self._of.doors, given, strict=True):
            if array.ndim != 3 or array.shape[::2] != (self._rows, door.given.width):
                shape = array.shape[1:] if self._rows == 1 and array.ndim == 3 else array.shape
                also = f"(time steps, {door.given.width}) or " if self._rows == 1 else ""
                raise ShapeError(
                    f"{door.name} has shape {shape}; expected {also}({self._rows}, time steps, {door.given.width}) = "
                    "(rows of the stream, time steps, features)"
                )
            if array.shape[1] != steps:
                first = self._of.doors[0].name
                raise ShapeError(f"{door.name} has {array.shape[1]} time steps and {first} {steps}; expected as many")
        return given

    def _ran(self, arrays: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> bool:
        """Whether all steps are done."""
        inputs = []
        try:
            for number, (mine, array) in enumerate(zip(self._inputs, arrays, strict=True)):
                self._of.look(number, array)
                with np.errstate(over="ignore"):  # what is too large is infinite then, and found as such
                    inputs.append(np.ascontiguousarray(array, mine.dtype))
            return self._step.run(inputs, outputs)
        except DataError:
            return False

    def _explain_run(self, arrays: Sequence[np.ndarray]) -> None:
        """Raise `DataError` at the first step that cannot be done, which is found by doing them one by one."""
        before = [state.copy() for state in self._states]
        steps = arrays[0].shape[1]
        try:
            for t in range(steps):
                try:
                    self._looked_at({d.given.name: a[:, t] for d, a in zip(self._of.doors, arrays, strict=True)})
                except DataError as error:
                    raise DataError(f"step {t} of {steps}: {error}. None of these steps was done") from None
        finally:
            for mine, old in zip(self._states, before, strict=True):
                mine[...] = old

    @property
    def state(self) -> list[tuple[np.ndarray, ...]]:
        """A copy of the state after the last step, as `Network.__call__` takes and returns it."""
        return self._of.nested([state.copy() for state in self._states])

    @state.setter
    def state(self, value: Any) -> None:
        given = arguments.flat_state(value, self._of.sizes, self._rows, self._of.network.dtype)
        for mine, new in zip(self._states, given, strict=True):
            mine[...] = new

    def reset(self) -> None:
        """Back to states of zeros."""
        for state in self._states:
            state[...] = 0


def _no_step(x: Any) -> None:
    """Of a network whose inputs have to be looked at."""


def step(net: Net, x: Any, state: Any = None) -> tuple[Any, list[tuple[np.ndarray, ...]]]:
    """One time step: x (B, F) to y (B, O), and the state for the next; of several inputs a tuple, or a dict.

    Parameters
    ----------
    x : array, shape (B, F)
        The values of one step.
    state : list of tuples of arrays (B, H), optional
        From the step before; zeros by default.

    Returns
    -------
    y : ndarray, shape (B, O)
    state : list of tuples of ndarray
        For the next step.
    """
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


@hinted(STREAM)
def stream(net: Net, rows: int = 1, state: Any = None) -> Stream:
    """Steps one by one, as the values arrive; see `Stream`.

    Parameters
    ----------
    rows : int, default 1
        How many sequences go side by side, B.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default.

    Returns
    -------
    Stream
    """
    return Stream(net, rows, state)


def streams(net: Net, capacity: int | None = None) -> Streams:
    """Many streams that come and go, each with a state of its own; see `Streams`.

    Parameters
    ----------
    capacity : int, optional
        How many may be open at once; by default any number.

    Returns
    -------
    Streams
    """
    return Streams(net, capacity)
