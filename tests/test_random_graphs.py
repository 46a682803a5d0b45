"""Random graphs of layers: both engines agree, a file is the same network, a row alone is the row in its batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import elman as el
from elman.engine import native_available
from tests.draws import some
from tests.graph_problems import Problem, elman_results, given_to, problem

GRAPHS, ROWS = 16, 5
ALL = slice(None)
Results = dict[str, np.ndarray]


def made(seed: int) -> Problem:
    """Some have rows of length 0."""
    p, random = problem(seed, ROWS, (4, 6)), np.random.default_rng((seed, 4))
    for lengths in p.lengths.values():
        if lengths is not None and seed % 3 == 0:
            lengths[random.random(ROWS) < 0.3] = 0
            lengths[0] = 4
    return p


def filled(p: Problem, engine: str | None = None) -> el.Network:
    net = p.graph.network(engine)
    for name in net.params:
        net.params[name] = p.arrays[name]
    return net


def run(net: el.Network, p: Problem, rows: slice = ALL) -> list[np.ndarray]:
    x, lengths = given_to(net, p)
    state = [tuple(p.arrays[name][rows] for name in names) for names in p.state_names]
    used = None if lengths is None else {name: n[rows] for name, n in lengths.items()}
    found = net({name: a[rows] for name, a in x.items()}, state=state, lengths=used)
    return list(found.values() if isinstance(found, dict) else found if isinstance(found, tuple) else [found])


def assert_close(found: Results, wanted: Results, p: Problem) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        scale = max(1.0, float(np.abs(value).max(initial=0)))
        message = f"{name}\n{p.graph.source}"
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-9 * scale, err_msg=message)


@pytest.mark.skipif(not native_available(), reason="the native engine was not built")
@pytest.mark.parametrize("seed", some(GRAPHS))
def test_both_engines_agree(seed: int) -> None:
    p = made(seed)
    native = elman_results(p, "native", threads=1)
    assert_close(native, elman_results(p, "numpy"), p)
    for name, value in elman_results(p, "native", threads=2).items():
        np.testing.assert_array_equal(value, native[name])


@pytest.mark.parametrize("seed", some(GRAPHS))
def test_a_file_is_the_same_network(seed: int, tmp_path: Path) -> None:
    p = made(seed)
    net = filled(p)
    file = net.save(tmp_path / "net.safetensors")
    again = el.load(file)
    assert isinstance(again, el.Network)
    assert again.summary() == net.summary()
    assert again.save(tmp_path / "again.safetensors").read_bytes() == file.read_bytes()
    for found, wanted in zip(run(again, p), run(net, p), strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("seed", some(GRAPHS))
def test_a_row_alone_is_the_row_in_its_batch(seed: int) -> None:
    p = made(seed)
    net, row = filled(p), slice(seed % ROWS, seed % ROWS + 1)
    for found, wanted in zip(run(net, p, row), run(net, p), strict=True):
        np.testing.assert_array_equal(found, wanted[row])


@pytest.mark.parametrize("seed", some(GRAPHS))
def test_a_trace_ends_in_the_outputs(seed: int) -> None:
    p = made(seed)
    net = filled(p)
    x, lengths = given_to(net, p)
    state = [tuple(p.arrays[name] for name in names) for names in p.state_names]
    traced = net.trace(x, state=state, lengths=lengths)
    for source, wanted in zip(net.structure.outputs, run(net, p), strict=True):
        part = net.structure.parts[source.number]
        if source.state < 0 and not (part.layer and part.layer.last_only):
            name = part.graph.states[0].name if part.graph is not None and part.graph.states else "y"
            found = traced[f"{part.name}.{name}"].reshape(wanted.shape)
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, err_msg=p.graph.source)
