"""Generation one index at a time, and the penalty on repetition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import elman as el
from elman.network.repetition import Repetition


def letters(tied: bool = False, seed: int = 3) -> el.Network:
    def f(t):
        embedding = el.Embedding(26, 16)
        h = el.LSTM(16)(embedding(t))
        return el.tie(el.Dense(26), W=(embedding, "E"))(h) if tied else el.Dense(26)(h)

    net = el.Network(f, inputs=1, seed=seed)
    net.params.write(net.arena * 4)
    return net


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(
    "how",
    [
        {"seed": 1},
        {"temperature": 0},
        {"temperature": 0.5, "top_k": 5},
        {"top_p": 0.7, "seed": 2},
        {"repetition_penalty": 1.5, "repetition_window": 4},
        {"repetition_penalty": 3.0, "temperature": 0},
    ],
)
def test_it_is_what_generate_makes(tied, how):
    net = letters(tied)
    assert list(net.generate_each([7, 4, 11], 50, **how)) == net.generate([7, 4, 11], 50, **how).tolist()


def test_a_long_context_is_seen_in_parts(monkeypatch):
    net, context = letters(), np.arange(200) % 26
    whole = list(net.generate_each(context, 20, seed=1))
    monkeypatch.setattr("elman.network.one_by_one.STEPS", 7)
    assert list(net.generate_each(context, 20, seed=1)) == whole


def test_it_never_ends_by_itself():
    made = letters().generate_each([1], seed=4)
    first = list(itertools.islice(made, 30))
    assert first == letters().generate([1], 30, seed=4).tolist()


def test_a_penalty_makes_more_of_the_indices():
    net = letters()
    made = net.generate([3], 60, temperature=0, repetition_penalty=4.0, repetition_window=26)
    assert len(set(made.tolist())) > 1.5 * len(set(net.generate([3], 60, temperature=0).tolist()))


def test_the_penalty_of_rows_in_a_batch():
    net = letters()
    how = {"temperature": 0, "repetition_penalty": 2.0}
    rows = net.generate([[1, 2], [5, 9]], 12, **how)
    assert [net.generate(row, 12, **how).tolist() for row in ([1, 2], [5, 9])] == rows.tolist()


def test_logits_that_came_lately():
    found = Repetition(2.0, window=3).of(np.array([[4.0, -1.0, 3.0, 8.0]]), np.array([[3, 0, 1, 1]]))
    assert found.tolist() == [[2.0, -2.0, 3.0, 8.0]]
    foreign = Repetition(2.0, window=3).of(np.array([[4.0, -1.0]]), np.array([[7, 0]]))  # a start index beyond them
    assert foreign.tolist() == [[2.0, -1.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: letters().generate_each([], 3), "at least"),
        (lambda: letters().generate_each([26], 3), "26"),
        (lambda: letters().generate_each([[1], [2]], 3), "context"),
        (lambda: letters().generate_each([1], 0), "steps is 0"),
        (lambda: letters().generate_each([1], 3, temperature=-1), "temperature is -1"),
        (lambda: letters().generate_each([1], 3, repetition_penalty=0), "repetition_penalty is 0"),
        (lambda: letters().generate_each([1], 3, repetition_window=5), "give that too"),
        (lambda: letters().generate([1], 3, repetition_penalty=2.0, repetition_window=0), "repetition_window is 0"),
        (lambda: letters().generate([1], 3, beam=2, repetition_penalty=2.0), "leave out either"),
        (lambda: el.Network(1, [el.GRU(3), el.Dense(1)]).generate_each([1], 3), "no index|an index|one index"),
        (lambda: el.Network(1, [el.GRU(3), el.Dense(1)]).generate([1.0], 3, repetition_penalty=2.0), "no index"),
        (lambda: el.Network(1, [el.Embedding(5, 3), el.GRU(3), el.Dense(4)]).generate_each([1], 3), "4 outputs"),
        (lambda: el.Network(1, [el.Embedding(5, 3), el.GRU(5, reverse=True)]).generate_each([1], 3), "reverse"),
    ],
)
def test_mistakes_are_named_before_anything_is_made(call, message):
    with pytest.raises(el.ElmanError, match=message):
        call()
