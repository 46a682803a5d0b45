"""Model files of graphs with something wrong in them: refused as such, or a network like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import elman as el
from elman.untrusted import read_tensors
from tests.network.test_functions_refused import translation, translator

TRIES = 80
VALUES = (None, -2, -1, 0, 1, 2, 3, 7, 2**31, 2**70, 1.5, float("nan"), "", "W", "shift", "x", True, [], {}, [0, -1])


def broken(value: Any, random: np.random.Generator, depth: int = 0) -> Any:
    """The same with one value in it another, left out, twice, or in the place of another."""
    if isinstance(value, dict) and value and random.random() < 0.97:
        name = str(random.choice(list(value)))
        if random.random() < 0.03:
            return {k: v for k, v in value.items() if k != name}
        return {**value, name: broken(value[name], random, depth + 1)}
    if isinstance(value, list) and value and random.random() < 0.97:
        k, chance = int(random.integers(len(value))), random.random()
        if chance < 0.05:
            return value[:k] + value[k + 1 :]
        if chance < 0.1:
            return [*value[:k], value[k], *value[k:]]
        if chance < 0.15:
            return [*value[:k], value[int(random.integers(len(value)))], *value[k + 1 :]]
        return [*value[:k], broken(value[k], random, depth + 1), *value[k + 1 :]]
    if isinstance(value, int) and not isinstance(value, bool) and random.random() < 0.6:
        return value + int(random.choice([-2, -1, 1, 2]))
    return VALUES[int(random.integers(len(VALUES)))]


def files(folder: Path) -> tuple[Path, dict[str, np.ndarray], dict[str, str]]:
    path = folder / "net.safetensors"
    translator(dtype=np.float64).save(path)
    return path, *read_tensors(path)


@pytest.mark.parametrize("engine", ("numpy", "native"))
def test_broken_descriptions(tmp_path: Path, engine: str) -> None:
    path, tensors, header = files(tmp_path)
    description, (x, lengths) = json.loads(header["elman"]), translation()
    loaded = 0
    for seed in range(TRIES):
        random = np.random.default_rng(seed)
        wrong = {**description, "graph": broken(description["graph"], random)}
        save_file(tensors, path, {**header, "elman": json.dumps(wrong)})
        try:
            net = el.load(path, engine=engine)
        except el.ModelFileError:
            continue
        loaded += 1
        try:
            y = net(x, lengths=lengths)
        except el.ElmanError:
            continue  # what it computes with other inputs or widths is another network
        outputs = y.values() if isinstance(y, dict) else y if isinstance(y, tuple) else (y,)
        assert all(np.isfinite(one).all() for one in outputs)
    assert 0 < loaded < TRIES


def test_the_description_as_it_was_loads(tmp_path: Path) -> None:
    path, _, _ = files(tmp_path)
    assert el.load(path).structure.names == ("scores", "summary")
