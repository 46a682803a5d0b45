"""Fixed and slow points: where the states stay as they are, or nearly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman import checks
from elman.errors import DataError, OptionError, ShapeError
from elman.insight.system import System
from elman.network import Network
from elman.plots import style

RUNS, PIECE = 32, 100  # runs that settle, at most, and how many steps of them go together
DAMPING = 1e-2  # of the first step, beside the largest square of the Jacobian
LEAST, MOST = 1e-12, 1e8  # damping within which a point is still under way
FLATTEST = 1e-12  # mean square slope that damping counts with at least
STILL = 1e-13  # a step shorter than this, beside the state, changes nothing
MARKS = (("o", "#0072b2"), ("X", "#d55e00"), ("^", "#cc79a7"), ("D", "#009e73"), ("s", "#e69f00"))  # of the kinds


@dataclass(frozen=True)
class FixedPoints:
    """States s with F(s, x) = s for a constant input x, and slow points, where that nearly holds.

    Attributes
    ----------
    points : ndarray, shape (K, n)
        All states of the network, concatenated; the most stable first.
    residuals : ndarray, shape (K,)
        The norm of F(s, x) - s.
    eigenvalues : ndarray, shape (K, n)
        Complex, of the Jacobian d F / d s there, the largest first.
    stable : ndarray of bool, shape (K,)
        Whether all eigenvalues are inside the unit circle.
    found_from : ndarray of int, shape (K,)
        How many of the searches led to each.
    slow : ndarray of bool, shape (K,)
        Whether it is no fixed point but a slow one: a local minimum of the speed.
    trajectories : ndarray, shape (m, n)
        The states that the search began with.
    names : dict of str to slice
        Where each state lies in the n numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)], seed=0)
    >>> x = np.random.default_rng(0).normal(size=(2, 10, 1))
    >>> found = el.insight.fixed_points(net, np.random.default_rng(0).normal(size=(9, 4)))
    >>> found.points.shape[1], len(found.stable) == len(found.residuals)
    (4, True)
    """

    points: np.ndarray
    residuals: np.ndarray
    eigenvalues: np.ndarray
    found_from: np.ndarray
    slow: np.ndarray
    trajectories: np.ndarray = field(repr=False)
    names: dict[str, slice] = field(repr=False)

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        return f"<FixedPoints: {self.verdict}>"

    @property
    def stable(self) -> np.ndarray:
        """Of each point, whether all eigenvalues are inside the unit circle."""
        return (np.abs(self.eigenvalues) < 1).all(axis=1)

    @property
    def unstable_directions(self) -> np.ndarray:
        """How many eigenvalues of each point are outside the unit circle (K,): 1 or more of a saddle."""
        return np.sum(np.abs(self.eigenvalues) > 1, axis=1)

    @property
    def time_constants(self) -> np.ndarray:
        """Steps in which a deviation along each eigenvector falls to 1/e (K, n); negative where it grows."""
        with np.errstate(divide="ignore"):
            return -1 / np.log(np.abs(self.eigenvalues))

    @property
    def verdict(self) -> str:
        """How many there are of each kind, in words."""
        fixed, growing = ~self.slow, self.unstable_directions > 0
        kinds = {
            "stable": self.stable & fixed,
            "with directions that grow": growing & fixed,
            "that neither call back nor push away what is close": ~self.stable & ~growing & fixed,
            "slow": self.slow,
        }
        found = [f"{int(which.sum())} {kind}" for kind, which in kinds.items() if which.any()]
        return ", ".join(found) if found else "none was found"

    def plot(self, ax: Any = None, dimensions: int | None = None) -> Any:
        """Draw the points, and the states the search began with, along those states' principal components.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to; new axes by default. For three dimensions they have ``projection="3d"``.
        dimensions : {2, 3}, optional
            How many components; by default as many as `ax` has, or 3 where there are so many states.

        Returns
        -------
        matplotlib axes
        """
        if dimensions is None:
            dimensions = (3 if self.points.shape[1] > 2 else 2) if ax is None else (3 if hasattr(ax, "get_zlim") else 2)
        if isinstance(dimensions, bool) or not isinstance(dimensions, int) or dimensions not in (2, 3):
            raise OptionError(f"dimensions must be 2 or 3, got {checks.shown(dimensions)}")
        ax = style.axes(ax, 7, 5.2, projection="3d" if dimensions == 3 else None)
        cloud, points = self.projected(dimensions)
        ax.plot(*cloud.T, ".", color="#999999", markersize=1.5, zorder=1, alpha=0.5)
        for (label, which), (marker, color) in zip(self.kinds().items(), MARKS, strict=True):
            if which.any():
                ax.plot(*points[which].T, marker, color=color, label=f"{label} ({which.sum()})", zorder=2)
        for axis, name in zip("xyz"[:dimensions], ("first", "second", "third"), strict=False):
            getattr(ax, f"set_{axis}label")(f"{name} principal component", labelpad=6)
        ax.locator_params(nbins=5)
        if len(self):
            ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(-0.25, 1.0) if dimensions == 3 else (1, 1))
        return ax

    def projected(self, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
        """The given states and the points in the space of the states' principal components.

        Parameters
        ----------
        dimensions : int
            So many of them.

        Returns
        -------
        tuple of arrays
            (N, dimensions) and (K, dimensions).
        """
        middle = self.trajectories.mean(axis=0)
        _, _, components = np.linalg.svd(self.trajectories - middle, full_matrices=False)
        basis = np.zeros((dimensions, len(middle)))
        basis[: min(dimensions, len(components))] = components[:dimensions]
        return (self.trajectories - middle) @ basis.T, (self.points - middle) @ basis.T

    def kinds(self) -> dict[str, np.ndarray]:
        """Which points (K,) are of which kind.

        Returns
        -------
        dict
        """
        growing, fixed = self.unstable_directions, ~self.slow
        return {
            "stable": self.stable & fixed,
            "saddle, one direction grows": (growing == 1) & fixed,
            "more directions grow": (growing > 1) & fixed,
            "neutral, none grows": (growing == 0) & ~self.stable & fixed,
            "slow": self.slow,
        }


def fixed_points(
    net: Network,
    states: Any,
    inputs: Any = 0.0,
    *,
    tolerance: float = 1e-9,
    slow_tolerance: float | None = None,
    apart: float = 1e-4,
    between: int | None = None,
    settle: int = 1000,
    iterations: int = 300,
    layer: str | None = None,
) -> FixedPoints:
    """Search for fixed points of a network under a constant input, from many states.

    The speed ``|F(s, x) - s|^2`` is minimised from each state with its exact Jacobian, by Levenberg and Marquardt's
    method: Newton's steps close to a fixed point, short steps downhill elsewhere. Points that are the same are merged.

    Parameters
    ----------
    net : Network
        Not changed in any way.
    states : array, shape (m, n) or (B, T, n), or list of tuples of arrays (m, H)
        Where to begin: the more of them, from trajectories of the task, the fewer points are missed. Of several states
        (h and c of an LSTM, or several layers) all are concatenated, in the order of `Network.state_sizes`.
    inputs : float, array of shape (F,), or dict of them, default 0
        The constant input; where there are several a dict by name, or one number for all. Of `layer` what it reads.
    tolerance : float, default 1e-9
        Largest norm of ``F(s, x) - s`` at a fixed point.
    slow_tolerance : float, optional
        Where given, minima of the speed with a norm up to it are kept as slow points.
    apart : float, default 1e-4
        Points that are closer than this are one.
    between : int, optional
        So many further searches begin somewhere between two of the given states, where saddles lie that no trajectory
        comes near; by default as many as there are states.
    settle : int, default 1000
        The network runs on for so many steps under the constant input, from zeros, up to 32 of the given states and
        as many random ones around them, and further searches begin at zeros and where it ends: close to stable
        points. 0 for none of these.
    iterations : int, default 300
        At most so many steps from each state.
    layer : str, optional
        The layer whose states are looked at, by itself and fed by what it reads, such as ``"memory.forward"``; by
        default all recurrent layers together.

    Returns
    -------
    FixedPoints

    References
    ----------
    D. Sussillo and O. Barak, Opening the black box: low-dimensional dynamics in high-dimensional recurrent neural
    networks, Neural Computation 25 (2013).
    M. D. Golub and D. Sussillo, FixedPointFinder: a Tensorflow toolbox for identifying and characterizing fixed points
    in recurrent neural networks, Journal of Open Source Software 3 (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Network, SimpleRNN
    >>> net = Network(1, [SimpleRNN(1, initial={"U": 2.0})])  # h' = tanh(2 h)
    >>> found = fixed_points(net, np.linspace(-1, 1, 9)[:, None])
    >>> found.points.ravel().round(4).tolist(), found.stable.tolist()
    ([-0.9575, 0.9575, 0.0], [True, True, False])
    """
    tolerance = checks.real(tolerance, "tolerance", 0)
    slow_tolerance = None if slow_tolerance is None else checks.real(slow_tolerance, "slow_tolerance", 0)
    apart = checks.real(apart, "apart", 0)
    between = None if between is None else checks.whole(between, "between", least=0)
    settle, iterations = checks.whole(settle, "settle", least=0), checks.whole(iterations, "iterations")
    system = System(net, layer)
    asked, x = _starts(system, states), _constant(system, inputs)
    number = len(asked) if between is None else between
    around = _settled(system, asked, x, settle, net.seed)
    start = np.concatenate([asked, _in_between(asked, number, net.seed), around])
    s, residuals = _descend(system, start.copy(), x, tolerance, iterations)
    kept = np.isfinite(s).all(axis=1) & (residuals <= max(tolerance, slow_tolerance or 0.0))
    chosen, found_from = _merged(s[kept], residuals[kept], apart)
    s, residuals = s[kept][chosen], residuals[kept][chosen]
    jacobians = system.jacobian(s, np.repeat(x, len(s), axis=0))[0] if len(s) else np.empty((0, system.n, system.n))
    eigenvalues = np.linalg.eigvals(jacobians).astype(complex)
    eigenvalues = np.take_along_axis(eigenvalues, np.argsort(-np.abs(eigenvalues), axis=1, kind="stable"), axis=1)
    order = np.lexsort((*s.T[::-1].round(6), np.sum(np.abs(eigenvalues) > 1, axis=1)))
    return FixedPoints(
        s[order],
        residuals[order],
        eigenvalues[order],
        found_from[order],
        residuals[order] > tolerance,
        asked,
        system.parts,
    )


def _starts(system: System, states: Any) -> np.ndarray:
    if not isinstance(states, np.ndarray):
        try:
            states = np.concatenate([checks.floats(a, "a state") for layer in states for a in layer], axis=-1)
        except (TypeError, ValueError) as error:
            raise ShapeError(
                f"states must be an array (m, {system.n}), or a list of tuples of arrays (m, H), one for each state of "
                f"each recurrent layer; got {checks.shown(states)}"
            ) from error
    found = checks.floats(states, "states")
    if not found.ndim or found.shape[-1] != system.n:
        raise ShapeError(f"states have shape {found.shape}; expected (m, {system.n}): {', '.join(system.names)}")
    start = found.reshape(-1, system.n)
    if not len(start) or not np.isfinite(start).all():
        raise DataError("the search needs states to begin with, all of them finite")
    return start


def _in_between(states: np.ndarray, number: int, seed: int) -> np.ndarray:
    """Points on the lines between random pairs of states."""
    random = np.random.default_rng(seed)
    first, second = (states[random.integers(0, len(states), number)] for _ in range(2))
    return first + random.random((number, 1)) * (second - first)


def _settled(system: System, states: np.ndarray, x: np.ndarray, steps: int, seed: int) -> np.ndarray:
    """Zeros, and where runs from there, from some of the states and from around them end, if they stay finite."""
    if not steps:
        return np.empty((0, system.n))
    zeros = np.zeros((1, system.n))
    around = np.random.default_rng(seed).normal(states.mean(axis=0), 2 * states.std(axis=0) + 0.5, (RUNS, system.n))
    s = np.concatenate([zeros, states[np.unique(np.linspace(0, len(states) - 1, RUNS).astype(int))], around])
    for first in range(0, steps, PIECE):
        piece = np.repeat(x[:, None], min(PIECE, steps - first), axis=1)
        before, s = s, system.after(s, np.repeat(piece, len(s), axis=0))
        s = s[np.isfinite(s).all(axis=1)]
        if np.array_equal(before, s) or not len(s):
            break
    return np.concatenate([zeros, s])


def _constant(system: System, inputs: Any) -> np.ndarray:
    if isinstance(inputs, Mapping):
        return _by_name(system, inputs)
    found = checks.floats(inputs, "inputs", finite=True)
    if found.shape not in ((), (system.F,)):
        several = f", or a dict of {', '.join(system.inputs)}" if len(system.inputs) > 1 else ""
        raise ShapeError(
            f"inputs has shape {found.shape}; expected a number or ({system.F},), a constant input{several}"
        )
    x = np.broadcast_to(found, (1, system.F)).copy()
    if (x != np.trunc(x))[:, ~system.has_gradient].any():
        raise OptionError(f"the network's input is an index; got {inputs!r}")
    return x


def _by_name(system: System, inputs: Mapping[Any, Any]) -> np.ndarray:
    if set(inputs) != set(system.inputs):
        raise OptionError(f"inputs has {', '.join(map(str, inputs)) or 'nothing'}; expected {', '.join(system.inputs)}")
    x = np.empty(system.F)
    for name, part in system.inputs.items():
        found, wide = checks.floats(inputs[name], f"inputs[{name!r}]", finite=True), part.stop - part.start
        if found.shape not in ((), (wide,)):
            raise ShapeError(f"inputs[{name!r}] has shape {found.shape}; expected a number or ({wide},)")
        x[part] = found
    return _constant(system, x)


def _norms(vectors: np.ndarray) -> np.ndarray:
    """Of vectors (K, n); infinite where a search has gone beyond all numbers."""
    with np.errstate(over="ignore"):
        return np.asarray(np.linalg.norm(vectors, axis=1))


def _descend(
    system: System, s: np.ndarray, x: np.ndarray, tolerance: float, iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Levenberg and Marquardt's method from each state: where it ends, and the norm of F(s) - s there."""
    unit = np.eye(system.n)
    away = system.step(s, np.repeat(x, len(s), axis=0)) - s
    damping = np.full(len(s), DAMPING)
    norm = _norms(away)
    for _ in range(iterations):
        active = np.flatnonzero((norm > 0.01 * tolerance) & (damping < MOST))
        if not len(active):
            break
        A = system.jacobian(s[active], np.repeat(x, len(active), axis=0))[0] - unit
        squares = np.swapaxes(A, 1, 2) @ A
        scale = np.maximum(np.trace(squares, axis1=1, axis2=2) / system.n, FLATTEST)
        ridge = (damping[active] * scale)[:, None, None] * unit
        downhill = np.einsum("kij,ki->kj", A, away[active])
        move = -np.linalg.solve(squares + ridge, downhill[..., None])[..., 0]
        tried = s[active] + move
        new = system.step(tried, np.repeat(x, len(active), axis=0)) - tried
        new_norm = _norms(new)
        better = new_norm < norm[active]
        moved = active[better]
        s[moved], away[moved], norm[moved] = tried[better], new[better], new_norm[better]
        damping[active] = np.where(better, np.maximum(damping[active] / 8, LEAST), damping[active] * 4)
        short = _norms(move) < STILL * (1 + _norms(s[active]))
        damping[active[short]] = MOST
    return s, norm


def _merged(s: np.ndarray, residuals: np.ndarray, apart: float) -> tuple[np.ndarray, np.ndarray]:
    """The best of each cluster of points, and how many each cluster has."""
    left, chosen, sizes = np.argsort(residuals, kind="stable"), [], []
    while len(left):
        same = np.linalg.norm(s[left] - s[left[0]], axis=1) < apart
        chosen.append(left[0])
        sizes.append(int(same.sum()))
        left = left[~same]
    return np.array(chosen, int), np.array(sizes, int)
