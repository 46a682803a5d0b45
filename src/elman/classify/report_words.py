"""Reports in words: tables of figures, of what is confused and of the hardest cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.data.names import series_name

SHOWN = 20  # classes, at most, whose confusion is written as a matrix


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of columns, the first to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(
            text.ljust(w) if k == 0 else text.rjust(w) for k, (text, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in (head, *rows)
    ]


def confusion_lines(classes: np.ndarray, confusion: np.ndarray) -> list[str]:
    """A confusion matrix, or of many classes what is confused the most."""
    names = [str(name) for name in classes.tolist()]
    if len(names) > SHOWN:
        return _most_confused(names, confusion)
    rows = [[name, *map(str, row)] for name, row in zip(names, confusion.tolist(), strict=True)]
    return ["confusion: a row for each true class, a column for each predicted one", *table(["", *names], rows)]


def _most_confused(names: Sequence[str], confusion: np.ndarray) -> list[str]:
    """The pairs of classes that are taken for one another the most, where a matrix would be too wide."""
    wrong = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-wrong, axis=None, kind="stable")[:SHOWN]
    pairs = [divmod(int(place), len(names)) for place in order if wrong.flat[place]]
    rows = [[names[true], names[taken], f"{wrong[true, taken]:,}"] for true, taken in pairs]
    return ["what is confused the most", *table(["true", "predicted", "cases"], rows)]


def hardest_lines(hardest: Sequence[Any], measure: str) -> list[str]:
    """The hardest cases (`HardCase`), each with its measure."""
    if not hardest:
        return []
    rows = [[series_name(c.name), _text(c.truth), _text(c.predicted), f"{c.measure:.4g}"] for c in hardest]
    return ["the hardest cases", *table(["case", "true", "predicted", measure], rows)]


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
