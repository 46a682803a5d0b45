"""Order: the operations that something needs, each after its operands, and which of them depend on what."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any, Protocol, TypeVar


class Operation(Protocol):
    """Anything with operands: symbols, and the nodes that they are lowered to."""

    @property
    def inputs(self) -> tuple[Any, ...]: ...


N = TypeVar("N", bound=Operation)


def _operands(node: Operation) -> Sequence[Any]:
    return node.inputs


def ordered(
    outputs: Iterable[N], given: Container[N] = (), operands: Callable[[N], Sequence[N]] = _operands
) -> list[N]:
    """The nodes that `outputs` need, each after its operands; of those that are given nothing is needed."""
    order: dict[N, None] = {}
    stack = [(o, False) for o in reversed(list(outputs))]
    while stack:
        node, done = stack.pop()
        if node in order:
            continue
        if done:
            order[node] = None
        else:
            stack.append((node, True))
            needed = () if node in given else operands(node)
            stack.extend((i, False) for i in reversed(needed) if i not in order)
    return list(order)


def depending(nodes: Iterable[N], on: Iterable[N]) -> set[N]:
    """Those of `nodes` (operands first) that depend on any of `on`."""
    found = set(on)
    for node in nodes:
        if any(i in found for i in node.inputs):
            found.add(node)
    return found
