"""A report of a network's insides: what it is, how its units behave, what it remembers, which dynamics it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman import checks
from elman.data.names import listed
from elman.errors import DataError
from elman.insight.charts import (
    eigenvalues_chart,
    exponents_chart,
    flow_chart,
    memory_chart,
    points_chart,
    states_chart,
)
from elman.insight.fixed_points import fixed_points
from elman.insight.flow import flow_of_outputs
from elman.insight.looking import alone_names, check_recurrent, whole_hindrance
from elman.insight.lyapunov import spectrum_along
from elman.insight.memory import memory
from elman.insight.system import System
from elman.insight.units import share, units
from elman.network import Network
from elman.plots.page import Chart, Choice, Report, Section
from elman.training.protocol import Arrays

MOST_ROWS, MOST_STEPS = 8, 200  # of the sequences that are looked at
FEW = 6  # names in a sentence
MOST_DRAWN = 20_000  # values in heat maps of a page
MOST_STATES = 256  # of which Jacobians are looked at as a whole
LYAPUNOV_STEPS = 1000
KIND = "inspect"


def report(net: Network, x: Arrays, title: str = "a network", about: str = "", *, layer: str | None = None) -> Report:
    """Look at a network along some sequences.

    Parameters
    ----------
    net : Network
        Not changed in any way; at least one layer has states.
    x : array, shape (B, T, F)
        Sequences like those that it works on, as the network takes them; the first 8 rows and 200 steps are used.
    title, about : str
        What it is, and what x is.
    layer : str, optional
        The layer whose dynamics are looked at, by itself and fed by what it reads; by default all recurrent layers
        together, or, where these are no dynamical system, each by itself.

    Returns
    -------
    Report

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)], seed=0)
    >>> x = np.random.default_rng(0).normal(size=(2, 10, 1))
    >>> report = el.insight.report(net, x, "a small network", "random numbers")
    >>> report.write_html("report.html")
    """
    title, about = checks.text(title, "title"), checks.text(about, "about")
    checks.instance(net, Network, "net", "a Network")
    x = _cut(net, x)
    check_recurrent(net)
    sections = [_what_it_is(net, x, about), _units(net, x)]
    why = "" if layer is not None else whole_hindrance(net)
    if not why:
        return Report(title, [*sections, *_dynamics(net, x, layer)], KIND)
    sections.append(Section("Dynamics", f"Not computed: {why}."))
    alone = [section for name in alone_names(net) for section in _dynamics(net, x, name, f" of {name}")]
    return Report(title, [*sections, *alone], KIND)


def _cut(net: Network, x: Any) -> Any:
    """Some rows and steps of the inputs, as a network takes them."""
    inputs, _ = net.check_batch(x, None)
    cut = tuple(
        a[:MOST_ROWS, :MOST_STEPS] if d.steps else a[:MOST_ROWS] for d, a in zip(net.doors, inputs, strict=True)
    )
    return cut if len(cut) > 1 else cut[0]


def _dynamics(net: Network, x: Any, layer: str | None, whose: str = "") -> list[Section]:
    system = System(net, layer)
    if system.n > MOST_STATES:
        what = f"layer {layer}" if layer else "the network"
        note = f"{what} has {system.n} numbers in its states; its Jacobians are looked at up to {MOST_STATES}"
        return [Section(f"Dynamics{whose}", note)]
    return [_tried(name + whose, look, system, x) for name, look in DYNAMICS.items()]


# --- sections -----------------------------------------------------------------------------------------------


def _what_it_is(net: Network, x: Any, about: str) -> Section:
    rows = [["layer", "equations", "parameters"]]
    for number, (layer, name) in enumerate(zip(net.layers, net.layer_names, strict=True)):
        count = sum(place.size for place in net.params.places.values() if place.layer == number)
        rows.append([f"{name} {layer.cell.name}", "\n".join(layer.cell.equations()), f"{count:,}"])
    inputs = x if isinstance(x, tuple) else (x,)
    shapes = {door.given.name: list(a.shape) for door, a in zip(net.doors, inputs, strict=True)}
    steps = dict.fromkeys(a.shape[1] for a in inputs if a.ndim == 3)
    long = " and ".join(_many(number, "step") for number in steps)
    text = f"Looked at: {_many(len(inputs[0]), 'sequence')} of {long}, {about or 'as given'}."
    shape = shapes if len(shapes) > 1 else list(inputs[0].shape)
    return Section("What it is", text, rows, numbers={"parameters": net.arena.size, "shape": shape})


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _units(net: Network, x: Any) -> Section:
    found, steps = units(net, x), net.trace(x)
    shown = {name: u for name, u in found.items() if "." in name}
    rows = [["value", "mean", "standard deviation", "saturated low", "saturated high", "dead units"]]
    for name, u in shown.items():
        shares = (share(part) for part in (u.saturated_low, u.saturated_high))
        rows.append([name, f"{u.mean.mean():.3g}", f"{u.std.mean():.3g}", *shares, f"{len(u.dead)} of {len(u.mean)}"])
    worst = max(shown, key=lambda name: shown[name].saturated)
    dead = listed((f"{len(u.dead)} of {name}" for name, u in shown.items() if len(u.dead)), FEW)
    text = "No value is saturated."
    if shown[worst].saturated:
        text = f"Most saturated: {worst}, {share(shown[worst].saturated)} of its values."
    text += f" Units that never change: {dead}." if dead else " Every unit changes."
    charts, left = _over_time(net, {name: steps[name] for name in shown})
    text += f" Not drawn, as the page would be too large: {listed(left, FEW)}." if left else ""
    numbers = {n: {"saturated": u.saturated, "dead": u.dead, "mean": u.mean, "std": u.std} for n, u in shown.items()}
    return Section("Units", text, rows, charts, numbers)


def _over_time(net: Network, values: dict[str, np.ndarray]) -> tuple[Sequence[Chart | Choice], list[str]]:
    """Heat maps of the first sequence, that of the first state first; and the names of those that are left out."""
    named = zip(net.layer_names, net.graphs, strict=True)
    first = next(f"{name}.{graph.states[0].name}" for name, graph in named if graph.states)
    timed = [name for name in dict.fromkeys([first, *values]) if values[name].ndim == 3]
    sizes = np.cumsum([values[name][0].size for name in timed])
    drawn = [name for name, size in zip(timed, sizes, strict=True) if name == first or size <= MOST_DRAWN]
    sets = [(name, [states_chart(f"{name}, first sequence", values[name][0])]) for name in drawn]
    return [Choice("Value", sets)], timed[len(drawn) :]


def _tried(title: str, look: Callable[[System, Any], Section], system: System, x: Any) -> Section:
    """A section, or why there is none."""
    try:
        return replace(look(system, x), title=title)
    except DataError as error:
        return Section(title, f"Not computed: {error}.")


def _flow(system: System, x: Any) -> Section:
    flow = flow_of_outputs(system.whole, x, system.layer)
    text = f"Of the sum of the last step's outputs: {flow.verdict}"
    numbers = {"norms": flow.norms, "horizon": flow.horizon, "per_step": flow.found.per_step, "kind": flow.found.kind}
    return Section("Gradient flow", text, charts=[flow_chart(flow)], numbers=numbers)


def _memory(system: System, x: Any) -> Section:
    found = memory(system.whole, x, layer=system.layer)
    numbers = {"to_initial_state": found.to_initial_state, "by_lag": found.by_lag, "horizon": found.horizon}
    return Section("Memory", found.verdict, charts=[memory_chart(found)], numbers=numbers)


def _eigenvalues(system: System, x: Any) -> Section:
    inputs, first = system.given(x)
    chosen = np.unique(np.linspace(0, inputs.shape[1] - 1, 20).astype(int))
    s = system.trajectory(inputs[:1], first[:1])
    J, _ = system.jacobian(s[0, chosen], inputs[0, chosen])
    values = np.linalg.eigvals(J)
    radius = np.abs(values).max(axis=1)
    text = f"Eigenvalues of one step's Jacobian at {_many(len(chosen), 'step')} of the first sequence: "
    text += f"the largest has a modulus of {np.median(radius):.3g} (median; {radius.min():.3g} to {radius.max():.3g})."
    numbers = {"spectral_radius": radius, "steps": chosen + 1}
    return Section("Jacobians", text, charts=[eigenvalues_chart(values, chosen + 1)], numbers=numbers)


def _points(system: System, x: Any) -> Section:
    inputs, first = system.given(x)
    typical, words = _typical(system, inputs)
    s = system.trajectory(inputs, first)
    found = fixed_points(system.whole, s[:, :: max(1, s.shape[1] // 25)], typical, layer=system.layer)
    text = f"{words}: {found.verdict}."
    if not len(found):
        return Section("Fixed points", text, numbers={"count": 0})
    rows = [["residual", "largest eigenvalue", "directions that grow", "slowest time constant (steps)", "searches"]]
    for k in range(min(len(found), 20)):
        size, slowest = np.abs(found.eigenvalues[k, 0]), np.max(found.time_constants[k])
        constant = f"{slowest:.3g}" if size < 1 else ""
        growing = found.unstable_directions[k]
        rows.append([f"{found.residuals[k]:.1e}", f"{size:.4g}", f"{growing}", constant, f"{found.found_from[k]}"])
    text += f" The first {len(rows) - 1} of them in the table." if len(found) >= len(rows) else ""
    numbers = {"count": len(found), "stable": found.stable, "points": found.points, "residuals": found.residuals}
    return Section("Fixed points", text, rows, [points_chart(found)], numbers)


def _lyapunov(system: System, x: Any) -> Section:
    typical, words = _typical(system, system.given(x)[0])
    drive = np.broadcast_to(typical, (LYAPUNOV_STEPS + LYAPUNOV_STEPS // 4, system.F))
    found = spectrum_along(system, drive, LYAPUNOV_STEPS // 4)
    text = f"{words}: {found.verdict}. Kaplan-Yorke dimension {found.dimension:.3g}."
    numbers = {"exponents": found.exponents, "error": found.error, "dimension": found.dimension}
    return Section("Lyapunov exponents", text, charts=[exponents_chart(found)], numbers=numbers)


def _typical(system: System, x: np.ndarray) -> tuple[np.ndarray, str]:
    """A constant input (F,) of inputs (B, T, F), and what it is: the mean, of indices the last one."""
    typical = np.where(system.has_gradient, np.mean(x, axis=(0, 1)), x[0, -1])
    if system.takes_index and system.F == 1:
        return typical, f"Under the constant input {int(typical[0])}"
    return typical, "Under the mean input" if system.has_gradient.all() else "Under the mean input and the last index"


DYNAMICS = {
    "Gradient flow": _flow,
    "Memory": _memory,
    "Jacobians": _eigenvalues,
    "Fixed points": _points,
    "Lyapunov exponents": _lyapunov,
}
