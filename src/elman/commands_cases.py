"""Cases of files, as the commands take them that judge sequences as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from elman.classify import SequenceClassifier, SequenceRegressor
from elman.classify.judging import with_classes
from elman.classify.scaling import aligned
from elman.data.cases import Cases
from elman.data.casing import columns_in, has_axes, read_cases, targets_of, unlabelled
from elman.data.names import counted
from elman.data.reading import Reading
from elman.errors import DataError, ShapeError

Learner = SequenceClassifier | SequenceRegressor


@dataclass(frozen=True)
class Columns:
    """What a user says of the columns of tables, and of how files are read; see `elman.data.casing.cases_of`."""

    group: Any = None
    time: Any = None
    columns: Any = None
    label: Any = None
    channels: Any = "last"
    reading: Reading | None = None

    def read(self, path: Path) -> Cases:
        """The cases of a file."""
        reading = self.reading or Reading()
        reading.refuse_all_but(
            ("where", "date_format", "dayfirst", "decimal", "thousands", "missing"), "sequences that belong together"
        )
        return read_cases(
            path,
            channels=self.channels,
            group=self.group,
            time=self.time,
            columns=self.columns,
            label=self.label,
            reading=reading,
        )

    def read_perhaps_unlabelled(self, path: Path) -> tuple[Cases, tuple[str, ...]]:
        """The cases of a file that need not have the column of labels, and a note where it has not."""
        there = columns_in(path)
        if self.label is None or not there or self.label in there:
            return self.read(path), ()
        note = f"{path} has no column {self.label!r}: its cases are judged, and nothing says how well"
        return replace(self, **unlabelled({"group": self.group, "label": self.label})).read(path), (note,)


@dataclass(frozen=True)
class _Others:
    """Cases of a file for a test."""

    cases: Cases
    words: str
    notes: tuple[str, ...]


def others_of(learner: Learner, test: Path, train: Path, cases: Cases, named: Columns) -> _Others:
    """Cases for a test, with the channels of those that are learnt from."""
    found, notes = named.read_perhaps_unlabelled(test)
    classes = np.unique(cases.labels) if isinstance(learner, SequenceClassifier) and cases.labels is not None else None
    found = fitting(found, test, learner, cases.channels, classes)
    if test.samefile(train):
        notes = (*notes, f"the test is on {train}, which was learnt from: it says nothing of new cases")
    how = "Judged" if found.labels is None else "Tested on"
    return _Others(found, f"{how} {counted(len(found), 'cases')} of {test.name}", (*notes, *_told(found, cases)))


def fitting(
    cases: Cases, path: Path, learner: Learner, channels: tuple[str, ...], classes: np.ndarray | None = None
) -> Cases:
    """Cases with the channels that are expected, and labels of the type that is learnt."""
    try:
        found = as_labelled(learner, aligned(cases, channels), path)
        return found if classes is None else with_classes(found, classes)
    except (DataError, ShapeError) as error:
        raise error if str(path) in str(error) else type(error)(f"{path}: {error}") from error


def _told(found: Cases, cases: Cases) -> tuple[str, ...]:
    """Notes on a test that were not told of the training already."""
    return tuple(note for note in found.notes if note not in cases.notes)


def as_labelled(learner: Learner, cases: Cases, path: Path) -> Cases:
    """Cases whose labels are of the type that is learnt: float64 where numbers are, else whole numbers or texts.

    Raises
    ------
    DataError
        If numbers are to be learnt and labels are none, or the other way round.
    """
    labels = cases.labels
    if labels is None:
        return cases
    if isinstance(learner, SequenceRegressor):
        try:
            return replace(cases, labels=targets_of(labels, cases.names))
        except DataError as error:
            raise DataError(f"{path}: {error}; `elman classify` learns classes") from error
    if labels.dtype.kind != "f":
        return cases
    if (labels % 1 != 0).any():
        odd = labels[labels % 1 != 0][0]
        raise DataError(
            f"{path} labels cases with numbers such as {odd:.6g}, which are no classes; `elman regress` learns numbers"
        )
    return replace(cases, labels=labels.astype(np.int64))


def check_labels(learner: Learner, cases: Cases, train: Path) -> None:
    """Refuse labels of which nothing can be learnt, before any training."""
    if cases.labels is None:
        raise DataError(
            f"{train} does not tell what its cases are; name the column that does with label= (--label in the shell)"
        )
    if isinstance(learner, SequenceRegressor):
        return
    classes, counts = np.unique(cases.labels, return_counts=True)
    if len(classes) == 1:
        raise DataError(
            f"all {counted(len(cases), 'cases')} of {train} are of one class, {classes.tolist()[0]!r}; expected two "
            "classes at least"
        )
    if counts.max() == 1:
        raise DataError(
            f"each of the {counted(len(cases), 'cases')} of {train} has a class of its own, such as "
            f"{classes.tolist()[0]!r}, so that there is nothing to learn; name the column that tells what they "
            "are with label= (--label in the shell)"
        )


def remembered(learner: Learner, named: Columns, source: Path) -> Columns:
    """What the user says of columns and axes, else what the model was told, where the file has such."""
    channels = named.channels or (learner.channels if has_axes(source) else "last")
    if not columns_in(source):
        return replace(named, channels=channels)
    told = {name: value for name, value in learner.remembered_columns.items() if getattr(named, name) is None}
    return replace(named, channels=channels, **told)
