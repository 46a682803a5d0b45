"""The picture of README: a cell's equations, the step that they describe, and a network of it that was trained.

python -m docs.builder.idea docs/pictures/idea.png
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

import elman as el
from elman.plots import prediction, states, style
from elman.plots.saved import write_picture

WIDTH, HEIGHT = 12.6, 4.1
ARROW = {"arrowstyle": "-|>,head_width=.35,head_length=.6", "linewidth": 2.2, "color": style.MUTED}


@el.cell
def gru(p, x, h):
    z = el.sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)
    r = el.sigmoid(p.W_r @ x + p.U_r @ h + p.b_r)
    n = el.tanh(p.W_n @ x + p.U_n @ (r * h) + p.b_n)
    return z * h + (1 - z) * n


def picture() -> Any:
    figure = style.new_figure(WIDTH, HEIGHT)
    figure.set_layout_engine("none")
    equations, step, trained, inside = (
        figure.add_axes((left, bottom, width, height))
        for left, bottom, width, height in (
            (0.005, 0.05, 0.29, 0.8),
            (0.33, 0.03, 0.29, 0.84),
            (0.69, 0.55, 0.2445, 0.28),
            (0.69, 0.13, 0.295, 0.3),
        )
    )
    write_equations(equations)
    el.plots.unrolled(gru, 1, ax=step)
    net, values = trained_network()
    draw_trained(trained, net, values)
    states(net.trace(values[None, :-1, None])["0.h"][0, -120:], sort=True, ax=inside)
    for x, text in (
        (0.15, "You write equations"),
        (0.475, "Elman reads the step"),
        (0.84, "and trains it, open to inspection"),
    ):
        figure.text(x, 0.94, text, ha="center", va="center", fontsize=14, color=style.INK, weight="bold")
    for x in (0.305, 0.635):
        figure.add_artist(arrow(x, figure))
    return figure


def arrow(x: float, figure: Any) -> Any:
    from matplotlib.patches import FancyArrowPatch

    return FancyArrowPatch(
        (x - 0.012, 0.47), (x + 0.022, 0.47), transform=figure.transFigure, mutation_scale=14, **ARROW
    )


def write_equations(ax: Any) -> None:
    """As LaTeX prints them from the graph."""
    ax.axis("off")
    lines = [line.replace("&", "").strip() for line in gru.latex().splitlines() if "&=" in line]
    for k, line in enumerate(lines):
        text = line.removesuffix("\\\\").strip()
        ax.text(0.02, 0.86 - 0.24 * k, f"${text}$", fontsize=13.5, transform=ax.transAxes, color=style.INK)


def trained_network() -> tuple[Any, np.ndarray]:
    """A network of the cell that foretells a sum of two waves, in some seconds."""
    t = np.arange(0, 60, 0.1)
    values = (np.sin(t) * t / 20 + 0.6 * np.sin(3.1 * t)).astype(np.float32)
    windows = np.stack([values[k : k + 61] for k in range(0, 400, 5)])[..., None]
    net = el.Network(1, [el.Recurrent(gru, 24), el.Dense(1)], seed=0)
    net.fit(windows[:, :-1], windows[:, 1:], epochs=150, batch_size=20, optimizer=el.Adam(1e-2), verbose=0)
    return net, values


def draw_trained(ax: Any, net: Any, values: np.ndarray) -> None:
    foretold = np.asarray(net(values[None, :-1, None]))[0, :, 0]
    prediction(values[1:][-120:], foretold[-120:], ax=ax)
    ax.set(xlabel="", ylabel="value")


if __name__ == "__main__":
    Path(sys.argv[1]).parent.mkdir(parents=True, exist_ok=True)
    write_picture(Path(sys.argv[1]), picture)
