"""Random stacks of cells of the collection: what is true of each is true of several in a row."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.compare.compare import as_compared
from elman.engine import ENGINES, native_available
from tests.of_catalogue import ONE_INPUT

BUILT = [e for e in ENGINES if e != "native" or native_available()]


def drawn(seed: int, **how) -> el.Network:
    """One to three layers, dilated or with zoneout now and then, and a dense one."""
    random = np.random.default_rng(seed)
    layers = []
    for name in random.choice(ONE_INPUT, random.integers(1, 4)):
        cell = as_compared(el.cells.catalogue()[name])
        cell = el.cells.zoneout(cell, 0.2) if random.random() < 0.2 else cell
        layers.append(el.Recurrent(cell, int(random.integers(2, 7)), dilation=int(random.choice([1, 1, 3]))))
    return el.Network(3, [*layers, el.Dense(2)], seed=seed, dtype=np.float64, **how)


@pytest.mark.parametrize("seed", range(12))
def test_engines_streams_and_halves_agree(seed):
    random = np.random.default_rng(seed)
    x, along = random.normal(size=(3, 6, 3)), random.normal(size=(3, 6, 2))
    found = []
    for engine in BUILT:
        net = drawn(seed, engine=engine)
        y, state = net(x, return_state=True)
        gradients, of_x, _ = net.backward(x, along, lengths=[6, 0, 4])
        found.append([y, of_x, *gradients.values()])
        first, middle = net(x[:, :2], return_state=True)
        np.testing.assert_allclose(np.concatenate([first, net(x[:, 2:], state=middle)], 1), y, atol=1e-12)
        stream = net.stream(3)
        np.testing.assert_allclose(np.stack([stream(x[:, t]) for t in range(6)], 1), y, atol=1e-12)
        for one, other in zip(stream.state, state, strict=True):
            np.testing.assert_allclose(np.concatenate(one, 1), np.concatenate(other, 1), atol=1e-12)
    for one, other in zip(found[0], found[-1], strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9 * max(1, np.abs(other).max()))
