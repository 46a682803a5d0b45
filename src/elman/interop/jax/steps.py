"""The equations of one layer: what of them is computed once, what for all steps together, and what step after step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.equations.graph import Graph, depending, ordered
from elman.equations.matrices import parts_of_matrices
from elman.equations.ops import row_of
from elman.equations.shapes import is_memory
from elman.equations.symbols import Parameter, Symbol, width
from elman.interop.jax.functions import functions
from elman.interop.jax.products import products
from elman.interop.peers import peer

Values = dict[Symbol, Any]
TOGETHER = ("product", "blocks", "lookup", "attend")  # shapes of ops that cost less for all steps at once


@dataclass(frozen=True, eq=False)
class Equations:
    """The nodes of a layer's graph, operands first.

    Attributes
    ----------
    once : list of Symbol
        Of parameters and numbers alone.
    before : list of Symbol
        What depends on no state: for all steps of the layer, and of its memories, together.
    loop : list of Symbol
        What is left of a layer with states.
    carried : list of Symbol
        What the loop reads at each step.
    """

    graph: Graph
    once: list[Symbol]
    before: list[Symbol]
    loop: list[Symbol]
    carried: list[Symbol]

    @classmethod
    def of(cls, graph: Graph) -> Equations:
        leaves = {*graph.inputs, *graph.states, *graph.memories}
        nodes = [node for node in graph.nodes() if node not in leaves]
        changing = depending(nodes, [*leaves, *_dropped_each_step(graph, nodes)])
        later = depending(nodes, graph.states)
        rest = [node for node in nodes if node in changing]
        hoisted = set(rest)
        if graph.states:
            wanted = [n for n in rest if n not in later and (row_of(n).shape in TOGETHER or is_memory(n))]
            hoisted = set(ordered(wanted))
        before = [node for node in rest if node in hoisted]
        loop = [node for node in rest if node not in hoisted]
        read = dict.fromkeys(i for node in loop for i in node.inputs) | dict.fromkeys(graph.outputs)
        given = {*graph.inputs, *(node for node in before if not is_memory(node))}
        carried = [node for node in read if node in given]
        return cls(graph, [n for n in nodes if n not in changing], before, loop, carried)


def _dropped_each_step(graph: Graph, nodes: Iterable[Symbol]) -> list[Symbol]:
    """Dropout of vectors of parameters, which has a mask for each row and step; that of matrices has one for all."""
    of_matrices = parts_of_matrices(graph)
    return [node for node in nodes if row_of(node).shape == "dropout" and node not in of_matrices]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Computes nodes of a graph.

    Attributes
    ----------
    parameters : mapping of str to array
        By their names in the equations.
    dtype : dtype
    rounded : bool
        Whether products round their operands.
    used : mapping of Symbol to array (B, S) or None
        Which steps of each memory are in use.
    key : jax key, optional
        With one dropout drops.
    """

    parameters: Mapping[str, Any]
    dtype: Any
    rounded: bool
    used: Mapping[Symbol, Any]
    key: Any = None

    def run(self, nodes: Iterable[Symbol], values: Values, lead: Sequence[int] = (), step: Any = None) -> None:
        """Add the values of nodes; `lead` are the rows, or rows and steps, that they have, `step` the one that runs."""
        for node in nodes:
            values[node] = self._value(node, values, tuple(lead), step)

    def _value(self, node: Symbol, values: Values, lead: tuple[int, ...], step: Any) -> Any:
        if isinstance(node, Parameter) and node.op == "parameter":
            return self.parameters[node.name]
        if node.op == "const":
            return peer("jax").numpy.asarray(node.first, self.dtype)
        row, operands = row_of(node), [values[i] for i in node.inputs]
        numbers = (node.first, node.second)[: row.numbers]
        if row.shape == "dropout":
            return self._dropped(node, operands[0], lead, step)
        if row.shape == "attend":
            return self._attended(node, operands, lead)
        table = products(self.rounded) if row.role == "matrix" else functions()
        return table[node.op](*operands, *numbers)

    def _dropped(self, node: Symbol, x: Any, lead: tuple[int, ...], step: Any) -> Any:
        if self.key is None:
            return x
        jax, rate = peer("jax"), node.first
        key = jax.random.fold_in(self.key, int(node.second))  # the number of a dropout among those of its layer
        shape = (*lead, width(node)) if lead and not is_memory(node) else x.shape
        if node.op == "dropout_once":
            shape = (shape[0], 1, shape[2]) if len(shape) == 3 else shape
        elif step is not None:
            key = jax.random.fold_in(key, step)
        kept = jax.random.bernoulli(key, 1 - rate, shape)
        return jax.numpy.where(kept, x / (1 - rate), 0)

    def _attended(self, node: Symbol, operands: list[Any], lead: tuple[int, ...]) -> Any:
        jnp = peer("jax").numpy
        query, keys, values, *vector = operands
        query = jnp.broadcast_to(query, (*lead, width(node.inputs[0])))
        along = query[..., None, :]  # (B, 1, n), or (B, T, 1, n)
        if len(lead) == 2:
            keys = keys[:, None]
        if vector:
            scores = jnp.tanh(along + keys) @ jnp.broadcast_to(vector[0], query.shape[-1:])
        else:
            scores = (node.first or query.shape[-1] ** -0.5) * (along * keys).sum(-1)
        shares = _shares(jnp, scores, self._used(node, len(lead)))
        return jnp.einsum("bts,bsm->btm" if len(lead) == 2 else "bs,bsm->bm", shares, values)

    def _used(self, node: Symbol, axes: int) -> Any:
        """Which steps of what a node attends to are in use."""
        memories = [leaf for leaf in ordered(node.inputs[1:3]) if leaf in self.used]
        used = self.used[memories[0]]
        return used if used is None or axes == 1 else used[:, None]


def _shares(jnp: Any, scores: Any, used: Any) -> Any:
    """A softmax over the steps in use; 0 where a row has none."""
    if used is None:
        e = jnp.exp(scores - scores.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)
    known = jnp.where(used, scores, jnp.finfo(scores.dtype).min)
    e = jnp.where(used, jnp.exp(known - known.max(-1, keepdims=True)), 0)
    total = e.sum(-1, keepdims=True)
    return e / jnp.where(total > 0, total, 1)
