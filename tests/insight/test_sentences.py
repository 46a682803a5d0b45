"""What is said in words is true of the numbers that it is said of."""

from __future__ import annotations

import importlib
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.insight.lyapunov import Spectrum
from elman.insight.memory import Memory
from elman.insight.report import report
from elman.insight.units import share
from elman.insight.verdict import Verdict

NORMS = st.one_of(st.just(0.0), st.floats(-300, 300).map(lambda e: 10.0**e), st.floats(-2, 2).map(lambda e: 10.0**e))
CURVES = st.lists(NORMS, min_size=1, max_size=12).map(np.array)
STEADY_CURVES = st.tuples(st.floats(-3, 3), st.integers(1, 60)).map(lambda p: 10.0 ** (p[0] * np.arange(p[1])))


def number(pattern: str, text: str) -> float:
    return float(re.search(pattern.replace("N", r"([-+.e\d]+)"), text)[1])


def check_flow(words: str, norms: np.ndarray) -> None:
    """Every sentence on a gradient that starts at the last step, held against the norms."""
    back, steps = norms[::-1], len(norms) - 1
    if "is zero" in words:
        assert back[0] == 0
        return
    arrived = back / back[0]
    horizon = int(number(r"reaches back N step", words))
    assert arrived[horizon] >= 0.01 and (arrived[horizon + 1 :] < 0.01).all()
    assert f"the loss at step {len(norms)} " in words
    if "holds over" in words:
        assert steps == number(r"holds over N step", words) and (arrived > 0.0999).all() and (arrived < 10.001).all()
    elif "about as large as it left" in words:
        assert 0.0999 < arrived[-1] < 10.001
        assert number("between N and", words) == pytest.approx(arrived.min(), rel=0.06)
        assert number("and N times", words) == pytest.approx(arrived.max(), rel=0.06)
    elif "nothing arrives further" in words:
        reach = int(number("further than N step", words))
        assert arrived[reach] > 0 and not arrived[reach + 1 :].any()
    elif "vanishes in one step" in words:
        assert not arrived[1:].any()
    elif "by 10x" in words:
        change = np.log10(arrived[-1])
        assert ("falls" in words) == ("vanishes" in words) == (change < -0.999)
        assert ("grows" in words) == ("explodes" in words) == (change > 0.999)
        assert number("by 10x every N steps", words) == pytest.approx(steps / abs(change), rel=0.006)
    else:
        assert "there is no step to go back" in words and not steps


@given(st.one_of(CURVES, STEADY_CURVES))
def test_gradients(norms):
    with np.errstate(over="ignore"):
        if norms[-1] > 0 and not np.isfinite(norms / norms[-1]).all():
            return
    check_flow(Verdict.of(norms).words, norms)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_gradients_that_are_no_numbers(bad):
    found = Verdict.of(np.array([bad, bad, 1e300, 1e200, 1.0]))
    assert found.kind == "explodes" and "no number any more 3 steps back" in found.words


def check_memory(words: str, gains: np.ndarray) -> None:
    if "less than a hundredth" in words:
        step = int(number("from step N on", words))
        assert (gains[step - 1 :] < 0.01).all() and (step == 1 or gains[step - 2] >= 0.01)
    else:
        assert gains[-1] >= 0.01 and number("is N times", words) == pytest.approx(gains[-1], rel=0.06)
        assert number("after N step", words) == len(gains)


@given(st.one_of(CURVES, STEADY_CURVES))
def test_memories(gains):
    found = Memory(gains, None, None)
    check_memory(found.verdict, gains)
    assert found.horizon == len(gains) or (gains[found.horizon - 1 :] < 0.01).all()


@given(st.floats(-5, 5), st.floats(0, 1), st.booleans())
def test_exponents(largest, error, known):
    one = np.array([largest])
    words = Spectrum(one, np.array([error if known else np.nan]), one[None], np.array([3])).verdict
    if not known:
        assert words.startswith("too few steps to tell")
    elif "chaotic" in words:
        assert largest > 3 * error and number("part N times", words) == pytest.approx(np.exp(largest), rel=1e-3)
    elif "contracting" in words:
        assert largest < -3 * error
        assert number("every N steps", words) == pytest.approx(np.log(10) / -largest, rel=0.006)
    else:
        assert "neutral" in words and abs(largest) <= max(3 * error, 1e-12)


@given(st.floats(0, 1))
def test_shares(x):
    words = share(x)
    assert (words == "0%") == (x == 0) and (words == "100%") == (x == 1)
    if words[0] not in "<>":
        assert float(words[:-1]) == pytest.approx(100 * x, abs=0.51)


def random_network(seed: int) -> tuple[el.Network, np.ndarray]:
    random = np.random.default_rng(seed)
    cells = [el.SimpleRNN, el.GRU, el.LSTM, lambda n, **k: el.Recurrent(el.cells.min_gru, n, **k)]
    layers = [cells[random.integers(4)](int(random.integers(1, 6))) for _ in range(random.integers(1, 3))]
    F = int(random.integers(1, 4))
    net = el.Network(F, [*layers, el.Dense(2)], seed=seed)
    net.params.write(random.normal(0, random.choice([0.1, 0.5, 1.5, 5.0]), net.arena.size))
    return net, random.normal(size=(int(random.integers(1, 4)), int(random.integers(1, 40)), F))


@pytest.mark.parametrize("seed", range(8))
def test_the_report_of_a_random_network(seed, monkeypatch):
    monkeypatch.setattr(importlib.import_module("elman.insight.report"), "LYAPUNOV_STEPS", 100)
    net, x = random_network(seed)
    found = {section.title: section for section in report(net, x).sections}
    check_flow(found["Gradient flow"].text, np.asarray(found["Gradient flow"].numbers["norms"]))
    check_memory(found["Memory"].text, np.asarray(found["Memory"].numbers["to_initial_state"]))
    points = found["Fixed points"]
    stated = re.findall(r"(\d+) (stable|with directions|that neither)", points.text)
    assert sum(int(n) for n, _ in stated) == points.numbers["count"]
    assert {kind: int(n) for n, kind in stated}.get("stable", 0) == np.sum(points.numbers.get("stable", 0))
    saturated = {n: u["saturated"] for n, u in found["Units"].numbers.items()}
    assert ("No value is saturated" in found["Units"].text) == (max(saturated.values()) == 0)
    radius = found["Jacobians"].numbers["spectral_radius"]
    assert number("a modulus of N ", found["Jacobians"].text) == pytest.approx(np.median(radius), rel=0.006)
    assert f"{len(radius)} step{'s' * (len(radius) > 1)} of" in found["Jacobians"].text
    assert f"{len(x)} sequence" in found["What it is"].text and f"of {x.shape[1]} step" in found["What it is"].text


def test_a_report_of_states_that_grow_beyond_all_bounds_says_so():
    net = el.Network(1, [el.SimpleRNN(2, activation="linear", initial={"U": 1e9 * np.eye(2)})], dtype=np.float64)
    found = {section.title: section for section in report(net, np.ones((1, 100, 1))).sections}
    for title in ("Gradient flow", "Memory", "Fixed points", "Lyapunov exponents"):
        assert "Not computed: the states grow beyond all bounds" in found[title].text


def test_a_report_leaves_no_figure_behind():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    report(*random_network(3)).html()
    assert plt.get_fignums() == before
