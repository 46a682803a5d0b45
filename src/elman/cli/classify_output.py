"""What `elman classify` and `elman regress` show: the data, a table of scores, the confusion matrix, the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from elman.checks import visible
from elman.classify.judging import JudgedClasses, JudgedNumbers
from elman.classify.page import classes_table, numbers_table
from elman.classify.words import classes_in_words, data_in_words, scores_in_words
from elman.cli.terminal import console as console_of
from elman.data.names import four_digits, shown_name

if TYPE_CHECKING:
    from rich.console import Console

    from elman.classify.judging import Judged
    from elman.classify.report import ClassificationReport
    from elman.commands_sequences import SequenceReport

TABLE_WIDTH = 120  # at most; a narrower terminal breaks the lines, which beats columns without their numbers
MOST_CLASSES = 40  # in the table
MOST_SQUARE = 12  # classes of which the confusion matrix is shown
MOST_CASES = 5  # that are shown where nothing says how well they are judged


def show_report(report: SequenceReport) -> None:
    """Data, scores, confusion, notes and files."""
    console = console_of(TABLE_WIDTH)
    if report.learnt is not None:
        console.print(data_in_words(report.name, report.learnt), markup=False)
    if report.judged is not None:
        console.print(f"{report.how}.", markup=False)
        _show(console, report.judged)
    for note in report.notes:
        console.print(f"Note: {note}.", markup=False)
    console.print(f"Written to {report.folder}: {', '.join(report.files)}", markup=False)


def _show(console: Console, judged: Judged) -> None:
    if judged.report is None:
        for line in _first(judged):
            console.print(line, markup=False)
        return
    for line in scores_in_words(judged):
        console.print(line, markup=False)
    rows = numbers_table(judged) if isinstance(judged, JudgedNumbers) else classes_table(judged.report)
    console.print(_table(rows[: MOST_CLASSES + 1]))
    if len(rows) > MOST_CLASSES + 1:
        console.print(f"... and {len(rows) - 1 - MOST_CLASSES} classes more, in metrics.json", markup=False)
    if isinstance(judged, JudgedClasses):
        _show_confusion(console, judged.report)


def _table(rows: list[list[str]], title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", title_style="")
    for place, heading in enumerate(rows[0]):
        table.add_column(_plain(heading), justify="right" if place else "left")
    for row in rows[1:]:
        table.add_row(*map(_plain, row))
    return table


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(visible(text))


def _show_confusion(console: Console, report: ClassificationReport | None) -> None:
    assert report is not None
    names = list(map(str, report.classes.tolist()))
    if len(names) <= MOST_SQUARE and sum(map(len, names)) + 3 * len(names) < TABLE_WIDTH - 20:
        rows = [["is \\ said", *names]]
        rows += [
            [name, *(str(count) if count else "." for count in row)]
            for name, row in zip(names, report.confusion.tolist(), strict=True)
        ]
        console.print(_table(rows))
    console.print(classes_in_words(report), markup=False)


def _first(judged: Judged) -> list[str]:
    """A line for each of the first cases."""
    lines = []
    for i in range(min(len(judged.cases), MOST_CASES)):
        name = shown_name(judged.cases.names[i])
        if isinstance(judged, JudgedNumbers):
            lines.append(f"{name}: {four_digits(float(judged.predicted[i]))}")
        else:
            lines.append(f"{name}: {judged.predicted[i]} ({100 * float(judged.probabilities[i].max()):.0f} %)")
    rest = len(judged.cases) - len(lines)
    return lines if not rest else [*lines, f"... and {rest} cases more, in predictions.csv"]
