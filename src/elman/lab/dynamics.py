"""Dynamics: a network as a system that goes from state to state, seen in the plane in which its states differ most."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.engine.blas import one_blas_thread
from elman.errors import OptionError
from elman.insight import fixed_points, lyapunov_spectrum
from elman.insight.system import System
from elman.lab.asked import Asked
from elman.lab.limits import MOST_DYNAMIC
from elman.lab.looking import packed
from elman.lab.tasks import Data
from elman.network import Network

ROWS = 12  # trajectories
GRID = 15  # arrows along each axis of the plane
SEARCHES, MOST_JACOBIANS = 24, 200_000  # searches for fixed points; numbers in the Jacobians of one of their steps
SETTLING = 64  # states up to which runs that settle are searched from, too: 65 searches more
MOST_POINTS = 24  # shown, the most stable first
LYAPUNOV_STEPS, BURN_IN = 400, 100


def dynamics(net: Network, data: Data, asked: Asked) -> dict[str, Any]:
    """Trajectories, arrows, fixed points and Lyapunov exponents.

    Parameters
    ----------
    net : Network
        Which answers at every step.
    data : Data
    asked : Asked
        ``input``: ``zero`` or ``mean``, what stays the same while fixed points are looked for.
    """
    with one_blas_thread():  # whose threads would fight with those of a training for the cores
        return _found(net, data, asked.one_of("input", ("zero", "mean"), "zero"))


def _found(net: Network, data: Data, constant: str) -> dict[str, Any]:
    system = System(net)
    if system.n > MOST_DYNAMIC:
        raise OptionError(f"the states are {system.n} numbers; dynamics are looked at up to {MOST_DYNAMIC}")
    x, first = system.given(data.x_held[:ROWS])
    along = system.trajectory(x, first)
    drive = np.zeros(system.F) if constant == "zero" else x.mean(axis=(0, 1))
    plane = Plane(along.reshape(-1, system.n))
    return {
        "states": {name: [part.start, part.stop] for name, part in system.parts.items()},
        "n": system.n,
        "explained": plane.explained,
        "axes": packed(plane.basis),
        "drive": packed(drive),
        "trajectories": packed(plane.of(along)),
        "arrows": _arrows(system, plane, along, drive),
        **_points(net, system, plane, along, drive),
        "lyapunov": _lyapunov(net, drive),
    }


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


def _points(net: Network, system: System, plane: Plane, along: np.ndarray, drive: np.ndarray) -> dict[str, Any]:
    states = along.reshape(-1, system.n)
    settle, iterations = (300, 80) if system.n <= SETTLING else (0, 40)
    searches = max(6, min(SEARCHES, MOST_JACOBIANS // system.n**2))
    chosen = states[np.unique(np.linspace(0, len(states) - 1, searches).astype(int))]
    found = fixed_points(
        net, chosen, drive, slow_tolerance=1e-3, between=searches // 3, settle=settle, iterations=iterations
    )
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


def _lyapunov(net: Network, drive: np.ndarray) -> dict[str, Any]:
    steps = np.broadcast_to(drive, (BURN_IN + LYAPUNOV_STEPS, len(drive)))
    found = lyapunov_spectrum(net, np.ascontiguousarray(steps), burn_in=BURN_IN)
    return {
        "exponents": [float(v) for v in found.exponents[:64]],
        "error": [float(v) if np.isfinite(v) else 0.0 for v in found.error[:64]],
        "verdict": found.verdict,
        "dimension": found.dimension,
    }
