"""The page of a classifier or regressor: how it judged, where it failed and why, how it learnt, and from what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.classify.judging import HARDEST, Judged, JudgedClasses, JudgedNumbers
from elman.classify.looking import attributions, mean_thoughts, thoughts
from elman.classify.page_charts import (
    MOST_CHANNELS,
    cases_charts,
    confusion_chart,
    learning_charts,
    numbers_charts,
    over_time_chart,
)
from elman.classify.regressor import SequenceRegressor
from elman.classify.report import ClassificationReport
from elman.classify.words import classes_in_words, data_in_words, model_in_words, scores_in_words
from elman.data.cases import Cases
from elman.data.names import four_digits, number, series_name
from elman.plots.page import Report, Section

MOST_ROWS = 40  # of a table
DRAWN = 6  # of the hardest cases


@dataclass(frozen=True)
class Story:
    """All that a page tells of.

    Attributes
    ----------
    name : str
        Of the data.
    judged : Judged or None
    how : str
        On what cases it was judged, in words.
    learnt : Cases or None
        What the model learnt from, where that was now.
    model : SequenceClassifier or SequenceRegressor
    histories : list of dict
        Of its trainings.
    notes : tuple of str
    """

    name: str
    judged: Judged | None
    how: str
    learnt: Cases | None
    model: Any
    histories: Sequence[dict[str, list[float]]]
    notes: tuple[str, ...]


def page(story: Story) -> Report:
    """All there is to say."""
    sections = [make(story) for make in _SECTIONS]
    kind = "regress" if isinstance(story.model, SequenceRegressor) else "classify"
    found = [section for section in sections if section is not None]
    return Report(_title(story), found, kind, _seed(story.model))


def _seed(model: Any) -> int | None:
    """The number that it was made with; none of a generator of NumPy."""
    return model.random_state if isinstance(model.random_state, int) else None


def _title(story: Story) -> str:
    what = "Classes" if isinstance(story.judged, JudgedClasses) else "Numbers"
    return f"{what} of {story.name}" if story.judged is not None else f"What was learnt from {story.name}"


# --- how it judged ------------------------------------------------------------------------------------------


def _verdict(story: Story) -> Section | None:
    judged = story.judged
    if judged is None:
        return Section("Verdict", "There is none: no cases were kept for a test.")
    text = f"{story.how}. {' '.join(scores_in_words(judged))}".strip()
    return Section("Verdict", text, _table(judged))


def _table(judged: Judged) -> list[list[str]]:
    """Scores of each class, or of numbers; counts where labels are not known."""
    if isinstance(judged, JudgedNumbers):
        return [] if judged.report is None else numbers_table(judged)
    return classes_table(judged.report) if judged.report is not None else _counts(judged)


def classes_table(report: ClassificationReport) -> list[list[str]]:
    """Precision, recall and F1 of each class, the heading first; a dash for what is not defined."""
    rows, said = [["class", "cases", "precision", "recall", "F1"]], report.confusion.sum(axis=0)
    for k, name in enumerate(report.classes.tolist()):
        count = int(report.support[k])
        shares = (report.precision[k], said[k]), (report.recall[k], count), (report.f1[k], count + said[k])
        rows.append([str(name), str(count), *(f"{share:.2f}" if of else "-" for share, of in shares)])
    return rows


def numbers_table(judged: JudgedNumbers) -> list[list[str]]:
    """Errors of the regressor and of the mean, the heading first."""
    rows = [["method", "RMSE", "MAE", "median error", "R2"]]
    for name, report in (("elman", judged.report), ("mean of training", judged.usual)):
        assert report is not None
        errors = map(number, (report.rmse, report.mae, report.median_error))
        rows.append([name, *errors, f"{report.r2:.3f}" if np.isfinite(report.r2) else "-"])
    return rows


def _counts(judged: JudgedClasses) -> list[list[str]]:
    said = judged.probabilities.argmax(axis=1)
    rows = [["class", "cases said to be of it", "mean probability"]]
    for place, name in enumerate(judged.model.classes_.tolist()):
        mine = judged.probabilities[said == place, place]
        rows.append([str(name), str(len(mine)), number(float(mine.mean())) if len(mine) else "-"])
    return rows


def _confusion(story: Story) -> Section | None:
    judged = story.judged
    if judged is None or judged.report is None:
        return None
    if isinstance(judged, JudgedNumbers):
        text = "Each point is a case; on the line what was said is true."
        return Section("Said and true", text, charts=numbers_charts(judged.report, judged.cases.names))
    text = f"{classes_in_words(judged.report)} Rows are what the cases are, columns what was said."
    return Section("Confusion", text, charts=[confusion_chart(judged.report)])


# --- where it failed, and why -------------------------------------------------------------------------------


def _hardest(story: Story) -> Section | None:
    judged = story.judged
    if judged is None:
        return None
    numbers = judged.hardest[:DRAWN].tolist()
    attributed = attributions(judged, numbers)
    over = thoughts(judged, numbers) if isinstance(judged, JudgedClasses) else []
    what = "spoke for the class that was said, blue ones against it"
    if isinstance(judged, JudgedNumbers):
        what = "raised what was said, blue ones lowered it"
    beside = " Beside it, what it thought after each step." if over else ""
    text = (
        f"{_which(judged)} Red values {what} (integrated gradients, each picture in its own scale)."
        f"{_chosen(judged)}{beside}"
    )
    charts = cases_charts(judged, numbers, attributed, over)
    return Section("The hardest cases", text, _hardest_rows(judged), charts)


def _chosen(judged: Judged) -> str:
    count = len(judged.cases.channels)
    return f" The {MOST_CHANNELS} of {count} channels that mattered most are drawn." if count > MOST_CHANNELS else ""


def _which(judged: Judged) -> str:
    if isinstance(judged, JudgedNumbers):
        return "Those that are farthest off." if judged.report is not None else "The first cases."
    if judged.report is None:
        return "Those of which it was least sure."
    return "Those whose class it thought least likely."


def _hardest_rows(judged: Judged) -> list[list[str]]:
    shown = judged.hardest[:HARDEST].tolist()
    if isinstance(judged, JudgedNumbers):
        return _farthest(judged, shown)
    known, labels = judged.report is not None, judged.cases.labels
    found = [["case", *(["class", "its probability"] if known else []), "said", "probability"]]
    for i in shown:
        true = [] if labels is None else [str(labels[i]), f"{float(judged.sure[i]):.3f}"]
        said = [str(judged.predicted[i]), f"{float(judged.probabilities[i].max()):.3f}"]
        found.append([series_name(judged.cases.names[i]), *true, *said])
    return found


def _farthest(judged: JudgedNumbers, shown: list[int]) -> list[list[str]]:
    if judged.report is None:
        return []
    found = [["case", "true", "said", "said less true"]]
    for i in shown:
        true, said = float(judged.report.truth[i]), float(judged.predicted[i])
        found.append([series_name(judged.cases.names[i]), *map(four_digits, (true, said, said - true))])
    return found


def _over_time(story: Story) -> Section | None:
    judged = story.judged
    if not isinstance(judged, JudgedClasses) or judged.report is None:
        return None
    shares, curves, words = mean_thoughts(judged)
    chart = over_time_chart(judged.model.classes_, shares, curves)
    return Section("What it thought over time", words, charts=[chart])


# --- how it learnt, and from what ---------------------------------------------------------------------------


def _learning(story: Story) -> Section | None:
    charts = learning_charts(story.histories)
    if not charts:
        return None
    several = f", a line for each of {len(story.histories)} networks" if len(story.histories) > 1 else ""
    held = " The weights of the epoch that is best on cases held out stay." if story.model.validation else ""
    text = f"Of the model that is written{several}; what it learnt from is read with dropout.{held}"
    return Section("Learning", text, charts=charts)


def _data(story: Story) -> Section | None:
    cases = story.learnt if story.learnt is not None else None if story.judged is None else story.judged.cases
    if cases is None:
        return None
    return Section("Data", data_in_words(story.name, cases), _channel_rows(cases))


def _channel_rows(cases: Cases) -> list[list[str]]:
    rows = [["channel", "missing", "min", "mean", "max"]]
    inside = cases.values[cases.inside]
    for k, name in enumerate(cases.channels[:MOST_ROWS]):
        known = inside[np.isfinite(inside[:, k]), k]
        rows.append([str(name), str(len(inside) - len(known)), *_ends(known)])
    return rows


def _ends(known: np.ndarray) -> list[str]:
    """The least, the mean and the greatest of a channel; a mean that only rounding tells from 0 is 0."""
    if not len(known):
        return ["-"] * 3
    least, mean, greatest = float(known.min()), float(known.mean()), float(known.max())
    mean = 0.0 if abs(mean) < 1e-6 * (greatest - least) else mean
    return [four_digits(least), four_digits(mean), four_digits(greatest)]


def _model(story: Story) -> Section:
    rows = [["parameter", "value"]]
    rows += [[name, str(value)] for name, value in story.model.get_params().items()]
    return Section("Model", model_in_words(story.model, story.histories), rows)


def _notes(story: Story) -> Section | None:
    if not story.notes:
        return None
    return Section("Notes", "What was decided and done:", points=story.notes)


_SECTIONS: tuple[Callable[[Story], Section | None], ...] = (
    *(_verdict, _confusion, _hardest, _over_time, _notes),
    *(_learning, _data, _model),
)
