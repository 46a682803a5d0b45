"""What is said of a forecaster and its backtest."""

from __future__ import annotations

import numpy as np
import pytest

from elman.forecast import Forecaster
from elman.forecast.words import (
    coverage_in_words,
    methods_in_words,
    scaled_in_words,
    seasons_in_words,
)
from elman.forecast.words import (
    tested_in_words as how_tested,
)

WAVE = 10 + 3 * np.sin(np.arange(96) * np.pi / 6) + np.random.default_rng(0).normal(0, 0.3, 96)


def test_methods_are_said_with_their_weights_the_heaviest_first():
    forecaster = Forecaster(horizon=6, methods=["theta", "seasonal naive"]).fit(WAVE)
    shares = {name: share[0] for name, share in forecaster.weights_.items()}
    first, second = sorted(shares, key=lambda name: -shares[name])
    assert methods_in_words(forecaster) == f"{first} {100 * shares[first]:.0f} %, {second} {100 * shares[second]:.0f} %"


def test_of_many_series_it_is_said_where_a_method_weighs_most():
    forecaster = Forecaster(horizon=6, methods=["theta", "seasonal naive"]).fit([WAVE, WAVE[::-1], WAVE + 1])
    words, weights = methods_in_words(forecaster), np.stack(list(forecaster.weights_.values()))
    for number, name in enumerate(forecaster.weights_):
        count = int(np.sum(weights.argmax(0) == number))
        assert (f"{name} in {count}" in words) == (count > 0)
    assert words.endswith("of 3 series") and " on average; the heaviest is " in words


@pytest.mark.parametrize(
    ("season", "said", "scaled"),
    [
        ([1], "No season", "naive."),
        ([12], "Season of 12 steps", "seasonal naive."),
        ([1, 1], "No season", "naive."),
        ([12, 1, 12], "Seasons: none in 1, 12 steps in 2 of 3 series", "seasonal naive where there is a season, else "),
    ],
)
def test_seasons(season, said, scaled):
    assert seasons_in_words(np.array(season)) == said
    assert scaled_in_words(np.array(season)).startswith(f"{said}; MASE compares with {scaled}")


def test_a_backtest_says_how_it_was_made_and_how_many_values_intervals_held():
    test = Forecaster(horizon=6, methods="theta").backtest(WAVE)
    before = 96 - test.origins[0]
    assert how_tested("wave", test) == (
        f"Backtest on wave: trained once on the {before} values before {before}, then {len(test.origins)} forecasts of "
        "6 steps with the same weights."
    )
    held = 100 * float(test.scores["elman"]["coverage 80"])
    (said,) = coverage_in_words(test)
    assert said.startswith(f"The 80 % intervals held {held:.0f} %, the 95 % ") and said.endswith(
        f"of {6 * len(test.origins)} values."
    )
    again = Forecaster(horizon=6, methods="theta").backtest(WAVE, refit=True, origins=2)
    assert how_tested("wave", again).startswith("Backtest on wave: 2 forecasts of 6 steps, each with all trained anew")
