"""Generation one index at a time, for what is shown, or decided on, while it is made."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from elman.checks import numbers, whole
from elman.engine.generation import Drawing, check_finite
from elman.errors import OptionError, ShapeError
from elman.network.choices import Choices
from elman.network.contexts import batched
from elman.network.decoding import Classes
from elman.network.face import Net
from elman.network.repetition import Repetition
from elman.network.stream import Stream, check_stepwise

STEPS = 1024  # of a context that are run together


def generate_each(
    net: Net,
    context: Any,
    steps: int | None = None,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    repetition_penalty: float = 1.0,
    repetition_window: int | None = None,
    seed: int | None = None,
) -> Iterator[int]:
    """Draw one index after the other and hand each over as it is made; `Network.generate` makes the same ones.

    What comes later is made when it is asked for, so that a caller may stop at any time. Arguments are checked at once.

    Parameters
    ----------
    net : Network
        With one input, an index of an `Embedding`, whose outputs are the logits of the next one.
    context : array of int, shape (T,)
        What the network sees first, at least one step.
    steps : int, optional
        How many to make; by default it never ends.
    temperature, top_k, top_p, repetition_penalty, repetition_window, seed
        As for `Network.generate`.

    Yields
    ------
    int

    Raises
    ------
    OptionError, ShapeError, DataError
        As for `Network.generate`; also if the network needs more than one step after the other.

    Examples
    --------
    >>> import elman as el
    >>> letters = el.Network(1, [el.Embedding(26, 4), el.GRU(8), el.Dense(26)])
    >>> made = list(letters.generate_each([7, 4, 11], 5, seed=1))
    >>> made == letters.generate([7, 4, 11], 5, seed=1).tolist()
    True
    """
    steps = None if steps is None else whole(steps, "steps")
    how = Choices(
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        repetition_penalty=repetition_penalty,
        repetition_window=repetition_window,
        seed=seed,
    )
    check_stepwise(net)
    classes = Classes(_classes(net), False, net.last_op == "softmax", net.dtype)
    drawing, repetition = how.drawing(classes.count, net.seed), how.repeating()
    x = net.check_input(batched(numbers(context, "context"), net.inputs, True))
    if len(x) != 1:
        raise ShapeError(f"context has {len(x)} rows; expected one sequence of indices, (T,)")
    assert drawing is not None
    return _made(net, x, steps, classes, drawing, repetition)


def _classes(net: Net) -> int:
    if len(net.doors) != 1 or not net.indices:
        raise OptionError(
            "generate_each draws indices, and the network's input is not one index of an Embedding: see generate"
        )
    if not net.sequence_output:
        raise OptionError("generate_each needs an output at every step: give the last layer return_sequences=True")
    if net.outputs != net.indices:
        raise ShapeError(
            f"generate_each draws the next of {net.indices} indices with the network's outputs as logits, but it has "
            f"{net.outputs} outputs: end it with Dense({net.indices})"
        )
    return net.indices


def _made(
    net: Net, x: np.ndarray, steps: int | None, classes: Classes, drawing: Drawing, repetition: Repetition | None
) -> Iterator[int]:
    state = None
    for first in range(0, x.shape[1], STEPS):
        y, state = net(x[:, first : first + STEPS], state=state, return_state=True)
    output, stream, before = y[:, -1], Stream(net, 1, state), x[:, :, 0].astype(np.int64)
    for t in range(steps) if steps is not None else itertools.count():
        check_finite(output, t)
        logits = classes.logits(output)
        if repetition is not None:
            logits = repetition.of(logits, before)
        chosen = drawing.draw(logits, t)
        yield int(chosen[0])
        before = np.concatenate([before, chosen[:, None]], axis=1)[:, -(repetition.window if repetition else 1) :]
        if t + 1 != steps:
            output = stream(chosen[:, None])
