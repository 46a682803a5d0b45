"""Settings that a sweep tried, with what they reached."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.fleet.sweep_store import Row
from elman.fleet.sweep_values import as_label


@dataclass(frozen=True)
class Tried:
    """Settings, and what they reached with each seed.

    Attributes
    ----------
    number : int
        From 0, in the order in which they were begun.
    settings : dict
        Values in terms of JSON, by parameter.
    scores : dict of int to float
        By seed, of trials that did not fail.
    failed : tuple of Row
        Trials that did.
    seconds : float
        Of all of its trials.

    Examples
    --------
    >>> from elman.fleet import Tried
    >>> Tried(0, {"units": 16}, {0: 0.8, 1: 0.9}, (), 3.0).settings
    {'units': 16}
    """

    number: int
    settings: dict[str, Any]
    scores: dict[int, float]
    failed: tuple[Row, ...]
    seconds: float

    @property
    def mean(self) -> float:
        """Over the seeds; NaN of none."""
        return float(np.mean(list(self.scores.values()))) if self.scores else np.nan

    @property
    def sd(self) -> float:
        """Over the seeds, with one degree of freedom less; NaN of a single one."""
        return float(np.std(list(self.scores.values()), ddof=1)) if len(self.scores) > 1 else np.nan

    @property
    def words(self) -> str:
        """As ``units=32, cell=gru``.

        Returns
        -------
        str
        """
        return _in_words(self.settings)

    def plain(self) -> dict[str, Any]:
        """In terms of JSON.

        Returns
        -------
        dict
        """
        scores = {str(seed): score for seed, score in self.scores.items()}
        about = {"number": self.number, "settings": self.settings, "scores": scores}
        return about | {"mean": self.mean, "sd": self.sd, "seconds": self.seconds}


def tried_of(number: int, rows: list[Row]) -> Tried:
    return Tried(
        number,
        json.loads(rows[0].settings),
        {row.seed: row.score for row in rows if row.score is not None},
        tuple(row for row in rows if row.error),
        sum(row.seconds for row in rows),
    )


def settings_in_words(settings: str) -> str:
    """Settings in JSON, as ``units=32, cell=gru``."""
    return _in_words(json.loads(settings))


def _in_words(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name}={as_label(value)}" for name, value in settings.items())
