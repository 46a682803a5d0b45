"""What `elman forecast` shows: a table and where the files are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from elman.cli.terminal import console as console_of
from elman.data.names import four_digits, number, shown_name
from elman.forecast.words import (
    coverage_in_words,
    methods_in_words,
    scaled_in_words,
    tested_in_words,
)

if TYPE_CHECKING:
    from rich.console import Console

    from elman.commands import ForecastReport
    from elman.forecast import Backtest

MOST_SERIES = 3  # whose forecasts are shown
TABLE_WIDTH = 120  # at most; a narrower terminal breaks the lines, which beats columns without their numbers


def show_report(report: ForecastReport) -> None:
    """The backtest's table, notes, the forecast in short, and the files."""
    console = console_of(TABLE_WIDTH)
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
    name = shown_name(found.names[s])
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
