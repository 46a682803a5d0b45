"""What a user can do with sequences that are judged as a whole, one function each; beside `elman.commands`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Unpack

from elman import checks
from elman.classify import SequenceClassifier, SequenceRegressor
from elman.classify.holding import HeldOut
from elman.classify.judging import judge
from elman.classify.options import ClassifierOptions, RegressorOptions
from elman.classify.store import check_savable
from elman.commands_cases import Columns, Learner, as_labelled, check_labels, fitting, others_of, remembered
from elman.commands_sequences_files import SequenceReport as SequenceReport
from elman.commands_sequences_files import finish, folder_of
from elman.data.names import counted
from elman.data.reading import Reading
from elman.data.series import name_of
from elman.keeping import MODEL, Kept, usual_again
from elman.saved import RUN, Saved, saved_in
from elman.training import Callback

HOLD_OUT = 0.25  # of the cases, where there is no file of a test

Watch = Callable[[str, int], Iterable[Callback]]


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
    folder = folder_of(out, f"{command}-{name}", trained=True)
    cases = as_labelled(learner, named.read(train), train)
    check_labels(learner, cases, train)
    others = None if test is None else others_of(learner, checks.path(test, "test"), train, cases, named)
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
        return finish(name, learner, cases, judged, how, learner.history_, tuple(notes), folder)


def _again(
    kind: type[Learner], command: str, model: str | Path, source: str | Path, named: Columns, out: str | Path | None
) -> SequenceReport:
    model, source = checks.path(model, "model"), checks.path(source, command)
    learner = kind.load(model)
    name = name_of(source)
    folder = folder_of(out, usual_again(model, f"{command}-{name}"), trained=False)
    told = remembered(learner, named, source)
    cases, notes = told.read_perhaps_unlabelled(source) if named.label is None else (told.read(source), ())
    classes = learner.classes_ if isinstance(learner, SequenceClassifier) else None
    cases = fitting(cases, source, learner, learner.scaling_.channels, classes)
    judged = judge(learner, cases)
    how = f"Judged by {model}: {counted(len(cases), 'cases')} of {source.name}"
    return finish(name, learner, None, judged, how, [], (*cases.notes, *notes), folder)
