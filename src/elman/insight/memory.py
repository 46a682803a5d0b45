"""Memory: how far the state depends on where it began and on what came in, and what can be read out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from elman import checks
from elman.errors import OptionError
from elman.insight.system import System
from elman.insight.verdict import HELD
from elman.network import Network
from elman.plots import style
from elman.training.protocol import Arrays

RIDGE = 1e-9  # of a readout, beside the mean square of the states


@dataclass(frozen=True)
class Capacity:
    """How well the input of k steps ago can be read out of the state, by a linear readout.

    Attributes
    ----------
    by_delay : ndarray, shape (K,)
        The squared correlation for each delay 1 .. K, on inputs that the readout was not fitted to.
    total : float
        Their sum: at most the number n of states.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)], seed=0)
    >>> x = np.random.default_rng(0).normal(size=(2, 10, 1))
    >>> capacity = el.insight.memory(net, x).capacity(delays=5, steps=500)
    >>> capacity.by_delay.shape, bool(0 <= capacity.total <= 4)
    ((5,), True)
    """

    by_delay: np.ndarray

    @property
    def total(self) -> float:
        """The sum over all delays."""
        return float(self.by_delay.sum())


@dataclass(frozen=True)
class Memory:
    """What a network's states depend on, along given sequences.

    Gains are root mean squares over all directions: a small random difference in the initial state (or in an input)
    is so many times as large, or as small, in the state later on.

    Attributes
    ----------
    to_initial_state : ndarray, shape (T,)
        The gain from the initial state to the state after each step, the mean over the sequences.
    by_lag : ndarray, shape (T,) or None
        The gain from an input to the state k steps later, k = 0 .. T - 1, the mean over steps and sequences; None where
        all inputs are indices.
    system : System
        What was looked at, for `capacity`.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)], seed=0)
    >>> x = np.random.default_rng(0).normal(size=(2, 10, 1))
    >>> found = el.insight.memory(net, x)
    >>> found.to_initial_state.shape, found.to_input(0) > found.to_input(9)
    ((10,), True)
    """

    to_initial_state: np.ndarray
    by_lag: np.ndarray | None
    system: System = field(repr=False)

    def __repr__(self) -> str:
        return f"<Memory over {len(self.to_initial_state)} steps: {self.verdict}>"

    def to_input(self, lag: int) -> float:
        """How much the state depends on the input of `lag` steps ago; lag 0 is the step's own input.

        Parameters
        ----------
        lag : int
            How many steps ago.

        Returns
        -------
        float
        """
        if self.by_lag is None:
            raise OptionError("the network's input is an index, which has no derivative")
        return float(self.by_lag[checks.whole(lag, "lag", least=0, most=len(self.by_lag) - 1)])

    @property
    def horizon(self) -> int:
        """From which step on less than a hundredth of a difference in the initial state is left; T if never."""
        left = np.flatnonzero(~(self.to_initial_state < HELD))
        return min(int(left[-1]) + 2, len(self.to_initial_state)) if len(left) else 1

    @property
    def verdict(self) -> str:
        """How much of a difference in the initial state is left, in words."""
        T, left = len(self.to_initial_state), self.to_initial_state[-1]
        steps = f"{T} step{'s' * (T != 1)}"
        if left < HELD:
            return (
                f"Of a small difference in the initial state less than a hundredth is left from step {self.horizon} on."
            )
        if not np.isfinite(left):
            return f"A small difference in the initial state grows beyond all numbers within {steps}."
        return f"A small difference in the initial state is {left:.2g} times as large after {steps}, the end."

    def capacity(self, delays: int = 50, steps: int = 3000, seed: int = 0) -> Capacity:
        """The linear memory capacity: readouts of a random input from k steps ago.

        Parameters
        ----------
        delays : int, default 50
            The largest delay K.
        steps : int, default 3000
            Length of the random input, uniform in [-1, 1] and the same for all features; those without time, and
            indices, are 0. The readouts are fitted to one half of it and judged on the other.
        seed : int, default 0
            Of the input.

        Returns
        -------
        Capacity

        References
        ----------
        H. Jaeger, Short term memory in echo state networks, GMD report 152 (2001).
        """
        delays, steps = checks.whole(delays, "delays"), checks.whole(steps, "steps")
        seed = checks.as_seed(seed)
        if steps < 4 * delays:
            raise OptionError(f"steps={steps} is too short for {delays} delays: give at least {4 * delays}")
        if not self.system.driven.any():
            raise OptionError("the network's input is an index: there is no linear memory of it")
        u = np.random.default_rng(seed).uniform(-1, 1, steps)
        x = np.zeros((1, steps, self.system.F))
        x[:, :, self.system.driven] = u[None, :, None]
        s = self.system.trajectory(x)[0, 1:]
        return Capacity(np.array([_read_out(s[delays:], u[delays - k : steps - k]) for k in range(1, delays + 1)]))

    def plot(self, ax: Any = None) -> Any:
        """Draw the gains over the steps.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to; new axes by default.

        Returns
        -------
        matplotlib axes
        """
        ax = style.axes(ax)
        curves = [self.to_initial_state] if self.by_lag is None else [self.to_initial_state, self.by_lag]
        shown = style.decades(ax, *curves)
        names = ("to the initial state", "to an input so many steps ago")
        for first, curve, color, name in zip((1, 0), shown, (style.BLUE, style.RED), names, strict=False):
            ax.plot(np.arange(first, first + len(curve)), curve, color=color, label=name, **style.dots(curve))
        ax.axhline(HELD, color="#8a8a8a", linestyle=":", linewidth=1)
        ax.set(xlabel="steps", ylabel="gain (root mean square)")
        ax.set_xlim(-0.5, len(self.to_initial_state) + 0.5)
        style.whole_numbers(ax.xaxis)
        ax.legend(frameon=False)
        return ax


def _read_out(s: np.ndarray, wanted: np.ndarray) -> float:
    """The squared correlation of what a ridge regression on the first half says of the second half."""
    half = len(s) // 2
    with_one = np.concatenate([s, np.ones((len(s), 1))], axis=1)
    fitted, judged = with_one[:half], with_one[half:]
    ridge = RIDGE * half * max(float(np.mean(fitted**2)), np.finfo(float).tiny)
    weights = np.linalg.solve(fitted.T @ fitted + ridge * np.eye(fitted.shape[1]), fitted.T @ wanted[:half])
    said, truth = judged @ weights, wanted[half:]
    spread = np.var(said) * np.var(truth)
    return float(np.mean((said - said.mean()) * (truth - truth.mean())) ** 2 / spread) if spread > 0 else 0.0


def memory(net: Network, x: Arrays, *, state: Any = None, layer: str | None = None) -> Memory:
    """How far the states depend on the initial state and on earlier inputs.

    From products of the exact Jacobians along the sequences: ``d s_t / d s_0 = J_t ... J_1`` and
    ``d s_t / d x_{t-k} = J_t ... J_{t-k+1} d s_{t-k} / d x_{t-k}``.

    Parameters
    ----------
    net : Network
        Not changed in any way.
    x : array, shape (B, T, F)
        Inputs.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default, or what the network begins with.
    layer : str, optional
        The layer whose states are looked at, by itself and fed by what it reads, such as ``"memory.forward"``; by
        default all recurrent layers together.

    Returns
    -------
    Memory

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Network, SimpleRNN
    >>> net = Network(1, [SimpleRNN(4, activation="linear", initial={"U": 0.5 * np.eye(4)})])
    >>> found = memory(net, np.zeros((1, 10, 1)))
    >>> found.to_initial_state[:3].tolist(), found.horizon
    ([0.5, 0.25, 0.125], 7)
    """
    system = System(net, layer)
    x, first = system.given(x, state)
    B, T = x.shape[:2]
    s = system.trajectory(x, first)
    from_start, by_lag = np.zeros(T), np.zeros(T) if system.driven.any() else None
    for b in range(B):
        J, Jx = system.jacobian(s[b, :-1], x[b])
        from_start += _gains_from_start(J) / B
        if by_lag is not None and Jx is not None:
            by_lag += _gains_by_lag(J, Jx[:, :, system.driven]) / B
    return Memory(from_start, by_lag, system)


def _gains_from_start(J: np.ndarray) -> np.ndarray:
    gains, product = np.empty(len(J)), np.eye(J.shape[1])
    for t, jacobian in enumerate(J):
        product = jacobian @ product
        gains[t] = np.sqrt(np.mean(np.sum(product**2, axis=0)))
    return gains


def _gains_by_lag(J: np.ndarray, Jx: np.ndarray) -> np.ndarray:
    """The mean over the steps of an input of its gain k steps later."""
    T, n, F = Jx.shape
    under_way, sums = np.zeros((T, n, F)), np.zeros(T)
    for t in range(T):
        under_way[:t] = J[t] @ under_way[:t]
        under_way[t] = Jx[t]
        gains = np.sqrt(np.mean(np.sum(under_way[: t + 1] ** 2, axis=1), axis=1))
        sums[: t + 1] += gains[::-1]  # of lags 0 .. t
    return sums / np.arange(T, 0, -1)


def distances(
    net: Network, x: Any, states: Mapping[str, Any], steps: Sequence[int], *, layer: str | None = None
) -> dict[tuple[str, str], np.ndarray]:
    """How far runs from several initial states are apart, sequence by sequence: what is remembered of the start.

    Parameters
    ----------
    net : Network
        Not changed in any way.
    x : array, shape (B, T, F)
        Inputs, the same for every run.
    states : mapping of str to states
        Initial states by name, as `Network.__call__` takes them, or arrays (n,) or (B, n), or None for zeros,
        or what the network begins with.
    steps : sequence of int
        After which steps to compare; 0 is the beginning.
    layer : str, optional
        The layer whose states are looked at, by itself and fed by what it reads, such as ``"memory.forward"``; by
        default all recurrent layers together.

    Returns
    -------
    dict of (str, str) to ndarray, shape (len(steps), B)
        For each pair of names the norms of the differences of all states together.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)], seed=0)
    >>> x = np.random.default_rng(0).normal(size=(2, 10, 1))
    >>> apart = el.insight.distances(net, x, {"zeros": None, "ones": np.ones(4)}, steps=[0, 10])
    >>> far = apart["zeros", "ones"]
    >>> far.shape, bool((far[1] < far[0]).all())
    ((2, 2), True)
    """
    system = System(net, layer)
    x, begun = system.given(x)
    checks.instance(states, Mapping, "states", "a dict of initial states by name")
    steps = [checks.whole(t, "each of steps", least=0) for t in checks.listed(steps, "steps", "numbers of steps")]
    wrong = [t for t in steps if t > x.shape[1]]
    if wrong:
        raise OptionError(f"steps has {wrong[0]}; x has {x.shape[1]} steps, so give numbers in 0 .. {x.shape[1]}")
    first = {name: begun if s is None else system.first_states(s, len(x)) for name, s in states.items()}
    runs = {name: system.trajectory(x, s)[:, list(steps)] for name, s in first.items()}
    return {(a, b): np.linalg.norm(runs[a] - runs[b], axis=2).T for a, b in combinations(runs, 2)}
