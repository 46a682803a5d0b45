"""Cases as an estimator judges them, beside what they are where that is known."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from elman.classify.classes import numbers_of
from elman.classify.classifier import SequenceClassifier
from elman.classify.regressor import SequenceRegressor
from elman.classify.report import ClassificationReport, RegressionReport, report_on_classes, report_on_numbers
from elman.data.cases import Cases
from elman.data.casing import targets_of
from elman.data.names import listed, series_name
from elman.errors import DataError
from elman.files import write_whole

HARDEST = 15  # cases that are named
CONFIDENT = 1.959964  # standard deviations of a normal distribution that hold 95 %


@dataclass(frozen=True)
class JudgedClasses:
    """What a classifier says of cases.

    Attributes
    ----------
    model : SequenceClassifier
    cases : Cases
        With labels where they are known.
    probabilities : ndarray, shape (N, C)
    report : ClassificationReport or None
        None where no labels are known.
    usual : float or None
        The accuracy of always saying the class that was the most frequent in training, where that is known.
    """

    model: SequenceClassifier
    cases: Cases
    probabilities: np.ndarray
    report: ClassificationReport | None
    usual: float | None = None

    @property
    def predicted(self) -> np.ndarray:
        """The likeliest class of each, (N,)."""
        found: np.ndarray = self.model.classes_[self.probabilities.argmax(axis=1)]
        return found

    @property
    def truth(self) -> np.ndarray | None:
        """The number of the class of each, (N,)."""
        labels = self.cases.labels
        return None if labels is None else np.searchsorted(self.model.classes_, labels)

    @property
    def sure(self) -> np.ndarray:
        """The probability of the class that is true, or of the likeliest where that is not known, (N,)."""
        truth = self.truth
        if truth is None:
            likeliest: np.ndarray = self.probabilities.max(axis=1)
            return likeliest
        return self.probabilities[np.arange(len(truth)), truth]

    @property
    def hardest(self) -> np.ndarray:
        """Numbers of the cases, (N,), the one that it is least sure of first."""
        return np.argsort(self.sure, kind="stable")

    def table(self) -> dict[str, list[str]]:
        """Columns of texts: name, label, predicted, and the probability of each class."""
        found = _names_and_labels(self.cases)
        found["predicted"] = list(map(str, self.predicted.tolist()))
        for name, column in zip(self.model.classes_.tolist(), self.probabilities.T, strict=True):
            found[f"probability_{name}"] = [f"{value:.6g}" for value in column.tolist()]
        return found

    def plain(self) -> list[dict[str, Any]]:
        """A dict for each case, in terms of JSON: name, label where known, predicted, and probabilities by class."""
        classes = list(map(str, self.model.classes_.tolist()))
        by_class = (dict(zip(classes, row, strict=True)) for row in self.probabilities.tolist())
        said = zip(_each(self.cases), map(str, self.predicted.tolist()), by_class, strict=True)
        return [one | {"predicted": name, "probabilities": shares} for one, name, shares in said]

    def scores(self) -> dict[str, Any] | None:
        """The report in plain data, with a 95 % interval of the accuracy."""
        if self.report is None:
            return None
        beside = {"accuracy_95": list(interval(self.report)), "most_frequent_class_accuracy": self.usual}
        return self.report.to_dict() | beside


@dataclass(frozen=True)
class JudgedNumbers:
    """What a regressor says of cases.

    Attributes
    ----------
    model : SequenceRegressor
    cases : Cases
        With labels where they are known.
    predicted : ndarray, shape (N,)
    report : RegressionReport or None
        None where no labels are known.
    usual : RegressionReport or None
        Of always saying the mean of the training.
    """

    model: SequenceRegressor
    cases: Cases
    predicted: np.ndarray
    report: RegressionReport | None
    usual: RegressionReport | None = None

    @property
    def hardest(self) -> np.ndarray:
        """Numbers of the cases, (N,): the largest error first, or as they came."""
        if self.report is None:
            return np.arange(len(self.cases))
        return np.argsort(-np.abs(self.report.truth - self.predicted), kind="stable")

    def table(self) -> dict[str, list[str]]:
        """Columns of texts: name, label and predicted."""
        return _names_and_labels(self.cases) | {"predicted": [f"{value:.8g}" for value in self.predicted.tolist()]}

    def plain(self) -> list[dict[str, Any]]:
        """A dict for each case, in terms of JSON: name, label where known, and predicted."""
        said = zip(_each(self.cases), self.predicted.tolist(), strict=True)
        return [one | {"predicted": number} for one, number in said]

    def scores(self) -> dict[str, Any] | None:
        """The report in plain data, and the errors of the mean."""
        if self.report is None or self.usual is None:
            return None
        found = self.usual.to_dict()
        return self.report.to_dict() | {
            "mean_of_training": {n: found[n] for n in ("mae", "rmse", "median_error", "r2")}
        }


Judged = JudgedClasses | JudgedNumbers


def judge(model: SequenceClassifier | SequenceRegressor, cases: Cases, learnt: Cases | None = None) -> Judged:
    """Judge cases, and the model by them where they are labelled.

    Parameters
    ----------
    model : SequenceClassifier or SequenceRegressor
        Fitted.
    cases : Cases
        Their labels are classes of the model, or numbers, as `with_classes` makes sure.
    learnt : Cases, optional
        What the model learnt from, which says what is usual.
    """
    if isinstance(model, SequenceRegressor):
        return _judge_numbers(model, cases)
    probabilities = model.predict_proba(cases)
    if cases.labels is None:
        return JudgedClasses(model, cases, probabilities, None)
    report = report_on_classes(model.classes_, cases.labels, probabilities, cases.names, HARDEST)
    usual = None if learnt is None else float((cases.labels == _most_frequent(learnt)).mean())
    return JudgedClasses(model, cases, probabilities, report, usual)


def _judge_numbers(model: SequenceRegressor, cases: Cases) -> JudgedNumbers:
    values = model.predict(cases)
    if cases.labels is None:
        return JudgedNumbers(model, cases, values, None)
    truth = targets_of(cases.labels, cases.names)
    usual = report_on_numbers(truth, np.full(len(truth), model.target_mean_), cases.names, 0)
    return JudgedNumbers(model, cases, values, report_on_numbers(truth, values, cases.names, HARDEST), usual)


def _most_frequent(learnt: Cases) -> Any:
    names, counts = np.unique(np.asarray(learnt.labels), return_counts=True)
    return names[counts.argmax()]


def interval(report: ClassificationReport) -> tuple[float, float]:
    """Wilson's 95 % interval of an accuracy: what as many other cases may give.

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    return wilson(int(np.trace(report.confusion)), int(report.support.sum()))


def wilson(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    Examples
    --------
    >>> [round(bound, 4) for bound in wilson(9, 10)]
    [0.5958, 0.9821]
    """
    share, z = right / count, CONFIDENT**2 / count
    middle, half = share + z / 2, np.sqrt(share * (1 - share) * z + z**2 / 4)
    return float(max(middle - half, 0.0) / (1 + z)), float((middle + half) / (1 + z))


# --- labels as classes --------------------------------------------------------------------------------------


def with_classes(cases: Cases, classes: np.ndarray) -> Cases:
    """Cases whose labels are classes of a model, in their type.

    Raises
    ------
    DataError
        If one is none.

    Examples
    --------
    >>> from elman.data.casing import cases_of
    >>> with_classes(cases_of([[0.0], [1.0]], [2, 1]), np.array(["1", "2"])).labels.tolist()
    ['2', '1']
    """
    if cases.labels is None:
        return cases
    given, notes = cases.labels.tolist(), cases.notes
    if (classes.dtype.kind == "U") != (cases.labels.dtype.kind == "U"):
        written = {_written(name): name for name in classes.tolist()}
        given = [written.get(_written(name), name) for name in given]
        kinds = ("texts", "numbers") if classes.dtype.kind == "U" else ("numbers", "texts")
        notes = (
            *notes,
            f"classes are {kinds[0]} and these labels {kinds[1]}: they are matched by how they are written",
        )
    _check_known(given, classes)
    return replace(cases, labels=np.array(given, classes.dtype), notes=notes)


def _check_known(given: list[Any], classes: np.ndarray) -> None:
    if set(given) & set(classes.tolist()):
        numbers_of(np.array(given), classes)
        return
    raise DataError(
        f"the cases are labelled {listed(map(repr, dict.fromkeys(given)), 5)}, and the classes that were learnt are "
        f"{listed(map(repr, classes.tolist()), 5)}; name the column that tells them with label= (--label in the shell)"
    )


def _written(name: Any) -> str:
    """``1``, ``1.0`` and ``"1"`` alike."""
    try:
        return f"{float(name):.15g}"
    except (TypeError, ValueError):
        return str(name)


# --- a file -------------------------------------------------------------------------------------------------


def write_predictions(judged: Judged, path: Path) -> None:
    """Write the table of what was judged as CSV."""
    columns = judged.table()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    write_whole(path, text.getvalue().encode())


def _names_and_labels(cases: Cases) -> dict[str, list[str]]:
    found = {"name": [series_name(name) for name in cases.names]}
    if cases.labels is not None:
        found["label"] = list(map(str, cases.labels.tolist()))
    return found


def _each(cases: Cases) -> list[dict[str, Any]]:
    """The name of each case, and its label where it is known: a number, or a class as a text."""
    found: list[dict[str, Any]] = [{"name": series_name(name)} for name in cases.names]
    if cases.labels is None:
        return found
    labels = cases.labels.tolist() if cases.labels.dtype.kind == "f" else map(str, cases.labels.tolist())
    return [one | {"label": label} for one, label in zip(found, labels, strict=True)]
