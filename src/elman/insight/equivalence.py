"""Equivalence: whether two networks are the same map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from elman import checks
from elman.errors import OptionError, ShapeError
from elman.insight.system import System
from elman.network import Network


@dataclass(frozen=True)
class Equivalence:
    """How far two maps are apart on samples of states and inputs.

    Attributes
    ----------
    largest : float
        The largest difference between their new states.
    state, input : ndarray, shape (n,) and (F,)
        Where that was.
    tolerance : float
        What counts as the same.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> a, b = (el.Network(1, [el.SimpleRNN(4)], seed=1) for _ in range(2))
    >>> found = el.insight.equivalence(a, b)
    >>> found.largest
    0.0
    """

    largest: float
    state: np.ndarray
    input: np.ndarray
    tolerance: float

    @property
    def same(self) -> bool:
        """Whether no difference was larger than the tolerance."""
        return self.largest <= self.tolerance

    def __str__(self) -> str:
        verb = "the same map" if self.same else "different maps"
        return f"{verb}: the largest difference is {self.largest:.2g} (tolerance {self.tolerance:.0g})"


def equivalence(
    first: Network,
    second: Network,
    *,
    states: Any = None,
    inputs: np.typing.ArrayLike | None = None,
    samples: int = 1000,
    tolerance: float = 1e-6,
    seed: int = 0,
    layers: tuple[str | None, str | None] = (None, None),
) -> Equivalence:
    """Compare one step of two networks, in float64, on many states and inputs.

    Parameters
    ----------
    first, second : Network
        With as many states and inputs; not changed in any way.
    states : array, shape (m, n), optional
        States to compare at; by default standard normal ones.
    inputs : array, shape (m, F), optional
        The input of each; by default standard normal ones.
    samples : int, default 1000
        How many random states or inputs to draw.
    tolerance : float, default 1e-6
        What counts as the same.
    seed : int, default 0
        Of the samples.
    layers : pair of str or None, default (None, None)
        The layer of each that is compared, by itself and fed by what it reads; None for all recurrent layers together.

    Returns
    -------
    Equivalence

    Examples
    --------
    >>> import elman as el
    >>> rnn = el.Network(3, [el.SimpleRNN(4)])
    >>> weights = (rnn.params[name] for name in ("0.W", "0.U", "0.b"))
    >>> gru = el.Network(3, [el.GRU(4, initial=el.cells.gru_from_simple(*weights))])
    >>> el.insight.equivalence(rnn, gru).same
    True
    """
    random = np.random.default_rng(checks.as_seed(seed))
    tolerance = checks.real(tolerance, "tolerance", -1e-300, expected="of at least 0")
    if not isinstance(layers, tuple | list) or len(layers) != 2:
        raise OptionError(
            f"layers is {checks.shown(layers)}; expected the names of a layer of each, or None, as a pair"
        )
    a, b = System(first, layers[0]), System(second, layers[1])
    if (a.n, a.F) != (b.n, b.F):
        raise ShapeError(
            f"the networks have {a.n} and {b.n} numbers in their states, {a.F} and {b.F} inputs; "
            "only maps between the same spaces can be the same"
        )
    named = ((states, "states"), (inputs, "inputs"))
    m = next((len(np.atleast_1d(checks.floats(v, name))) for v, name in named if v is not None), samples)
    s = _given(states, (checks.whole(m, "samples", most=10**7), a.n), "states", random)
    x = _given(inputs, (m, a.F), "inputs", random)
    apart = np.abs(a.step(s, x) - b.step(s, x)).max(axis=1)
    worst = int(np.argmax(apart))
    return Equivalence(float(apart[worst]), s[worst], x[worst], tolerance)


def _given(values: Any, shape: tuple[int, int], name: str, random: np.random.Generator) -> np.ndarray:
    if values is None:
        return random.normal(size=shape)
    found = checks.floats(values, name, finite=True)
    if found.shape != shape:
        raise ShapeError(f"{name} has shape {found.shape}; expected {shape}, one row for each sample")
    return found
