"""Generation: the loop of steps, and the drawing of indices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.engine import ENGINES, native_available
from elman.engine.generation import Drawing, uniform
from tests.draws import draws

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
needs_native = pytest.mark.skipif(not native_available(), reason="the native engine is not built")


def numbers(last: bool = False, features: int = 2, **options) -> el.Network:
    layers = [el.LSTM(5), el.GRU(6, return_sequences=not last), el.Dense(features)]
    return el.Network(features, layers, dtype=np.float64, **options)


def letters(classes: int = 7, last: bool = False, **options) -> el.Network:
    layers = [el.Embedding(classes, 3), el.GRU(8, return_sequences=not last), el.Dense(classes)]
    net = el.Network(1, layers, dtype=np.float64, **options)
    net.params["2.W"] = 4 * net.params["2.W"]  # far from equally likely
    return net


def unigram(logits: np.ndarray, **options) -> el.Network:
    """Whatever comes in, these logits come out."""
    net = el.Network(1, [el.Embedding(len(logits), 1), el.Dense(len(logits))], **options)
    net.params["1.W"], net.params["1.b"] = 0, logits
    return net


def softmax(x: np.ndarray) -> np.ndarray:
    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()


# ---- values


@engines
@pytest.mark.parametrize("last", [False, True])
def test_each_value_is_the_output_for_all_before_it(engine, last):
    net, context = numbers(last, engine=engine), np.random.default_rng(0).normal(size=(3, 4, 2))
    made = net.generate(context, 5)
    for t in range(5):
        seen = np.concatenate([context, made[:, :t]], axis=1)
        y = net(seen[:, t:]) if last else net(seen)[:, -1]
        np.testing.assert_allclose(made[:, t], y, atol=1e-12)


@needs_native
@draws(25)
@given(
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 6), st.integers(1, 9)),
    last=st.booleans(),
    index=st.booleans(),
    seed=st.integers(0, 2**64 - 1),
)
def test_both_engines_make_the_same(sizes, last, index, seed):
    B, T, steps = sizes
    random, made = np.random.default_rng(seed), []
    context = random.integers(0, 7, (B, T)) if index else random.normal(size=(B, T, 2))
    for engine in BUILT:
        if index:
            made.append(letters(last=last, engine=engine).generate(context, steps, top_k=5, top_p=0.9, seed=seed))
        else:
            made.append(numbers(last, engine=engine).generate(context, steps))
    np.testing.assert_allclose(made[0], made[1], atol=1e-10)


@needs_native
@pytest.mark.parametrize("last", [False, True])
def test_threads_change_no_bit(last):
    context = np.random.default_rng(0).integers(0, 7, (300, 3))
    whole = letters(last=last, threads=1).generate(context, 6, seed=1)
    np.testing.assert_array_equal(letters(last=last, threads=3).generate(context, 6, seed=1), whole)
    np.testing.assert_array_equal(letters(last=last).generate(context[:20], 6, seed=1), whole[:20])


@engines
def test_what_is_made_has_the_form_of_the_context(engine):
    one, two, index = numbers(features=1, engine=engine), numbers(engine=engine), letters(engine=engine)
    for net, shape, made in [
        (one, (4,), (9,)),
        (one, (4, 1), (9, 1)),
        (one, (3, 4, 1), (3, 9, 1)),
        (two, (4, 2), (9, 2)),
        (index, (4,), (9,)),
        (index, (3, 4), (3, 9)),
        (index, (3, 4, 1), (3, 9, 1)),
    ]:
        found = net.generate(np.zeros(shape, int), 9)
        assert found.shape == made
        assert found.dtype == (np.int64 if net is index else np.float64)


def test_a_network_is_left_as_it_was_and_its_changes_are_seen():
    net, context = numbers(), np.zeros((1, 3, 2))
    before, arena = net.generate(context, 4), net.arena.copy()
    np.testing.assert_array_equal(net.arena, arena)
    assert not context.any()
    net.params["2.b"] = net.params["2.b"] + 1
    assert np.abs(net.generate(context, 4) - before).min() > 0.01


# ---- draws


@engines
def test_draws_have_the_probabilities_of_the_softmax(engine):
    logits = np.array([2.0, -1.0, 0.5, 0.0, 3.0, 1.0])
    for temperature in (0.5, 1.0, 2.0):
        n = 20_000 if engine == "native" else 4_000
        drawn = unigram(logits, engine=engine).generate([0], n, temperature=temperature, seed=3)
        expected = n * softmax(logits / temperature)
        chi_square = np.sum((np.bincount(drawn, minlength=6) - expected) ** 2 / expected)
        assert chi_square < 15.09  # 99 % of 5 degrees of freedom


def test_draws_of_steps_rows_and_seeds_do_not_go_together():
    for a, b in [
        (uniform(0, 0, np.arange(20_000)), uniform(0, 1, np.arange(20_000))),
        (uniform(0, 0, np.arange(20_000)), uniform(1, 0, np.arange(20_000))),
        (uniform(0, 0, np.arange(20_000)), uniform(0, 0, np.arange(1, 20_001))),
    ]:
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.03
        assert abs(a.mean() - 0.5) < 0.01 and a.min() >= 0 and a.max() < 1


@engines
@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"top_k": 1}, {4}),
        ({"top_k": 3}, {4, 0, 5}),
        ({"top_k": 99}, {0, 1, 2, 3, 4, 5}),
        ({"top_p": 0.6}, {4}),  # 0.62
        ({"top_p": 0.63}, {4, 0}),  # 0.85
        ({"top_p": 1.0}, {0, 1, 2, 3, 4, 5}),
        ({"top_p": 1e-9}, {4}),
        ({"top_k": 2, "top_p": 0.7}, {4}),  # 0.73 of the two
        ({"top_k": 2, "top_p": 0.74}, {4, 0}),
        ({"temperature": 0}, {4}),
        ({"temperature": 0.0, "top_k": 3}, {4}),
    ],
)
def test_only_what_is_likely_enough_is_drawn_and_all_of_it(engine, options, left):
    logits = np.array([2.0, -1.0, 0.5, 0.0, 3.0, 1.0])
    drawn = unigram(logits, engine=engine).generate([0], 3_000, seed=0, **options)
    assert set(drawn.tolist()) == left


@engines
def test_of_equally_likely_classes_the_first_are_left(engine):
    drawn = unigram(np.zeros(5), engine=engine).generate([0], 500, seed=0, top_k=3)
    assert set(drawn.tolist()) == {0, 1, 2}


def test_the_weights_left_keep_their_proportions():
    logits = np.array([2.0, -1.0, 0.5, 3.0])
    weights = Drawing(0.7, 2, 1.0, 0).weights(logits)
    np.testing.assert_allclose(weights[[1, 2]], 0)
    assert weights[0] / weights[3] == pytest.approx(np.exp(-1 / 0.7))


def test_a_seed_is_a_draw_and_the_network_has_one():
    net, again = letters(seed=5), letters(seed=5)
    first = net.generate([1, 2], 40)
    np.testing.assert_array_equal(again.generate([1, 2], 40), first)
    np.testing.assert_array_equal(net.generate([1, 2], 40, seed=5), first)
    assert (net.generate([1, 2], 40, seed=6) != first).any()


# ---- mistakes


@engines
@pytest.mark.parametrize(
    ("make", "context", "options", "error", "said"),
    [
        (letters, [0], {"temperature": -1}, el.OptionError, "temperature is -1; expected a number of at least 0"),
        (letters, [0], {"temperature": np.nan}, el.OptionError, "temperature is nan; expected a number"),
        (letters, [0], {"top_k": 0}, el.OptionError, "top_k is 0; expected a whole number of at least 1"),
        (letters, [0], {"top_p": 0.0}, el.OptionError, r"top_p is 0.0; expected a number in \(0, 1\]"),
        (letters, [0], {"top_p": 1.5}, el.OptionError, r"top_p is 1.5; expected a number in \(0, 1\]"),
        (letters, [0], {"seed": -1}, el.OptionError, "seed is -1; expected"),
        (letters, [7], {}, el.DataError, "7"),
        (letters, [0.5], {}, el.DataError, "0.5"),
        (letters, [], {}, el.ShapeError, "at least one row and one time step"),
        (numbers, np.zeros((3, 2)), {"top_k": 3}, el.OptionError, "the network's input is no index"),
        (numbers, np.zeros((3, 2)), {"temperature": 0.5}, el.OptionError, "leave them out"),
    ],
)
def test_mistakes_are_explained(engine, make, context, options, error, said):
    with pytest.raises(error, match=said):
        make(engine=engine).generate(context, 3, **options)


@engines
def test_networks_that_cannot_be_fed_back_are_refused(engine):
    few = el.Network(1, [el.Embedding(7, 3), el.GRU(4), el.Dense(5)], engine=engine)
    with pytest.raises(el.ShapeError, match=r"has 5 outputs: end it with Dense\(7\)"):
        few.generate([0], 3)
    with pytest.raises(el.OptionError, match="generate goes forward"):
        el.Network(1, [el.GRU(1, reverse=True)], engine=engine).generate([0.0], 3)
    wild = el.Network(1, [el.Dense(1)], engine=engine)
    wild.params["0.W"] = 1e20
    with pytest.raises(el.DataError, match=r"output\[0, 1\] has become inf: what was fed back has grown"):
        wild.generate([1.0], 5)
