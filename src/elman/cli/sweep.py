"""`elman sweep`: settings of a forecaster, classifier, regressor or language model, tried and judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from elman.cli.choices import Names
from elman.cli.choices import series as bundled
from elman.cli.document import tell
from elman.cli.headings import SHOWING, TESTING, Grouped, under
from elman.cli.once import Once
from elman.cli.reading import case_options, given, reading_options
from elman.cli.saving import saved_anyway

if TYPE_CHECKING:
    from elman.commands_fleet import Asked, SweepReport

_TRIED = under(
    "What is tried",
    click.option(
        "--grid", multiple=True, metavar="NAME=VALUES", help="Values of a parameter, as units=16,32; all combinations."
    ),
    click.option(
        "--choice", multiple=True, metavar="NAME=VALUES", help="The same with --trials, which proposes some of them."
    ),
    click.option(
        "--range",
        "ranges",
        multiple=True,
        metavar="NAME=LOW..HIGH",
        help="Numbers, with --trials, as learning_rate=1e-4..1e-2:log.",
    ),
    click.option("--trials", type=int, metavar="N", help="Settings that Optuna proposes. [default: all of --grid]"),
    click.option(
        "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of all trials, as epochs=5."
    ),
    click.option("--seeds", type=int, default=1, show_default=True, metavar="N", help="Trials of each setting."),
    click.option(
        "--measure",
        metavar="NAME",
        help="The score that settings are ranked by, of those that are named above. [default: the first]",
    ),
)
_RUN = under(
    SHOWING,
    click.option("--file", metavar="FILE", help="Rows of all trials, in DuckDB. [default: sweep-NAME.duckdb]"),
    click.option(
        "--out", metavar="DIR", help="Folder for the best model, learnt from all data, a page and a table of trials."
    ),
    click.option("--jobs", type=int, metavar="N", help="Processes, -1 for one each core. [default: 1]"),
    click.option("--budget", type=float, metavar="S", help="Seconds after which no trial is begun."),
    click.option("--at-once", type=int, metavar="N", help="Settings that Optuna proposes together. [default: 4]"),
    click.option("--retry", is_flag=True, help="Run trials again that failed before."),
    click.option("--top", type=click.IntRange(1), default=10, show_default=True, metavar="N", help="Settings to show."),
    click.option("--quiet", is_flag=True, help="Show no progress and no table; errors all the same."),
)
_FOLDS = under(
    TESTING,
    click.option("--folds", type=int, metavar="N", help="Of cross-validation. [default: 5]"),
    click.option("--hold-out", type=float, metavar="SHARE", help="Of the cases, which judge instead of folds."),
    click.option(
        "--hold-out-by", metavar="COL", help="One of the columns of --group, as person: all cases of one in one fold."
    ),
)


def _options(*own: Callable[..., Any]) -> Callable[..., Any]:
    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed((*_TRIED, *own, *_RUN)):
            function = option(function)
        return function

    return add


class _Once(Grouped):
    """Its commands say which of their options came twice."""

    command_class = Once


@click.group(cls=_Once)
def sweep() -> None:
    """Try settings of a forecaster, classifier, regressor or language model, each judged by what it did not learn.

    Each trial that has ended is a row in a DuckDB file: a sweep that is stopped, however it was, goes on with the same
    command.

    \b
    elman sweep forecast sunspots --horizon 22 --grid units=16,32 --seeds 3
    elman sweep classify GunPoint_TRAIN.ts --trials 50 --choice units=16,32,64
    elman sweep show sweep-GunPoint.duckdb --picture sweep.png
    """


@sweep.command()
@click.argument("series", metavar="SERIES", type=Names(bundled, or_file=True))
@click.option("--horizon", type=int, metavar="N", help="How many steps to forecast.")
@reading_options
@_options(
    *under(
        "More inputs",
        click.option("--past", metavar="COLS", help="Columns that are inputs, known up to now."),
        click.option("--future", metavar="COLS", help="Columns that are inputs, known ahead."),
        click.option("--static", metavar="COLS", help="Columns that are inputs, the same for all rows of a series."),
    ),
    *under(
        TESTING,
        click.option("--origins", type=int, metavar="N", help="Forecasts in each backtest. [default: from the length]"),
        click.option("--refit", is_flag=True, default=None, help="Train anew for each forecast of a backtest."),
    ),
)
def forecast(series: str, horizon: int | None, **options: Any) -> None:
    """Sweep settings of `elman forecast`, judged by backtests: MASE, sMAPE, RMSE or MAE.

    \b
    elman sweep forecast sales.csv --horizon 12 --grid methods=theta,network+theta
    elman sweep forecast shops.csv --group store --target units --horizon 14 \\
        --grid units=16,64 --set epochs=10 --jobs 2 --out best
    """
    from elman import commands_fleet
    from elman.errors import OptionError

    if horizon is None:
        raise OptionError("say how many steps to forecast, as in --horizon 12")
    _run(options, lambda asked, chosen: commands_fleet.sweep_forecast(series, asked, horizon=horizon, **chosen))


@sweep.command()
@click.argument("data", metavar="DATA")
@case_options
@_options(*_FOLDS)
def classify(data: str, **options: Any) -> None:
    """Sweep settings of `elman classify`, judged by accuracy, balanced_accuracy, macro_f1, log_loss or brier.

    Cases of DATA judge models that did not learn from them, in folds of cross-validation; a file of a test has no part
    in it, and may judge the best model afterwards.

    \b
    elman sweep classify GunPoint_TRAIN.ts --grid units=16,32 --seeds 2 --out best
    elman sweep classify GunPoint_TRAIN.ts --trials 50 \\
        --range learning_rate=1e-4..1e-2:log --choice convolution=front,none
    elman classify --model best/model.safetensors GunPoint_TEST.ts
    """
    from elman import commands_fleet

    _run(options, lambda asked, chosen: commands_fleet.sweep_classify(data, asked, **_named(chosen)))


@sweep.command()
@click.argument("data", metavar="DATA")
@case_options
@_options(*_FOLDS)
def regress(data: str, **options: Any) -> None:
    """Sweep settings of `elman regress`, judged by rmse, mae or r2; as `elman sweep classify`.

    \b
    elman sweep regress engines.csv --group engine --time cycle \\
        --label remaining --grid units=16,32
    """
    from elman import commands_fleet

    _run(options, lambda asked, chosen: commands_fleet.sweep_regress(data, asked, **_named(chosen)))


@sweep.command()
@click.argument("text", metavar="TEXT")
@_options()
def write(text: str, **options: Any) -> None:
    """Sweep settings of `elman write`, judged by the end of TEXT: bits_per_character or perplexity.

    \b
    elman sweep write book.txt --grid cell=gru,lstm --grid dropout=0,0.2
    """
    from elman import commands_fleet

    _run(options, lambda asked, chosen: commands_fleet.sweep_write(text, asked))


@sweep.command()
@click.argument("file", metavar="FILE")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, metavar="N", help="Settings to show.")
@click.option("--csv", metavar="FILE", help="Write a row for each trial to FILE.")
@click.option("--picture", metavar="FILE", help="Draw the scores to FILE, a .png, .svg or .pdf.")
@click.option("--out", metavar="DIR", help="Folder for a page and a table of trials.")
def show(file: str, top: int, **files: Any) -> None:
    """Show the best settings of a sweep's FILE, and what each parameter changed; the sweep need not have ended.

    \b
    elman sweep show sweep-sunspots.duckdb --top 5 --picture sweep.png
    """
    _no_windows()
    from elman import commands_fleet
    from elman.cli.sweep_output import show_report

    written = [files[name] for name in ("csv", "picture") if files[name]]
    report = commands_fleet.show_sweep(file, **files)
    plain = report.plain()
    tell(plain | {"files": plain["files"] + written}, lambda: show_report(report, top, written))


# --- in common ----------------------------------------------------------------------------------------------


def _run(options: dict[str, Any], do: Callable[[Asked, dict[str, Any]], SweepReport]) -> None:
    _no_windows()
    from elman.cli.sweep_output import show_progress, show_report
    from elman.commands_fleet import Asked
    from elman.data.reading import OF_ROWS, Reading
    from elman.fleet.sweep_options import AT_ONCE, Options

    lists = _lists(options)
    top, quiet, at_once = options.pop("top"), options.pop("quiet"), options.pop("at_once")
    own = {name: options.pop(name) for name in ("trials", "seeds", "measure", "jobs", "budget", "retry")}
    watch = (lambda progress: None) if quiet else show_progress
    texts = {name: options.pop(name) for name in ("ranges", "settings", "file", "out")}
    how = Options(**own, at_once=AT_ONCE if at_once is None else at_once, watch=watch)
    asked = Asked(lists, options=how, saved=saved_anyway(), **texts)
    chosen = given(options)
    if "fill" in options:  # of the commands that read a table
        chosen["reading"] = Reading(**{name: chosen.pop(name) for name in OF_ROWS if name in chosen})
    report = do(asked, chosen)
    tell(report, lambda: None if quiet else show_report(report, top, []))


def _lists(options: dict[str, Any]) -> tuple[str, ...]:
    """What is listed, under the name that goes with the kind of sweep."""
    from elman.errors import OptionError

    grid, choices = options.pop("grid"), options.pop("choice")
    if options["trials"] is None and (choices or options["ranges"]):
        name = "--choice" if choices else "--range"
        raise OptionError(
            f"{name} is for proposals of Optuna: say how many with --trials 50, or list values with --grid"
        )
    if options["trials"] is None and options["at_once"] is not None:
        raise OptionError("--at-once is for proposals of Optuna: say how many with --trials 50, or leave it out")
    if options["trials"] is not None and grid:
        raise OptionError(
            "--grid tries all combinations; with --trials give --choice or --range, or leave --trials out"
        )
    if not grid and not choices and not options["ranges"]:
        raise OptionError("say what to try, as --grid units=16,32 --grid cell=gru,lstm")
    return grid or choices


def _named(chosen: dict[str, Any]) -> dict[str, Any]:
    """Options of columns as one, beside those of folds."""
    from elman.commands_cases import Columns
    from elman.data.reading import OF_ROWS, Reading

    reading = Reading(**{name: chosen.pop(name) for name in OF_ROWS if name in chosen})
    told = {name: chosen.pop(name) for name in ("group", "time", "columns", "label", "channels") if name in chosen}
    return {"named": Columns(**told, reading=reading), **chosen}


def _no_windows() -> None:
    import matplotlib

    matplotlib.use("Agg")
