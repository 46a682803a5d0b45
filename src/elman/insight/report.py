"""A report of a network's insides: what it is, how its units behave, what it remembers, which dynamics it has."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from elman import checks
from elman.equations import sum as over_features
from elman.errors import DataError
from elman.insight.fixed_points import fixed_points
from elman.insight.flow import gradient_flow
from elman.insight.lyapunov import lyapunov_spectrum
from elman.insight.memory import memory
from elman.insight.system import System, check_recurrent, reversing
from elman.insight.units import share, units
from elman.network import Network
from elman.plain import to_json

MOST_ROWS, MOST_STEPS = 8, 200  # of the sequences that are looked at
MOST_STATES = 256  # of which Jacobians are looked at as a whole
LYAPUNOV_STEPS = 1000


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes
    ----------
    title : str
    text : str
        What was found, in words.
    table : list of rows
        Of words; the first row is the heading.
    figure : matplotlib figure or None
    numbers : dict
        The same for programs.
    """

    title: str
    text: str
    table: list[list[str]] = field(default_factory=list)
    figure: Any = None
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """All sections, to be read as a page or as JSON."""

    title: str
    sections: list[Section]

    def html(self) -> str:
        """One page with its pictures inside; it needs no network and no other file."""
        return PAGE.format(title=html.escape(self.title), body="\n".join(_section(s) for s in self.sections))

    def json(self) -> str:
        """The numbers."""
        plain = {s.title: {"verdict": s.text, **s.numbers} for s in self.sections}
        return to_json({"title": self.title, "sections": plain}, "report", indent=1, undefined_as_null=True) + "\n"

    def write_html(self, path: Path) -> None:
        path.write_text(self.html(), encoding="utf-8")

    def write_json(self, path: Path) -> None:
        path.write_text(self.json(), encoding="utf-8")


def report(net: Network, x: np.typing.ArrayLike, title: str = "a network", about: str = "") -> Report:
    """Look at a network along some sequences.

    Parameters
    ----------
    net : Network
        Not changed in any way; at least one layer has states.
    x : array, shape (B, T, F)
        Sequences like those that it works on; the first 8 rows and 200 steps are used.
    title, about : str
        What it is, and what x is.

    Returns
    -------
    Report
    """
    title, about = checks.text(title, "title"), checks.text(about, "about")
    checks.instance(net, Network, "net", "a Network")
    x = net.check_input(x)[:MOST_ROWS, :MOST_STEPS]
    check_recurrent(net)
    sections = [_what_it_is(net, x, about), _units(net, x)]
    if reversing(net):
        return Report(title, [*sections, Section("Dynamics", f"Not computed: {reversing(net)}.")])
    system = System(net)
    if system.n > MOST_STATES:
        note = f"the network has {system.n} numbers in its states; its Jacobians are looked at up to {MOST_STATES}"
        return Report(title, [*sections, Section("Dynamics", note)])
    return Report(title, [*sections, *(_tried(name, look, system, x) for name, look in DYNAMICS.items())])


# --- sections -----------------------------------------------------------------------------------------------


def _what_it_is(net: Network, x: np.ndarray, about: str) -> Section:
    rows = [["layer", "equations", "parameters"]]
    for number, layer in enumerate(net.layers):
        count = sum(place.size for place in net.params.places.values() if place.layer == number)
        rows.append([f"{number} {layer.cell.name}", "\n".join(layer.cell.equations()), f"{count:,}"])
    text = f"Looked at: {_many(len(x), 'sequence')} of {_many(x.shape[1], 'step')}, {about or 'as given'}."
    return Section("What it is", text, rows, numbers={"parameters": net.arena.size, "shape": list(x.shape)})


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _units(net: Network, x: np.ndarray) -> Section:
    from elman.plots import states

    found, steps = units(net, x), net.trace(x)
    shown = {name: u for name, u in found.items() if name[0].isdigit()}
    rows = [["value", "mean", "standard deviation", "saturated low", "saturated high", "dead units"]]
    for name, u in shown.items():
        shares = (share(part) for part in (u.saturated_low, u.saturated_high))
        rows.append([name, f"{u.mean.mean():.3g}", f"{u.std.mean():.3g}", *shares, f"{len(u.dead)} of {len(u.mean)}"])
    worst = max(shown, key=lambda name: shown[name].saturated)
    dead = sum(len(u.dead) for u in shown.values())
    text = "No value is saturated."
    if shown[worst].saturated:
        text = f"Most saturated: {worst}, {share(shown[worst].saturated)} of its values."
    text += f" Units that never change: {dead}."
    first = next(f"{k}.{graph.states[0].name}" for k, graph in enumerate(net.graphs) if graph.states)
    figure, ax = _axes()
    states(steps[first][0], label=f"{first}, first sequence", ax=ax)
    numbers = {n: {"saturated": u.saturated, "dead": u.dead, "mean": u.mean, "std": u.std} for n, u in shown.items()}
    return Section("Units", text, rows, figure, numbers)


def _tried(title: str, look: Callable[[System, np.ndarray], Section], system: System, x: np.ndarray) -> Section:
    """A section, or why there is none."""
    try:
        return look(system, x)
    except DataError as error:
        return Section(title, f"Not computed: {error}.")


def _flow(system: System, x: np.ndarray) -> Section:
    net = system.net
    blank = np.zeros((*x.shape[:2], net.outputs)) if net.sequence_output else np.zeros((len(x), net.outputs))
    flow = gradient_flow(net, x, blank, _sum_of_outputs)
    figure, ax = _axes()
    flow.plot(ax)
    text = f"Of the sum of the last step's outputs: {flow.verdict}"
    numbers = {"norms": flow.norms, "horizon": flow.horizon, "per_step": flow.found.per_step, "kind": flow.found.kind}
    return Section("Gradient flow", text, figure=figure, numbers=numbers)


def _sum_of_outputs(y: Any, target: Any) -> Any:
    return over_features(y) + 0 * over_features(target)


def _memory(system: System, x: np.ndarray) -> Section:
    found = memory(system.net, x)
    figure, ax = _axes()
    found.plot(ax)
    numbers = {"to_initial_state": found.to_initial_state, "by_lag": found.by_lag, "horizon": found.horizon}
    return Section("Memory", found.verdict, figure=figure, numbers=numbers)


def _eigenvalues(system: System, x: np.ndarray) -> Section:
    chosen = np.unique(np.linspace(0, x.shape[1] - 1, 20).astype(int))
    s = system.trajectory(np.asarray(x[:1], np.float64))
    J, _ = system.jacobian(s[0, chosen], np.asarray(x[0, chosen], np.float64))
    values = np.linalg.eigvals(J)
    radius = np.abs(values).max(axis=1)
    figure, ax = _axes(4.6, 4.4)
    circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
    ax.plot(circle.real, circle.imag, color="#8a8a8a", linewidth=1)
    ax.plot(values.real.ravel(), values.imag.ravel(), ".", color="#0072b2", markersize=3, alpha=0.6)
    ax.set(xlabel="real part", ylabel="imaginary part", aspect="equal")
    ax.locator_params(nbins=5)
    text = f"Eigenvalues of one step's Jacobian at {_many(len(chosen), 'step')} of the first sequence: "
    text += f"the largest has a modulus of {np.median(radius):.3g} (median; {radius.min():.3g} to {radius.max():.3g})."
    return Section("Jacobians", text, figure=figure, numbers={"spectral_radius": radius, "steps": chosen + 1})


def _points(system: System, x: np.ndarray) -> Section:
    typical, words = _typical(system, x)
    s = system.trajectory(np.asarray(x, np.float64))
    found = fixed_points(system.net, s[:, :: max(1, s.shape[1] // 25)], typical)
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
    three = system.n > 2
    figure, ax = _axes(7, 5.2, projection="3d" if three else None)
    found.plot(ax)
    numbers = {"count": len(found), "stable": found.stable, "points": found.points, "residuals": found.residuals}
    return Section("Fixed points", text, rows, figure, numbers)


def _lyapunov(system: System, x: np.ndarray) -> Section:
    typical, words = _typical(system, x)
    drive = np.broadcast_to(typical, (LYAPUNOV_STEPS + LYAPUNOV_STEPS // 4, system.net.inputs))
    found = lyapunov_spectrum(system.net, drive, burn_in=LYAPUNOV_STEPS // 4)
    figure, ax = _axes()
    found.plot(ax)
    text = f"{words}: {found.verdict}. Kaplan-Yorke dimension {found.dimension:.3g}."
    numbers = {"exponents": found.exponents, "error": found.error, "dimension": found.dimension}
    return Section("Lyapunov exponents", text, figure=figure, numbers=numbers)


def _typical(system: System, x: np.ndarray) -> tuple[np.ndarray, str]:
    """A constant input (F,), and what it is."""
    if system.takes_index:
        return np.asarray(x[0, -1], np.float64), f"Under the constant input {int(x[0, -1, 0])}"
    return np.asarray(np.mean(x, axis=(0, 1), dtype=np.float64)), "Under the mean input"


DYNAMICS = {
    "Gradient flow": _flow,
    "Memory": _memory,
    "Jacobians": _eigenvalues,
    "Fixed points": _points,
    "Lyapunov exponents": _lyapunov,
}

# --- the page -----------------------------------------------------------------------------------------------

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
h2 {{ border-top: 1px solid #ddd; padding-top: 1rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; font-size: 14px; margin: 1rem 0; display: block; overflow-x: auto; }}
td, th {{ padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #eee; }}
td {{ white-space: pre-wrap; font-variant-numeric: tabular-nums; }}
img {{ max-width: 100%; }}
</style></head>
<body><h1>{title}</h1>
{body}
</body></html>
"""


def _section(section: Section) -> str:
    parts = [f"<h2>{html.escape(section.title)}</h2>", f"<p>{html.escape(section.text)}</p>"]
    if section.table:
        head, *rows = section.table
        parts.append(f"<table><tr>{_cells(head, 'th')}</tr>")
        parts += [f"<tr>{_cells(row, 'td')}</tr>" for row in rows]
        parts.append("</table>")
    if section.figure is not None:
        parts.append(f'<img alt="{html.escape(section.title)}" src="data:image/png;base64,{_picture(section.figure)}">')
    return "\n".join(parts)


def _cells(row: Iterable[str], tag: str) -> str:
    return "".join(f"<{tag}>{html.escape(word)}</{tag}>" for word in row)


def _picture(figure: Any) -> str:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110, bbox_inches="tight")
    return base64.b64encode(data.getvalue()).decode()


def _axes(width: float = 7.5, height: float = 3.2, projection: str | None = None) -> tuple[Any, Any]:
    """A figure without pyplot, so that no window opens and no state is kept."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=None if projection else "constrained")
    return figure, figure.add_subplot(projection=projection)
