"""Calls of a network: how inputs and states come in, and how results go out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np

from elman.checks import all_finite, flag
from elman.engine.interface import Batch, How
from elman.network import arguments
from elman.network.doors import taken
from elman.network.face import Net
from elman.network.padding import check_padding, repeat_last
from elman.training.protocol import Arrays

State = list[tuple[np.ndarray, ...]]


@overload
def call(
    net: Net,
    x: Arrays,
    *,
    state: Any = None,
    return_state: Literal[True],
    lengths: Arrays | None = None,
    memory: str = "normal",
    padding: str = "zero",
) -> tuple[Any, State]: ...


@overload
def call(
    net: Net,
    x: Arrays,
    *,
    state: Any = None,
    return_state: bool = False,
    lengths: Arrays | None = None,
    memory: str = "normal",
    padding: str = "zero",
) -> Any: ...


def call(
    net: Net,
    x: Arrays,
    *,
    state: Any = None,
    return_state: bool = False,
    lengths: Arrays | None = None,
    memory: str = "normal",
    padding: str = "zero",
) -> Any:
    """Run the network, without dropout.

    Parameters
    ----------
    x : array, shape (B, T, F); or (B, T) where F is 1
        Input; of a network with several a tuple of them, or a dict by name.
    state : list of tuples of arrays (B, H), optional
        Initial states, one tuple for each layer that has states of its own; zeros by default.
    return_state : bool, default False
        Also return the final states, good as `state` of the next call.
    lengths : array of int, shape (B,), optional
        Steps in use of each row; what lies behind is not computed, see `padding`. Of a network with several time
        axes a dict by input.
    memory : {"normal", "low"}, default "normal"
        "low" takes about sqrt(T) steps at a time, for sequences that do not fit into memory: the same numbers.
    padding : {"zero", "last"}, default "zero"
        What outputs of all steps hold behind a row's end: zeros, or the output of its last step again, as a
        recurrent layer of Keras has it where a mask ends. A row of length 0 has zeros.

    Returns
    -------
    y : ndarray, shape (B, T, O), or (B, O) after a layer with ``return_sequences=False``
        A tuple or a dict of them, where the network's function returns one.
    state : list of tuples of ndarray
        With `return_state` only.

    Raises
    ------
    ShapeError, DataError
        If x, a state or lengths do not fit the network or hold a NaN, an infinity or what is no index; if a result
        is not finite: which, and where.
    """
    flag(return_state, "return_state")
    check_padding(padding, net.ends)
    inputs, steps = net.check_batch(x, lengths)
    batch = Batch(inputs, lengths=steps, states=net.flat_state(state, len(inputs[0])))
    outputs, final = net.params.read(
        lambda version: net.engine().forward(net.arena, batch, How(memory), version=version)
    )
    net.check_results(outputs, final)
    if padding == "last":
        repeat_last(outputs, net.ends, steps)
    y = net.returned(outputs)
    return (y, net.nested_state(final)) if return_state else y


call.__name__, call.__qualname__ = "__call__", "Network.__call__"  # as messages of Python and pickles know it


def returned(net: Net, outputs: Sequence[np.ndarray]) -> Any:
    """Outputs as the network's function returns them: one, a tuple or a dict.

    Parameters
    ----------
    outputs : sequence of ndarray
        In their order.

    Returns
    -------
    ndarray, tuple or dict
    """
    if net.structure.names is None:
        return outputs[0]
    return dict(zip(net.structure.names, outputs, strict=True)) if net.structure.by_name else tuple(outputs)


def check_input(net: Net, x: np.typing.ArrayLike) -> np.ndarray:
    """The only input as (B, T, F) of the network's dtype, all finite, indices as int64; not copied if it is so.

    Parameters
    ----------
    x : array, shape (B, T, F)
        The input.

    Returns
    -------
    ndarray
    """
    return arguments.only("inputs", net.check_batch(x, None)[0])


def check_batch(net: Net, x: Any, lengths: Any) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray | None, ...]]:
    """Inputs of the network's dtype or of indices, finite where they are in use, and the lengths of time axes.

    Parameters
    ----------
    x : array, or tuple or dict of them
        Inputs.
    lengths : array of int, or dict of them, or None
        Steps in use of each row.

    Returns
    -------
    inputs : tuple of ndarray
    lengths : tuple of ndarray or None
        One a time axis.
    """
    return taken(net.doors, net.structure.time_axes, x, lengths)


def check_results(net: Net, outputs: Sequence[np.ndarray], states: Sequence[np.ndarray] = ()) -> None:
    """Raise `DataError` unless outputs and final states are finite: it names what is not, and where it began.

    Parameters
    ----------
    outputs : sequence of ndarray
        What a run gave.
    states : sequence of ndarray
        The final ones.
    """
    if all_finite(*outputs, *states):
        return
    results = dict(zip(net.structure.names or ("output",), outputs, strict=True))
    arguments.check_results(net, {**results, **{f"state {k}": s for k, s in enumerate(states)}})


def flat_state(net: Net, state: Any, rows: int, name: str = "state") -> list[np.ndarray] | None:
    """A state as its arrays in a row, checked; None stays None.

    Parameters
    ----------
    state : list of tuples of arrays, or None
        As callers give it.
    rows : int
        B, that each array must have.
    name : str, default "state"
        For errors.

    Returns
    -------
    list of ndarray, or None
    """
    return None if state is None else arguments.flat_state(state, net.state_sizes(), rows, net.dtype, name)


def nested_state(net: Net, flat: list[np.ndarray]) -> State:
    """The way back of `flat_state`: a tuple of arrays for each layer that has states.

    Parameters
    ----------
    flat : list of ndarray
        In their order.

    Returns
    -------
    list of tuples of ndarray
    """
    left = iter(flat)
    return [tuple(next(left) for _ in sizes) for sizes in net.state_sizes()]
