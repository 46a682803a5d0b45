"""What `elman forecast` shows: progress while it trains, then a table and where the files are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from elman.data.names import counted
from elman.training import Callback
from elman.training.state import Training

if TYPE_CHECKING:
    from elman.commands import ForecastReport
    from elman.forecast import Backtest

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

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def watch(self, stage: str, networks: int) -> list[Callback]:
        """The callback that moves the bar of a stage; nothing is drawn before the first one."""
        self._progress.start()
        return [_Bar(self._progress, stage, networks)]


class _Bar(Callback):
    """One bar for networks that are trained one after the other; a training that ends early jumps to its end."""

    def __init__(self, progress: Progress, description: str, networks: int):
        self._progress, self._networks, self._begun = progress, networks, 0
        self._task = progress.add_task(description, total=None, state="")

    def on_train_begin(self, training: Training) -> None:
        self._begun += 1
        self._progress.update(self._task, total=self._networks * training.epochs)

    def on_epoch_end(self, training: Training) -> None:
        self._progress.update(
            self._task,
            completed=(self._begun - 1) * training.epochs + training.epoch,
            state=f"network {self._begun}/{self._networks} epoch {training.epoch:>3} loss {training.logs['loss']:.4f}",
        )

    def on_train_end(self, training: Training) -> None:
        if not training.interrupted:
            self._progress.update(self._task, completed=self._begun * training.epochs)


def show_report(report: ForecastReport) -> None:
    """The backtest's table, notes, the forecast in short, and the files."""
    console = Console(highlight=False, soft_wrap=True, width=TABLE_WIDTH)
    if report.backtest is not None:
        _show_backtest(console, report, report.backtest)
    for note in report.notes:
        console.print(f"Note: {note}.", markup=False)
    times = report.series.labels(report.times)
    span = f"{times[0]} to {times[-1]}" if len(times) > 1 else times[0]
    console.print(f"Forecast of {report.series.target}, {span}: {_in_short(report.values)}", markup=False)
    console.print(f"Written to {report.folder}: {', '.join(report.files)}", markup=False)


def _show_backtest(console: Console, report: ForecastReport, test: Backtest) -> None:
    first = int(test.origins[0])
    (begins,) = report.series.labels(report.series.times[first : first + 1])
    console.print(
        f"Backtest on {report.series.name}: trained once on the {first} values before "
        f"{begins}, then {counted(len(test.origins), 'forecasts')} of {counted(test.horizon, 'steps')} "
        "with the same weights.",
        markup=False,
    )
    console.print(_season_in_words(test), markup=False)
    console.print(_table(test))
    console.print(_verdict(test), markup=False)


def _table(test: Backtest) -> Table:
    table = Table()
    table.add_column("method")
    metrics = {"MASE": "MASE", "sMAPE": "sMAPE %", "RMSE": "RMSE", "MAE": "MAE"}
    for heading in metrics.values():
        table.add_column(heading, justify="right")
    for method, scores in test.scores.items():
        best = {m: scores[m] <= min(s[m] for s in test.scores.values()) for m in metrics}
        cells = [f"[bold]{_number(scores[m])}[/bold]" if best[m] else _number(scores[m]) for m in metrics]
        table.add_row(method, *cells)
    return table


def _season_in_words(test: Backtest) -> str:
    if test.season is None:
        return "No season was found in them; MASE compares with the naive forecast."
    source = "given" if test.forecaster.season is not None else "found in them by autocorrelation"
    return f"Season of {test.season} steps, {source}; MASE compares with seasonal naive."


def _verdict(test: Backtest) -> str:
    """Who won, by RMSE, in one line."""
    method, *rivals = test.scores
    best = min(rivals, key=lambda name: test.scores[name]["RMSE"])
    ours, theirs = test.scores[method]["RMSE"], test.scores[best]["RMSE"]
    if ours == theirs:
        return f"{method} is as good as {best}: both have an RMSE of {_number(ours)}."
    if ours < theirs:
        return f"{method} beats {best} by {100 * (1 - ours / theirs):.0f} % of RMSE."
    return f"{method} does not beat {best}: its RMSE is {_number(ours)}, against {_number(theirs)}."


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    return f"{value:.2f}" if value == 0 or 0.1 <= abs(value) < 1000 else _four_digits(value)


def _in_short(values: Any) -> str:
    shown = [_four_digits(v) for v in values]
    return ", ".join(shown) if len(shown) <= 6 else ", ".join([*shown[:3], "...", *shown[-2:]])


def _four_digits(value: float) -> str:
    """Four digits that count, and all of those before the point: 882.3, 1104, 26362, 0.01234."""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"
