"""What a regressor says of sequences: numbers, how good they are, and why."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.classify.attribution import Question, explain
from elman.classify.base import SequenceEstimator, weights_of
from elman.classify.explained import Attribution
from elman.classify.heads import NumberHead
from elman.classify.moments import explained_share
from elman.classify.over_time import over_time
from elman.classify.report import RegressionReport, report_on_numbers
from elman.data.cases import Cases
from elman.data.casing import targets_of
from elman.errors import DataError


class NumberAnswers(SequenceEstimator):
    """Answers of networks whose output is a number, scaled."""

    target_mean_: float
    target_spread_: float

    def predict(self, X: Any) -> np.ndarray:
        """The number of each sequence, (N,).

        Parameters
        ----------
        X : as for `fit`
            N sequences.

        Returns
        -------
        ndarray of float, shape (N,)
        """
        return self._judged(self._outputs(self._read(X)))

    def predict_over_time(self, X: Any, every: int = 1) -> np.ndarray:
        """The number after each step, as of a sequence that ends there.

        Without ``bidirectional`` one pass finds them all; else the beginnings are read one by one.

        Parameters
        ----------
        X : array, list, data frame or path
            N sequences, as for `predict`.
        every : int, default 1
            Steps from one answer to the next: column j is what is known after ``min((j + 1) * every, T_n)`` steps.

        Returns
        -------
        ndarray, shape (N, S)
            With S the longest sequence's answers; NaN behind the end of each.
        """
        return over_time(self, X, every)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The coefficient of determination: 1 less the share of the targets' variance that errors have.

        Parameters
        ----------
        X : as for `fit`
            N sequences.
        y : array, shape (N,), optional
            What is true; by default what the sequences bring with them.
        sample_weight : array, shape (N,), optional
            What each counts.

        Returns
        -------
        float
        """
        cases = self._labelled(X, y)
        target = targets_in(cases)
        found = explained_share(target, self.predict(cases), weights_of(sample_weight, len(target)))
        if np.isnan(found):
            raise DataError("all targets are the same, so that no share of their variance can be told")
        return found

    def report(self, X: Any, y: Any = None, hardest: int = 10) -> RegressionReport:
        """How well the numbers of sequences are told, and which are the hardest.

        Parameters
        ----------
        X, y
            Sequences and their numbers, as for `score`.
        hardest : int, default 10
            How many of the cases are named that have the largest errors.

        Returns
        -------
        RegressionReport
            Errors and R2; ``print(report)`` shows them, ``plot`` draws predicted over true numbers, ``to_dict`` is for
            JSON.
        """
        cases = self._labelled(X, y)
        return report_on_numbers(targets_in(cases), self.predict(cases), cases.names, hardest)

    def explain(
        self, X: Any, *, method: str = "integrated", points: int | None = None, window: int | None = None
    ) -> Attribution:
        """What each step and channel of sequences adds to the number, in its own unit.

        Beside a baseline: a sequence of the same length whose channels are at their training means all the time.
        Integrated gradients add up to the difference between the outputs of both; it is looked at whether they do.

        Parameters
        ----------
        X : array, list, data frame or path
            N sequences, as for `predict`.
        method : {"integrated", "occlusion"}, default "integrated"
            Gradients along the line from the baseline [1]_, or how much is lost where some steps of a channel are
            replaced by the baseline [2]_.
        points : int, optional
            Of the line; by default 16, and four times as many, up to 256, until the sum is within 1 % of the
            difference.
        window : int, optional
            Steps that are replaced together; by default an eighth of the longest sequence.

        Returns
        -------
        Attribution
            With ``values`` (N, T, F), ``difference`` and ``residual`` (N,), `to_pandas` and `plot`.

        References
        ----------
        .. [1] M. Sundararajan, A. Taly and Q. Yan, Axiomatic attribution for deep networks, ICML 2017.
        .. [2] M. D. Zeiler and R. Fergus, Visualizing and understanding convolutional networks, ECCV 2014.
        """
        question, cases = Question(method, points, window), self._read(X)
        return explain(self, cases, NumberHead(self.target_mean_, self.target_spread_), question, None)

    def _judged(self, outputs: np.ndarray) -> np.ndarray:
        """Of scaled targets (M, N, 1), the mean of the networks' values, (N,)."""
        found: np.ndarray = self.target_mean_ + self.target_spread_ * outputs[:, :, 0].mean(axis=0)
        return found


def targets_in(cases: Cases) -> np.ndarray:
    """The numbers of cases that have some."""
    assert cases.labels is not None
    return targets_of(cases.labels, cases.names)
