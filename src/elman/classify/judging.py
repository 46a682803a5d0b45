"""Cases as an estimator judges them, beside what they are where that is known."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from elman.classify.classifier import SequenceClassifier
from elman.classify.regressor import SequenceRegressor
from elman.classify.scores import ClassScores, NumberScores, class_scores
from elman.data.cases import Cases
from elman.data.casing import targets_of
from elman.data.names import counted, listed, series_name
from elman.errors import DataError


@dataclass(frozen=True)
class JudgedClasses:
    """What a classifier says of cases.

    Attributes
    ----------
    model : SequenceClassifier
    cases : Cases
        With labels where they are known.
    probabilities : ndarray, shape (N, C)
    scores : ClassScores or None
        None where no labels are known.
    notes : tuple of str
    """

    model: SequenceClassifier
    cases: Cases
    probabilities: np.ndarray
    scores: ClassScores | None
    notes: tuple[str, ...] = ()

    @property
    def predicted(self) -> np.ndarray:
        """The likeliest class of each, (N,)."""
        found: np.ndarray = self.model.classes_[self.probabilities.argmax(axis=1)]
        return found

    @property
    def hardest(self) -> np.ndarray:
        """Numbers of the cases, (N,): the least probability of the class that came, or of the likeliest, first."""
        sure = self.probabilities.max(axis=1) if self.scores is None else self.scores.of_actual
        return np.argsort(sure, kind="stable")

    def table(self) -> dict[str, list[str]]:
        """Columns of texts: name, label, predicted, and the probability of each class."""
        found = _names_and_labels(self.cases)
        found["predicted"] = list(map(str, self.predicted.tolist()))
        for name, column in zip(self.model.classes_.tolist(), self.probabilities.T, strict=True):
            found[f"probability_{name}"] = [f"{value:.6g}" for value in column.tolist()]
        return found


@dataclass(frozen=True)
class JudgedNumbers:
    """What a regressor says of cases.

    Attributes
    ----------
    model : SequenceRegressor
    cases : Cases
        With labels where they are known.
    predicted : ndarray, shape (N,)
    scores : NumberScores or None
        None where no labels are known.
    notes : tuple of str
    """

    model: SequenceRegressor
    cases: Cases
    predicted: np.ndarray
    scores: NumberScores | None
    notes: tuple[str, ...] = ()

    @property
    def hardest(self) -> np.ndarray:
        """Numbers of the cases, (N,): the largest error first, or as they came."""
        if self.scores is None:
            return np.arange(len(self.cases))
        return np.argsort(-np.abs(self.scores.actual - self.predicted), kind="stable")

    def table(self) -> dict[str, list[str]]:
        """Columns of texts: name, label and predicted."""
        return _names_and_labels(self.cases) | {"predicted": [f"{value:.8g}" for value in self.predicted.tolist()]}


Judged = JudgedClasses | JudgedNumbers


def judge(model: SequenceClassifier | SequenceRegressor, cases: Cases, learnt: Cases | None = None) -> Judged:
    """Judge cases, and the model by them where they are labelled.

    Parameters
    ----------
    model : SequenceClassifier or SequenceRegressor
        Fitted.
    cases : Cases
    learnt : Cases, optional
        What the model learnt from, which says what is usual.

    Raises
    ------
    DataError
        If no label is of a class that the model knows, or labels are no numbers where the model tells numbers.
    """
    if isinstance(model, SequenceRegressor):
        actual = None if cases.labels is None else targets_of(cases.labels, cases.names)
        values = model.predict(cases)
        scores = None if actual is None else NumberScores(actual, values, model.target_mean_)
        return JudgedNumbers(model, cases, values, scores)
    labels, notes = (None, ()) if cases.labels is None else known_classes(model.classes_, cases.labels)
    probabilities = model.predict_proba(cases)
    if labels is None:
        return JudgedClasses(model, cases, probabilities, None)
    usual = None if learnt is None else _usual(model.classes_, learnt)
    return JudgedClasses(model, cases, probabilities, class_scores(model.classes_, labels, probabilities, usual), notes)


def known_classes(classes: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels in the type of the classes, and notes on those that are no class.

    Raises
    ------
    DataError
        If none is.

    Examples
    --------
    >>> known_classes(np.array(["1", "2"]), np.array([2, 1]))[0].tolist()
    ['2', '1']
    """
    notes = []
    if (classes.dtype.kind == "U") != (labels.dtype.kind == "U"):
        labels, note = _as_written(classes, labels)
        notes = [note]
    known = set(classes.tolist())
    unknown = [name for name in labels.tolist() if name not in known]
    others = sorted(set(unknown), key=str)
    if len(unknown) == len(labels):
        raise DataError(
            f"the cases are labelled {listed(map(repr, others), 5)}, and the classes that were learnt are "
            f"{listed(map(repr, classes.tolist()), 5)}; name the column that tells them with label= (--label in the "
            "shell)"
        )
    if others:
        what = "classes that were" if len(others) > 1 else "a class that was"
        notes.append(
            f"{len(unknown)} of {counted(len(labels), 'cases')} are of {what} not learnt, "
            f"{listed(map(repr, others), 5)}: they count as wrong"
        )
    return labels, tuple(notes)


def _as_written(classes: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, str]:
    """Labels matched with classes by what they look like, as files of one set write one as texts, one as numbers."""
    written = {_written(name): name for name in classes.tolist()}
    found = [written.get(_written(name), name) for name in labels.tolist()]
    kinds = ("texts", "numbers") if classes.dtype.kind == "U" else ("numbers", "texts")
    note = f"classes are {kinds[0]} and the labels here {kinds[1]}: they are matched by how they are written"
    mixed = len({type(name) for name in found}) > 1
    return np.array(found, object if mixed else None), note


def _written(name: Any) -> str:
    """``1``, ``1.0`` and ``"1"`` alike."""
    try:
        return f"{float(name):.15g}"
    except (TypeError, ValueError):
        return str(name)


def _usual(classes: np.ndarray, learnt: Cases) -> int:
    assert learnt.labels is not None
    return int(np.bincount(np.searchsorted(classes, learnt.labels), minlength=len(classes)).argmax())


def _names_and_labels(cases: Cases) -> dict[str, list[str]]:
    found = {"name": [series_name(name) for name in cases.names]}
    if cases.labels is not None:
        found["label"] = list(map(str, cases.labels.tolist()))
    return found


def write_predictions(judged: Judged, path: Path) -> None:
    """Write the table of what was judged as CSV."""
    columns = judged.table()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
