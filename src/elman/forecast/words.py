"""What a forecaster and its backtest found, in words and numbers for people."""

from __future__ import annotations

import math

import numpy as np

from elman.data.names import counted
from elman.forecast.backtest import Backtest
from elman.forecast.forecaster import Forecaster
from elman.forecast.results import origins_of


def methods_in_words(forecaster: Forecaster) -> str:
    """Which methods count, and by how much; for many series also for how many each counts most."""
    weights = forecaster.weights_
    shares = {name: float(share.mean()) for name, share in weights.items()}
    ranked = sorted(shares, key=lambda name: -shares[name])
    told = ", ".join(f"{name} {100 * shares[name]:.0f} %" for name in ranked)
    if len(forecaster.season_) == 1:
        return told
    first = np.argmax(np.stack(list(weights.values())), axis=0)
    wins = [(int(np.sum(first == number)), name) for number, name in enumerate(weights)]
    most = ", ".join(f"{name} in {count}" for count, name in sorted(wins, key=lambda w: -w[0]) if count)
    return f"{told} on average; the heaviest is {most} of {len(first)} series"


def tested_in_words(name: str, test: Backtest) -> str:
    """How a backtest was made."""
    longest = int(np.argmax(test.collection.lengths))
    before = int(test.collection.lengths[longest]) - int(test.origins[0])
    times = origins_of(test)
    series = "" if len(test.collection) == 1 else f"{len(test.collection)} series; of the longest "
    how = "trained anew for each, first" if test.refitted else "trained once,"
    weights = "" if test.refitted else " with the same weights"
    return (
        f"Backtest on {name}: {series}{how} on the {before} values before {times[0]}, then "
        f"{counted(len(test.origins), 'forecasts')} of {counted(test.horizon, 'steps')}{weights}."
    )


def seasons_in_words(season: np.ndarray, what_else: str = "") -> str:
    """Which seasons series have."""
    kinds, counts = np.unique(season, return_counts=True)
    more = f"; {what_else}" if what_else else ""
    if len(kinds) == 1:
        return f"{'No season' if kinds[0] == 1 else f'Season of {kinds[0]} steps'}{more}."
    told = ", ".join(
        f"{'none' if kind == 1 else f'{kind} steps'} in {count}" for kind, count in zip(kinds, counts, strict=True)
    )
    return f"Seasons: {told} of {len(season)} series{more}."


def coverage_in_words(test: Backtest) -> list[str]:
    """How many values lay within intervals."""
    scores = test.scores["elman"]
    told = [
        f"{level:g} % intervals held {100 * float(scores[f'coverage {level:g}']):.0f} %" for level in test.intervals
    ]
    known = int(np.isfinite(test.actual).sum())
    return [f"The {', the '.join(told)} of {known} values."] if told else []


def number(value: float) -> str:
    """A score: two digits behind the point, or four that count."""
    if not math.isfinite(value):
        return "-"
    return f"{value:.2f}" if value == 0 or 0.1 <= abs(value) < 1000 else four_digits(value)


def four_digits(value: float) -> str:
    """Four digits that count, and all of those before the point: 882.3, 1104, 26362, 0.01234."""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"
