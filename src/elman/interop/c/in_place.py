"""In place: which new states may be written where the old ones are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from elman.interop.c.order import Loop, Multiply, Order, base
from elman.interop.c.values import Value


def in_place(order: Order, names: Sequence[str]) -> dict[Value, str]:
    """New states and the names of old ones that nobody reads any more when they are made, but at the same place."""
    step, found = order.step, dict[Value, str]()
    for old, new, name in zip(step.states, step.new_states, names, strict=True):
        number = order.at.get(new, -1)
        loop = order.statements[number] if number >= 0 else None
        if not isinstance(loop, Loop) or step.new_states.count(new) > 1 or old in step.outputs:
            continue
        if all(_is_before(order, old, reader, number, loop) for reader in _readers(order, old)):
            found[new] = name
    return found


def _readers(order: Order, value: Value) -> Iterator[tuple[Value, Value]]:
    """Who reads a value, and by which operand: through views too."""
    for reader in order.readers[value]:
        if reader.op != "view":
            yield reader, value
            continue
        yield from ((r, reader) for r in order.readers[reader])
        if reader in order.step.outputs:
            yield reader, reader


def _is_before(order: Order, old: Value, reader: tuple[Value, Value], number: int, loop: Loop) -> bool:
    """Whether a reader has read an old state before its place is written, which a loop does."""
    who, by = reader
    if who.op == "affine":
        return all(n < number for n, s in enumerate(order.statements) if isinstance(s, Multiply) and base(s.of) is old)
    at = order.at.get(who, len(order.statements))
    same_place = by is old and who in loop.values and who.op not in ("outer", "lookup")
    return at < number or (at == number and same_place)
