"""Conversions to and from Keras, each proven by itself, in a process of their own, as a process has one backend.

``python -m tests.parity.interop.keras_matrix from|to|people FIRST COUNT`` prints JSON: by configuration the largest
difference.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import elman as el
from elman.cells import catalogue
from elman.interop import from_keras, to_keras

warnings.simplefilter("ignore")


def from_models(first: int, count: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    from tests.parity.interop.keras_models import Drawing

    for seed in range(first, first + count):
        yield f"model {seed}", lambda seed=seed: from_keras(Drawing(seed).model(), return_report=True)[1]


def from_people(first: int, count: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    from tests.parity.interop.keras_models import PEOPLES, weighted

    for name, make in list(PEOPLES.items())[first : first + count]:
        yield name, lambda make=make: from_keras(weighted(make()), return_report=True)[1]
        if name in ("reviews", "masked_translation", "caption"):
            lengths: dict[str, Any] = {"masks": "lengths", "return_report": True}
            yield f"{name} with lengths", lambda make=make, how=lengths: from_keras(weighted(make()), **how)[1]


def to_models(first: int, count: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    for name, make in _networks(first, count):
        yield name, lambda make=make: to_keras(make(), return_report=True)[1]


def _networks(first: int, count: int) -> Iterator[tuple[str, Callable[[], el.Network]]]:
    """Random cells, random graphs, and chains around the cells of the catalogue, a third of each."""
    from tests import random_cells, random_graphs
    from tests.of_catalogue import ONE_INPUT

    for seed in range(first // 3, (first + count) // 3):
        yield f"cell {seed}", lambda seed=seed: of_cell(random_cells.problem(seed))
        yield f"graph {seed}", lambda seed=seed: random_graphs.draw(seed).network("native", dtype=np.float32)
        names = [ONE_INPUT[(3 * seed + k) % len(ONE_INPUT)] for k in range(2)]
        yield f"chain {seed} of {', '.join(names)}", lambda seed=seed, names=names: chain(seed, names)


def of_cell(p: Any) -> el.Network:
    """A random cell in float32, which is what Keras multiplies in on NumPy."""
    layer = el.Recurrent(
        p.cell.cell(), p.cell.units, sizes=p.cell.sizes, return_sequences=not p.last, reverse=p.reverse
    )
    net = el.Network(3, [el.Dense(p.cell.widths[0], activation="tanh"), layer, el.Dense(2)])
    for name in net.params:
        net.params[name] = p.arrays[name]
    return net


def chain(seed: int, names: list[str]) -> el.Network:
    rng = np.random.default_rng((seed, 3))
    first = el.Recurrent(names[0], 8, reverse=bool(rng.random() < 0.3))
    last = el.Recurrent(names[1], 8, return_sequences=bool(rng.random() < 0.5))
    between = (el.BatchNorm(), el.LayerNorm(epsilon=1e-3), el.Dropout(0.3, once=True), el.Activation("silu"))
    layers = [first, between[seed % 4], last, el.Dense(2, activation="softmax")]
    assert all(name in catalogue() for name in names)
    return el.Network(8, layers, seed=seed)


MATRICES = {"from": from_models, "to": to_models, "people": from_people}


def main(which: str, first: str, count: str) -> None:
    found: dict[str, Any] = {}
    for name, convert in MATRICES[which](int(first), int(count)):
        try:
            report = convert()
            found[name] = {"largest": report.largest, "tolerance": report.tolerance, "trials": list(report.trials)}
        except Exception as error:  # what went wrong is the test's to say
            found[name] = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
