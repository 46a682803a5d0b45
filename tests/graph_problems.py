"""Numbers for random graphs, and what Elman makes of them: values, losses and all gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import elman as el
from tests.random_graphs import INDICES, INPUTS, MASKS, OF_INDICES, VECTOR, RandomGraph, draw


@dataclass
class Problem:
    """Numbers for a graph: `along` and `along_states` weigh outputs and final states, `shares` the losses.

    Targets may hold NaN, steps that are left out; each output has its loss, and weights of rows or steps or None.
    """

    graph: RandomGraph
    arrays: dict[str, np.ndarray]  # inputs, parameters and the states that the caller gives, by name
    lengths: dict[int, np.ndarray | None]  # of each axis
    along: list[np.ndarray]
    targets: list[np.ndarray]
    losses: list[str]
    weights: list[np.ndarray | None]
    shares: list[float]
    state_names: list[list[str]]  # of each layer that has such states
    along_states: dict[str, np.ndarray]

    @property
    def rows(self) -> int:
        return len(next(iter(self.along)))

    def length(self, name: str, row: int) -> int | None:
        """How many steps of a row of an input are in use; None without time."""
        axis = INPUTS[name][0]
        if axis == VECTOR:
            return None
        lengths = self.lengths[axis]
        return self.arrays[name].shape[1] if lengths is None else int(lengths[row])


def problem(seed: int, rows: int = 3, steps: tuple[int, int] = (5, 4)) -> Problem:
    """A graph, and numbers for it. What its parameters and states are called, and how large they are, says Elman."""
    graph, random = draw(seed), np.random.default_rng((seed, 3))
    net = graph.network("numpy")
    ragged = random.random() < 0.7
    lengths = {a: random.integers(1, n + 1, rows) if ragged else None for a, n in enumerate(steps)}
    shapes = {
        n: (rows, steps[INPUTS[n][0]], INPUTS[n][1]) if INPUTS[n][0] >= 0 else (rows, INPUTS[n][1]) for n in INPUTS
    }
    arrays = {n: random.normal(size=shapes[n]) for n in graph.inputs}
    for name in arrays:
        if name in (*OF_INDICES, *MASKS):
            arrays[name] = random.integers(0, INDICES if name in OF_INDICES else 2, shapes[name]).astype(np.float64)
    arrays |= {name: random.normal(0, 0.6, value.shape) for name, value in net.params.items()}
    names = [[f"state {i} {j}" for j in range(len(sizes))] for i, sizes in enumerate(net.state_sizes())]
    widths = [width for sizes in net.state_sizes() for width in sizes]
    states = {
        n: random.normal(size=(rows, w)) for n, w in zip([n for group in names for n in group], widths, strict=True)
    }
    made = [(rows, *([steps[graph.axes[k]]] if graph.axes[k] >= 0 else []), graph.widths[k]) for k in graph.outputs]
    losses = [_loss(graph, k, random) for k in graph.outputs]
    return Problem(
        graph,
        arrays | states,
        lengths,
        [random.normal(size=shape) for shape in made],
        [_target(random, kind, shape) for kind, shape in zip(losses, made, strict=True)],
        losses,
        [_weights(random, shape) for shape in made],
        [1.0] if len(made) == 1 else [float(random.choice([0.5, 1.0, 2.0])) for _ in made],
        names,
        {name: random.normal(size=value.shape) for name, value in states.items()},
    )


def _loss(graph: RandomGraph, k: int, random: np.random.Generator) -> str:
    """A loss that goes with an output: classes are those of logits."""
    row = graph.rows[k - len(graph.inputs)]
    kind = graph.layers[row.layer].kind if row.layer >= 0 else ""
    logits = kind in ("linear", "unbiased", "conv", "written") and graph.widths[k] > 1
    return str(random.choice(["mse", "mae", "huber", *(["softmax_cross_entropy"] * 3 if logits else [])]))


def _target(random: np.random.Generator, loss: str, shape: tuple[int, ...]) -> np.ndarray:
    """Values, or indices of classes; behind the first step of each row some of them may be missing."""
    classes = loss == "softmax_cross_entropy"
    made = random.integers(0, shape[-1], shape[:-1]).astype(float) if classes else random.normal(size=shape)
    if random.random() < 0.4:
        gone = random.random(shape[:-1]) < 0.3
        gone[0, ...] &= len(shape) > 2
        if len(shape) > 2:
            gone[:, 0] = False
        made[gone] = np.nan
    return made


def _weights(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray | None:
    kind = random.integers(3)
    if kind == 0:
        return None
    found = random.choice([0.0, 0.5, 1.0, 3.0], shape[:1] if kind == 1 else shape[:-1])
    found[0, ...] = 1.0  # something counts
    return found


def given_to(net: el.Network, p: Problem) -> tuple[dict[str, np.ndarray], Any]:
    """The inputs, and the lengths of each time axis by the first input that has it."""
    firsts = {given.axis: given.name for given in reversed(net.structure.inputs) if given.axis >= 0}
    lengths = {name: p.lengths[INPUTS[name][0]] for name in firsts.values()}
    found = lengths if p.lengths[0] is not None else None
    return {name: p.arrays[name] for name in p.graph.inputs}, found


def elman_results(p: Problem, engine: str, **options: Any) -> dict[str, np.ndarray]:
    """Outputs, the loss, final states and all gradients, of the weighed sum (d) and of the loss (dL)."""
    net = p.graph.network(engine, **options)
    for name in net.params:
        net.params[name] = p.arrays[name]
    x, lengths = given_to(net, p)
    state = [tuple(p.arrays[n] for n in names) for names in p.state_names]
    along_states = [tuple(p.along_states[n] for n in names) for names in p.state_names]
    outputs, finals = net(x, state=state, lengths=lengths, return_state=True)
    outputs = list(outputs.values()) if isinstance(outputs, dict) else outputs
    outputs = list(outputs) if len(p.along) > 1 or isinstance(outputs, tuple | list) else [outputs]
    along = p.along if len(p.along) > 1 else p.along[0]
    grads, dx, dstates = net.backward(x, along, state=state, state_gradients=along_states, lengths=lengths)
    named = dict(
        zip([n for group in p.state_names for n in group], [s for group in finals for s in group], strict=True)
    )
    before = dict(zip(named, [s for group in dstates for s in group], strict=True))
    found = {f"output {k}": y for k, y in enumerate(outputs)} | {f"final {n}": s for n, s in named.items()}
    found |= {
        f"d {n}": g for n, g in (grads | before | (dx if isinstance(dx, dict) else {p.graph.inputs[0]: dx})).items()
    }
    several = (p.targets, p.losses, p.shares, p.weights)
    targets, losses, shares, weights = (tuple(v) if len(v) > 1 else v[0] for v in several)
    how = {"lengths": lengths, "state": state, "loss_weights": shares, "sample_weight": weights, "missing": "skip"}
    loss, grads = net.loss_and_grads(x, targets, losses, **how)
    return found | {"loss": np.asarray(loss)} | {f"dL {n}": g for n, g in grads.items()}
