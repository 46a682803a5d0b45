"""Random graphs by plain PyTorch: row by row, step by step over the steps in use, without padding, masks or layers."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from tests.random_graphs import LayerOf, RandomGraph, Row

Step = Callable[..., tuple[Any, ...]]  # of parameters, inputs, memories and states


def _lstm(p: Any, x: Any, h: Any, c: Any) -> tuple[Any, ...]:
    i, f, o = (torch.sigmoid(p["W_" + k] @ x + p["U_" + k] @ h + p["b_" + k]) for k in "ifo")
    c = f * c + i * torch.tanh(p["W_g"] @ x + p["U_g"] @ h + p["b_g"])
    return o * torch.tanh(c), c


def _gru(p: Any, x: Any, h: Any) -> tuple[Any, ...]:
    z, r = (torch.sigmoid(p["W_" + k] @ x + p["U_" + k] @ h + p["b_" + k]) for k in "zr")
    n = torch.tanh(p["W_n"] @ x + p["b_n"] + r * (p["U_n"] @ h + p["c_n"]))
    return (z * h + (1 - z) * n,)


def _gru_before(p: Any, x: Any, h: Any) -> tuple[Any, ...]:
    z, r = (torch.sigmoid(p["W_" + k] @ x + p["U_" + k] @ h + p["b_" + k]) for k in "zr")
    return (z * h + (1 - z) * torch.tanh(p["W_n"] @ x + p["U_n"] @ (r * h) + p["b_n"]),)


def _gapped(p: Any, x: Any, gap: Any, h: Any) -> tuple[Any, ...]:
    a = torch.sigmoid(p["A"] @ gap + p["a"])
    return (a * h + (1 - a) * torch.tanh(p["W"] @ x + p["U"] @ h),)


def _projecting(p: Any, x: Any, h: Any) -> tuple[Any, ...]:
    new = torch.tanh(p["W"] @ x + p["U"] @ h)
    return p["V"] @ new + p["D"] @ h, new


def _found(scores: Any, values: Any) -> Any:
    return torch.softmax(scores, 0) @ values


def _attended(q: Any, keys: Any, values: Any, scale: float | None) -> Any:
    return _found(keys @ q * (len(q) ** -0.5 if scale is None else scale), values)


def _reading(p: Any, x: Any, m: Any, h: Any) -> tuple[Any, ...]:
    c = _attended(p["Q"] @ h, m, m, None)
    return (torch.tanh(p["W"] @ x + p["U"] @ h + p["V"] @ c + p["b"]),)


def _aligning(p: Any, x: Any, m: Any, h: Any, s: Any) -> tuple[Any, ...]:
    scores = torch.tanh(p["Q"] @ h + p["R"] @ x + m @ p["K"].T) @ p["v"]
    s = 0.5 * s + torch.tanh(p["C"] @ _found(scores, m @ p["M"].T))
    return torch.tanh(p["W"] @ x + p["U"] @ s), s


STEPS: dict[str, Step] = {
    "simple": lambda p, x, h: (torch.tanh(p["W"] @ x + p["U"] @ h + p["b"]),),
    "gru": _gru,
    "gru_before": _gru_before,
    "lstm": _lstm,
    "gapped": _gapped,
    "projecting": _projecting,
    "reading": _reading,
    "aligning": _aligning,
}
STATELESS: dict[str, Callable[..., Any]] = {  # of one step
    "dense": lambda p, x: torch.tanh(p["W"] @ x + p["b"]),
    "linear": lambda p, x: p["W"] @ x + p["b"],
    "unbiased": lambda p, x: p["W"] @ x,
    "layer_norm": lambda p, x: torch.nn.functional.layer_norm(x, (len(x),), p["g"], p["b"], 1e-5),
    "embedding": lambda p, x: p["E"][int(x)],
    "written": lambda p, x: p["W"] @ x + p["b"],
    "glancing": lambda p, x, k, v: torch.tanh(p["W"] @ x + p["C"] @ _attended(p["Q"] @ x, k @ p["K"].T, v, 0.7)),
    "additive": lambda p, x, m: _found(torch.tanh(p["W"] @ x + m @ p["K"].T) @ p["v"], m),
}
MERGES = {
    "concat": lambda a, b: torch.cat([a, b], -1),
    "sum": lambda a, b: a + b,
    "mean": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
}
EQUATIONS: dict[str, Callable[..., Any]] = {  # of vectors, or of all steps at once
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "softmax": lambda a: torch.softmax(a, -1),
    "square": torch.square,
    "half": lambda a: a / 2,
    "one minus": lambda a: 1 - a,
    "roll": lambda a: torch.roll(a, 1, -1),
    "sum": lambda a: a.sum(-1, keepdim=True),
    "first": lambda a: a[..., :1],
    "last of it": lambda a: a[..., -1:],
    "positive": lambda a: (a > 0).double(),
    "abs": torch.abs,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "maximum": torch.maximum,
    "div": lambda a, b: a / (b**2 + 1.5),
    "concat": lambda a, b: torch.cat(_expanded(a, b), -1),
}


def _expanded(a: Any, b: Any) -> tuple[Any, Any]:
    if a.ndim < b.ndim:
        a = a.expand(len(b), -1)
    return a, b if b.ndim == a.ndim else b.expand(len(a), -1)


def _shift(x: Any, steps: int) -> Any:
    zero = torch.zeros_like(x[0])
    return torch.stack([x[t - steps] if 0 <= t - steps < len(x) else zero for t in range(len(x))])


POOLS: dict[str, Callable[[Any, Any], Any]] = {
    "mean": lambda p, x: x.mean(0),
    "sum": lambda p, x: x.sum(0),
    "max": lambda p, x: x.max(0).values,
    "last": lambda p, x: x[-1],
    "first": lambda p, x: x[0],
    "attention": lambda p, x: _attended(p["q"], x, x, None),
}


class Evaluation:
    """One row of the inputs through a graph; `begins` are the states that the caller gives, layer after layer."""

    def __init__(self, graph: RandomGraph, parameters: dict[str, Any], row: list[Any], begins: list[list[Any]]):
        self.graph, self.parameters, self.values = graph, parameters, list(row)
        self.begins, self.finals = iter(begins), []  # type: ignore[var-annotated]
        self.ends: dict[int, list[Any]] = {}  # final states by value
        for made in graph.rows:
            self.values.append(self._made(made))

    @property
    def outputs(self) -> list[Any]:
        return [self.values[k] for k in self.graph.outputs]

    def _made(self, row: Row) -> Any:
        number, given = len(self.values), [self.values[k] for k in row.operands]
        if row.layer >= 0:
            return self._layer(row, number, self.graph.layers[row.layer], given)
        if row.what in EQUATIONS:
            return EQUATIONS[row.what](*given)
        if row.what == "final":
            return self.ends[row.operands[0]][row.option or 0]
        if row.what == "attend":
            query, keys, *values = given
            found = [_attended(q, keys, (values or [keys])[0], row.option) for q in torch.atleast_2d(query)]
            return torch.stack(found) if query.ndim > 1 else found[0]
        p = self._of(f"v{number}")
        moves = {
            "reverse": lambda x: x.flip(0),
            "shift": lambda x: _shift(x, row.option),
            "repeat": lambda x, like: x.expand(len(like), -1),
            "pool": lambda x: POOLS[row.option](p, x),
            "learnt": lambda: p["b"],
        }
        return moves[row.what](*given)

    def _of(self, name: str) -> dict[str, Any]:
        return {n.removeprefix(name + "."): w for n, w in self.parameters.items() if n.startswith(name + ".")}

    def _layer(self, row: Row, number: int, layer: LayerOf, given: list[Any]) -> Any:
        owner = self.graph.name(self.graph.first_call(row.layer))
        p = self._of(owner)
        if row.embedded is not None:
            table = self.graph.rows[row.embedded - len(self.graph.inputs)].layer
            p = {**p, "W": self.parameters[f"{self.graph.name(self.graph.first_call(table))}.E"]}
        if row.what == "tied" and (other := self.graph.tied(number)) is not None:
            p = {**p, "W": self.parameters[f"{self.graph.name(self.graph.first_call(other))}.W"]}
        if layer.kind == "conv":
            return _conv(p, given[0], SimpleNamespace(**layer.options))
        length = max(len(x) if x.ndim > 1 else 0 for x in given[: layer.reads])
        inputs = [x.expand(length, -1) if length and x.ndim == 1 else x for x in given[: layer.reads]]
        memories = given[layer.reads :]
        mask = None if row.mask is None else self.values[row.mask].expand(length, 1)
        if layer.both:
            return self._both(row, number, layer, (inputs, memories, mask), owner)
        if not layer.states:
            one = STATELESS[layer.kind]
            if not length:
                return one(p, *inputs, *memories)
            return torch.stack([one(p, *(x[t] for x in inputs), *memories) for t in range(length)])
        state = (
            [None] * layer.states if row.state is None else [None if k is None else self.values[k] for k in row.state]
        )
        back = layer.options.get("reverse", False)
        outputs, self.ends[number] = self._recur(p, layer, (inputs, memories, mask), state, back)
        return outputs

    def _recur(
        self, p: dict[str, Any], layer: LayerOf, seen: tuple[Any, ...], state: list[Any], back: bool
    ) -> tuple[Any, list[Any]]:
        inputs, memories, mask = seen
        free = iter(next(self.begins) if None in state else ())
        states = [next(free) if s is None else s for s in state]
        which = [k for k, s in enumerate(state) if s is None]
        times = range(len(inputs[0]))
        outputs, found = {}, states  # what a mask holds from the first step on
        for t in reversed(times) if back else times:
            if mask is None or mask[t] != 0:
                found = list(STEPS[layer.kind](p, *(x[t] for x in inputs), *memories, *states))
                states = found[-len(states) :]  # the output may be none of them
            outputs[t] = found[0]
        if which:
            self.finals.append([states[k] for k in which])
        if layer.options.get("return_sequences") is False:
            return outputs[times[0] if back else times[-1]], states
        return torch.stack([outputs[t] for t in times]), states

    def _both(self, row: Row, number: int, layer: LayerOf, seen: tuple[Any, ...], owner: str) -> Any:
        state = (
            [None] * layer.states if row.state is None else [None if k is None else self.values[k] for k in row.state]
        )
        halves = [(None, None) if s is None else (s[: layer.units], s[layer.units :]) for s in state]
        there, ends = self._recur(self._of(f"{owner}.forward"), layer, seen, [a for a, _ in halves], False)
        back, begins = self._recur(self._of(f"{owner}.backward"), layer, seen, [b for _, b in halves], True)
        self.ends[number] = [torch.cat(pair) for pair in zip(ends, begins, strict=True)]
        return MERGES[layer.both](there, back)


def _conv(p: dict[str, Any], x: Any, how: Any) -> Any:
    kernel = p["W"].reshape(-1, how.kernel, x.shape[-1]).flip(1).transpose(1, 2)  # the oldest step first
    reach = (how.kernel - 1) * how.dilation
    before = reach if how.causal else reach // 2
    padded = torch.nn.functional.pad(x.T, (before, reach - before))
    return torch.nn.functional.conv1d(padded[None], kernel, p["b"], dilation=how.dilation)[0].T


LOSSES: dict[str, Callable[[Any, Any], Any]] = {  # of rows
    "mse": lambda y, t: ((y - t) ** 2).mean(-1),
    "mae": lambda y, t: (y - t).abs().mean(-1),
    "huber": lambda y, t: torch.nn.functional.huber_loss(y, t, reduction="none").mean(-1),
    "softmax_cross_entropy": lambda y, t: torch.nn.functional.cross_entropy(y, t.long(), reduction="none"),
}


def _wrong(problem: Any, k: int, b: int, y: Any) -> tuple[Any, np.ndarray]:
    """What the steps of a row, or the row, lose at an output, times what each counts; and this."""
    steps, target, weights = len(y) if y.ndim > 1 else 1, problem.targets[k][b], problem.weights[k]
    target = target[:steps] if y.ndim > 1 else target[None]
    given = np.ones(1) if weights is None else weights[b]
    weighs = np.broadcast_to(given, problem.targets[k].shape[1:2] if y.ndim > 1 else 1)[:steps]
    gone = np.isnan(target.reshape(steps, -1)).any(1)
    counts = np.where(gone, 0, weighs)
    lost = LOSSES[problem.losses[k]](torch.atleast_2d(y), torch.tensor(np.nan_to_num(target)))
    return lost * torch.tensor(counts), counts


def results(problem: Any) -> dict[str, np.ndarray]:
    """What `tests.graph_problems.elman_results` finds."""
    graph, B = problem.graph, problem.rows
    leaves = {name: torch.tensor(a, requires_grad=True) for name, a in problem.arrays.items()}
    parameters = {n.removeprefix("d "): w for n, w in leaves.items() if "." in n}
    outputs: list[list[Any]] = []
    finals: list[list[list[Any]]] = []
    for b in range(B):
        row = [
            leaves[n][b] if problem.length(n, b) is None else leaves[n][b, : problem.length(n, b)] for n in graph.inputs
        ]
        begins = [[leaves[name][b] for name in names] for names in problem.state_names]
        found = Evaluation(graph, parameters, row, begins)
        outputs.append(found.outputs)
        finals.append(found.finals)
    total = losses = sum(0 * leaf.sum() for leaf in leaves.values())  # even where no output needs any of them
    arrays: dict[str, Any] = {}
    for k, (along, share) in enumerate(zip(problem.along, problem.shares, strict=True)):
        made = [row[k] for row in outputs]
        total = total + sum(
            (y * torch.tensor(along[b][: len(y)] if y.ndim > 1 else along[b])).sum() for b, y in enumerate(made)
        )
        wrong, counts = zip(*(_wrong(problem, k, b, y) for b, y in enumerate(made)), strict=True)
        losses = losses + share * torch.cat(wrong).sum() / sum(map(np.sum, counts))
        padded = np.zeros(along.shape)
        for b, y in enumerate(made):
            padded[b][: len(y)] = y.detach().numpy()
        arrays[f"output {k}"] = padded
    for j, names in enumerate(problem.state_names):
        for i, name in enumerate(names):
            arrays[f"final {name}"] = torch.stack([f[j][i] for f in finals]).detach().numpy()
            total = total + sum(
                (f[j][i] * torch.tensor(problem.along_states[name][b])).sum() for b, f in enumerate(finals)
            )
    names, wanted = list(leaves), list(leaves.values())
    of_total = torch.autograd.grad(total, wanted, retain_graph=True, allow_unused=True)
    of_loss = torch.autograd.grad(losses, wanted, allow_unused=True)
    arrays |= {
        f"d {n}": np.zeros(w.shape) if g is None else g.numpy() for n, w, g in zip(names, wanted, of_total, strict=True)
    }
    arrays |= {
        f"dL {n}": np.zeros(w.shape) if g is None else g.numpy()
        for n, w, g in zip(names, wanted, of_loss, strict=True)
        if "." in n
    }
    return arrays | {"loss": np.asarray(losses.item())}
