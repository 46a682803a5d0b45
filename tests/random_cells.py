"""Random cells, written once and run by whoever knows the functions: Elman's engines, NumPy here, PyTorch in parity.

A cell is a list of rows (what, operands, number) over values of two widths; `run` calls it with a table of functions.
So Elman sees an ordinary cell, and a reference computes the same equations without graph, plan or derivative rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

import elman as el

UNARY: dict[str, Callable[[Any, Any], Any]] = {
    **{
        name: lambda o, a, name=name: getattr(o, name)(a)
        for name in ("tanh", "sigmoid", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu", "sin", "cos")
        + ("erf", "abs", "square", "sign", "softmax", "log_softmax", "sum", "mean", "max", "normalise")
    },
    "exp": lambda o, a: o.exp(o.tanh(a)),
    "sqrt": lambda o, a: o.sqrt(o.square(a) + 1),
    "log1p": lambda o, a: o.log1p(o.square(a)),
    "log": lambda o, a: o.log(o.square(a) + 0.5),
    "clip": lambda o, a: o.clip(a, -0.5, 0.8),
    "neg": lambda o, a: -a,
    "one minus": lambda o, a: 1 - a,
    "shift": lambda o, a: a + 0.5,
    "scale": lambda o, a: 0.7 * a,
    "cube": lambda o, a: a**3,
    "inverse": lambda o, a: 1 / (o.square(a) + 1.5),
}
RICHER: dict[str, Callable[[Any, Any], Any]] = {  # of one value too, in the cells of seeds from RICH on
    "turned": lambda o, a: o.concat(a[..., 1:], a[..., :1]),
    "ends": lambda o, a: o.concat(a[..., -1:], a[..., 1:-1] * 2, a[..., :1]),
    "first": lambda o, a: a[..., :1],
    "associate": lambda o, a: o.matvec(o.outer(o.tanh(a), a), o.tanh(a)),
    "lgamma": lambda o, a: o.lgamma(o.square(a) + 0.2),
    "digamma": lambda o, a: o.digamma(o.square(a) + 0.7),
    "recall": lambda o, a: o.vecmat(o.tanh(a), o.outer(a, o.sigmoid(a))),
}
BINARY: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": lambda o, a, b: a + b,
    "sub": lambda o, a, b: a - b,
    "mul": lambda o, a, b: a * b,
    "div": lambda o, a, b: a / (o.square(b) + 1.5),
    "maximum": lambda o, a, b: o.maximum(a, b),
    "minimum": lambda o, a, b: o.minimum(a, b),
    "where": lambda o, a, b: o.where(a < b, 0.5 * a, b),
    "blend": lambda o, a, b: o.sigmoid(a) * b + (1 - o.sigmoid(a)) * a,
}
REDUCING = ("sum", "mean", "max", "first")
RICH = 1_000_000  # the cells of smaller seeds stay what they were when they were found
BESIDE = 2_000_000  # from here on cells have an output beside their states
LIKELY = ("add", "add", "mul", "blend", "sub", "where")


@dataclass
class RandomCell:
    """Rows (what, operands, parameter); operands are numbers of earlier values: x, the states, then the rows."""

    widths: tuple[int, ...]  # of x and the states
    rows: list[tuple[str, tuple[int, ...], str]]
    outputs: list[int]
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    beside: int = 0  # the width of the output, the first of `outputs`, where it is no state

    def run(self, o: Any, p: Any, x: Any, *states: Any) -> tuple[Any, ...]:
        """The new states, a lone output first, from any functions `o` and parameters `p` that know ``@`` and ``.T``."""
        values, dead = [x, *states], self.dead
        for what, operands, parameter in self.rows:
            given = [values[k] for k in operands]
            lost = parameter in dead or any(g is None for g in given)  # no output needs it
            values.append(None if lost else _row(o, p, what, given, parameter))
        return tuple(values[k] for k in self.outputs)

    def cell(self) -> el.Cell:
        """The cell as Elman's users would write it."""
        names = ", ".join(f"s{k}" for k in range(1, len(self.widths)))
        scope: dict[str, Any] = {"run": self.run, "el": el}
        exec(f"def random_cell(p, x, {names}): return run(el, p, x, {names})", scope)
        return el.cell(scope["random_cell"])

    @property
    def dead(self) -> set[str]:
        """The parameters that no output needs, which a cell must not have; values without one may be in vain."""
        first, needed = len(self.widths), set(self.outputs)
        for k in reversed(range(len(self.rows))):
            needed |= set(self.rows[k][1]) if first + k in needed else set()
        alive = {name for k, (_, _, name) in enumerate(self.rows) if first + k in needed}
        return {name for name in self.shapes if name not in alive}

    @property
    def units(self) -> int:
        return self.widths[1]

    @property
    def out(self) -> int:
        """The width of the output."""
        return self.beside or self.units

    @property
    def sizes(self) -> dict[str, int]:
        """Of the states and parameters: where nothing but sums use a value, no equation says how wide it is."""
        used = {name for *_, name in self.rows} - self.dead
        states = {f"s{k}": w for k, w in enumerate(self.widths) if k > 1}
        states |= {"output": self.beside} if self.beside else {}
        return states | {name: shape[0] for name, shape in self.shapes.items() if name in used}

    def __str__(self) -> str:
        names = ["x", *(f"s{k}" for k in range(1, len(self.widths)))]
        lines = [
            f"v{k} = {what}({', '.join([*filter(None, [parameter]), *(_name(i, names) for i in operands)])})"
            for k, (what, operands, parameter) in enumerate(self.rows, len(names))
        ]
        return "\n".join([*lines, "return " + ", ".join(_name(k, names) for k in self.outputs)])


def _name(number: int, names: list[str]) -> str:
    return names[number] if number < len(names) else f"v{number}"


def _row(o: Any, p: Any, what: str, given: list[Any], parameter: str) -> Any:
    if what == "product":
        return getattr(p, parameter) @ given[0]
    if what == "transposed":
        return getattr(p, parameter).T @ given[0]
    if what == "bias":
        return given[0] + getattr(p, parameter)
    if what == "gain":
        return getattr(p, parameter) * given[0]
    if what == "concat":
        return o.concat(*given)
    if what == "slice":
        first, last = map(int, parameter.split(":"))
        return given[0][..., first:last]
    if what in UNARY or what in RICHER:
        return (UNARY | RICHER)[what](o, given[0])
    return BINARY[what](o, *given)


def draw(seed: int, wide: int = 4, narrow: int = 3) -> RandomCell:
    """A cell: one to three states, matrices that are shared and transposed, x and the states used anywhere."""
    return _Drawing(np.random.default_rng(seed), wide, narrow, seed >= RICH, seed >= BESIDE).cell()


class _Drawing:
    def __init__(self, random: np.random.Generator, wide: int, narrow: int, rich: bool, beside: bool):
        self.random, self.wide, self.rich, self.beside = random, wide, rich, beside
        states = int(random.integers(1, 4))
        others = [wide if random.random() < 0.7 else narrow for _ in range(states - 1)]
        self.found = RandomCell((wide, wide, *others), [], [])
        self.width = [wide, wide, *others]  # of each value

    def cell(self) -> RandomCell:
        self._product(0)
        self._product(1)
        for _ in range(int(self.random.integers(2, 11))):
            self._next()
        self.found.outputs = [self._output(w) for w in self.found.widths[1:]]
        if self.beside:
            output = self._any(lambda w: True) if self.random.random() < 0.4 else self._product(self.found.outputs[0])
            self.found.outputs = [output, *self.found.outputs]
            self.found.beside = self.width[output]
        return self.found

    def _add(self, what: str, operands: tuple[int, ...], width: int, parameter: str = "") -> int:
        self.found.rows.append((what, operands, parameter))
        self.width.append(width)
        return len(self.width) - 1

    def _next(self) -> None:
        kind = self.random.random()
        a = self._any(lambda w: w > 1)
        if self.rich and self.random.random() < 0.35:
            self._richer(a)
        elif kind < 0.2:
            self._product(a)
        elif kind < 0.28:
            self._products(a)
        elif kind < 0.36:
            self._vector(a)
        elif kind < 0.6:
            what = str(self.random.choice(list(UNARY)))
            self._add(what, (a,), 1 if what in REDUCING else self.width[a])
        else:
            what = str(self.random.choice(LIKELY if self.random.random() < 0.6 else list(BINARY)))
            b = self._any(lambda w: w in (1, self.width[a]))
            operands = (a, b) if self.random.random() < 0.5 else (b, a)
            self._add(what, operands, self.width[a])

    def _product(self, source: int) -> int:
        columns = self.width[source]
        for name, shape in self.found.shapes.items():
            if len(shape) == 2 and self.random.random() < 0.3:
                if shape[1] == columns:
                    return self._add("product", (source,), shape[0], name)
                if shape[0] == columns:
                    return self._add("transposed", (source,), shape[1], name)
        rows = int(self.random.choice(self.found.widths))
        name = f"W{len(self.found.shapes)}"
        self.found.shapes[name] = (rows, columns)
        return self._add("product", (source,), rows, name)

    def _products(self, a: int) -> None:
        """A sum of two or three products, of which any part may be used elsewhere too."""
        total = self._product(a)
        for _ in range(int(self.random.integers(1, 3))):
            other = self._product(self._any(lambda w: w > 1))
            if self.width[other] == self.width[total]:
                total = self._add("add", (total, other), self.width[total])

    def _richer(self, a: int) -> None:
        if self.width[a] < 3 or self.random.random() < 0.6:
            self._beside(a)
        else:
            what = str(self.random.choice(list(RICHER)))
            self._add(what, (a,), 1 if what in REDUCING else self.width[a])

    def _beside(self, a: int) -> None:
        """Two values beside one another, and a part of that, so that it fits others again."""
        both = self._add("concat", (a, b := self._any(lambda w: True)), self.width[a] + self.width[b])
        wide = int(self.random.choice([w for w in self.found.widths if w <= self.width[both]]))
        first = int(self.random.integers(self.width[both] - wide + 1))
        self._add("slice", (both,), wide, f"{first}:{first + wide}")

    def _vector(self, a: int) -> None:
        known = [n for n, shape in self.found.shapes.items() if shape == (self.width[a],)]
        name = known[0] if known and self.random.random() < 0.4 else f"b{len(self.found.shapes)}"
        self.found.shapes[name] = (self.width[a],)
        self._add(str(self.random.choice(["bias", "gain"])), (a,), self.width[a], name)

    def _any(self, fits: Callable[[int], bool]) -> int:
        """A value of a fitting width, the newer ones more often, x now and then."""
        fitting = [k for k, w in enumerate(self.width) if fits(w)]
        if self.random.random() < 0.2 and fits(self.width[0]):
            return 0
        return int(self.random.choice(fitting if self.random.random() < 0.5 else fitting[-4:]))

    def _output(self, width: int) -> int:
        """A value of the state's width as it is, or bounded; rows may end unused."""
        if not any(w == width for w in self.width[len(self.found.widths) :]):
            self._vector(self.width.index(width))
        chosen = self._any(lambda w: w == width)
        return chosen if self.random.random() < 0.5 else self._add("tanh", (chosen,), width)


# --- the problem: a network with a layer below and one above --------------------------------------------------


@dataclass
class Problem:
    """Numbers for a cell between two dense layers; `along` and `along_states` weigh the outputs and final states."""

    cell: RandomCell
    arrays: dict[str, np.ndarray]  # parameters by their names in the network, "x", "state 0", ...
    along: np.ndarray
    along_states: list[np.ndarray]
    last: bool
    reverse: bool


def problem(seed: int, rows: int = 2, steps: int = 4, outputs: int = 2) -> Problem:
    cell, random = draw(seed), np.random.default_rng((seed, 1))
    wide = cell.widths[0]
    shapes = {"0.W": (wide, 3), "0.b": (wide,), **{f"1.{n}": s for n, s in cell.shapes.items()}}
    shapes |= {"2.W": (outputs, cell.out), "2.b": (outputs,)}
    used = {name for *_, name in cell.rows}
    arrays = {n: random.normal(0, 0.6, s) for n, s in shapes.items() if n[0] != "1" or n[2:] in used}
    arrays["x"] = random.normal(size=(rows, steps, 3))
    arrays |= {f"state {k}": random.normal(size=(rows, w)) for k, w in enumerate(cell.widths[1:])}
    last, reverse = bool(random.random() < 0.3), bool(random.random() < 0.3)
    along = random.normal(size=(rows, outputs) if last else (rows, steps, outputs))
    return Problem(cell, arrays, along, [random.normal(size=(rows, w)) for w in cell.widths[1:]], last, reverse)


def value(o: Any, p: Problem, arrays: dict[str, Any], stack: Callable[[list[Any]], Any]) -> tuple[Any, list[Any]]:
    """The network's output and final states, step after step, with any library's arrays and functions."""
    matrices = SimpleNamespace(**{n[2:]: o.matrix(a) if a.ndim == 2 else a for n, a in arrays.items() if n[:2] == "1."})
    states, steps = [arrays[f"state {k}"] for k in range(len(p.cell.widths) - 1)], []
    times = range(arrays["x"].shape[1])
    for t in reversed(times) if p.reverse else times:
        below = o.tanh(arrays["x"][:, t] @ arrays["0.W"].T + arrays["0.b"])
        found = list(p.cell.run(o, matrices, below, *states))
        states = found[-len(states) :]
        steps.append(found[0] @ arrays["2.W"].T + arrays["2.b"])
    return (steps[-1] if p.last else stack(steps[::-1] if p.reverse else steps)), states


def elman_network(p: Problem, engine: str) -> el.Network:
    layer = el.Recurrent(
        p.cell.cell(), p.cell.units, sizes=p.cell.sizes, return_sequences=not p.last, reverse=p.reverse
    )
    layers = [el.Dense(p.cell.widths[0], activation="tanh"), layer, el.Dense(p.along.shape[-1])]
    net = el.Network(p.arrays["x"].shape[-1], layers, dtype=np.float64, engine=engine)
    for name in net.params:
        net.params[name] = p.arrays[name]  # a matrix that no output needs is no parameter
    return net


def elman_results(p: Problem, engine: str) -> dict[str, np.ndarray]:
    """Output, final states and all gradients, by `Problem.arrays`' names with "d " before them."""
    net = elman_network(p, engine)
    state = [tuple(p.arrays[f"state {k}"] for k in range(len(p.along_states)))]
    output, (finals,) = net(p.arrays["x"], state=state, return_state=True)
    grads, dx, (dstates,) = net.backward(p.arrays["x"], p.along, state=state, state_gradients=[tuple(p.along_states)])
    found = {"output": output} | {f"final {k}": s for k, s in enumerate(finals)}
    found |= {f"d {name}": g for name, g in grads.items()} | {"d x": dx}
    return found | {f"d state {k}": g for k, g in enumerate(dstates)}


# --- functions of any library's arrays -------------------------------------------------------------------------


def _outer(a: Any, b: Any) -> Any:
    return (a[..., :, None] * b[..., None, :]).reshape(*a.shape[:-1], -1)


def _matvec(m: Any, b: Any) -> Any:
    return (m.reshape(*m.shape[:-1], -1, b.shape[-1]) @ b[..., None])[..., 0]


def _vecmat(a: Any, m: Any) -> Any:
    return (a[..., None, :] @ m.reshape(*m.shape[:-1], a.shape[-1], -1))[..., 0, :]


MATRICES = {"outer": _outer, "matvec": _matvec, "vecmat": _vecmat}

# --- NumPy's meaning of the functions, without Elman's ----------------------------------------------------------


class Matrix:
    """What multiplies rows of vectors: ``W @ x`` is ``x W'`` of an array (B, columns)."""

    __array_ufunc__ = None

    def __init__(self, array: Any):
        self.array = array

    def __matmul__(self, x: Any) -> Any:
        return x @ self.array.T

    @property
    def T(self) -> Matrix:
        return Matrix(self.array.T)


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def _erf(a: np.ndarray) -> np.ndarray:
    return np.vectorize(math.erf)(a)


def _digamma(a: np.ndarray) -> np.ndarray:
    far = a + 20
    series = 1 / (2 * far) + 1 / (12 * far**2) - 1 / (120 * far**4) + 1 / (252 * far**6)
    return np.log(far) - series - sum(1 / (a + k) for k in range(20))


def _softmax(a: np.ndarray) -> np.ndarray:
    return np.exp(a) / np.exp(a).sum(-1, keepdims=True)


NUMPY = SimpleNamespace(
    matrix=Matrix,
    tanh=np.tanh,
    sigmoid=_sigmoid,
    relu=lambda a: np.maximum(a, 0),
    leaky_relu=lambda a: np.where(a > 0, a, 0.01 * a),
    elu=lambda a: np.where(a > 0, a, np.exp(a) - 1),
    softplus=lambda a: np.log(1 + np.exp(a)),
    silu=lambda a: a * _sigmoid(a),
    gelu=lambda a: a * (1 + _erf(a / math.sqrt(2))) / 2,
    sin=np.sin,
    cos=np.cos,
    erf=_erf,
    lgamma=np.vectorize(math.lgamma),
    digamma=_digamma,
    abs=np.abs,
    square=lambda a: a * a,
    sign=np.sign,
    softmax=_softmax,
    log_softmax=lambda a: np.log(_softmax(a)),
    sum=lambda a: a.sum(-1, keepdims=True),
    mean=lambda a: a.mean(-1, keepdims=True),
    max=lambda a: a.max(-1, keepdims=True),
    normalise=lambda a: (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, keepdims=True) + 1e-5),
    exp=np.exp,
    sqrt=np.sqrt,
    log=np.log,
    log1p=np.log1p,
    clip=np.clip,
    maximum=np.maximum,
    minimum=np.minimum,
    where=np.where,
    concat=lambda *parts: np.concatenate(parts, -1),
    **MATRICES,
)


def numpy_results(p: Problem, arrays: dict[str, np.ndarray] | None = None) -> dict[str, np.ndarray]:
    output, finals = value(NUMPY, p, arrays or p.arrays, lambda steps: np.stack(steps, 1))
    shape = (len(p.arrays["x"]), -1)
    return {"output": output} | {
        f"final {k}": np.broadcast_to(s, (shape[0], s.shape[-1])) for k, s in enumerate(finals)
    }


def weighed(p: Problem, arrays: dict[str, np.ndarray]) -> float:
    """The number that is differentiated: outputs and final states, weighed."""
    found = numpy_results(p, arrays)
    ends = sum(float(np.sum(found[f"final {k}"] * w)) for k, w in enumerate(p.along_states))
    return float(np.sum(found["output"] * p.along)) + ends


def slope(p: Problem, name: str, direction: np.ndarray, step: float = 1e-5) -> float:
    """How the weighed number changes as one array moves in a direction, by central differences."""
    ends = [weighed(p, p.arrays | {name: p.arrays[name] + sign * step * direction}) for sign in (1, -1)]
    return (ends[0] - ends[1]) / (2 * step)
