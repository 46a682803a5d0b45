"""Random graphs of layers, written as users write them: a function of sequences that calls layers and moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import elman as el

N = 2  # the width of everything, so that anything may read anything


@el.cell(memory=1)
def remembering(p, x, m, h):
    found = el.attend(h, p.K @ m, m)
    return el.tanh(p.W @ x + p.U @ h + p.C @ found)


def recurrent(kind: str) -> el.Layer:
    return {"gru": el.GRU, "lstm": el.LSTM, "simple": el.SimpleRNN}[kind](N)


@dataclass(frozen=True)
class Drawn:
    """A network's function and inputs."""

    function: Callable[..., Any]
    inputs: dict[str, Any]
    said: tuple[str, ...]

    def network(self) -> el.Network:
        net = el.Network(self.function, inputs=self.inputs, dtype=np.float64)
        net.params.write(np.random.default_rng(1).normal(0, 0.7, net.arena.size))
        return net

    def data(self, net: el.Network, rows: int = 2) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Inputs, and lengths of each time axis by one of its inputs."""
        random, x, lengths = np.random.default_rng(2), {}, {}
        seen: set[int] = set()
        for given in net.structure.inputs:
            steps = (3 + given.axis,) if given.axis >= 0 else ()
            x[given.name] = random.normal(size=(rows, *steps, N))
            if given.axis >= 0 and given.axis not in seen:
                seen.add(given.axis)
                lengths[given.name] = random.integers(1, steps[0] + 1, rows)
        return x, lengths


ONES = ("gru", "lstm", "simple", "dense", "bidirectional", "reversed", "shift", "reverse")
STEPWISE = ("gru", "lstm", "simple", "dense", "begun", "added", "repeated")


@st.composite
def graph_networks(draw, *, stepwise: bool = False) -> Drawn:
    """With `stepwise` such as go from step to step."""
    two = not stepwise and draw(st.booleans())
    static = draw(st.booleans())
    names = ["x"] + ["u"] * two + ["static"] * static
    kinds = STEPWISE if stepwise else (*ONES, "begun", "added", "repeated", "attend", "remembering", "pool")
    plan = draw(st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, 99), st.integers(0, 99)), max_size=4))

    def build(**given):
        sequences = [given[name] for name in names if name != "static"]
        vectors = [given["static"]] if static else []
        for what, first, second in [*plan, ("gru", 0, 0)]:
            x = sequences[first % len(sequences)]
            other = sequences[second % len(sequences)]
            vector = second % len(vectors) if vectors else -1
            made = _made(what, x, other, lambda v=vector: vectors[v] if v >= 0 else el.learnt(N))
            (vectors if what == "pool" else sequences).append(made)
            if what in ("gru", "simple") and not stepwise and second % 3 == 0:
                vectors.append(made.final)
        end = el.concat(sequences[-1], sequences[0]) if not two else sequences[-1]
        # whatever nothing has read yet goes into an output, on the axis that it has
        outputs = {"end": el.Dense(N)(end)}
        for number, one in enumerate([*sequences[:-1], *vectors]):
            outputs[f"of_{number}"] = el.Dense(1)(one)
        return outputs

    arguments = ", ".join(names)
    function = eval(f"lambda {arguments}: build({', '.join(f'{n}={n}' for n in names)})", {"build": build})  # noqa: S307
    return Drawn(function, {n: el.Static(N) if n == "static" else N for n in names}, tuple(map(str, plan)))


def _made(what: str, x, other, vector):
    if what in ("gru", "lstm", "simple"):
        return recurrent(what)(x)
    simple = {
        "dense": lambda: el.Dense(N, activation="tanh")(x),
        "bidirectional": lambda: el.Bidirectional(el.GRU(N), merge="sum")(x),
        "reversed": lambda: el.GRU(N, reverse=True)(x),
        "shift": lambda: el.shift(x, 1) + x,
        "reverse": lambda: el.reverse(x),
        "begun": lambda: el.GRU(N)(x, state=vector()),
        "added": lambda: x * el.Dense(N)(x) + x,
        "repeated": lambda: el.repeat(vector(), x) + x,
        "attend": lambda: el.attend(x, other) + x,
        "remembering": lambda: el.Recurrent(remembering, N)(x, other),
        "pool": lambda: el.pool(x, "mean"),
    }
    return simple[what]()
