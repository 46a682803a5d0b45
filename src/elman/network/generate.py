"""Generation: a network that is fed its own output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from elman.checks import as_seed, is_number, numbers, shown, whole
from elman.engine.generation import Drawing
from elman.engine.interface import Batch
from elman.errors import OptionError, ShapeError

if TYPE_CHECKING:
    from elman.network.network import Network

MOST_STEPS = 2**31 - 1


def generate(
    net: Network,
    context: np.typing.ArrayLike,
    steps: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> np.ndarray:
    """Go on with sequences by feeding a network its own output.

    A network that returns every step sees the context once, and then each new value, its states running on. A network
    whose last recurrent layer has ``return_sequences=False`` sees windows as long as the context, each from states of
    zeros.

    Where the first layer is an `Embedding` of V indices and the network has V outputs, these are the logits of the next
    index, which is drawn with probabilities softmax(logits / temperature). What is drawn depends on the logits, the
    seed, the step and the row of the batch only.

    Parameters
    ----------
    net : Network
        As many outputs as inputs, or as the first layer has indices.
    context : array
        What the network sees first, at least one step; zeros, if there is nothing to go on from. Values: (B, T, F), or
        (T, F) for one sequence; where F is 1 also (B, T), or (T,) for one sequence. Indices: (B, T), (B, T, 1), or (T,)
        for one sequence.
    steps : int
        How many values to generate.
    temperature : float, default 1
        Below 1 likely indices become likelier; 0 always takes the likeliest.
    top_k : int, optional
        Draw from that many of the likeliest indices only.
    top_p : float, optional
        Draw from the fewest of the likeliest indices that together are so likely, as in [1]_.
    seed : int, optional
        Another seed, another draw; by default the network's own.

    Returns
    -------
    ndarray, of the context's shape with `steps` in place of T
        Indices as int64.

    Raises
    ------
    ShapeError
        If outputs do not fit inputs, or the context does not fit the network.
    OptionError
        If an option makes no sense; if there is nothing to draw; if a layer of a network that returns every step runs
        in reverse.
    DataError
        If an index is none; if an output is not finite, because what is fed back has grown.

    References
    ----------
    .. [1] A. Holtzman, J. Buys, L. Du, M. Forbes and Y. Choi, The curious case of neural text degeneration, ICLR
       (2020).

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Dense, Embedding, GRU, Network
    >>> net = Network(1, [GRU(8), Dense(1)])
    >>> generate(net, np.zeros(20), 300).shape
    (300,)
    >>> letters = Network(1, [Embedding(26, 4), GRU(8), Dense(26)])
    >>> generate(letters, [7, 4, 11], 5, temperature=0.5, top_k=10, seed=1).shape
    (5,)
    """
    steps = whole(steps, "steps")
    if steps > MOST_STEPS:
        raise OptionError(f"steps is {steps}; expected at most {MOST_STEPS} at once")
    classes = net.indices
    drawing = _drawing(net, classes, temperature, top_k, top_p, seed)
    _check_outputs(net, classes)
    given = numbers(context, "context")
    x = net.check_input(_batch(given, net.inputs, classes > 0))
    made = net.engine().generate(net.arena, *_seen(net, x), steps, drawing, version=net.params.version)
    return _unbatched(made, given, classes > 0)


def _drawing(net: Network, classes: int, temperature: Any, top_k: Any, top_p: Any, seed: Any) -> Drawing | None:
    if not classes:
        if not isinstance(temperature, int | float) or temperature != 1.0 or not top_k is top_p is seed is None:
            raise OptionError(
                "temperature, top_k, top_p and seed say how the next index is drawn, but the network's input is no "
                "index (its first layer is no Embedding): leave them out"
            )
        return None
    return Drawing(
        _between(temperature, 0.0, np.finfo(float).max, "temperature"),
        classes if top_k is None else min(whole(top_k, "top_k"), classes),
        1.0 if top_p is None else _between(top_p, np.finfo(float).tiny, 1.0, "top_p"),
        as_seed(net.seed if seed is None else seed) % 2**64,
    )


def _between(number: Any, low: float, high: float, what: str) -> float:
    if not is_number(number) or not low <= number <= high:
        expected = "a number in (0, 1]" if high == 1 else "a number of at least 0"
        raise OptionError(f"{what} is {shown(number)}; expected {expected}")
    return float(number)


def _check_outputs(net: Network, classes: int) -> None:
    if classes and net.outputs != classes:
        raise ShapeError(
            f"generate draws the next of {classes} indices with the network's outputs as logits, but it has "
            f"{net.outputs} outputs: end it with Dense({classes})"
        )
    if not classes and net.outputs != net.inputs:
        raise ShapeError(
            f"generate feeds outputs back as inputs, but the network has {net.outputs} outputs and {net.inputs} inputs"
        )
    if net.sequence_output and any(layer.reverse for layer in net.layers):
        raise OptionError(
            "generate goes forward, and a layer with reverse=True begins at the end: use one that does not, or end "
            "with return_sequences=False to see windows of the context's length"
        )


def _batch(context: np.ndarray, features: int, indices: bool) -> np.ndarray:
    """The context as (B, T, F)."""
    if context.ndim == 3:
        return context
    if context.ndim == 1 and (indices or features == 1):
        return context[None, :, None]
    if context.ndim == 2 and not indices and context.shape[1] == features:  # one sequence
        return context[None]
    if context.ndim == 2 and (indices or features == 1):
        return context[:, :, None]
    one = "(T,) or (B, T)" if indices else "(T,), (B, T) or (B, T, 1)" if features == 1 else f"(T, {features})"
    raise ShapeError(
        f"context has shape {context.shape}; expected {one}{'' if features == 1 else f' or (B, T, {features})'}"
    )


def _unbatched(made: np.ndarray, context: np.ndarray, indices: bool) -> np.ndarray:
    """What was made (B, steps, F), in the manner of the context."""
    if context.ndim == 3:
        return made
    if context.ndim == 1:
        return made[0, :, 0]
    one_sequence = not indices and context.shape[1] == made.shape[2]
    return made[0] if one_sequence else made[:, :, 0]


def _seen(net: Network, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray] | None, np.ndarray]:
    """The window, the states and the output that generation starts from."""
    (y,), states = net.engine().forward(net.arena, Batch.of(x), version=net.params.version)
    net.check_results((y,), states)
    if net.sequence_output:
        return np.array(x[:, -1:], order="C"), states, np.array(y[:, -1:], order="C")
    return np.array(x, order="C"), None, y
