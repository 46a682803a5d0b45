"""What `elman forecast` shows: progress while it trains, then a table and where the files are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from elman.data.names import series_name
from elman.forecast.words import (
    coverage_in_words,
    four_digits,
    methods_in_words,
    number,
    scaled_in_words,
    tested_in_words,
)
from elman.training import Callback
from elman.training.state import Training

if TYPE_CHECKING:
    from elman.commands import ForecastReport
    from elman.forecast import Backtest

MOST_SERIES = 3  # whose forecasts are shown
TABLE_WIDTH = 120  # at most; a narrower terminal breaks the lines, which beats columns without their numbers


class Bars:
    """A progress bar for each stage, on the standard error stream."""

    def __init__(self) -> None:
        columns: list[Any] = [
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
        ]
        self._progress = Progress(*columns, console=Console(stderr=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type | None, *_: object) -> None:
        if error is None:
            self._fill()
        self._progress.live.transient = error is not None  # what is wrong is all there is to read then
        if self._progress.live.is_started:  # else it would leave an empty line
            self._progress.stop()

    def watch(self, stage: str, networks: int) -> list[Callback]:
        """The callback that moves the bar of a stage; nothing is drawn before the first one."""
        self._progress.start()
        self._fill()
        return [_Bar(self._progress, stage, networks)]

    def _fill(self) -> None:
        """The stages before are done, also those that had nothing to train."""
        for task in self._progress.tasks:
            self._progress.update(task.id, total=task.total or 1, completed=task.total or 1)


class _Bar(Callback):
    """One bar for networks that are trained one after the other; a training that ends early jumps to its end."""

    def __init__(self, progress: Progress, description: str, networks: int):
        self._progress, self._networks, self._begun = progress, networks, 0
        self._task = progress.add_task(description, total=None, state="")

    def on_train_begin(self, training: Training) -> None:
        self._begun += 1
        if self._networks:
            self._progress.update(self._task, total=self._networks * training.epochs)

    def on_epoch_end(self, training: Training) -> None:
        of = f"/{self._networks}" if self._networks else ""
        self._progress.update(
            self._task,
            completed=(self._begun - 1) * training.epochs + training.epoch,
            state=f"network {self._begun}{of} epoch {training.epoch:>3} loss {training.logs['loss']:.4f}",
        )

    def on_train_end(self, training: Training) -> None:
        if not training.interrupted:
            self._progress.update(self._task, completed=self._begun * training.epochs)


def show_report(report: ForecastReport) -> None:
    """The backtest's table, notes, the forecast in short, and the files."""
    console = Console(highlight=False, soft_wrap=True, width=TABLE_WIDTH)
    if report.backtest is not None:
        _show_backtest(console, report, report.backtest)
    console.print(f"Methods: {methods_in_words(report.forecaster)}.", markup=False)
    for note in report.notes:
        console.print(f"Note: {note}.", markup=False)
    for line in _forecasts(report):
        console.print(line, markup=False)
    console.print(_where(report), markup=False)


def _where(report: ForecastReport) -> str:
    if len(report.files) == 1:
        return f"Written to {report.folder / report.files[0]}"
    return f"Written to {report.folder}: {', '.join(report.files)}"


def _show_backtest(console: Console, report: ForecastReport, test: Backtest) -> None:
    console.print(tested_in_words(report.name, test), markup=False)
    console.print(scaled_in_words(test.season), markup=False)
    console.print(_table(test))
    for line in coverage_in_words(test):
        console.print(line, markup=False)
    console.print(f"{test.verdict()}.", markup=False)


def _table(test: Backtest) -> Table:
    table = Table()
    table.add_column("method")
    metrics = {"MASE": "MASE", "sMAPE": "sMAPE %", "RMSE": "RMSE", "MAE": "MAE"}
    for heading in metrics.values():
        table.add_column(heading, justify="right")
    for method, scores in test.scores.items():
        best = {m: float(scores[m]) <= min(float(s[m]) for s in test.scores.values()) for m in metrics}
        cells = [f"[bold]{number(float(scores[m]))}[/bold]" if best[m] else number(float(scores[m])) for m in metrics]
        table.add_row(method, *cells)
    return table


def _forecasts(report: ForecastReport) -> list[str]:
    """A line for each of the first series."""
    found = report.forecast
    shown = min(len(found), MOST_SERIES)
    lines = [_one(report, s) for s in range(shown)]
    return lines if shown == len(found) else [*lines, f"... and of {len(found) - shown} series more"]


def _one(report: ForecastReport, s: int) -> str:
    found = report.forecast
    times = found.labels()[s]
    span = f"{times[0]} to {times[-1]}" if len(times) > 1 else times[0]
    name = series_name(found.names[s])
    line = f"Forecast of {name}, {span}: {_in_short(found.values[s])}"
    if not found.levels:
        return line
    level = min(found.levels)
    low, high = (bound[s] for bound in found.levels[level])
    at = "" if len(times) == 1 else f", at the end {four_digits(low[-1])} to {four_digits(high[-1])}"
    first = "at first " if len(times) > 1 else ""
    return f"{line} ({level:g} %: {first}{four_digits(low[0])} to {four_digits(high[0])}{at})"


def _in_short(values: Any) -> str:
    shown = [four_digits(v) for v in values]
    return ", ".join(shown) if len(shown) <= 6 else ", ".join([*shown[:3], "...", *shown[-2:]])
