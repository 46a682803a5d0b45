"""What a user can do with sequences that are judged as a whole, one function each; beside `elman.commands`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from elman import checks
from elman.classify import SequenceClassifier, SequenceRegressor
from elman.classify.holding import HeldOut
from elman.classify.judging import Judged, judge, with_classes, write_predictions
from elman.classify.options import ClassifierOptions, RegressorOptions
from elman.classify.page import Story, page
from elman.classify.results import METRICS, describe_cases, describe_model, metrics_json
from elman.classify.scaling import aligned
from elman.classify.store import check_savable
from elman.data.cases import Cases
from elman.data.casing import columns_in, has_axes, read_cases, targets_of, unlabelled
from elman.data.names import counted
from elman.data.reading import Reading
from elman.data.series import name_of
from elman.errors import DataError, OptionError, ShapeError
from elman.files import check_alone, check_writable, write_folder
from elman.keeping import MODEL, Kept, attempted, usual_again
from elman.saved import RUN, Saved, saved_in
from elman.training import Callback

PREDICTIONS, PAGE = "predictions.csv", "report.html"
HOLD_OUT = 0.25  # of the cases, where there is no file of a test
NO_FOLDERS = (".csv", ".tsv", ".parquet", ".json", ".html", ".safetensors")  # endings that mean a file

Learner = SequenceClassifier | SequenceRegressor
Watch = Callable[[str, int], Iterable[Callback]]


@dataclass(frozen=True)
class SequenceReport:
    """What a command found and where it put it.

    Attributes
    ----------
    name : str
        Of the data.
    model : SequenceClassifier or SequenceRegressor
        The one that is written, or was read.
    learnt : Cases or None
        What it learnt from; None where the model was read from a file.
    judged : JudgedClasses, JudgedNumbers or None
        Cases with what was said of them; None where none were to be judged.
    how : str
        On what cases it was judged, in words.
    notes : tuple of str
        What the user should know.
    folder : Path
        Where the files are.
    files : tuple of str
        Their names.
    """

    name: str
    model: Learner
    learnt: Cases | None
    judged: Judged | None
    how: str
    notes: tuple[str, ...]
    folder: Path
    files: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """In terms of JSON."""
        judged = self.judged
        return {
            "name": self.name,
            "how": self.how,
            "trained_on": None if self.learnt is None else describe_cases(self.learnt),
            "tested_on": None if judged is None else describe_cases(judged.cases),
            "model": describe_model(self.model),
            "scores": None if judged is None else judged.scores(),
            "predictions": [] if judged is None else judged.plain(),
            "notes": list(self.notes),
            "files": [self.folder / file for file in self.files],
        }


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


def classify(
    train: str | Path,
    *,
    test: str | Path | None = None,
    hold_out: float = HOLD_OUT,
    hold_out_by: str | None = None,
    group: str | Sequence[str] | None = None,
    time: str | Sequence[str] | None = None,
    columns: str | Sequence[str] | None = None,
    label: str | None = None,
    channels: str = "last",
    reading: Reading | None = None,
    out: str | Path | None = None,
    watch: Watch = lambda stage, networks: (),
    saved: Saved | None = None,
    **params: Unpack[ClassifierOptions],
) -> SequenceReport:
    """Learn which class sequences belong to, judge that on others, and write it all down.

    Parameters
    ----------
    train : str or Path
        A file of labelled sequences, as `elman.data.casing.read_cases` takes them.
    test : str or Path, optional
        A file of others: they judge the classifier where they are labelled, and are judged in any case. Without one a
        share of the cases of each class is held out: a classifier that learnt from the others is judged by them, and
        the one that is written learns from all cases.
    hold_out : float, default 0.25
        That share; 0 to judge nothing.
    hold_out_by : str, optional
        One of the columns that name the cases, such as a person: all cases of one are held out, or none, so that the
        classifier is judged by persons whom it does not know.
    group, time, columns, label : str or list of str, optional
        Of tables, as for `SequenceClassifier.fit`.
    channels : {"last", "first"}, default "last"
        Of files of arrays: whether they are (N, T, F) or (N, F, T).
    reading : Reading, optional
        How tables are read.
    out : str or Path, optional
        Folder for the results, by default ``classify-NAME`` in the current one.
    watch : function of (str, int), optional
        Gets the name of a stage, ``"training"`` or ``"hold-out"``, and how many networks it trains; returns callbacks.
    saved : Saved, optional
        How trainings are saved in the folder ``run`` beside the results while they last; by default they are not.
    **params
        Of `SequenceClassifier`: ``cell``, ``units``, ``members``, ``epochs``, ``random_state`` ...

    Returns
    -------
    SequenceReport

    Raises
    ------
    ElmanError
        If data or options cannot be used; nothing is written then, but for a model whose training was finished.
    Interrupted
        After Ctrl-C; what was learnt so far is in the folder.
    """
    named = Columns(group, time, columns, label, channels, reading)
    return _learn(
        SequenceClassifier(), "classify", train, test, hold_out, hold_out_by, named, out, watch, saved, {**params}
    )


def regress(
    train: str | Path,
    *,
    test: str | Path | None = None,
    hold_out: float = HOLD_OUT,
    hold_out_by: str | None = None,
    group: str | Sequence[str] | None = None,
    time: str | Sequence[str] | None = None,
    columns: str | Sequence[str] | None = None,
    label: str | None = None,
    channels: str = "last",
    reading: Reading | None = None,
    out: str | Path | None = None,
    watch: Watch = lambda stage, networks: (),
    saved: Saved | None = None,
    **params: Unpack[RegressorOptions],
) -> SequenceReport:
    """Learn a number that belongs to sequences, judge that on others, and write it all down; as `classify`.

    Parameters
    ----------
    train, test, hold_out, hold_out_by, group, time, columns, label, channels, reading, out, watch, saved
        As for `classify`; labels are numbers, and the folder is called ``regress-NAME``.
    **params
        Of `SequenceRegressor`.

    Returns
    -------
    SequenceReport
    """
    named = Columns(group, time, columns, label, channels, reading)
    return _learn(
        SequenceRegressor(), "regress", train, test, hold_out, hold_out_by, named, out, watch, saved, {**params}
    )


def classify_again(
    model: str | Path,
    source: str | Path,
    *,
    group: str | Sequence[str] | None = None,
    time: str | Sequence[str] | None = None,
    columns: str | Sequence[str] | None = None,
    label: str | None = None,
    channels: str | None = None,
    reading: Reading | None = None,
    out: str | Path | None = None,
) -> SequenceReport:
    """Classify sequences with a model that `classify` wrote.

    Parameters
    ----------
    model : str or Path
        The ``model.safetensors``.
    source : str or Path
        A file of sequences; where they are labelled, the model is judged by them.
    group, time, columns, label, channels, reading, out
        As for `classify`; columns and an order of axes that are not told are those that the model was told of.

    Returns
    -------
    SequenceReport
    """
    named = Columns(group, time, columns, label, channels, reading)
    return _again(SequenceClassifier, "classify", model, source, named, out)


def regress_again(
    model: str | Path,
    source: str | Path,
    *,
    group: str | Sequence[str] | None = None,
    time: str | Sequence[str] | None = None,
    columns: str | Sequence[str] | None = None,
    label: str | None = None,
    channels: str | None = None,
    reading: Reading | None = None,
    out: str | Path | None = None,
) -> SequenceReport:
    """Tell the number of sequences with a model that `regress` wrote; as `classify_again`.

    Returns
    -------
    SequenceReport
    """
    named = Columns(group, time, columns, label, channels, reading)
    return _again(SequenceRegressor, "regress", model, source, named, out)


# --- learning -----------------------------------------------------------------------------------------------


def _learn(
    learner: Learner,
    command: str,
    train: str | Path,
    test: str | Path | None,
    hold_out: float,
    hold_out_by: str | None,
    named: Columns,
    out: str | Path | None,
    watch: Watch,
    saved: Saved | None,
    params: dict[str, Any],
) -> SequenceReport:
    """Learn, judge, write."""
    learner._set_params(params)
    learner.check_params()
    check_savable(learner)
    share = checks.real(hold_out, "hold_out", 0, 1, "in [0, 1), a share of the cases", from_low=True)
    train = checks.path(train, command)
    name, notes = name_of(train).removesuffix("_TRAIN"), list[str]()
    folder = _folder(out, f"{command}-{name}", trained=True)
    cases = as_labelled(learner, named.read(train), train)
    check_labels(learner, cases, train)
    others = None if test is None else _others(learner, checks.path(test, "test"), train, cases, named)
    seed = 0 if learner.random_state is None else learner._seed()
    held = HeldOut.of(cases, share if others is None else 0, seed, hold_out_by)
    with saved_in(folder / RUN, saved), Kept(learner, folder / MODEL, command, folder):
        try:
            learner.fit(cases, callbacks=watch("training", learner.members))
        finally:
            learner.remember_columns(group=named.group, time=named.time, columns=named.columns, label=named.label)
            learner.channels = named.channels
        judged, how = None, ""
        if others is not None:
            judged, how = judge(learner, others.cases, cases), others.words
            notes += others.notes
        elif held.any:
            judged, how = held.judged(learner, cases, watch), held.words
            notes += held.notes
        return _finish(name, learner, cases, judged, how, learner.history_, tuple(notes), folder)


@dataclass(frozen=True)
class _Others:
    """Cases of a file for a test."""

    cases: Cases
    words: str
    notes: tuple[str, ...]


def _others(learner: Learner, test: Path, train: Path, cases: Cases, named: Columns) -> _Others:
    """Cases for a test, with the channels of those that are learnt from."""
    found, notes = named.read_perhaps_unlabelled(test)
    classes = np.unique(cases.labels) if isinstance(learner, SequenceClassifier) and cases.labels is not None else None
    found = _fitting(found, test, learner, cases.channels, classes)
    if test.samefile(train):
        notes = (*notes, f"the test is on {train}, which was learnt from: it says nothing of new cases")
    how = "Judged" if found.labels is None else "Tested on"
    return _Others(found, f"{how} {counted(len(found), 'cases')} of {test.name}", (*notes, *_told(found, cases)))


def _fitting(
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


# --- with a model -------------------------------------------------------------------------------------------


def _again(
    kind: type[Learner], command: str, model: str | Path, source: str | Path, named: Columns, out: str | Path | None
) -> SequenceReport:
    model, source = checks.path(model, "model"), checks.path(source, command)
    learner = kind.load(model)
    name = name_of(source)
    folder = _folder(out, usual_again(model, f"{command}-{name}"), trained=False)
    told = _remembered(learner, named, source)
    cases, notes = told.read_perhaps_unlabelled(source) if named.label is None else (told.read(source), ())
    classes = learner.classes_ if isinstance(learner, SequenceClassifier) else None
    cases = _fitting(cases, source, learner, learner.scaling_.channels, classes)
    judged = judge(learner, cases)
    how = f"Judged by {model}: {counted(len(cases), 'cases')} of {source.name}"
    return _finish(name, learner, None, judged, how, [], (*cases.notes, *notes), folder)


def _remembered(learner: Learner, named: Columns, source: Path) -> Columns:
    """What the user says of columns and axes, else what the model was told, where the file has such."""
    channels = named.channels or (learner.channels if has_axes(source) else "last")
    if not columns_in(source):
        return replace(named, channels=channels)
    told = {name: value for name, value in learner.remembered_columns.items() if getattr(named, name) is None}
    return replace(named, channels=channels, **told)


# --- writing ------------------------------------------------------------------------------------------------


def _folder(out: str | Path | None, usual: str, *, trained: bool) -> Path:
    """Where results go, checked to be writable."""
    folder = Path(usual) if out is None else checks.path(out, "out")
    if folder.suffix.lower() in NO_FOLDERS and not folder.is_dir():
        raise OptionError(
            f"the output {folder} is called as a file is, and {PREDICTIONS}, {METRICS} and {PAGE} are written into a "
            "folder; give its name with --out (out=... in Python)"
        )
    check_writable(folder, (PREDICTIONS, PAGE, METRICS, *((MODEL,) if trained else ())))
    check_alone(folder, "elman")
    return folder


def _finish(
    name: str,
    learner: Learner,
    learnt: Cases | None,
    judged: Judged | None,
    how: str,
    histories: list[dict[str, list[float]]],
    notes: tuple[str, ...],
    folder: Path,
) -> SequenceReport:
    """Write everything to its folder."""
    notes = (*(learner.notes_ if learnt is not None else ()), *notes)
    story = Story(name, judged, how, learnt, learner, histories, notes)
    written, why_not = attempted("page", lambda: page(story).html().encode())
    notes = (*notes, *why_not)
    metrics = metrics_json(replace(story, notes=notes))
    files: dict[str, Callable[[Path], Any] | None] = {
        PREDICTIONS: None if judged is None else lambda path: write_predictions(judged, path),
        PAGE: None if written is None else lambda path: path.write_bytes(written),
        METRICS: lambda path: path.write_bytes(metrics),
    }
    if learnt is not None:
        files[MODEL] = learner.save
    write_folder(folder, files)
    names = tuple(file for file, write in files.items() if write is not None)
    return SequenceReport(name, learner, learnt, judged, how, notes, folder, names)
