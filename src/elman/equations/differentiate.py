"""Differentiate: from the graph of one step to the graph of its backward step.

Reverse accumulation on the graph, once, symbolically: no tape at run time. Products with matrices leave two things
behind, the gradient of their operand (a product with the transposed matrix) and a *contribution* to the matrix's
own gradient, ``delta source'``, which the engine sums over all steps and rows in one product after the loop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from elman.equations.graph import Graph, depending
from elman.equations.ops import OPS, row_of
from elman.equations.symbols import Builder, Parameter, Symbol, build, width
from elman.equations.widths import Dim

_BUILD = Builder()


@dataclass(frozen=True, eq=False)
class Contribution:
    """A part of a parameter's gradient: ``delta' source`` (matrix), sum of delta (vector), delta at source (table)."""

    parameter: Parameter
    delta: Symbol
    source: Symbol | None = None


@dataclass(eq=False)
class Backward:
    """The backward step: `seeds` are dL/d outputs; `inputs`, `states` dL/d inputs, dL/d old states (None: zero)."""

    seeds: list[Symbol]
    inputs: list[Symbol | None]
    states: list[Symbol | None]
    contributions: list[Contribution] = field(default_factory=list)
    effects: list[Symbol] = field(default_factory=list)  # what must be computed though nothing may need it

    def outputs(self) -> list[Symbol]:
        """Every node that the backward step must compute."""
        found = [s for s in [*self.states, *self.inputs] if s is not None] + self.effects
        return found + [s for c in self.contributions for s in (c.delta, c.source) if s is not None]


def differentiate(
    graph: Graph,
    *,
    with_inputs: bool = True,
    differentiable: Iterable[int] | None = None,
    memories: Iterable[int] = (),
) -> Backward:
    """The backward step of a bound graph.

    Parameters
    ----------
    graph : Graph
        The step, its sizes known.
    with_inputs : bool, default True
        Whether dL/d inputs is wanted.
    differentiable : iterable of int, optional
        Numbers of the inputs that have a gradient (all); an index or a loss's target has none.
    memories : iterable of int
        Numbers of the memories whose gradient is wanted.
    """
    wanted_inputs = (
        set(range(len(graph.inputs)) if differentiable is None else differentiable) if with_inputs else set()
    )
    seeds = [Symbol("seed", (), o.dim, name=f"d_{i}") for i, o in enumerate(graph.outputs)]
    nodes = graph.nodes()
    leaves = [*graph.states, *graph.parameters.values(), *(graph.inputs[i] for i in wanted_inputs)]
    leaves += [graph.memories[i] for i in memories]
    useful = depending(nodes, leaves)
    result = Backward(seeds, [], [])
    shares: dict[Symbol, list[Symbol]] = defaultdict(list)
    for output, seed in zip(graph.outputs, seeds, strict=True):
        shares[output].append(seed)
    for node in reversed(nodes):
        if node in shares and node in useful and node.inputs:
            _backward_of(node, _total(shares[node]), shares, useful, result)
    gradient = {s: _total(shares[s]) for s in leaves if s in shares}
    for parameter in graph.parameters.values():
        if parameter.role == "vector" and parameter in gradient:
            result.contributions.append(Contribution(parameter, gradient[parameter]))
    result.inputs = [gradient.get(s) if i in wanted_inputs else None for i, s in enumerate(graph.inputs)]
    result.states = [gradient.get(s) for s in graph.states]
    return result


def _backward_of(
    node: Symbol,
    gradient: Symbol,
    shares: dict[Symbol, list[Symbol]],
    useful: set[Symbol],
    result: Backward,
) -> None:
    """Pass a node's gradient on to its operands."""
    rule = OPS[node.op].rule
    assert rule is not None
    for operand, share in zip(node.inputs, rule(_BUILD, gradient, node, *node.inputs), strict=True):
        if isinstance(operand, Parameter) and isinstance(share, tuple):
            result.contributions.append(Contribution(operand, *share))
            continue
        if share is not None and row_of(share).shape == "attend_back":
            result.effects.append(share)
        if share is not None and operand in useful:
            shares[operand].append(_as_wide_as(share, operand))


def _total(shares: list[Symbol]) -> Symbol:
    """The sum of a node's shares of the gradient; those of slices that lie side by side are put beside one another."""
    pads: list[Symbol] = []
    for share in sorted((s for s in shares if s.op == "pad"), key=lambda s: s.first):
        if pads and pads[-1].op == "pad" and pads[-1].first + width(pads[-1].inputs[0]) == share.first:
            pads[-1] = _joined(pads[-1], share)
        else:
            pads.append(share)
    terms = [s for s in shares if s.op != "pad"] + pads
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _joined(low: Symbol, high: Symbol) -> Symbol:
    """The sum of two vectors among zeros, the second right behind the first."""
    values = (low.inputs[0], high.inputs[0])
    joined = Symbol("concat", values, Dim(value=sum(map(width, values))))
    return joined if width(joined) == width(low) else build("pad", joined, first=low.first, like=low)


def _as_wide_as(share: Symbol, operand: Symbol) -> Symbol:
    """Undo broadcasting: sum what was spread, spread what was summed."""
    have, want = width(share), width(operand)
    if have == want:
        return share
    return build("sum", share) if want == 1 else build("expand", share, like=operand)
