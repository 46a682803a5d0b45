"""Random matrices made of parameters, written once and run by whoever knows the functions: Elman, NumPy, PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

import elman as el
from elman.equations.symbols import Symbol

F, H = 3, 4
SHAPES = {"W": (H, F), "A": (H, H), "B": (H, H), "g": (H,), "r": (H,), "C": (H, F)}
LEAVES = ("A", "A", "B", "A.T", "B.T", "column", "row", "number")
UNARY = ("abs", "tanh", "exp", "sigmoid", "square", "relu", "softmax", "normalise", "sum", "mean", "turn", "neg")
BINARY = ("add", "sub", "mul", "div", "maximum")


def matrix(o: Any, p: Any, random: np.random.Generator, depth: int) -> Any:
    """A matrix (H, H), or what broadcasts to one; the same draws give the same matrix, whatever `o` and `p` are."""
    if depth == 0:
        return _leaf(p, random.choice(LEAVES))
    if random.random() < 0.4:
        return _unary(o, random.choice(UNARY), _whole(p, matrix(o, p, random, depth - 1)))
    what = random.choice(BINARY)
    a, b = matrix(o, p, random, depth - 1), matrix(o, p, random, depth - 1)
    if what == "div":
        return a / (b * b + 1.5)
    if what == "maximum":
        return o.maximum(_whole(p, a), _whole(p, b))
    return {"add": a + b, "sub": a - b, "mul": a * b}[what]


def _whole(p: Any, value: Any) -> Any:
    """Of the shape (H, H)."""
    return value + 0 * p.A


def _leaf(p: Any, what: str) -> Any:
    if what.endswith(".T"):
        return getattr(p, what[0]).T
    return {"column": lambda: p.g[:, None], "row": lambda: p.r[None, :], "number": lambda: 0.7}.get(
        what, lambda: getattr(p, what)
    )()


def _unary(o: Any, what: str, a: Any) -> Any:
    if what == "turn":
        return (o.tanh(a)).T
    if what == "neg":
        return 1 - a
    return o.exp(o.tanh(a)) if what == "exp" else getattr(o, what)(a)


def step(o: Any, p: Any, x: Any, h: Any, seed: int) -> Any:
    """A new state, of matrices drawn by a seed."""
    random = np.random.default_rng(seed)
    first, second = (0.5 * _whole(p, matrix(o, p, random, 1 + seed % 3)) for _ in range(2))
    return o.tanh(_times(p.W, x) + _times(first, h) + 0.3 * _times(second.T, h) + _times(o.abs(p.C), x))


def _times(matrix: Any, x: Any) -> Any:
    """Of rows (B, n), or of a symbol."""
    return matrix @ x if isinstance(x, Symbol) else x @ matrix.T


def cell(seed: int) -> el.Cell:
    return el.Cell(lambda p, x, h: step(el, p, x, h, seed))


def values(seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng([seed, 1])
    return {name: random.normal(size=shape) for name, shape in SHAPES.items()}


def network(seed: int, engine: str | None = None) -> el.Network:
    net = el.Network(F, [el.Recurrent(cell(seed), H)], dtype=np.float64, engine=engine)
    drawn = values(seed)
    for name in net.params:
        net.params[name] = drawn[name[2:]]
    return net
