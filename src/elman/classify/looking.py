"""Why an estimator said what it said of a few cases, and when it knew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.classify.judging import Judged, JudgedClasses
from elman.data.cases import Cases

ANSWERS = 40  # of a case that is followed over time, about
POINTS = 51  # of the share of a sequence
CASES = 8  # of each class, whose mean is followed over time
CLASSES = 7  # that are followed, those of the most cases


@dataclass(frozen=True)
class Thoughts:
    """What was thought of a case.

    Attributes
    ----------
    steps : ndarray of int, shape (S,)
        After how many steps.
    probabilities : ndarray, shape (S, C)
        Of each class.
    """

    steps: np.ndarray
    probabilities: np.ndarray


def attributions(judged: Judged, numbers: Sequence[int]) -> list[np.ndarray]:
    """What each value of some cases adds to what was said of them, to a class's log-odds or a number, each (T_n, F)."""
    cases = judged.cases.take(numbers)
    if isinstance(judged, JudgedClasses):
        found = judged.model.explain(cases, output="logit").values
    else:
        found = judged.model.explain(cases).values
    return [one[:length] for one, length in zip(found, cases.lengths.tolist(), strict=True)]


def thoughts(judged: JudgedClasses, numbers: Sequence[int]) -> list[Thoughts]:
    """What was thought of some cases, one after the other so that a long one makes the others no coarser."""
    return [_followed(judged, judged.cases.take([number]))[0] for number in numbers]


def mean_thoughts(judged: JudgedClasses) -> tuple[np.ndarray, dict[int, np.ndarray], str]:
    """How likely the class that came was over time.

    Returns
    -------
    shares : ndarray, shape (P,)
        Of a sequence.
    curves : dict of int to ndarray, shape (P,)
        The mean over cases of each class, by its number.
    words : str
    """
    actual, shares = judged.truth, np.linspace(0, 1, POINTS)
    assert actual is not None
    known = np.bincount(actual, minlength=len(judged.model.classes_))
    followed = sorted(np.argsort(-known, kind="stable")[:CLASSES].tolist())
    curves = {}
    for number in followed:
        mine = np.flatnonzero(actual == number)
        if len(mine):
            chosen = mine[np.linspace(0, len(mine) - 1, min(len(mine), CASES)).round().astype(int)]
            told = _followed(judged, judged.cases.take(chosen))
            curves[number] = np.mean([_at(one, number, shares) for one in told], axis=0)
    some = "" if (known > 0).sum() <= CLASSES else f" of the {CLASSES} classes of the most cases"
    words = f"How likely their own class was, a mean over up to {CASES} cases of each{some}.{_sure(curves, shares)}"
    return shares, curves, words


def _followed(judged: JudgedClasses, cases: Cases) -> list[Thoughts]:
    every = max(round(int(cases.lengths.max()) / ANSWERS), 1)
    found = judged.model.predict_proba_over_time(cases, every=every)
    told = []
    for length, one in zip(cases.lengths.tolist(), found, strict=True):
        count = -(-length // every)
        told.append(Thoughts(np.minimum(every * np.arange(1, count + 1), length), one[:count]))
    return told


def _at(told: Thoughts, number: int, shares: np.ndarray) -> np.ndarray:
    """The probability of a class after shares of a sequence; before the first answer it is that one."""
    return np.interp(shares * told.steps[-1], told.steps, told.probabilities[:, number])


def _sure(curves: dict[int, np.ndarray], shares: np.ndarray) -> str:
    """From where on the right class is the likelier one than all others together."""
    mean = np.mean(list(curves.values()), axis=0)
    below = np.flatnonzero(mean <= 0.5)
    if not len(below):
        return " On average it is above one half from the first steps on."
    if below[-1] == len(mean) - 1:
        return " On average it is not above one half at the end."
    return f" On average it stays above one half from {100 * shares[below[-1] + 1]:.0f} % of the sequence on."
