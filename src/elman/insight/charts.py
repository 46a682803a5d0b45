"""Charts of what was found inside a network, for pages."""

from __future__ import annotations

import numpy as np

from elman.insight.fixed_points import FixedPoints
from elman.insight.flow import GradientFlow
from elman.insight.lyapunov import DEEP, Spectrum
from elman.insight.memory import Memory
from elman.insight.verdict import HELD
from elman.plots.page import GREY, Axis, Band, Chart, Dots, Layer, Line, Rule, Spans, heat

FEW = 30  # steps that are seen as dots
DECADES = 20.0  # of a logarithmic axis, at most
MOST_CLOUD = 1500  # states behind fixed points


def states_chart(title: str, values: np.ndarray) -> Chart:
    """A heat map of states (T, H) over the steps."""
    names = [str(step) for step in range(1, len(values) + 1)]
    units = [str(unit) for unit in range(1, values.shape[1] + 1)]
    tall = min(max(8 * values.shape[1] + 66, 180), 460)
    return heat(title, values.T, Axis("step", names=names), Axis("unit", names=units), height=tall)


def flow_chart(flow: GradientFlow) -> Chart:
    """Norms over the steps: the mean, and the range of the sequences."""
    steps = np.arange(1, len(flow.norms) + 1)
    low, high = flow.by_sequence.min(axis=0), flow.by_sequence.max(axis=0)
    y = _decades("norm of dL_T / dh_t", flow.norms, low, high)
    bottom = np.where(low > 0, low, y.low)
    layers: list[Layer] = [
        Band("all sequences", steps, bottom, np.where(high > 0, high, np.nan)),
        Line("geometric mean", steps, flow.norms, 0, dots=len(steps) <= FEW),
    ]
    return Chart(flow.found.short, layers, Axis("step t", whole=True), y)


def memory_chart(found: Memory) -> Chart:
    """Gains over the steps."""
    start = found.to_initial_state
    steps, few = np.arange(len(start)), len(start) <= FEW
    layers: list[Layer] = [
        Rule("a hundredth", y=HELD),
        Line("to the initial state", steps + 1, start, 0, dots=few),
    ]
    curves = [start]
    if found.by_lag is not None:
        layers.append(Line("to an input so many steps ago", steps, found.by_lag, 1, dots=few))
        curves.append(found.by_lag)
    return Chart("", layers, Axis("steps", whole=True), _decades("gain (root mean square)", *curves))


def eigenvalues_chart(values: np.ndarray, steps: np.ndarray) -> Chart:
    """Eigenvalues (M, n) of one step's Jacobian at M steps, beside the unit circle."""
    at = np.repeat(steps, values.shape[1])
    names = [f"step {step}, modulus {abs(value):.4g}" for step, value in zip(at, values.ravel(), strict=True)]
    dots = Dots("eigenvalues", values.real.ravel(), values.imag.ravel(), 0, 5, names=names)
    circle = np.exp(1j * np.linspace(0, 2 * np.pi, 121))
    reach = 1.06 * max(1.0, float(np.abs(values).max()))
    real, imaginary = Axis("real part", low=-reach, high=reach), Axis("imaginary part", low=-reach, high=reach)
    return Chart("", [Line("", circle.real, circle.imag, GREY), dots], real, imaginary, square=True)


def points_chart(found: FixedPoints) -> Chart:
    """Fixed points, and the states that the search began with, along those states' principal components."""
    cloud, points = found.projected(2)
    cloud = cloud[:: max(1, -(-len(cloud) // MOST_CLOUD))]
    layers: list[Layer] = [Dots("states", cloud[:, 0], cloud[:, 1], GREY, 4, faint=True)]
    for place, (kind, which) in enumerate(found.kinds().items()):
        names = [_point_in_words(found, k) for k in np.flatnonzero(which).tolist()]
        if names:
            x, y = points[which].T
            layers.append(Dots(f"{kind} ({len(names)})", x, y, place, 10, names=names))
    across, up = (Axis(f"{name} principal component") for name in ("first", "second"))
    return Chart("", layers, across, up, height=380)


def _point_in_words(found: FixedPoints, k: int) -> str:
    return f"point {k + 1}, largest eigenvalue {np.abs(found.eigenvalues[k, 0]):.4g}"


def exponents_chart(found: Spectrum) -> Chart:
    """Exponents with two of their standard errors on both sides."""
    kept = found.exponents > -DEEP
    numbers, middle, error = np.arange(1, len(kept) + 1)[kept], found.exponents[kept], 2 * found.error[kept]
    error = np.where(np.isfinite(error), error, 0.0)
    about = "" if kept.all() else f"{np.sum(~kept)} more are -{DEEP:g} or less."
    layers: list[Layer] = [
        Rule("", y=0.0, dash=False),
        Spans("", numbers, middle - error, middle + error),
        Dots("exponent, and two standard errors", numbers, middle),
    ]
    return Chart("", layers, Axis("number", whole=True), Axis("Lyapunov exponent (nats a step)"), about)


def _decades(label: str, *curves: np.ndarray) -> Axis:
    """A logarithmic axis for sizes, of so many decades at most."""
    sizes = np.concatenate(curves)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if not sizes.size:
        return Axis(label, log=True, low=0.1, high=10.0)
    low = max(float(sizes.min()), float(sizes.max()) / 10.0**DECADES, 1e-300)
    return Axis(label, log=True, low=low / 2, high=min(float(sizes.max()), 1e300) * 2)
