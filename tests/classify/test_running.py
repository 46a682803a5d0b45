"""Cases are run some at a time: memory is bounded, and the answers are those of each alone."""

import numpy as np
import pytest

import elman as el
from elman.classify import attribution, running
from elman.classify.running import together
from tests.classify.problems import small, waves

X, Y = waves(12, most=40)


@pytest.mark.parametrize("seed", range(5))
def test_every_case_is_run_once_and_no_more_steps_than_allowed(seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 200, rng.integers(0, 700))
    parts = list(together(lengths, 500))
    assert sorted(np.concatenate([[], *parts]).tolist()) == list(range(len(lengths)))
    for some in parts:
        assert len(some) <= running.CASES_A_RUN
        assert len(some) == 1 or len(some) * lengths[some].max() <= 500


@pytest.mark.parametrize("bidirectional", [True, False])
def test_how_many_are_run_together_changes_nothing(bidirectional, monkeypatch):
    model = small(el.SequenceClassifier, bidirectional=bidirectional, epochs=2).fit(X, Y)

    def answers():
        return model.predict_proba(X), model.predict_proba_over_time(X), model.explain(X).values

    usual = answers()
    monkeypatch.setattr(together, "__defaults__", (50,))
    monkeypatch.setattr(attribution, "STEPS_A_GRADIENT", 50)
    for found, expected in zip(answers(), usual, strict=True):
        assert np.allclose(found, expected, atol=1e-7, equal_nan=True)
    assert np.array_equal(model.predict_proba(X), usual[0])
