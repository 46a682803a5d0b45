"""Settings that Optuna proposes: a function of the space, a seed and what the trials before reached, and of no clock.

Trials are proposed in rounds. Those of a round know what all trials of the rounds before reached, and nothing of one
another, so that they may run side by side in any order: the same proposals come for any number of processes, and after
any interruption, as a study is made anew for each round, of the rows, with a seed of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.errors import OptionError
from elman.fleet.sweep_space import Range, Settings, Space


@dataclass(frozen=True)
class Known:
    """What settings reached: their mean score, or None where a seed of them failed."""

    settings: Settings
    score: float | None


def optuna_library() -> Any:
    """Optuna.

    Raises
    ------
    OptionError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise OptionError(
            "Optuna is not installed, which proposes settings where trials are given: pip install elman[search]; "
            "without trials all combinations are tried"
        ) from error
    return optuna


def proposed(
    space: Space, known: Sequence[Known], count: int, *, seed: int, number: int, higher: bool
) -> list[Settings]:
    """The settings of a round.

    Parameters
    ----------
    space : Space
    known : sequence of Known
        Of all rounds before, by trial.
    count : int
        How many to propose.
    seed : int
        Of the sweep.
    number : int
        Of the round.
    higher : bool
        Whether a high score is a good one.
    """
    optuna = optuna_library()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    drawn = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    sampler = optuna.samplers.TPESampler(seed=drawn)
    distributions = _distributions(optuna, space)
    study = optuna.create_study(sampler=sampler, direction="maximize" if higher else "minimize")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of experimental parts of Optuna
        for one in known:
            study.add_trial(_finished(optuna, space, distributions, one))
        return [_settings(space, study.ask(distributions).params) for _ in range(count)]


def _distributions(optuna: Any, space: Space) -> dict[str, Any]:
    found = {}
    for name, values in space.of.items():
        if isinstance(values, list):
            found[name] = optuna.distributions.CategoricalDistribution(list(range(len(values))))
        elif name in space.whole:
            found[name] = optuna.distributions.IntDistribution(int(values.low), int(values.high), log=values.log)
        else:
            found[name] = optuna.distributions.FloatDistribution(float(values.low), float(values.high), log=values.log)
    return found


def _finished(optuna: Any, space: Space, distributions: Mapping[str, Any], one: Known) -> Any:
    """A trial of Optuna's; one that failed ranks behind all others, where one told as failed would be forgotten."""
    params = {name: _number(space.of[name], one.settings[name]) for name in space.names}
    states = optuna.trial.TrialState
    state = states.PRUNED if one.score is None else states.COMPLETE
    return optuna.trial.create_trial(params=params, distributions=distributions, value=one.score, state=state)


def _number(values: list[Any] | Range, value: Any) -> Any:
    """A value, or of a list its place."""
    if isinstance(values, Range):
        return value
    return next(place for place, each in enumerate(values) if each is value or each == value)


def _settings(space: Space, params: Mapping[str, Any]) -> Settings:
    found = {}
    for name, values in space.of.items():
        found[name] = params[name] if isinstance(values, Range) else values[params[name]]
    return found
