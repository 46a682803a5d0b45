"""Dynamics: a network as a system that goes from state to state, seen in the plane in which its states differ most."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.engine.blas import one_blas_thread
from elman.errors import OptionError
from elman.insight import fixed_points
from elman.insight.lyapunov import Spectrum, spectrum_along
from elman.insight.system import System
from elman.lab.asked import Asked
from elman.lab.limits import MOST_DYNAMIC, MOST_FOLLOWED
from elman.lab.looking import packed
from elman.lab.many_states import leading_exponents, settled_points
from elman.network import Network

ROWS = 12  # trajectories
GRID = 15  # arrows along each axis of the plane
SEARCHES, MOST_JACOBIANS = 24, 200_000  # searches for fixed points; numbers in the Jacobians of one of their steps
SETTLING = 64  # states up to which runs that settle are searched from, too: 65 searches more
MOST_POINTS = 24  # shown, the most stable first
LYAPUNOV_STEPS, BURN_IN = 400, 100


def dynamics(net: Network, x: Any, asked: Asked, layer: str | None = None) -> dict[str, Any]:
    """Trajectories, arrows, fixed points and Lyapunov exponents.

    Of very many states, where Jacobians take long, the points are those in which runs settle, and of the exponents
    there are the first ones.

    Parameters
    ----------
    net : Network
    x : inputs
        As the network takes them; trajectories are of the first rows.
    asked : Asked
        ``input``: ``zero`` or ``mean``, what stays the same while fixed points are looked for.
    layer : str, optional
        Which is looked at by itself; by default all layers with states together.
    """
    with one_blas_thread():  # whose threads would fight with those of a training for the cores
        return _found(System(net, layer), x, asked.one_of("input", ("zero", "mean"), "zero"))


def _found(system: System, inputs: Any, constant: str) -> dict[str, Any]:
    if system.n > MOST_FOLLOWED:
        raise OptionError(
            f"the states are {system.n:,} numbers; dynamics are looked at up to {MOST_FOLLOWED:,}: take fewer units"
        )
    x, first = system.given(inputs)
    x, first = x[:ROWS], first[:ROWS]
    along = system.trajectory(x, first)
    drive = _constant(system, x, constant)
    plane = Plane(along.reshape(-1, system.n))
    few = system.n <= MOST_DYNAMIC
    return {
        "states": {name: [part.start, part.stop] for name, part in system.parts.items()},
        "n": system.n,
        "few": few,
        "explained": plane.explained,
        "axes": packed(plane.basis),
        "drive": packed(drive),
        "trajectories": packed(plane.of(along)),
        "arrows": _arrows(system, plane, along, drive),
        **_points(system, plane, along.reshape(-1, system.n), drive, few),
        "lyapunov": _lyapunov(system, drive, few),
    }


def _constant(system: System, x: np.ndarray, constant: str) -> np.ndarray:
    """What comes in at every step; of indices in place of the mean the one in the middle."""
    if constant == "zero":
        return np.zeros(system.F)
    middle = np.sort(x.reshape(-1, system.F), axis=0)[x.shape[0] * x.shape[1] // 2]
    return np.where(system.has_gradient, x.mean(axis=(0, 1)), middle)


class Plane:
    """The two directions in which states differ most."""

    def __init__(self, states: np.ndarray):
        self.middle: np.ndarray = states.mean(axis=0)
        centred = states - self.middle
        sizes, directions = np.linalg.eigh(centred.T @ centred)  # the largest last
        self.basis: np.ndarray = np.zeros((2, states.shape[1]))
        self.basis[: min(2, len(sizes))] = directions.T[::-1][:2]
        total = float(sizes.sum())
        shares = [float(s) / total if total > 0 else 0.0 for s in sizes[::-1][:2]]
        self.explained: list[float] = [*shares, 0.0][:2]

    def of(self, states: np.ndarray) -> np.ndarray:
        """Where states lie in it."""
        return (states - self.middle) @ self.basis.T

    def at(self, places: np.ndarray) -> np.ndarray:
        """The states of places in it."""
        return self.middle + places @ self.basis


def _arrows(system: System, plane: Plane, along: np.ndarray, drive: np.ndarray) -> dict[str, Any]:
    """Where a step leads from places of the plane, which it leaves."""
    seen = plane.of(along).reshape(-1, 2)
    low, high = seen.min(axis=0), seen.max(axis=0)
    room = np.maximum(0.12 * (high - low), 1e-3)
    axes = [np.linspace(low[k] - room[k], high[k] + room[k], GRID) for k in (0, 1)]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    s = plane.at(places)
    moved = system.step(s, np.broadcast_to(drive, (len(s), system.F)))
    return {"from": packed(places), "by": packed(np.nan_to_num(plane.of(moved) - plane.of(s)))}


def _points(system: System, plane: Plane, states: np.ndarray, drive: np.ndarray, few: bool) -> dict[str, Any]:
    found = _searched(system, states, drive) if few else settled_points(system, states, drive)
    shown = min(len(found), MOST_POINTS)
    growing = found.unstable_directions
    points = [
        {
            "place": [float(v) for v in plane.of(found.points[k])],
            "kind": "slow" if found.slow[k] else "stable" if found.stable[k] else "saddle" if growing[k] else "neutral",
            "growing": int(growing[k]),
            "residual": float(found.residuals[k]),
            "radius": float(np.abs(found.eigenvalues[k, 0])),
            "eigenvalues": [[float(v.real), float(v.imag)] for v in found.eigenvalues[k][:64]],
        }
        for k in range(shown)
    ]
    return {"points": points, "count": len(found), "verdict": found.verdict}


def _searched(system: System, states: np.ndarray, drive: np.ndarray) -> Any:
    settle, iterations = (300, 80) if system.n <= SETTLING else (0, 40)
    searches = max(6, min(SEARCHES, MOST_JACOBIANS // system.n**2))
    chosen = states[np.unique(np.linspace(0, len(states) - 1, searches).astype(int))]
    return fixed_points(
        system.whole, chosen, drive, slow_tolerance=1e-3, between=searches // 3, settle=settle, iterations=iterations,
        layer=system.layer,
    )  # fmt: skip


def _lyapunov(system: System, drive: np.ndarray, few: bool) -> dict[str, Any]:
    steps = np.ascontiguousarray(np.broadcast_to(drive, (BURN_IN + LYAPUNOV_STEPS, system.F)))
    found: Spectrum = spectrum_along(system, steps, BURN_IN) if few else leading_exponents(system, drive)
    return {
        "exponents": [float(v) for v in found.exponents[:64]],
        "error": [float(v) if np.isfinite(v) else 0.0 for v in found.error[:64]],
        "verdict": found.verdict,
        "dimension": found.dimension if few else None,
    }
