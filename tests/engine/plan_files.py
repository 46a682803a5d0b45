"""Real plans as bytes, for the fuzzer of plans (native/fuzz/plans.cpp): python -m tests.engine.plan_files FOLDER.

Those of all cells, of the cells and plans that engine tests share, and of random graphs; a number is eight bytes, a
list has its length before it.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import elman as el
from elman.cells import catalogue
from elman.engine import native
from elman.engine.indices import whole_numbers
from elman.engine.plain import plain_plan
from elman.engine.plan import Plan
from tests.engine import attention_plans, hand_plans
from tests.graph_problems import elman_results, problem

STEPS = ("product", "lookup", "move", "attend", "attend_back", "elementwise")
GRAPHS = 24


def as_bytes(value: Any) -> bytes:
    """A plan as `elman.engine.plain` has it."""
    if isinstance(value, str):
        return struct.pack("<q", STEPS.index(value))
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, (int, np.integer)):
        return struct.pack("<q", int(value))
    parts = b"".join(map(as_bytes, value))
    return struct.pack("<q", len(value)) + parts if isinstance(value, list) else parts


def written_by_hand() -> Iterator[Plan]:
    """Plans that need no scheduler."""
    for options in ({}, {"last": True}, {"reverse": True, "root": True}, {"dropout": 0.3}, {"twice": True}):
        yield hand_plans.tanh_rnn(3, 4, 2, **options)
    yield hand_plans.embedding(7, 5)
    for axis, additive in ((1, True), (1, False)):
        yield attention_plans.looked_up(axis, additive)
        yield attention_plans.recurrent(axis, additive)
    yield attention_plans.looked_up(0, True, axes=1)
    yield attention_plans.to_itself(True)


def of_networks() -> Iterator[tuple[el.Network, np.ndarray, np.ndarray]]:
    """Every cell in a network, and layers that are no cells; with an input and a target."""
    x = np.ones((3, 5, 3), np.float32)  # which all cells take, whatever their inputs stand for
    layers = [[el.GRU(4), el.BatchNorm()], [el.Bidirectional(el.LSTM(4))], [el.GRU(4), el.Dropout(0.3), el.LayerNorm()]]
    for cell in catalogue().values():
        yield _of_cell(cell), x, x[..., :2]
    for made in layers:
        yield el.Network(3, [*made, el.Dense(2)], engine="native"), x, x[..., :2]
    yield el.Network(1, [el.Embedding(7, 4), el.GRU(4), el.Dense(7)], engine="native"), x[..., 0] > 0, x[..., 0] > 0


def _of_cell(cell: Any) -> el.Network:
    """A network of it, which has the one input for each that it takes."""
    layer = el.Layer(cell, 8)
    for count in range(1, 4):
        try:
            return el.Network(lambda x, n=count: el.Dense(2)(layer(*[x] * n)), inputs={"x": 3}, engine="native")
        except el.OptionError:
            continue
    raise AssertionError(f"{cell.name} takes too many inputs")


def plans() -> list[tuple]:
    """All of them, as the native engine reads them."""
    found: dict[bytes, tuple] = {}

    def keep(plan: Plan) -> None:
        for each in (plan, *(f.plan for f in plan.functions)):
            plain = plain_plan(each, native._native.ops(), whole_numbers(each, np.dtype(np.float32)))
            found.setdefault(as_bytes(plain), plain)

    for plan in written_by_hand():
        keep(plan)
    begin = native.NativeEngine.__init__

    def kept(self: Any, plan: Plan, *rest: Any, **options: Any) -> None:
        begin(self, plan, *rest, **options)
        keep(plan)

    native.NativeEngine.__init__ = kept  # type: ignore[method-assign]
    try:
        for net, x, target in of_networks():
            indices = x.dtype == bool
            net.fit(x.astype(int) if indices else x, target.astype(int) if indices else target, epochs=1, verbose=0,
                    **({"loss": "softmax_cross_entropy"} if indices else {}))  # fmt: skip
            if not indices:
                net(x), net.backward(x, target)
        for seed in range(GRAPHS):
            elman_results(problem(seed, 3, (4, 6)), "native")
    finally:
        native.NativeEngine.__init__ = begin  # type: ignore[method-assign]
    return list(found.values())


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, plain in enumerate(plans()):
        (folder / f"{number:04d}").write_bytes(as_bytes(plain))
    print(f"{number + 1} plans in {folder}")
