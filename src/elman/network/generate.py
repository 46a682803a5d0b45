"""Generation: a network that is fed its own output."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.checks import flag, numbers, whole
from elman.engine.interface import Batch
from elman.errors import OptionError, ShapeError
from elman.hints import GENERATE, hinted
from elman.network.by_steps import made_by_steps
from elman.network.choices import Choices
from elman.network.contexts import batched, unbatched
from elman.network.face import Net

MOST_STEPS = 2**31 - 1


@hinted(GENERATE)
def generate(
    net: Net,
    context: Any,
    steps: int,
    *,
    start: np.typing.ArrayLike | None = None,
    stop: int | None = None,
    lengths: Any = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    repetition_penalty: float = 1.0,
    repetition_window: int | None = None,
    seed: int | None = None,
    beam: int | None = None,
    length_penalty: float = 1.0,
    one_hot: bool = False,
    output: str | None = None,
    details: bool = False,
) -> Any:
    """Make sequences by feeding a network its own output.

    A network with one input goes on with a context. If it returns every step it sees the context once, and then each
    new value, its states running on; if it returns one step only, it sees windows as long as the context, each from
    states of zeros.

    A network with several inputs, an encoder and a decoder, makes the input that `context` leaves out, step by step
    from `start`. What does not depend on that input, the encoder and what is attended to, is computed once.

    Where the input that is fed back is an index below V, of an `Embedding`, the network's V outputs are the logits of
    the next index (probabilities, where it ends in a softmax). That is drawn with probabilities
    softmax(logits / temperature): what is drawn depends on the logits, the seed, the step and the row of the batch
    only. With `temperature=0` it is the likeliest; with `beam` a search looks for the likeliest sequence.

    Parameters
    ----------
    net : Network
        As many outputs as the input that is fed back has features, or indices; fewer, where the last of them, such as
        the one of `start`, are never made.
    context : array, or dict of arrays by input
        Of a network with one input what it sees first, at least one step; zeros, if there is nothing to go on from.
        Values: (B, T, F), or (T, F) for one sequence; where F is 1 also (B, T), or (T,) for one sequence. Indices:
        (B, T), (B, T, 1), or (T,) for one sequence. Of a network with several all inputs but one; those that share
        its time axis have a step for each step of `start` and each that is made, but the last.
    steps : int
        How many values to generate.
    start : int or array, optional
        What the input that is left out begins with: an index, one for each row (B,), or several (B, T); values (F,),
        (B, F) or (B, T, F).
    stop : int, optional
        The index that ends a row; what is behind it is the stop index too.
    lengths : array of int, shape (B,), or dict of them by input, optional
        Steps in use of the inputs that are given.
    temperature : float, default 1
        Below 1 likely indices become likelier; 0 always takes the likeliest.
    top_k : int, optional
        Draw from that many of the likeliest indices only.
    top_p : float, optional
        Draw from the fewest of the likeliest indices that together are so likely, as in [1]_.
    repetition_penalty : float, default 1
        Above 1 indices that came lately are drawn less often: a logit above 0 is divided by it, one below 0 multiplied
        with it, as in [3]_.
    repetition_window : int, optional
        How many of the last indices count for that, those of the context (or of `start`) among them; 64 by default.
    seed : int, optional
        Another seed, another draw; by default the network's own.
    beam : int, optional
        Draw nothing, but keep so many of the likeliest beginnings of each row at every step, and return the best that
        ends, or is as long as `steps`; 1 is the likeliest index each time.
    length_penalty : float, default 1
        With `beam` the best has the largest log-probability divided by ``length ** length_penalty``, its stop index
        included, as in [2]_: 0 favours short ones.
    one_hot : bool, default False
        What is fed back is an index as a vector, 1 at its place.
    output : str, optional
        Of a network with several outputs the one that is fed back.
    details : bool, default False
        Also return lengths and scores.

    Returns
    -------
    ndarray, of the context's shape with `steps` in place of T; (B, steps, F) or, of indices, (B, steps)
        Indices as int64. With `details` a tuple of these, the rows' lengths and their log-probabilities; see
        `elman.network.decoding.Generated`.

    Raises
    ------
    ShapeError
        If outputs do not fit the input that is fed back, or the context does not fit the network.
    OptionError
        If an option makes no sense; if there is nothing to draw; if a layer needs steps that are not made yet, because
        it runs in reverse, attends to what is fed back, or gathers its steps.
    DataError
        If an index is none; if an output is not finite, because what is fed back has grown.

    References
    ----------
    .. [1] A. Holtzman, J. Buys, L. Du, M. Forbes and Y. Choi, The curious case of neural text degeneration, ICLR
       (2020).
    .. [2] Y. Wu et al., Google's neural machine translation system, arXiv:1609.08144 (2016), of whose length penalty
       this is the simple form.
    .. [3] N. S. Keskar et al., CTRL: a conditional transformer language model for controllable generation,
       arXiv:1909.05858 (2019).

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

    An encoder and a decoder: two sources become at most 9 indices each, which begin with 0 and end with 1.

    >>> def translate(source, target):
    ...     memory = GRU(8)(Embedding(26, 4)(source))
    ...     return Dense(5)(GRU(8)(Embedding(5, 4)(target), state=memory.final))
    >>> net = Network(translate, inputs={"source": 1, "target": 1})
    >>> generate(net, {"source": [[7, 4, 11], [2, 0, 19]]}, 9, start=0, stop=1, beam=3).shape
    (2, 9)
    """
    steps = whole(steps, "steps")
    if steps > MOST_STEPS:
        raise OptionError(f"steps is {steps}; expected at most {MOST_STEPS} at once")
    flag(details, "details"), flag(one_hot, "one_hot")
    repeated = (repetition_penalty, repetition_window)
    how = Choices(
        start, stop, lengths, temperature, top_k, top_p, *repeated, seed, beam, length_penalty, one_hot, output
    )
    if not details and how.plain and _at_once(net):
        return _go_on(net, context, steps, how)
    made = made_by_steps(net, context, steps, how)
    return made if details else made.values


def _at_once(net: Net) -> bool:
    """Whether an engine makes all steps in one call: of chains, and of networks that see windows."""
    if len(net.doors) > 1 or net.structure.names is not None:
        return False
    return not net.sequence_output or (net.structure.is_chain and net.last_op != "softmax")


def _go_on(net: Net, context: Any, steps: int, how: Choices) -> np.ndarray:
    classes = net.indices
    drawing = how.drawing(classes, net.seed)
    _check_outputs(net, classes)
    given = numbers(context, "context")
    x = net.check_input(batched(given, net.inputs, classes > 0))
    made = net.params.read(
        lambda version: net.engine().generate(net.arena, *_seen(net, x, version), steps, drawing, version=version)
    )
    return unbatched(made, given, classes > 0)


def _check_outputs(net: Net, classes: int) -> None:
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


def _seen(net: Net, x: np.ndarray, version: int) -> tuple[np.ndarray, list[np.ndarray] | None, np.ndarray]:
    """The window, the states and the output that generation starts from."""
    (y,), states = net.engine().forward(net.arena, Batch.of(x), version=version)
    net.check_results((y,), states)
    if net.sequence_output:
        return np.array(x[:, -1:], order="C"), states, np.array(y[:, -1:], order="C")
    return np.array(x, order="C"), None, y
