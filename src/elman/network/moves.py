"""Moves in the equations of a network: values taken to other steps, or gathered over them, for each row's own steps."""

from __future__ import annotations

from typing import Any

from elman.checks import nearest, shown, whole
from elman.equations import functions
from elman.equations.functions.attending import attention_scale
from elman.equations.graph import ordered
from elman.equations.symbols import Symbol
from elman.equations.trace import cell
from elman.equations.widths import users_line
from elman.errors import OptionError, ShapeError
from elman.network.flow import running
from elman.network.flows import Flow
from elman.network.layers import Layer

FARTHEST = 2**31 - 1  # steps that an engine counts
POOLS = ("mean", "max", "sum", "last", "first", "attention")


def reverse(x: Any) -> Flow:
    """A sequence from its last step to its first, row by row: ``y[t] = x[L - 1 - t]``.

    Parameters
    ----------
    x : sequence
        Each row of its own length L.

    Returns
    -------
    sequence

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(lambda x: el.reverse(x), inputs=1)
    >>> net([[[1], [2], [3]]])[0, :, 0]
    array([3., 2., 1.], dtype=float32)
    """
    return running().move("reverse", x)


def shift(x: Any, steps: int = 1) -> Flow:
    """A sequence `steps` later, with zeros before it: ``y[t] = x[t - steps]``; earlier, where `steps` is negative.

    Parameters
    ----------
    x : sequence
        What is moved.
    steps : int, default 1
        How far.

    Returns
    -------
    sequence

    Examples
    --------
    >>> import elman as el
    >>> def ahead(x):
    ...     return el.Dense(1)(el.concat(x, el.shift(x, 1), el.shift(x, 2)))
    >>> el.Network(ahead, inputs=2).params["dense.W"].shape
    (1, 6)
    """
    return running().move("shift", x, whole(steps, "steps of shift", -FARTHEST, FARTHEST))


def repeat(x: Any, like: Any) -> Flow:
    """One vector a row at every step of the sequence `like`.

    Parameters
    ----------
    x : vector a row
        What is repeated.
    like : sequence
        What has the steps.

    Returns
    -------
    sequence
        As wide as `x`, as long as `like`.

    Examples
    --------
    >>> import elman as el
    >>> def forecast(x):
    ...     whole = el.GRU(8, return_sequences=False)(x)
    ...     return el.Dense(1)(el.concat(x, el.repeat(whole, x)))
    >>> el.Network(forecast, inputs=1)([[[1], [2], [3]]]).shape
    (1, 3, 1)
    """
    tracing = running()
    axis = tracing.flow(like).axis
    if axis is None:
        raise ShapeError(
            f"repeat: {like!r} has no time steps; give the sequence whose steps are meant.\n  {users_line()}"
        )
    return tracing.move("repeat", x, axis=axis)


def pool(x: Any, how: str = "mean") -> Flow:
    """A sequence as one vector a row, over each row's own steps.

    Parameters
    ----------
    x : sequence
    how : {"mean", "max", "sum", "last", "first", "attention"}, default "mean"
        "attention" is the mean weighted by how well each step fits a learnt query.

    Returns
    -------
    vector a row
        As wide as `x`.

    Examples
    --------
    >>> import elman as el
    >>> def classify(x):
    ...     h = el.Bidirectional(el.LSTM(8))(x)
    ...     return el.Dense(3)(el.pool(h, "attention"))
    >>> el.Network(classify, inputs=2)([[[1, 2], [3, 4]]]).shape
    (1, 3)
    """
    if not isinstance(how, str) or how not in POOLS:
        raise OptionError(f"pool is {shown(how)}{nearest(how, POOLS)}; expected one of {', '.join(POOLS)}")
    if how == "attention":
        return running().call(Layer(attention_pool), [], [x], None)
    if how in ("last", "first"):
        return running().move("take", x, -1 if how == "last" else 0)
    return running().move(how, x)


def learnt(units: int) -> Flow:
    """A vector of parameters, the same for every row; to begin states with, say.

    Parameters
    ----------
    units : int
        Its width.

    Returns
    -------
    vector a row

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(lambda x: el.GRU(4)(x, state=el.learnt(4)), inputs=2)
    >>> net.params["learnt.b"].shape
    (4,)
    """
    tracing = running()
    with tracing.named(tracing.place_name("learnt")):
        return tracing.call(Layer(_learnt, whole(units, "units")), [], [], None)


def attend(query: Any, keys: Any, values: Any = None, *, vector: Any = None, scale: float | None = None) -> Any:
    """What each step of a query finds in a memory, `values` (the keys by default); see `elman.equations.attend`.

    In the equations of a network the steps of the query, or its single one, look at all steps of the keys' own time
    axis, up to each row's length there. Additive attention has parameters: see `AdditiveAttention`.

    Parameters
    ----------
    query : sequence, or vector a row
        What is looked for.
    keys : sequence
        What it is compared with, as wide as the query.
    values : sequence, optional
        What is found, on the time axis of the keys; the keys themselves by default.
    vector : parameter, optional
        Of additive attention, in the equations of a cell; a network has `AdditiveAttention`.
    scale : float, default 1 / sqrt(width)
        Of the dot products.

    Returns
    -------
    sequence, or vector a row
        As the query is; as wide as the values.

    Examples
    --------
    >>> import elman as el
    >>> def answer(x, question):
    ...     memory, h = el.GRU(8)(x), el.GRU(8)(question)
    ...     return el.Dense(1)(el.concat(h, el.attend(h, memory)))
    >>> el.Network(answer, inputs={"x": 1, "question": 2}).outputs
    1
    """
    values = keys if values is None else values
    if not any(isinstance(v, Symbol) and _is_flow(v) for v in (query, keys, values)):
        return functions.attend(query, keys, values, vector=vector, scale=scale)
    if vector is not None:
        raise OptionError("attend: in a network the vector is a parameter: use AdditiveAttention(units)(query, memory)")
    number = 0.0 if scale is None else attention_scale(scale)
    if keys is values:
        return running().call(Layer(looking.with_options(scale=number)), [query], [keys], None)
    return running().call(Layer(attention.with_options(scale=number)), [query], [keys, values], None)


def _is_flow(value: Symbol) -> bool:
    return any(isinstance(node, Flow) for node in ordered([value]))


@cell(memory=1)
def looking(p, x, m, *, scale=0.0):
    """Attention whose keys are its values."""
    return functions.attend(x, m, m, scale=scale or None)


@cell(memory=2)
def attention(p, x, keys, values, *, scale=0.0):
    """Attention by dot products."""
    return functions.attend(x, keys, values, scale=scale or None)


@cell(inputs=0, memory=1)
def attention_pool(p, m):
    """A mean weighted by how well each step fits a learnt query."""
    return functions.attend(1 * p.q, m, m)


@cell(memory=1)
def additive_attention(p, x, m):
    """Attention by ``v . tanh(W x + K m)``."""
    return functions.attend(p.W @ x, p.K @ m, m, vector=p.v)


def AdditiveAttention(units: int) -> Layer:
    """Additive attention as a layer: ``AdditiveAttention(units)(query, memory)``, with scores ``v' tanh(W q + K m)``.

    Parameters
    ----------
    units : int
        Width of what is compared.

    Returns
    -------
    Layer
        To be called on the query and the memory.

    References
    ----------
    D. Bahdanau, K. Cho and Y. Bengio, Neural machine translation by jointly learning to align and translate, ICLR 2015.

    Examples
    --------
    >>> import elman as el
    >>> def answer(x, question):
    ...     memory, h = el.GRU(8)(x), el.GRU(8)(question)
    ...     return el.Dense(1)(el.AdditiveAttention(16)(h, memory))
    >>> net = el.Network(answer, inputs={"x": 1, "question": 2})
    >>> sorted(net.params)[:3]
    ['additive_attention.K', 'additive_attention.W', 'additive_attention.v']
    """
    size = whole(units, "units")
    return Layer(additive_attention, sizes={"W": size})


@cell(inputs=0)
def _learnt(p):
    """A vector of parameters."""
    return 1 * p.b
