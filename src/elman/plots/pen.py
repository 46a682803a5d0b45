"""The pen: draws steps, the states between them, and what goes in and out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman.equations.functions import ACTIVATIONS
from elman.equations.render import latex_name
from elman.plots import style
from elman.plots.step import Block, Step, Wire

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INPUT, _OUTPUT, _INNER = style.GREEN, style.INK, "#767676"
_STATES = (style.BLUE, style.RED, style.PINK, style.ORANGE)
_FACES = {"gate": "#fbe6b8", "activation": "#cfe5f3", "other": "#ffffff", "layer": "#ececec"}
GAP = 0.75  # between steps, for the names of states
RISE = 0.85  # between layers, for the arrows
_HALF_WIDTH, _HALF_HEIGHT = 0.36, 0.33  # of a block
_LETTERS = 3.5  # of a name that fits a block as it is; longer ones are written smaller


@dataclass
class Row:
    """A layer: its step, at which steps it is drawn, and from which of them its output is used."""

    name: str
    step: Step
    active: range
    used: range
    reverse: bool = False
    bottom: float = 0.0
    input_color: str = INPUT
    free_side: int = 1  # 1 where the input's wire leaves room at its right, -1 at its left

    @property
    def color(self) -> str:
        """Of its output."""
        return _OUTPUT if self.step.has_output else _STATES[0]

    @property
    def colors(self) -> dict[str, str]:
        """Of inputs, of states, and of the blocks that are their new values."""
        states = [_STATES[k % len(_STATES)] for k in range(len(self.step.states))]
        outputs = dict(zip(self.step.new_states, states, strict=True))
        inputs = dict.fromkeys(self.step.inputs, self.input_color)
        return inputs | outputs | dict(zip(self.step.states, states, strict=True))

    @property
    def recurrent(self) -> bool:
        return bool(self.step.states)


class Pen:
    """Draws steps of one width on axes; at time t a step begins at ``(t - 1) * (width + gap)``."""

    def __init__(self, ax: Axes, width: float, names: bool | None):
        self.ax: Axes = ax
        self.width: float = width
        self.names: bool | None = names
        inside = ax.get_window_extent()
        across, up = ax.get_xlim(), ax.get_ylim()
        dots = min(inside.width / (across[1] - across[0]), inside.height / (up[1] - up[0]))
        self.point = dots / ax.figure.dpi * 72  # points of a unit
        self.line = min(max(self.point / 34, 0.7), 1.6)

    # --- places ---------------------------------------------------------------------------------------------

    def left(self, t: int) -> float:
        return (t - 1) * (self.width + GAP)

    def at(self, row: Row, t: int, point: str) -> tuple[float, float]:
        """Where a point of a step lies; in a layer that runs backwards, steps are mirrored."""
        x, y = row.step.places[point]
        if point in row.step.states or point.endswith(".out"):
            x = 0.0 if point in row.step.states else self.width
        else:
            x += (self.width - row.step.width) / 2
        return self.left(t) + (self.width - x if row.reverse else x), row.bottom + y

    def entrance(self, row: Row, t: int) -> tuple[float, float]:
        """Where the input comes in: beneath the block if there is but one column, else left of the blocks."""
        first = self.at(row, t, next(iter(row.step.blocks)))[0] if single(row.step) else None
        back = -0.58 if not row.reverse else 0.58
        x = min((self.at(row, t, n)[0] for n in row.step.blocks), key=lambda v: v if not row.reverse else -v) + back
        return (x if first is None else first), row.bottom

    def exit(self, row: Row, t: int) -> tuple[float, float]:
        """Where the output branches off: at the block if it is the only one, else behind all blocks."""
        source = row.step.outputs[0]
        if single(row.step) or row.step.has_output:
            x, y = self.at(row, t, source)
            return x, y + _HALF_HEIGHT
        x, y = self.at(row, t, f"{row.step.states[0]}.out")
        inset = self.width / 2 - (row.step.width / 2 - 0.36)
        return x + (inset if row.reverse else -inset), y

    # --- one step -------------------------------------------------------------------------------------------

    def step(self, row: Row, t: int) -> None:
        if row.recurrent or len(row.step.blocks) > 1:
            self._box(self.left(t), row.bottom, self.width, row.step.height)
        for wire in row.step.wires:
            self._wire(row, t, wire)
        for name, block in row.step.blocks.items():
            self._block(row, block, *self.at(row, t, name), name)

    def _box(self, x: float, y: float, width: float, height: float) -> None:
        from matplotlib.patches import FancyBboxPatch

        shape = "round,pad=0,rounding_size=0.16"
        box = FancyBboxPatch(
            (x, y), width, height, shape, facecolor="#f7f7f7", edgecolor="#c9c9c9", linewidth=self.line
        )
        box.set_gid("step")
        self.ax.add_patch(box)

    def _block(self, row: Row, block: Block, x: float, y: float, name: str) -> None:
        from matplotlib.patches import FancyBboxPatch

        layer = not block.op
        wide = max(_HALF_WIDTH, 0.065 * max(map(len, row.name.split("\n"))) + 0.1) if layer else _HALF_WIDTH
        edge = row.colors.get(name, "#4d4d4d") if row.recurrent else "#4d4d4d"
        patch = FancyBboxPatch(
            (x - wide, y - _HALF_HEIGHT), 2 * wide, 2 * _HALF_HEIGHT, "round,pad=0,rounding_size=0.12",
            facecolor=_FACES[_kind(block)], edgecolor=edge, linewidth=1.2 * self.line, zorder=4,
        )  # fmt: skip
        patch.set_gid("block")
        self.ax.add_patch(patch)
        if layer:
            self._text(x, y, row.name, 0.2, gid="layer", zorder=5)
            return
        said = block.name.rstrip("'")
        size = 0.3 * min(1, _LETTERS / len(said))
        self._text(x, y + 0.1, _math(said, "t" if row.recurrent else ""), size, gid="block", zorder=5)
        self._text(x, y - 0.18, block.glyph, 0.19 if len(block.glyph) < 6 else 0.14, color="#4d4d4d", zorder=5)

    def _wire(self, row: Row, t: int, wire: Wire) -> None:
        """A wire along its points: level where it leaves, passes and arrives."""
        color = row.colors.get(wire.source, _INNER)
        forward = -1 if row.reverse else 1
        arrives = wire.user in row.step.blocks
        if wire.source in row.step.inputs:
            start, vertical = self.entrance(row, t), True
        else:
            (x, y), vertical = self.at(row, t, wire.source), False
            start = (x + forward * (_HALF_WIDTH if wire.source in row.step.blocks else 0), y)
        points = [self.at(row, t, p) for p in wire.points[1:]]
        points[-1] = points[-1][0], points[-1][1] + _arrival(row.step, wire)
        if vertical and single(row.step):
            end = points[-1][0], points[-1][1] - _HALF_HEIGHT
            self._path([_straight(start, end)], color, arrow=True)
            self._weights(row, wire, end[0] + 0.2 * row.free_side, start[1] - 0.2, color)
            return
        curves: list[tuple[tuple[float, float], ...]] = []
        for k, (x, y) in enumerate(points):
            last = k == len(points) - 1
            gap = _HALF_WIDTH if arrives and last else (0.0 if last else 0.3)
            end = (x - forward * gap, y)
            middle = (start[0] + end[0]) / 2
            first = (start[0], y) if vertical else (middle, start[1])
            second = (start[0] + 0.3 * (end[0] - start[0]), y) if vertical else (middle, y)
            curves.append((start, first, second, end))
            if not last:
                through = (x + forward * 0.3, y)
                curves.append(_straight(end, through))
                start, vertical = through, False
        self._path(curves, color, arrow=arrives)
        if arrives:
            self._weights(row, wire, points[-1][0] - forward * (_HALF_WIDTH + 0.22), points[-1][1] + 0.17, color)

    def _weights(self, row: Row, wire: Wire, x: float, y: float, color: str) -> None:
        by = row.step.blocks[wire.user].weights.get(wire.source, ())
        wanted = single(row.step) if self.names is None else self.names
        if wanted and by:
            self._text(x, y, ",".join(_math(w) for w in by), 0.24, color=color, gid="weight", zorder=6, ha="center")

    # --- between steps --------------------------------------------------------------------------------------

    def between(self, row: Row) -> None:
        """States from step to step, from the initial to the final."""
        forward = -1 if row.reverse else 1
        order = list(row.active)[::forward]
        for state in row.step.states:
            color = row.colors[state]
            for number, t in enumerate([*order, None]):
                before = order[number - 1] if number else None
                if before is None:
                    x1, y = self.at(row, order[0], state)
                    x0 = x1 - forward * 0.55
                else:
                    x0, y = self.at(row, before, f"{state}.out")
                    x1 = self.at(row, t, state)[0] if t else x0 + forward * 0.55
                self._path([_straight((x0, y), (x1, y))], color, arrow=t is None)
                index = "0" if before is None and not row.reverse else f"{before or order[0] + 1}"
                self._text((x0 + x1) / 2, y + 0.2, _math(state, index), 0.24, color=color, gid="state")

    def rise(self, row: Row, above: Row | None) -> None:
        """The output of a layer: up to the layer above, or out of the network."""
        for t in row.used:
            x, y = self.exit(row, t)
            if row.recurrent and not single(row.step):
                self.ax.plot([x], [y], "o", color=row.color, markersize=3 * self.line, zorder=3)
            top = row.bottom + row.step.height
            if above is None:
                self._path([_straight((x, y), (x, top + 0.42))], row.color, arrow=True)
                self._text(x, top + 0.6, _math(row.step.name, str(t)), 0.28, color=row.color, gid="output")
                continue
            end = self.entrance(above, t)
            bend = (x, top + 0.1), (x, top + 0.55), (end[0], top + 0.3), end
            self._path([_straight((x, y), bend[0]), bend], row.color)

    def enter(self, row: Row) -> None:
        """The inputs, from below."""
        for t in row.active:
            x, y = self.entrance(row, t)
            self._path([_straight((x, y - 0.4), (x, y))], INPUT)
            self._text(x, y - 0.6, ", ".join(_math(n, str(t)) for n in row.step.inputs), 0.28, color=INPUT, gid="input")

    def label(self, row: Row) -> None:
        """The layer's name, left of it."""
        x = self.left(row.active[0]) - 0.65
        self._text(x, row.bottom + row.step.height / 2, row.name, 0.2, color=style.MUTED, gid="name", ha="right")

    # --- ink ------------------------------------------------------------------------------------------------

    def _path(self, curves: Iterable[tuple[Any, ...]], color: str, *, arrow: bool = False) -> None:
        """Cubic curves, one after another, with an arrow's head at the end if asked."""
        from matplotlib.patches import FancyArrowPatch
        from matplotlib.path import Path

        curves = list(curves)
        points = [curves[0][0], *(p for curve in curves for p in curve[1:])]
        path = Path(points, [Path.MOVETO] + [Path.CURVE4] * (len(points) - 1))
        head = f"-|>,head_length={0.11 * self.point:.2f},head_width={0.055 * self.point:.2f}" if arrow else "-"
        patch = FancyArrowPatch(
            path=path, arrowstyle=head, color=color, linewidth=self.line, shrinkA=0, shrinkB=0, zorder=2,
            joinstyle="round", capstyle="butt", mutation_scale=1,
        )  # fmt: skip
        self.ax.add_patch(patch)

    def _text(self, x: float, y: float, text: str, size: float, *, gid: str = "", **more: Any) -> None:
        """Text whose height is a share of a unit."""
        how = {"ha": "center", "va": "center", "fontsize": size * self.point, "color": style.INK, **more}
        self.ax.text(x, y, text, gid=gid or None, **how)


def single(step: Step) -> bool:
    """Whether a step is one block, which its input reaches from straight below."""
    return len(step.blocks) == 1 and len(step.inputs) == 1


def _arrival(step: Step, wire: Wire) -> float:
    """How far above or below a block's middle a wire arrives, so that none hides another."""
    if wire.user not in step.blocks or single(step):
        return 0.0
    into = [w for w in step.wires if w.user == wire.user]
    heights = {
        w.source: -1.0 if w.source in step.inputs and len(w.points) == 2 else step.places[w.points[-2]][1] for w in into
    }
    order = sorted(heights, key=heights.__getitem__)
    return 0.42 * ((order.index(wire.source) + 0.5) / len(order) - 0.5)


def _straight(start: tuple[float, float], end: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """A straight line as a cubic curve."""
    third = (end[0] - start[0]) / 3, (end[1] - start[1]) / 3
    return start, (start[0] + third[0], start[1] + third[1]), (end[0] - third[0], end[1] - third[1]), end


def _kind(block: Block) -> str:
    if not block.op:
        return "layer"
    if block.op == "sigmoid":
        return "gate"
    return "activation" if block.op in ACTIVATIONS and block.op != "linear" else "other"


def _math(name: str, time: str = "") -> str:
    return f"${latex_name(name, time)}$"
