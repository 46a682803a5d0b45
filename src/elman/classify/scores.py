"""How well cases were judged whose class or number is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

CONFIDENT = 1.959964  # standard deviations of a normal distribution that hold 95 %
LEAST = 1e-15  # of a probability whose logarithm is taken, as scikit-learn has it for float64


@dataclass(frozen=True)
class ClassScores:
    """What a classifier said of cases whose class is known.

    Attributes
    ----------
    classes : tuple
        Those that the classifier knows, then those that only the cases have.
    actual, predicted : ndarray of int, shape (N,)
        Numbers of classes.
    probabilities : ndarray, shape (N, C)
        Of the classes that the classifier knows.
    usual : int or None
        The number of the class that was the most frequent in training, where that is known.
    """

    classes: tuple[Any, ...]
    actual: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray
    usual: int | None

    @property
    def right(self) -> np.ndarray:
        """Which cases were judged rightly, (N,)."""
        found: np.ndarray = self.actual == self.predicted
        return found

    @property
    def accuracy(self) -> float:
        """The share of the cases that were judged rightly."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy: what as many other cases may give."""
        return wilson(int(self.right.sum()), len(self.right))

    @property
    def usual_accuracy(self) -> float | None:
        """What always saying the most frequent class of the training would have reached."""
        return None if self.usual is None else float((self.actual == self.usual).mean())

    @property
    def confusion(self) -> np.ndarray:
        """Cases of each class (rows) that were judged as each (columns), (K, K)."""
        count = len(self.classes)
        return np.bincount(self.actual * count + self.predicted, minlength=count**2).reshape(count, count)

    @property
    def cases(self) -> np.ndarray:
        """Cases of each class, (K,)."""
        return self.confusion.sum(axis=1)

    @property
    def recall(self) -> np.ndarray:
        """Of the cases of each class the share that was found, (K,); NaN where there is none."""
        return _share(np.diag(self.confusion), self.cases)

    @property
    def precision(self) -> np.ndarray:
        """Of the cases that were judged as each class the share that was right, (K,); NaN where there is none."""
        return _share(np.diag(self.confusion), self.confusion.sum(axis=0))

    @property
    def f1(self) -> np.ndarray:
        """The harmonic mean of precision and recall, (K,); NaN for a class that neither came nor was said."""
        return _share(2.0 * np.diag(self.confusion), self.cases + self.confusion.sum(axis=0))

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the classes that came."""
        return float(np.nanmean(self.recall))

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the classes that came or were said."""
        return float(np.nanmean(self.f1))

    @property
    def of_actual(self) -> np.ndarray:
        """The probability that was given to the class that came, (N,); 0 for one that the classifier does not know."""
        known = self.actual < self.probabilities.shape[1]
        chosen = np.where(known, self.actual, 0)
        return np.where(known, self.probabilities[np.arange(len(chosen)), chosen], 0.0)

    @property
    def log_loss(self) -> float:
        """The mean of ``-log p`` of the class that came."""
        return float(-np.log(np.maximum(self.of_actual, LEAST)).mean())

    def plain(self) -> dict[str, Any]:
        """All of it as plain data."""
        low, high = self.interval
        table = zip(self.classes, self.cases, self.precision, self.recall, self.f1, strict=True)
        return {
            "accuracy": self.accuracy,
            "accuracy_95": [low, high],
            "balanced_accuracy": self.balanced_accuracy,
            "macro_f1": self.macro_f1,
            "log_loss": self.log_loss,
            "most_frequent_class_accuracy": self.usual_accuracy,
            "classes": [
                {"class": name, "cases": n, "precision": p, "recall": r, "f1": f} for name, n, p, r, f in table
            ],
            "confusion": self.confusion,
        }


@dataclass(frozen=True)
class NumberScores:
    """What a regressor said of cases whose number is known.

    Attributes
    ----------
    actual, predicted : ndarray, shape (N,)
    usual : float
        The mean of the numbers in training.
    """

    actual: np.ndarray
    predicted: np.ndarray
    usual: float

    @property
    def table(self) -> dict[str, dict[str, float]]:
        """Root mean squared, mean absolute and median absolute errors, and R², of the regressor and of the mean."""
        always = np.full(len(self.actual), self.usual)
        return {"elman": self._errors(self.predicted), "mean of training": self._errors(always)}

    def _errors(self, predicted: np.ndarray) -> dict[str, float]:
        missed = self.actual - predicted
        spread = float(((self.actual - self.actual.mean()) ** 2).sum())
        return {
            "RMSE": float(np.sqrt((missed**2).mean())),
            "MAE": float(np.abs(missed).mean()),
            "median AE": float(np.median(np.abs(missed))),
            "R2": 1.0 - float((missed**2).sum()) / spread if spread else np.nan,
        }

    def plain(self) -> dict[str, Any]:
        """All of it as plain data."""
        return dict(self.table)


def class_scores(
    classes: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, usual: int | None = None
) -> ClassScores:
    """Scores of probabilities (N, C) of `classes`, for cases whose class is known.

    Examples
    --------
    >>> found = class_scores(np.array(["a", "b"]), np.array(["a", "b", "c"]), np.eye(2)[[0, 0, 1]])
    >>> found.classes, found.confusion.tolist(), found.of_actual.tolist()
    (('a', 'b', 'c'), [[1, 0, 0], [1, 0, 0], [0, 1, 0]], [1.0, 0.0, 0.0])
    """
    known = classes.tolist()
    every = [*known, *sorted(set(labels.tolist()) - set(known))]
    numbers = {name: number for number, name in enumerate(every)}
    actual = np.array([numbers[name] for name in labels.tolist()])
    return ClassScores(tuple(every), actual, probabilities.argmax(axis=1), probabilities, usual)


def wilson(right: int, count: int) -> tuple[float, float]:
    """Wilson's interval of a share.

    Examples
    --------
    >>> [round(bound, 4) for bound in wilson(9, 10)]
    [0.5958, 0.9821]

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    share, z = right / count, CONFIDENT**2 / count
    middle, half = share + z / 2, np.sqrt(share * (1 - share) * z + z**2 / 4)
    return float(max(middle - half, 0.0) / (1 + z)), float((middle + half) / (1 + z))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found
