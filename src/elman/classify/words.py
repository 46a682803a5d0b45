"""What an estimator of sequences was given and said, in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.cells import as_cell
from elman.classify.judging import Judged, JudgedNumbers
from elman.classify.scores import ClassScores, NumberScores
from elman.data.cases import Cases
from elman.data.names import counted, four_digits, listed, number

MOST_CLASSES = 12  # that are told with their counts
MOST_PAIRS = 3  # of classes that are mistaken for one another


def data_in_words(name: str, cases: Cases) -> str:
    """How many cases of what size, of which classes."""
    shortest, longest = int(cases.lengths.min()), int(cases.lengths.max())
    steps = counted(longest, "steps") if shortest == longest else f"{shortest} to {longest} steps"
    channels = counted(len(cases.channels), "channels")
    numbered = all(name == f"channel {i}" for i, name in enumerate(cases.channels))
    named = "" if numbered or len(cases.channels) == 1 else f" ({listed(cases.channels, 6)})"
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
    """What was reached, as sentences; none where labels are not known."""
    if judged.scores is None:
        return ["The cases have no labels: they are judged, and nothing says how well."]
    if isinstance(judged, JudgedNumbers):
        return [_of_numbers(judged.scores)]
    return _of_classes(judged.scores)


def _of_classes(scores: ClassScores) -> list[str]:
    low, high = scores.interval
    right = f"{int(scores.right.sum())} of {len(scores.right)} right"
    first = f"Accuracy {scores.accuracy:.3f} ({right}; 95 % interval {low:.3f} to {high:.3f})"
    usual = scores.usual_accuracy
    against = "" if usual is None else f"; always saying the most frequent class of the training would give {usual:.3f}"
    beside = (
        f"Balanced accuracy {scores.balanced_accuracy:.3f}, macro F1 {scores.macro_f1:.3f}, log loss "
        f"{scores.log_loss:.3f}."
    )
    return [f"{first}{against}.", beside]


def _of_numbers(scores: NumberScores) -> str:
    found, usual = scores.table.values()
    text = f"Errors on average {number(found['MAE'])}, RMSE {number(found['RMSE'])}, R² {found['R2']:.3f}"
    if not usual["RMSE"]:
        return f"{text}."
    return f"{text}; always saying the mean of the training would give an RMSE of {number(usual['RMSE'])}."


def classes_in_words(scores: ClassScores) -> str:
    """Which classes are mistaken for which the most."""
    counts = scores.confusion.copy()
    np.fill_diagonal(counts, 0)
    if not counts.any():
        return "No case was mistaken."
    order = np.argsort(-counts, axis=None, kind="stable")[:MOST_PAIRS]
    told, kinds = [], int((counts > 0).sum())
    more = f", and {kinds - MOST_PAIRS} other pairs" if kinds > MOST_PAIRS else ""
    for row, column in zip(*np.unravel_index(order, counts.shape), strict=True):
        if counts[row, column]:
            told.append(f"{scores.classes[row]} said to be {scores.classes[column]} ({counts[row, column]})")
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
