"""Report: how well classes and numbers are told, of cases whose truth is known, and which are the hardest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.checks import whole
from elman.classify.classes import numbers_of
from elman.classify.moments import explained_share, root_mean_square
from elman.classify.report_picture import draw_confusion, draw_numbers
from elman.classify.report_words import confusion_lines, hardest_lines, table
from elman.data.names import counted, listed, series_name
from elman.plain import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 15  # of the calibration error, as Guo et al. have them
LEAST = float(np.finfo(np.float64).eps)  # of a probability in the log loss


@dataclass(frozen=True)
class HardCase:
    """A case that was told badly.

    Attributes
    ----------
    name : object
        What calls it: its number, where nothing does.
    truth, predicted : object
        Class or number.
    measure : float
        Of a class its true one's probability, of a number the error, predicted less true.
    """

    name: Any
    truth: Any
    predicted: Any
    measure: float


@dataclass(frozen=True)
class ClassificationReport:
    """How well classes are told; made by `SequenceClassifier.report`.

    Attributes
    ----------
    classes : ndarray, shape (C,)
    confusion : ndarray of int, shape (C, C)
        Cases of each true class (row) that were taken for each class (column).
    precision, recall, f1 : ndarray, shape (C,)
        ``tp / (tp + fp)``, ``tp / (tp + fn)`` and ``2 tp / (2 tp + fp + fn)`` of each class; 0 where all of that is 0.
    support : ndarray of int, shape (C,)
        Cases of each class.
    accuracy, balanced_accuracy : float
        Share of the cases that were told right, and the mean of the shares of each class that has cases.
    macro, weighted : dict of str to float
        Means of ``precision``, ``recall`` and ``f1``: each class counts the same (of those that there are, or were
        predicted), or by its cases.
    log_loss : float
        Mean of ``-log p`` of the true class, p at least 2.2e-16.
    brier : float
        Mean over cases of ``sum over c of (p_c - [c is true])^2``, between 0 and 2.
    calibration_error : float
        Expected calibration error [1]_: in 15 bins of the highest probability, how far its mean is from the share that
        is right, weighted by cases.
    hardest : tuple of HardCase
        The lowest probabilities of the true class.
    notes : tuple of str

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern neural networks, ICML 2017.
    """

    classes: np.ndarray
    confusion: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    accuracy: float
    balanced_accuracy: float
    macro: dict[str, float]
    weighted: dict[str, float]
    log_loss: float
    brier: float
    calibration_error: float
    hardest: tuple[HardCase, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        rows = [
            [str(name), *(f"{values[k]:.3f}" for values in (self.precision, self.recall, self.f1)), f"{count:,}"]
            for k, (name, count) in enumerate(zip(self.classes.tolist(), self.support, strict=True))
        ]
        total = f"{self.support.sum():,}"
        for name, means in (("mean of classes", self.macro), ("mean by cases", self.weighted)):
            rows.append([name, *(f"{value:.3f}" for value in means.values()), total])
        right = int(np.trace(self.confusion))
        return "\n".join(
            [
                f"accuracy {self.accuracy:.4g} ({right:,} of {total}), balanced {self.balanced_accuracy:.4g}",
                f"log loss {self.log_loss:.4g}, Brier score {self.brier:.4g}, "
                f"expected calibration error {self.calibration_error:.4g}",
                "",
                *table(["class", "precision", "recall", "F1", "cases"], rows),
                "",
                *confusion_lines(self.classes, self.confusion),
                "",
                *hardest_lines(self.hardest, "probability of the true class"),
                *self.notes,
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """All figures, in terms of JSON."""
        by_class = {"precision": self.precision, "recall": self.recall, "f1": self.f1, "support": self.support}
        found = {
            "cases": self.support.sum(),
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
            "log_loss": self.log_loss,
            "brier": self.brier,
            "calibration_error": self.calibration_error,
            "classes": [_label(name) for name in self.classes.tolist()],
            "confusion": self.confusion,
            **by_class,
            "macro": self.macro,
            "weighted": self.weighted,
            "hardest": [
                {
                    "name": _name(c.name),
                    "true": _label(c.truth),
                    "predicted": _label(c.predicted),
                    "probability": c.measure,
                }
                for c in self.hardest
            ],
            "notes": self.notes,
        }
        return plain(found, "the report")  # type: ignore[no-any-return]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the confusion matrix: the share of each true class, and how many cases."""
        return draw_confusion(self.classes, self.confusion, ax)


@dataclass(frozen=True)
class RegressionReport:
    """How well numbers are told; made by `SequenceRegressor.report`.

    Attributes
    ----------
    truth, predicted : ndarray, shape (N,)
    mae, rmse, median_error : float
        Of the errors: mean and median of their sizes, root of the mean of their squares.
    bias : float
        Mean of predicted less true.
    r2 : float
        1 less the share of the variance of the truth that errors have; NaN where all of it is the same.
    hardest : tuple of HardCase
        The largest errors.
    notes : tuple of str
    """

    truth: np.ndarray
    predicted: np.ndarray
    mae: float
    rmse: float
    median_error: float
    bias: float
    r2: float
    hardest: tuple[HardCase, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{counted(len(self.truth), 'cases')}, R2 {self.r2:.4g}",
                f"mean error {self.mae:.4g}, median {self.median_error:.4g}, root of mean squares {self.rmse:.4g}, "
                f"bias {self.bias:+.4g}",
                "",
                *hardest_lines(self.hardest, "error"),
                *self.notes,
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """All figures, in terms of JSON; null for an R2 that is not defined."""
        found = {
            "cases": len(self.truth),
            **{name: getattr(self, name) for name in ("mae", "rmse", "median_error", "bias", "r2")},
            "hardest": [
                {"name": _name(c.name), "true": c.truth, "predicted": c.predicted, "error": c.measure}
                for c in self.hardest
            ],
            "notes": self.notes,
        }
        return plain(found, "the report", undefined_as_null=True)  # type: ignore[no-any-return]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw predicted numbers over true ones, with the line where they are the same."""
        return draw_numbers(self.truth, self.predicted, ax)


def report_on_classes(
    classes: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, names: Sequence[Any], hardest: int = 10
) -> ClassificationReport:
    """A report on probabilities of classes.

    Parameters
    ----------
    classes : ndarray, shape (C,)
        Sorted.
    labels : ndarray, shape (N,)
        The true class of each case.
    probabilities : ndarray, shape (N, C)
    names : sequence, length N
        Of the cases.
    hardest : int, default 10
        How many of the hardest cases are named.

    Raises
    ------
    DataError
        If a label is none of the classes.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    >>> found = report_on_classes(np.array(["a", "b"]), np.array(["a", "b", "b"]), p, range(3))
    >>> round(found.accuracy, 3), found.confusion.tolist(), found.hardest[0].name
    (0.667, [[1, 0], [1, 1]], 2)
    """
    hardest = whole(hardest, "hardest", 0)
    truth, guessed = numbers_of(labels, classes), probabilities.argmax(axis=1)
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (truth, guessed), 1)
    right, support, predicted = np.diag(confusion), confusion.sum(1), confusion.sum(0)
    by_class = {
        "precision": _shares(right, predicted),
        "recall": _shares(right, support),
        "f1": _shares(2 * right, predicted + support),
    }
    there = (support > 0) | (predicted > 0)
    of_truth = probabilities[np.arange(len(truth)), truth]
    hit = np.eye(len(classes))[truth]
    worst = np.argsort(of_truth, kind="stable")[:hardest]
    names_of = classes.tolist()
    return ClassificationReport(
        classes,
        confusion,
        **by_class,
        support=support,
        accuracy=float(right.sum() / len(truth)),
        balanced_accuracy=float(by_class["recall"][support > 0].mean()),
        macro={name: float(values[there].mean()) for name, values in by_class.items()},
        weighted={name: float(np.average(values, weights=support)) for name, values in by_class.items()},
        log_loss=float(-np.log(np.maximum(of_truth, LEAST)).mean()),
        brier=float(((probabilities - hit) ** 2).sum(1).mean()),
        calibration_error=calibration_error(probabilities.max(1), truth == guessed),
        hardest=tuple(HardCase(names[i], names_of[truth[i]], names_of[guessed[i]], float(of_truth[i])) for i in worst),
        notes=_notes(classes, support, predicted),
    )


def report_on_numbers(
    truth: np.ndarray, predicted: np.ndarray, names: Sequence[Any], hardest: int = 10
) -> RegressionReport:
    """A report on predicted numbers (N,), of which `hardest` with the largest errors are named."""
    errors = predicted - truth
    worst = np.argsort(-np.abs(errors), kind="stable")[: whole(hardest, "hardest", 0)]
    r2 = explained_share(truth, predicted)
    notes = ("R2 is not defined: all true numbers are the same",) if np.isnan(r2) else ()
    return RegressionReport(
        truth,
        predicted,
        mae=float(np.abs(errors).mean()),
        rmse=root_mean_square(errors),
        median_error=float(np.median(np.abs(errors))),
        bias=float(errors.mean()),
        r2=r2,
        hardest=tuple(HardCase(names[i], float(truth[i]), float(predicted[i]), float(errors[i])) for i in worst),
        notes=notes,
    )


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = BINS) -> float:
    """How far probabilities are from how often they are right, on average over cases, in bins ``(k/n, (k+1)/n]``.

    Examples
    --------
    >>> round(calibration_error(np.array([0.8, 0.8, 0.6]), np.array([True, False, True])), 3)
    0.333
    """
    number = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    apart = np.bincount(number, confidence - right, minlength=bins)
    return float(np.abs(apart).sum() / len(confidence))


def _shares(part: np.ndarray, of: np.ndarray) -> np.ndarray:
    return np.where(of > 0, part / np.maximum(of, 1), 0.0)


def _notes(classes: np.ndarray, support: np.ndarray, predicted: np.ndarray) -> tuple[str, ...]:
    found = []
    if not support.all():
        found.append(f"no case is of {listed(classes[support == 0].tolist())}: the recall is written as 0")
    if not predicted.all():
        found.append(f"no case was taken for {listed(classes[predicted == 0].tolist())}: the precision is written as 0")
    return tuple(found)


def _name(name: Any) -> Any:
    return name if isinstance(name, int | str) else series_name(name)


def _label(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value
