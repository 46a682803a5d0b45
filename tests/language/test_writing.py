"""Texts that are handed over as they are made, and end at a stop."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from elman.language import LanguageModel
from elman.language.writing import until


@example(["a", "b", "b"], ["b", "abb"])
@given(st.lists(st.text("ab", max_size=4)), st.lists(st.text("ab", min_size=1, max_size=3), max_size=3))
def test_a_text_ends_before_the_first_stop_however_it_comes(parts, stops):
    text = "".join(parts)
    seen = next((text[:k] for k in range(len(text) + 1) if text[:k].endswith(tuple(stops))), text)
    longest = max((len(stop) for stop in stops if seen.endswith(stop)), default=0)
    assert "".join(until(parts, tuple(stops))) == seen[: len(seen) - longest]


@given(st.text("ab", min_size=1, max_size=12), st.lists(st.text("ab", min_size=1, max_size=3), max_size=3))
def test_only_what_may_begin_a_stop_is_kept_back(text, stops):
    seen, sent = "", ""
    for part in until(iter(list(text)), tuple(stops)):
        sent += part
    for k in range(1, len(text) + 1):
        seen = text[:k]
        so_far = "".join(itertools.takewhile(lambda _: True, until(list(seen), tuple(stops))))
        assert sent.startswith(so_far) or so_far.startswith(sent)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    text = "one two three four five\n" * 80
    return LanguageModel(units=24, embedding=8, steps=12, streams=6, epochs=12, learning_rate=0.02).fit(text, verbose=0)


def test_a_stream_is_the_text_and_may_be_left(model):
    whole = model.generate("one", 60, seed=1)
    assert "".join(model.stream("one", 60, seed=1)) == whole
    endless = model.stream("one", seed=1)
    assert "".join(itertools.islice(endless, 60)) == whole


def test_stops(model):
    assert model.generate("one", 60, temperature=0, stop="four") == " two three "
    assert model.generate("one", 60, temperature=0, stop=["zzz", "\n"]) == " two three four five"
    assert model.generate("one two", 60, temperature=0, stop=[" three"]) == ""


def test_a_beam_is_at_least_as_likely(model):
    def nats(text: str) -> float:
        return model.evaluate("one" + text).nats

    greedy, searched = (model.generate("one", 18, **how) for how in ({"temperature": 0}, {"beam": 4}))
    assert len(searched) == 18 and nats(searched) <= nats(greedy) + 1e-3
    assert model.generate("one", 18, beam=4, stop="three") == searched.partition("three")[0]


def test_a_penalty_makes_another_text(model):
    plain = model.generate("one", 60, temperature=0)
    assert model.generate("one", 60, temperature=0, repetition_penalty=5.0, repetition_window=20) != plain


def test_options_are_looked_at_before_anything_is_made(model):
    with pytest.raises(ValueError, match="temperature"):
        model.stream("one", temperature=-1)
