"""Networks that go out as C: every cell, random cells and graphs, and what is special to C; all in one library."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import elman as el
from elman.cells import catalogue
from elman.errors import ConversionError
from elman.interop.c.compiled import FLAGS, Compiled, compiler, library_of
from elman.interop.c.export import texts_of
from tests import cell_problems, random_cells, random_graphs

MOST_STEPS = 12
QUICK = (*FLAGS, "-O0")  # the last level of several counts


@cache
def cells() -> dict[str, el.Network]:
    """Each built-in cell with a few units, in float32."""
    return {name: _of_cell(name) for name in catalogue()}


def _of_cell(name: str) -> el.Network:
    try:
        return cell_problems.Case(name).network(dtype=np.float32)
    except el.errors.ElmanError:  # some need as many units as features
        return cell_problems.Case(name, units=4, features=[4]).network(dtype=np.float32)


def drawn_cells(count: int) -> dict[str, el.Network]:
    """Random cells in float64, so that what is chaotic agrees too."""
    found = {}
    for first in (0, random_cells.RICH, random_cells.BESIDE):
        for seed in range(first, first + count):
            one = random_cells.draw(seed)
            layer = el.Recurrent(one.cell(), one.units, sizes=one.sizes)
            found[f"random cell {seed}"] = el.Network(one.widths[0], [layer], dtype=np.float64, seed=seed)
    return found


def drawn_graphs(count: int) -> dict[str, el.Network]:
    seeds = [*range(count), *range(random_graphs.BESIDE, random_graphs.BESIDE + count)]
    return {f"random graph {seed}": random_graphs.draw(seed).network("native", seed=seed) for seed in seeds}


def drawn_chains(count: int) -> dict[str, el.Network]:
    """Chains with causal convolutions that end in a pool or a shift: what goes step by step by keeping what came."""
    return {f"random chain {seed}": _chain(np.random.default_rng(seed), seed) for seed in range(count)}


def _chain(rng: np.random.Generator, seed: int) -> el.Network:
    layers = []
    for _ in range(rng.integers(1, 5)):
        units, kernel, dilation = (int(n) for n in rng.integers(1, 7, size=3))
        conv = el.Conv1D(units, kernel, dilation=dilation)
        layers.append([conv, el.GRU(units), el.LSTM(units), el.Dense(units), el.BatchNorm(), conv][rng.integers(6)])
    how = ["mean", "max", "sum", "last", "attention", ""][rng.integers(6)]

    def chain(x):
        for layer in layers:
            x = layer(x)
        found = el.pool(x, how) if how else el.shift(x, int(rng.integers(3)))
        return (el.Dense(2)(found), x) if seed % 2 else found

    return el.Network(chain, inputs=int(rng.integers(1, 6)), dtype=np.float64, seed=seed)


def begun_by_input(x, s):
    return el.Dense(2)(el.GRU(4)(x, state=el.Dense(4)(s)))


def beside_input(x, s):
    return el.Dense(2)(el.concat(el.GRU(4)(x), el.repeat(el.Dense(3)(s), x)))


def two_ways(a, b):
    h = el.GRU(4)(el.concat(a, b))
    return {"u": el.Dense(2)(h), "v": el.pool(h)}


def tied(x):
    embedding = el.Embedding(9, 4)
    h = el.GRU(4)(embedding(x))
    return el.tie(el.Dense(9), W=(embedding, "E"))(h)


def pooled(how):
    return el.Network(lambda x: el.Dense(3)(el.pool(el.GRU(4)(x), how)), inputs=2)


@el.cell
def awkward(p, x, double, float_):
    """Names that are words of C, and one with a letter that C has not."""
    ñ = el.tanh(p.int @ x + p.U @ double)
    return ñ, float_ + ñ * el.max(ñ)


def called_as_in_c(line, state):
    """Layers called as functions of C, or as values of other layers."""
    h = el.GRU(3)(line)
    round = el.LSTM(3)(h)
    x = el.GRU(2)(el.concat(round, state))
    fill = el.Dense(2)(x)
    multiply = el.Dense(2)(fill)
    linux = el.Dense(2)(multiply)
    row = el.Dense(2)(linux)
    return row, x


@el.cell
def ring(p, x, a, b, c):
    """States that change places."""
    return b, c, a + p.w * el.sum(x)


@el.cell
def folded(p, x, h):
    """A matrix and vectors that are made of parameters."""
    U = p.V / el.sqrt(el.sum(el.square(p.V)) + 0.1) - p.V.T
    return el.tanh(U @ h + el.exp(p.a) * el.concat(x, 1, el.softplus(p.s)))


@el.cell(inputs=2)
def all_functions(p, x, kind, h):
    """The functions that random cells have not."""
    a = el.abs(x) ** 1.7 + el.floor(3 * x) + el.sign(x) / (1 + el.square(x)) ** 0.5
    b = el.clip(a, -1, float("inf")) + el.clip(a, float("-inf"), 0.3) + el.leaky_relu(x, 0.2) + el.elu(x, 1.5)
    c = el.where(el.equal(x, 0), 1, b) + (x <= 0.1) + (x > h) + el.spike(h)
    picked = el.pick(p.E[kind] + c, kind)
    scores = el.lgamma(1 + el.square(c)) + el.digamma(1 + el.square(c)) + el.log1p(el.exp(-el.abs(c))) + el.cos(c) ** 3
    new = el.tanh(scores + picked * h + el.erf(c) - el.max(c) + (2 + el.sin(h)) ** x)
    return el.gelu(new) + el.silu(new) + el.softplus(new), new


def with_kinds(x, kind):
    return el.Recurrent(all_functions, 4, sizes={"output": 4})(x, kind)


@cache
def special() -> dict[str, el.Network]:
    """What cells and random graphs do not have, or seldom."""
    begun = el.Network(lambda x: el.GRU(4)(x, state=el.learnt(4)), inputs=2)
    begun.params["learnt.b"] = np.linspace(-1, 1, 4)
    normalised = el.Network(2, [el.GRU(4), el.BatchNorm(), el.Dropout(0.3), el.LayerNorm(), el.Dense(2)])
    normalised.params["1.mean"], normalised.params["1.variance"] = np.linspace(-1, 1, 4), np.linspace(0.5, 2, 4)
    static = {"x": 2, "s": el.Static(3)}
    return {
        "causal convolution": el.Network(2, [el.Conv1D(4, 3), el.Conv1D(4, 3, dilation=4), el.GRU(3)]),
        "long delays": el.Network(2, [el.Conv1D(3, 2, dilation=16), el.Dense(3)]),
        "centred convolution": el.Network(2, [el.Conv1D(4, 3, causal=False), el.GRU(3)]),
        **{f"{how} pool": pooled(how) for how in ("mean", "max", "sum", "last", "attention")},
        "first step": pooled("first"),
        "last step": el.Network(2, [el.LSTM(4, return_sequences=False), el.Dense(2)]),
        "learnt states": begun,
        "states of an input": el.Network(begun_by_input, inputs=static),
        "an input without time": el.Network(beside_input, inputs=static),
        "two ways": el.Network(two_ways, inputs={"a": 2, "b": 1}),
        "bidirectional": el.Network(2, [el.Bidirectional(el.LSTM(4)), el.Dense(2)]),
        "normalised": normalised,
        "embedding": el.Network(1, [el.Embedding(9, 4), el.GRU(4), el.Dense(9)]),
        "tied": el.Network(tied, inputs=1),
        "one unit": el.Network(1, [el.GRU(1), el.Dense(1)]),
        "nothing": el.Network(lambda x: x, inputs=2),
        "wide": el.Network(9, [el.LSTM(21), el.Dense(17)]),
        "dilated": el.Network(2, [el.Recurrent(el.cells.lstm, 3, dilation=3)]),
        "awkward names": el.Network(2, [el.Recurrent(awkward, 3)]),
        "names of C": el.Network(called_as_in_c, inputs={"line": 2, "state": 1}),
        "all functions": el.Network(with_kinds, inputs={"x": 4, "kind": 1}),
        "a ring": el.Network(2, [el.Recurrent(ring, 3)]),
        "folded": el.Network(2, [el.Recurrent(folded, sizes={"s": 1}, units=4)]),
    }


def in_c(net: el.Network, name: str, **how: Any) -> Any:
    """The program and files of a network."""
    try:
        return texts_of(net, name, **how)[:2]
    except ConversionError as error:
        if "max_steps" not in str(error):
            raise
        return texts_of(net, name, max_steps=MOST_STEPS, **how)[:2]


def together(nets: dict[str, el.Network], flags: tuple[str, ...] = QUICK, **how: Any) -> dict[str, Compiled]:
    """Networks in one library."""
    cc = compiler()
    assert cc is not None
    made = {what: in_c(net, f"n{k}", **how) for k, (what, net) in enumerate(nets.items())}
    library = library_of(list(made.values()), cc, flags)
    return {what: Compiled(program, library) for what, (program, _) in made.items()}


@cache
def every(count: int = 2) -> dict[str, el.Network]:
    return {**cells(), **special(), **drawn_cells(count), **drawn_graphs(2 * count), **drawn_chains(2 * count)}
