"""Composites: what is made of several layers, called like one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from elman.checks import flag, nearest, shown, whole
from elman.equations.vectors import concat, split
from elman.errors import OptionError
from elman.hints import LAYERS, hinted_class
from elman.network.flow import running
from elman.network.layer_checks import Function
from elman.network.layers import Layer
from elman.network.moves import shift
from elman.network.stateless_layers import Dense

MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "concat": concat,
    "sum": lambda a, b: a + b,
    "mean": lambda a, b: 0.5 * (a + b),
    "mul": lambda a, b: a * b,
}

WIDEST = 1024  # a kernel, as each of its steps is a shift


class Composite:
    """What a chain, or the function of a network, may call like a layer."""

    def __call__(self, *inputs: Any, state: Any = None, mask: Any = None) -> Any:
        raise NotImplementedError


@hinted_class(LAYERS)
@dataclass(frozen=True)
class Bidirectional(Composite):
    """A recurrent layer in both directions: one from the first step to the last, one from the last to the first.

    Parameters
    ----------
    layer : Layer
        A recurrent layer; the other direction has the same equations and sizes, and parameters of its own.
    merge : {"concat", "sum", "mean", "mul"}, default "concat"
        How the values of both directions at each step become one. The final states of both are put beside one another.

    Notes
    -----
    ``.final`` has the final states of both directions side by side, so that a layer of twice the units can begin there.
    With ``return_sequences=False`` the values are those at the end of each direction.

    References
    ----------
    M. Schuster and K. K. Paliwal, Bidirectional recurrent neural networks, IEEE Transactions on Signal Processing 45
    (1997).

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(3, [el.Bidirectional(el.LSTM(8)), el.Dense(1)])
    >>> net.params["0.backward.W_i"].shape, net.outputs
    ((8, 3), 1)
    """

    layer: Layer
    merge: str = "concat"

    def __post_init__(self) -> None:
        if not isinstance(self.layer, Layer) or not self.layer.cell.states:
            raise OptionError(f"Bidirectional needs a recurrent layer, such as LSTM(64), got {self.layer!r}")
        if self.layer.reverse:
            raise OptionError("Bidirectional makes the reversed layer itself: give it one with reverse=False")
        if not isinstance(self.merge, str) or self.merge not in MERGES:
            hint = nearest(self.merge, MERGES)
            raise OptionError(f"merge is {shown(self.merge)}{hint}; expected one of {', '.join(MERGES)}")
        object.__setattr__(self, "backward", replace(self.layer, reverse=True))

    def __call__(self, *inputs: Any, state: Any = None, mask: Any = None) -> Any:
        """Both directions of what `layer` takes, its `mask` too; `state` is what both begin with, halves of vectors."""
        tracing = running()
        begins = _halves(state)
        here = tracing.place_name("bidirectional")
        with tracing.named(here):
            with tracing.named("forward"):
                there = self.layer(*inputs, state=begins[0], mask=mask)
            with tracing.named("backward"):
                back = self.backward(*inputs, state=begins[1], mask=mask)  # type: ignore[attr-defined]
            merged = tracing.flow(MERGES[self.merge](there, back))
        finals = tuple(concat(a, b) for a, b in zip(there.states(), back.states(), strict=True))
        merged.states = lambda: finals
        tracing.parts[merged.where.number].spare = True  # of an encoder only the final states may be read
        return merged


def _halves(state: Any) -> tuple[Any, Any]:
    """What each direction begins with: the halves of each given vector."""
    if state is None:
        return None, None
    given = list(state) if isinstance(state, tuple | list) else [state]
    parts = [(None, None) if s is None else _split(s) for s in given]
    return tuple(a for a, _ in parts), tuple(b for _, b in parts)


def _split(state: Any) -> tuple[Any, Any]:
    first, second = split(running().flow(state), 2)
    return first, second


@hinted_class(LAYERS)
@dataclass(frozen=True)
class Conv1D(Composite):
    """A convolution over time: ``f(sum over k of W_k x[t - k] + b)``, with zeros outside of each row.

    Parameters
    ----------
    units : int
        Features of the result.
    kernel : int
        How many steps it sees, at most 1024.
    causal : bool, default True
        Whether these are the step itself and those before it, or lie around it; of an even number one more lies behind.
    dilation : int, default 1
        How far apart they are.
    activation : str or function, default "linear"
    bias : bool, default True

    References
    ----------
    A. van den Oord et al., WaveNet: a generative model for raw audio, arXiv:1609.03499 (2016).

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(2, [el.Conv1D(4, kernel=3), el.GRU(8)])
    >>> net.params["0.W"].shape
    (4, 6)
    """

    units: int
    kernel: int
    causal: bool = True
    dilation: int = 1
    activation: Function = "linear"
    bias: bool = True

    def __post_init__(self) -> None:
        whole(self.kernel, "kernel", 1, WIDEST), whole(self.dilation, "dilation"), flag(self.causal, "causal")
        object.__setattr__(self, "dense", Dense(self.units, activation=self.activation, bias=self.bias))

    def __call__(self, *inputs: Any, state: Any = None, mask: Any = None) -> Any:
        """The convolution of a sequence."""
        if state is not None:
            raise OptionError("Conv1D has no states: leave state out")
        if mask is not None:
            raise OptionError("Conv1D has no states to hold: leave mask out, or multiply by it")
        if len(inputs) != 1:
            raise OptionError(
                f"Conv1D takes 1 value, got {len(inputs)}: put several beside one another, el.concat(...)"
            )
        tracing = running()
        x: Any = tracing.flow(inputs[0])
        reach = (self.kernel - 1) * self.dilation
        begin = 0 if self.causal else reach // 2 - reach
        with tracing.named(tracing.place_name("conv1d")):
            with tracing.named("seen"):
                away = [begin + k * self.dilation for k in range(self.kernel)]
                steps = [shift(x, steps) if steps else x for steps in away]
                seen = tracing.flow(reduce(concat, steps))
            return self.dense(seen)  # type: ignore[attr-defined]
