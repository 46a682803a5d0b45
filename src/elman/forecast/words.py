"""What a forecaster and its backtest found, in words and numbers for people."""

from __future__ import annotations

import numpy as np

from elman.data.names import counted
from elman.forecast.backtest import Backtest
from elman.forecast.forecaster import Forecaster
from elman.forecast.results import origins_of


def methods_in_words(forecaster: Forecaster) -> str:
    """Which methods count, and by how much; for many series also for how many each counts most."""
    weights = {name: share for name, share in forecaster.weights_.items() if share.any()}
    shares = {name: float(share.mean()) for name, share in weights.items()}
    ranked = sorted(shares, key=lambda name: -shares[name])
    told = ", ".join(f"{name} {100 * shares[name]:.0f} %" for name in ranked if shares[name] >= 0.005)
    if len(forecaster.season_) == 1:
        return told
    first = np.argmax(np.stack(list(weights.values())), axis=0)
    wins = [(int(np.sum(first == place)), name) for place, name in enumerate(weights)]
    most = ", ".join(f"{name} in {count}" for count, name in sorted(wins, key=lambda w: -w[0]) if count)
    return f"{told} on average; the heaviest is {most} of {len(first)} series"


def tested_in_words(name: str, test: Backtest) -> str:
    """How a backtest was made."""
    longest = int(np.argmax(test.collection.lengths))
    before = int(test.collection.lengths[longest]) - int(test.origins[0])
    first = origins_of(test)[0]
    several = len(test.collection) > 1
    data = f"{name}, {len(test.collection)} series" if several else name
    values = (
        f"what lies before {first} ({before} values of the longest)"
        if several
        else f"the {before} values before {first}"
    )
    forecasts = f"{counted(len(test.origins), 'forecasts')} of {counted(test.horizon, 'steps')}"
    if test.refitted:
        return (
            f"Backtest on {data}: {forecasts}, each with all trained anew on what lies before; the first on {values}."
        )
    return f"Backtest on {data}: trained once on {values}, then {forecasts} with the same weights."


def seasons_in_words(season: np.ndarray) -> str:
    """Which seasons series have."""
    kinds, counts = np.unique(season, return_counts=True)
    if len(kinds) == 1:
        return "No season" if kinds[0] == 1 else f"Season of {kinds[0]} steps"
    told = [f"{'none' if kind == 1 else f'{kind} steps'} in {count}" for kind, count in zip(kinds, counts, strict=True)]
    return f"Seasons: {', '.join(told)} of {len(season)} series"


def scaled_in_words(season: np.ndarray) -> str:
    """The seasons of a backtest, and what MASE divides by."""
    several = "where there is a season, else with naive" if len(np.unique(season)) > 1 else ""
    what = "naive" if np.all(season == 1) else f"seasonal naive{f' {several}' if several else ''}"
    return f"{seasons_in_words(season)}; MASE compares with {what}."


def coverage_in_words(test: Backtest) -> list[str]:
    """How many values lay within intervals."""
    scores = test.scores["elman"]
    told = [
        f"{level:g} % intervals held {100 * float(scores[f'coverage {level:g}']):.0f} %" for level in test.intervals
    ]
    known = int(np.isfinite(test.actual).sum())
    return [f"The {', the '.join(told)} of {known} values."] if told else []
