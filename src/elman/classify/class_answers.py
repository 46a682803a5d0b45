"""What a classifier says of sequences: classes and probabilities, how good they are, and why."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.classify.attribution import Question, explain
from elman.classify.base import SequenceEstimator, weights_of
from elman.classify.calibration import log_softmax
from elman.classify.classes import check_kind, numbers_of
from elman.classify.explained import Attribution
from elman.classify.heads import head_of
from elman.classify.over_time import over_time
from elman.classify.report import ClassificationReport, report_on_classes
from elman.data.names import counted
from elman.errors import ShapeError


class ClassAnswers(SequenceEstimator):
    """Answers of networks whose outputs are logits of classes."""

    classes_: np.ndarray
    temperature_: float

    def predict(self, X: Any) -> np.ndarray:
        """The class of each sequence, (N,).

        Parameters
        ----------
        X : as for `fit`
            N sequences.

        Returns
        -------
        ndarray, shape (N,)
        """
        probabilities = self.predict_proba(X)
        found: np.ndarray = self.classes_[probabilities.argmax(axis=1)]
        return found

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (N, C), in the order of ``classes_``.

        Parameters
        ----------
        X : as for `fit`
            N sequences.

        Returns
        -------
        ndarray, shape (N, C)
        """
        return self._judged(self._outputs(self._read(X)))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of each probability, (N, C).

        Parameters
        ----------
        X : as for `fit`
            N sequences.

        Returns
        -------
        ndarray, shape (N, C)
        """
        each = log_softmax(self._outputs(self._read(X)) / self.temperature_)  # (M, N, C)
        likeliest = each.max(axis=0)
        found: np.ndarray = likeliest + np.log(np.exp(each - likeliest).mean(axis=0))
        return found

    def predict_proba_over_time(self, X: Any, every: int = 1) -> np.ndarray:
        """The probability of each class after each step, as of a sequence that ends there.

        Without ``bidirectional`` one pass finds them all; else the beginnings are read one by one.

        Parameters
        ----------
        X : array, list, data frame or path
            N sequences, as for `predict`.
        every : int, default 1
            Steps from one answer to the next: column j is what is known after ``min((j + 1) * every, T_n)`` steps.

        Returns
        -------
        ndarray, shape (N, S, C)
            With S the longest sequence's answers; NaN behind the end of each.
        """
        return over_time(self, X, every)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The share of the sequences whose class is right.

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
        assert cases.labels is not None
        check_kind(cases.labels, self.classes_)
        right = self.predict(cases) == cases.labels
        return float(np.average(right, weights=weights_of(sample_weight, len(right))))

    def report(self, X: Any, y: Any = None, hardest: int = 10) -> ClassificationReport:
        """How well the classes of sequences are told, and which are the hardest.

        Parameters
        ----------
        X, y
            Sequences and their classes, as for `score`.
        hardest : int, default 10
            How many of the cases are named whose true class has the lowest probability.

        Returns
        -------
        ClassificationReport
            Accuracy, confusion matrix, precision and recall by class, log loss, calibration; ``print(report)`` shows a
            table, ``plot`` the confusion matrix, and ``to_dict`` is for JSON.
        """
        cases = self._labelled(X, y)
        assert cases.labels is not None
        return report_on_classes(self.classes_, cases.labels, self.predict_proba(cases), cases.names, hardest)

    def explain(
        self,
        X: Any,
        target: Any = None,
        *,
        method: str = "integrated",
        output: str = "probability",
        points: int | None = None,
        window: int | None = None,
    ) -> Attribution:
        """What each step and channel of sequences adds to the probability of a class.

        Beside a baseline: a sequence of the same length whose channels are at their training means all the time.
        Integrated gradients add up to the difference between the outputs of both; it is looked at whether they do.

        Parameters
        ----------
        X : array, list, data frame or path
            N sequences, as for `predict`.
        target : label or array (N,) of labels, optional
            The class that is meant; by default the one that is predicted of each.
        method : {"integrated", "occlusion"}, default "integrated"
            Gradients along the line from the baseline [1]_, or how much is lost where some steps of a channel are
            replaced by the baseline [2]_.
        output : {"probability", "logit"}, default "probability"
            What is explained: the probability, or its log-odds ``log(p / (1 - p))``, which tell classes apart where
            the probability is nearly 0 or 1; the mean of the networks'.
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
        if target is None:
            number = self.predict_proba(cases).argmax(axis=1)
        else:
            number = numbers_of(_for_each(target, len(cases)), self.classes_)
        head = head_of(output, number, self.temperature_)
        return explain(self, cases, head, question, self.classes_[number])

    def _judged(self, outputs: np.ndarray) -> np.ndarray:
        """Of outputs (M, N, C), the mean of the networks' probabilities, (N, C)."""
        found: np.ndarray = np.exp(log_softmax(outputs / self.temperature_)).mean(axis=0)
        return found


def _for_each(target: Any, count: int) -> np.ndarray:
    """A class for each case, of one for all or as many as there are."""
    given = np.asarray(target)
    if given.shape not in ((), (count,)):
        raise ShapeError(
            f"target has shape {given.shape}; expected a class, or one for each of {counted(count, 'cases')}"
        )
    return np.broadcast_to(given, (count,))
