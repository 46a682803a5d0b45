"""Why an estimator said what it said of a few cases, and when it knew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elman.classify.judging import Judged, JudgedClasses

POINTS = 41  # of the share of a sequence
CASES = 8  # of each class, that are followed over time
CLASSES = 7  # that are followed, those of the most cases


def attributions(judged: Judged, numbers: Sequence[int]) -> list[np.ndarray]:
    """What each value of some cases adds to what was said of them, each (T_n, F)."""
    raise NotImplementedError


def thoughts(judged: JudgedClasses, numbers: Sequence[int]) -> list[np.ndarray]:
    """The probability of each class after each step of some cases, each (T_n, C)."""
    raise NotImplementedError


def mean_thoughts(judged: JudgedClasses) -> tuple[np.ndarray, dict[int, np.ndarray], str]:
    """Shares of sequences, the mean probability of the right class after each for some classes, and words."""
    raise NotImplementedError
