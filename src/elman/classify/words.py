"""What an estimator of sequences was given and said, in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.cells import as_cell
from elman.classify.judging import Judged, JudgedClasses, JudgedNumbers, interval
from elman.classify.report import ClassificationReport
from elman.data.cases import Cases
from elman.data.names import counted, first_of, four_digits, listed, number

MOST_CLASSES = 12  # that are told with their counts
MOST_PAIRS = 3  # of classes that are mistaken for one another


def data_in_words(name: str, cases: Cases) -> str:
    """How many cases of what size, of which classes."""
    shortest, longest = int(cases.lengths.min()), int(cases.lengths.max())
    steps = counted(longest, "steps") if shortest == longest else f"{shortest} to {longest} steps"
    channels = counted(len(cases.channels), "channels")
    numbered = all(name == f"channel {i}" for i, name in enumerate(cases.channels))
    named = "" if numbered or len(cases.channels) == 1 else f" ({first_of(cases.channels, 6)})"
    missing = f"; {counted(cases.missing, 'values')} missing" if cases.missing else ""
    return f"{name}: {counted(len(cases), 'cases')} of {steps}, {channels}{named}{_labels(cases)}{missing}."


def _labels(cases: Cases) -> str:
    if cases.labels is None:
        return ""
    if cases.labels.dtype.kind == "f":
        low, high = float(cases.labels.min()), float(cases.labels.max())
        return f"; numbers from {four_digits(low)} to {four_digits(high)}"
    names, counts = np.unique(cases.labels, return_counts=True)
    if len(names) > MOST_CLASSES:
        return f"; {len(names)} classes of {counts.min()} to {counts.max()} cases"
    return f"; classes {', '.join(f'{name} ({count})' for name, count in zip(names.tolist(), counts, strict=True))}"


def scores_in_words(judged: Judged) -> list[str]:
    """What was reached, as sentences."""
    if judged.report is None:
        return ["The cases have no labels: they are judged, and nothing says how well."]
    return [_of_numbers(judged)] if isinstance(judged, JudgedNumbers) else _of_classes(judged)


def _of_classes(judged: JudgedClasses) -> list[str]:
    report, usual = judged.report, judged.usual
    assert report is not None
    low, high = interval(report)
    right = f"{int(np.trace(report.confusion))} of {int(report.support.sum())} right"
    first = f"Accuracy {report.accuracy:.3f} ({right}; 95 % interval {low:.3f} to {high:.3f})"
    against = "" if usual is None else f"; always saying the most frequent class of the training would give {usual:.3f}"
    beside = (
        f"Balanced accuracy {report.balanced_accuracy:.3f}, macro F1 {report.macro['f1']:.3f}, log loss "
        f"{report.log_loss:.3f}, calibration error {report.calibration_error:.3f}."
    )
    return [f"{first}{against}.", beside]


def _of_numbers(judged: JudgedNumbers) -> str:
    report, usual = judged.report, judged.usual
    assert report is not None and usual is not None
    r2 = f", R² {report.r2:.3f}" if np.isfinite(report.r2) else ""
    text = f"Errors on average {number(report.mae)}, RMSE {number(report.rmse)}{r2}"
    return f"{text}; always saying the mean of the training would give an RMSE of {number(usual.rmse)}."


def classes_in_words(report: ClassificationReport) -> str:
    """Which classes are mistaken for which the most."""
    counts, names = report.confusion.copy(), report.classes.tolist()
    np.fill_diagonal(counts, 0)
    if not counts.any():
        return "No case was mistaken."
    order = np.argsort(-counts, axis=None, kind="stable")[:MOST_PAIRS]
    kinds = int((counts > 0).sum())
    more = f", and {counted(kinds - MOST_PAIRS, 'other pairs')}" if kinds > MOST_PAIRS else ""
    pairs = [divmod(int(place), len(names)) for place in order if counts.flat[place]]
    told = [f"{names[true]} said to be {names[said]} ({counts[true, said]})" for true, said in pairs]
    return f"Mistaken: {', '.join(told)}{more}."


def model_in_words(model: Any, histories: Sequence[dict[str, list[float]]] = ()) -> str:
    """What was trained."""
    nets = model.networks_
    direction = "in both directions" if model.bidirectional else "forwards"
    layers = counted(model.layers, f"{as_cell(model.cell).name} layers")
    before = {"front": ", convolutions in front", "beside": ", convolutions beside"}.get(str(model.convolution), "")
    epochs = [len(history["loss"]) for history in histories if history.get("loss")]
    learnt = f", {listed(dict.fromkeys(epochs))} epochs" if epochs else ""
    each = " each" if len(nets) > 1 else ""
    return (
        f"{counted(len(nets), 'networks')} of {layers} of {counted(model.units, 'units')} {direction}{before}, "
        f"{nets[0].arena.size:,} parameters{each}{learnt}."
    )
