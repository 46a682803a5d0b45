"""Sums: in which order sums of products lie, so that those of one operand are one product."""

from __future__ import annotations

import itertools

from elman.interop.c.values import Value

MOST_TRIED = 6  # kinds of sums whose order is the best of all


def _operands(value: Value) -> frozenset[Value]:
    return frozenset(t.of for t in value.terms if t.blocks == 1)


def best_order(values: list[Value]) -> list[Value]:
    """Sums in the order in which those of one operand lie side by side, as far as can be."""
    kinds: dict[frozenset[Value], list[Value]] = {}
    for value in values:
        kinds.setdefault(_operands(value), []).append(value)
    orders = itertools.permutations(kinds) if len(kinds) <= MOST_TRIED else [tuple(kinds)]
    best = min(orders, key=lambda order: sum(map(len, runs_of([v for k in order for v in kinds[k]]).values())))
    return [v for kind in best for v in kinds[kind]]


def runs_of(values: list[Value]) -> dict[Value, list[list[tuple[Value, int]]]]:
    """By operand, the terms that are one product: of sums that lie side by side."""
    found: dict[Value, list[list[tuple[Value, int]]]] = {}
    last: dict[Value, int] = {}
    for place, value in enumerate(values):
        for number, term in enumerate(value.terms):
            runs = found.setdefault(term.of, [])
            joins = term.blocks == 1 and last.get(term.of) == place - 1 and runs
            if joins:
                runs[-1].append((value, number))
            else:
                runs.append([(value, number)])
            last[term.of] = place if term.blocks == 1 else -2
    return found
