"""The proof of a conversion: both sides run on random sequences, and agree or are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.checks import real
from elman.engine.slots import ONCE
from elman.errors import ConversionError
from elman.interop.report import Report
from elman.network import Network

TOLERANCE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-10}
ROWS, STEPS, RAGGED = 3, 7, (9, 1, 4)


@dataclass(frozen=True)
class Trial:
    """What both sides are run on.

    Attributes
    ----------
    what : str
        In words.
    inputs : tuple of ndarray
        (B, T, F) each, (B, F) of a static one; indices as int64.
    lengths : ndarray (B,), optional
        Steps in use of each row, of every time axis; what lies behind is zero, an index that is one.
    states : list of ndarray (B, H), optional
        What the states begin with, layer by layer; zeros where None.
    """

    what: str
    inputs: tuple[np.ndarray, ...]
    lengths: np.ndarray | None = None
    states: list[np.ndarray] | None = None


def trials(
    net: Network,
    *,
    ragged: bool = True,
    states: bool = True,
    rows: int | None = None,
    steps: int | None = None,
    most: int | None = None,
    seed: int = 0,
) -> Iterator[Trial]:
    """Random sequences for a network: several steps, one step, from drawn states, and rows of different lengths.

    Parameters
    ----------
    ragged, states : bool, default True
        Whether the other side takes lengths, and states to begin with.
    rows, steps : int, optional
        The only size that the other side takes, where it takes but one.
    most : int, optional
        Steps that it takes at most.
    """
    rng = np.random.default_rng(seed)
    B, T = rows or ROWS, steps or min(STEPS, most or STEPS)
    yield Trial(f"{B} rows of {T} steps", _inputs(net, rng, B, T))
    if steps is None:
        yield Trial(f"{B} rows of 1 step", _inputs(net, rng, B, 1))
    sizes = [size for layer in net.state_sizes() for size in layer]
    if states and sizes:
        drawn = [rng.normal(scale=0.5, size=(B, size)).astype(net.dtype) for size in sizes]
        yield Trial("states that were drawn", _inputs(net, rng, B, T), states=drawn)
    if ragged and rows is None and steps is None:
        lengths = np.minimum(RAGGED, most or max(RAGGED))
        inputs = _inputs(net, rng, len(lengths), int(lengths.max()))
        for door, x in zip(net.doors, inputs, strict=True):
            if door.steps:
                x[np.arange(x.shape[1]) >= lengths[:, None]] = 0
        yield Trial(f"ragged rows of {', '.join(map(str, lengths))} steps", inputs, lengths)


def _inputs(net: Network, rng: np.random.Generator, rows: int, steps: int) -> tuple[np.ndarray, ...]:
    """Drawn values that a network takes: normal ones, indices, and of a range what lies in it."""
    found = []
    for door in net.doors:
        shape = (rows, steps, door.given.width) if door.given.axis != ONCE else (rows, door.given.width)
        if door.whole:
            found.append(rng.integers(0, door.indices or 2, size=shape))
            continue
        x = rng.normal(size=shape).astype(door.dtype)
        for said, features in door.ranges:
            high = min(said.high, said.low + 2)
            x[..., features] = rng.uniform(said.low, high, size=x[..., features].shape)
        found.append(x)
    return tuple(found)


def ours(net: Network, trial: Trial) -> list[np.ndarray]:
    """What a network makes of a trial: its outputs, then its final states."""
    state = None if trial.states is None else net.nested_state(list(trial.states))
    given = trial.inputs if len(trial.inputs) > 1 else trial.inputs[0]
    y, final = net(given, state=state, lengths=lengths_of(net, trial), return_state=True)
    return results_of(y, final)


def lengths_of(net: Network, trial: Trial) -> Any:
    """The lengths of a trial as a call takes them: of several time axes by the name of one input each."""
    if trial.lengths is None or net.structure.time_axes == 1:
        return trial.lengths
    first = {door.given.axis: door.given.name for door in reversed(net.doors) if door.steps}
    return dict.fromkeys(first.values(), trial.lengths)


def results_of(y: Any, states: Iterable[Iterable[Any]]) -> list[Any]:
    """What a call returns, as `prove` compares it: outputs, then final states layer by layer."""
    outputs = list(y.values()) if isinstance(y, dict) else list(y) if isinstance(y, tuple) else [y]
    return [*outputs, *(state for layer in states for state in layer)]


def prove(
    net: Network,
    theirs: Callable[[Trial], Sequence[np.ndarray]],
    report: Report,
    given: Iterable[Trial] | None = None,
    *,
    tolerance: float | None = None,
) -> Report:
    """Run both sides on random sequences, and complete the report.

    Parameters
    ----------
    net : Network
        Our side.
    theirs : function
        Of a trial: the outputs in order, with zeros behind the ends of ragged rows; then, if it has them, the final
        states in the order of ours.
    report : Report
        What is known so far.
    given : iterable of Trial, optional
        What is run; by default all that `trials` gives.
    tolerance : float, optional
        The largest difference that is allowed; by default 1e-5, in float64 1e-10.

    Returns
    -------
    Report
        With its differences.

    Raises
    ------
    ConversionError
        If an output or a final state differs by more: which, where and how much.
    """
    allowed = TOLERANCE[net.dtype] if tolerance is None else real(tolerance, "tolerance", 0)
    found: dict[str, float] = {}
    tried = []
    for trial in trials(net) if given is None else given:
        tried.append(trial.what)
        for name, a, b in zip(_names(net), ours(net, trial), theirs(trial), strict=False):
            _check_shapes(name, a, b, trial, report)
            found[name] = max(found.get(name, 0.0), _difference(name, a, b, trial, report, allowed))
    return replace(report, differences=found, tolerance=allowed, trials=tuple(tried))


def _names(net: Network) -> list[str]:
    outputs = list(net.structure.names or ("output",))
    layers = [n for n, g in zip(net.layer_names, net.graphs, strict=True) if g.states]
    states = zip(layers, net.state_sizes(), strict=False)
    return outputs + [f"state {k} of {name}" for name, sizes in states for k in range(len(sizes))]


def _check_shapes(name: str, a: np.ndarray, b: np.ndarray, trial: Trial, report: Report) -> None:
    if a.shape != np.shape(b):
        raise ConversionError(
            f"{report.source} -> {report.target}: {name} has shape {np.shape(b)} there and {a.shape} here, of "
            f"{trial.what}"
        )


def _difference(name: str, a: np.ndarray, b: np.ndarray, trial: Trial, report: Report, allowed: float) -> float:
    """Between two arrays, in units of the largest value of ours where that is above 1."""
    scale = max(1.0, float(np.abs(a).max(initial=0)))
    apart = np.abs(a.astype(np.float64) - np.asarray(b, np.float64)) / scale
    worst = float(apart.max(initial=0))
    if not worst <= allowed:  # a NaN is no agreement
        at = np.unravel_index(int(np.argmax(np.where(np.isnan(apart), np.inf, apart))), a.shape)
        place = ", ".join(str(int(k)) for k in at)
        tight = allowed < TOLERANCE.get(a.dtype, 0)  # somebody asked for less than rounding
        advice = "allow more, tolerance=" if tight else "please report the model"
        raise ConversionError(
            f"{report.source} -> {report.target}: {name} differs by {worst:.2g} where {allowed:g} is allowed, at "
            f"[{place}] of {trial.what}: {float(a[at]):.7g} here, {float(np.asarray(b)[at]):.7g} there. The conversion "
            f"is refused: {advice}"
        )
    return worst
