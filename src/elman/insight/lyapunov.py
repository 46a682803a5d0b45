"""Lyapunov exponents: how fast close trajectories part or meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from elman import checks
from elman.data.names import counted
from elman.errors import OptionError, ShapeError
from elman.insight.system import System
from elman.network import Network
from elman.plots import style

PIECE = 250  # steps whose Jacobians are computed together
SPREAD = 12.0  # in nats, between directions: more than half of the digits are left
LONGEST = 20  # steps between two QR decompositions
ROUNDING = 1e-12  # an exponent that is no larger is 0
DEEP = 50.0  # differences that fall by so many nats are gone within a step
BLOCKS = 10  # stretches of the run, between which the exponents' error is estimated


@dataclass(frozen=True)
class Spectrum:
    """The Lyapunov exponents of a network, in nats a step.

    Attributes
    ----------
    exponents : ndarray, shape (n,)
        Largest first. Above 0, close states part: exp(exponent) times as far in each step, on average.
    error : ndarray, shape (n,)
        Their standard errors, from the differences between stretches of the run.
    convergence : ndarray, shape (m, n)
        The estimates as the run went on.
    steps : ndarray, shape (m,)
        After how many steps these were made.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)], seed=0)
    >>> x = np.random.default_rng(0).normal(size=(2, 10, 1))
    >>> spectrum = el.insight.lyapunov_spectrum(net, steps=200)
    >>> spectrum.exponents.shape, bool(spectrum.exponents[0] < 0)
    ((4,), True)
    """

    exponents: np.ndarray
    error: np.ndarray
    convergence: np.ndarray
    steps: np.ndarray

    def __repr__(self) -> str:
        return f"<Spectrum of {counted(len(self.exponents), 'exponents')}: {self.verdict}>"

    @property
    def dimension(self) -> float:
        """The Kaplan-Yorke dimension: how many exponents, the last one in part, add up to 0."""
        sums = np.cumsum(self.exponents)
        grown = int(np.sum(sums >= 0))  # the first ones, as the exponents fall
        if grown == len(sums):
            return float(grown)
        before = sums[grown - 1] if grown else 0.0
        return float(grown + before / abs(self.exponents[grown])) if grown else 0.0

    @property
    def verdict(self) -> str:
        """What it means, in words."""
        largest, error = self.exponents[0], self.error[0]
        if not np.isfinite(error):
            return f"too few steps to tell: the exponent is {largest:.3g} over {self.steps[-1]} of them"
        found = f"(exponent {largest:.3g} ± {error:.1g})"
        clear = max(3 * error, ROUNDING)
        if largest > clear:
            return f"chaotic: close states part {np.exp(largest):.4g} times a step {found}"
        if largest < -clear:
            return f"contracting: differences fall by 10x every {np.log(10) / -largest:.3g} steps {found}"
        return f"neutral: differences neither grow nor fall on average {found}"

    def plot(self, ax: Any = None) -> Any:
        """Draw the exponents with their errors.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to; new axes by default.

        Returns
        -------
        matplotlib axes
        """
        ax = style.axes(ax)
        shown = self.exponents > -DEEP
        numbers = np.arange(1, len(shown) + 1)[shown]
        ax.axhline(0, color=style.MUTED, linewidth=1)
        ax.errorbar(numbers, self.exponents[shown], 2 * self.error[shown], fmt=".", color=style.BLUE)
        if not shown.all():
            ax.set_title(f"{np.sum(~shown)} more of -{DEEP:g} or less", loc="right", fontsize=9)
        style.whole_numbers(ax.xaxis)
        ax.set(xlabel="number", ylabel="Lyapunov exponent (nats a step)")
        return ax


def lyapunov_spectrum(
    net: Network,
    x: Any = None,
    steps: int = 10_000,
    state: Any = None,
    burn_in: int = 1_000,
    *,
    layer: str | None = None,
) -> Spectrum:
    """All Lyapunov exponents of a network along a trajectory.

    A set of orthonormal directions is carried along by the exact Jacobians and made orthonormal again by QR, before
    they come so close to one another that their volume is lost in rounding; the logarithms of the lengths that they
    had, the diagonal of R, average to the exponents.

    Parameters
    ----------
    net : Network
        With at least one recurrent layer.
    x : array, shape (T, F) or (1, T, F), optional
        What drives it, burn-in included, in place of `steps`, of a network with several inputs one row of each; by
        default inputs of zeros, of `layer` those that it reads: an autonomous system.
    steps : int, default 10,000
        How many steps are averaged over.
    state : array, shape (n,), or list of tuples of arrays (1, H), optional
        Where it starts; by default states that are drawn at random, with the network's seed.
    burn_in : int, default 1,000
        Steps before them, in which the trajectory finds to its attractor and the directions find their order.
    layer : str, optional
        The layer whose states are looked at, by itself and fed by what it reads, such as ``"memory.forward"``; by
        default all recurrent layers together.

    Returns
    -------
    Spectrum

    Raises
    ------
    DataError
        If the trajectory grows beyond all bounds: at which step.

    References
    ----------
    G. Benettin, L. Galgani, A. Giorgilli and J.-M. Strelcyn, Lyapunov characteristic exponents for smooth dynamical
    systems, Meccanica 15 (1980).
    R. Engelken, F. Wolf and L. F. Abbott, Lyapunov spectra of chaotic recurrent neural networks, Physical Review
    Research 5 (2023).

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Network, SimpleRNN
    >>> net = Network(1, [SimpleRNN(3, activation="linear", initial={"U": np.diag([0.5, 0.9, 0.1])})])
    >>> np.exp(lyapunov_spectrum(net, steps=100, burn_in=10).exponents).round(6).tolist()
    [0.9, 0.5, 0.1]
    """
    burn_in, steps = checks.whole(burn_in, "burn_in", least=0, most=10**9), checks.whole(steps, "steps", most=10**9)
    system = System(net, layer)
    return spectrum_along(system, _inputs(system, x, steps, burn_in), burn_in, state)


def spectrum_along(system: System, inputs: np.ndarray, burn_in: int, state: Any = None) -> Spectrum:
    """The exponents under the inputs (T, F) of each step; see `lyapunov_spectrum`."""
    s, directions = _start(system, state), _Directions(system.n)
    for first in range(0, len(inputs), PIECE):
        here = inputs[first : first + PIECE]
        along = system.trajectory(here[None], s, first)[0]
        s = along[-1:]
        directions.carry(system.jacobian(along[:-1], here)[0])
    return spectrum_of(*directions.logs(burn_in))


class _Directions:
    """Orthonormal directions under way, and how they grew."""

    def __init__(self, n: int):
        self.Q, self.since, self.interval, self.spread = np.eye(n), 0, 1, SPREAD
        self.grown: list[np.ndarray] = []
        self.took: list[int] = []

    def carry(self, jacobians: np.ndarray) -> None:
        for jacobian in jacobians:
            self.Q, self.since = jacobian @ self.Q, self.since + 1
            if self.since >= self.interval:
                self.straighten()
        self.straighten()

    def straighten(self) -> None:
        """QR; the next one comes before the fastest direction has grown exp(SPREAD) times as much as the slowest."""
        if not self.since:
            return
        self.Q, R = np.linalg.qr(self.Q)
        logs = np.log(np.maximum(np.abs(np.diag(R)), np.finfo(float).tiny))  # a length of 0 is the smallest number
        self.grown.append(logs)
        self.took.append(self.since)
        self.spread = max(float(np.ptp(logs)) / self.since, 0.95 * self.spread)  # it varies along the trajectory
        self.interval, self.since = int(np.clip(SPREAD / self.spread, 1, LONGEST)), 0

    def logs(self, burn_in: int) -> tuple[np.ndarray, np.ndarray]:
        """What the directions grew (m, n) in stretches of so many steps (m,), after the burn-in."""
        ends = np.cumsum(self.took)
        used = ends > burn_in
        return np.array(self.grown)[used], np.array(self.took)[used]


def _inputs(system: System, x: Any, steps: int, burn_in: int) -> np.ndarray:
    if x is None:
        return np.zeros((burn_in + steps, system.F))
    found = _driving(system, x)
    if len(found) <= burn_in:
        raise OptionError(
            f"x has {len(found)} steps and burn_in takes {burn_in} of them: give more, or a smaller burn_in"
        )
    return found


def _driving(system: System, x: Any) -> np.ndarray:
    """The inputs (T, F) of one sequence."""
    if len(system.whole.doors) == 1:
        wanted, found = system.whole.inputs, checks.floats(x, "x", finite=True)
        found = found[0] if found.ndim == 3 and len(found) == 1 else found
        if found.ndim != 2 or found.shape[1] != wanted:
            raise ShapeError(f"x has shape {np.shape(x)}; expected (T, {wanted}), one sequence")
        x = found[None]
    inputs, _ = system.given(x)
    if len(inputs) > 1:
        raise ShapeError(f"x has {len(inputs)} rows; expected one sequence")
    return inputs[0]


def _start(system: System, state: Any) -> np.ndarray:
    if state is not None:
        return system.first_states(state, 1)
    return np.random.default_rng(system.net.seed).uniform(-0.5, 0.5, (1, system.n))


def spectrum_of(grown: np.ndarray, took: np.ndarray) -> Spectrum:
    """The exponents from what the directions grew in stretches of so many steps."""
    means = grown.sum(axis=0) / took.sum()
    order = np.argsort(-means, kind="stable")
    parts = np.array_split(np.arange(len(took)), min(BLOCKS, len(took)))
    blocks = np.array([grown[part].sum(axis=0) / took[part].sum() for part in parts])
    error = blocks.std(axis=0, ddof=1) / np.sqrt(len(blocks)) if len(blocks) > 1 else np.full(len(means), np.nan)
    shown = np.unique(np.linspace(0, len(took) - 1, min(100, len(took))).astype(int))
    after = np.cumsum(took)[shown]
    so_far = np.cumsum(grown, axis=0)[shown] / after[:, None]
    return Spectrum(means[order], error[order], so_far[:, order], after)
