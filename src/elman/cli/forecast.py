"""`elman forecast`: train, test and forecast; or forecast again with a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from elman.cli.choices import Cells, Names
from elman.cli.choices import series as bundled
from elman.cli.headings import NETWORK, TESTING, under
from elman.cli.once import Listed, command
from elman.cli.reading import given, reading_options
from elman.cli.saving import SAVING, saved_of, saving_options
from elman.cli.watching import METRICS, metrics_of, with_callbacks

if TYPE_CHECKING:
    from elman.commands import ForecastReport

_COVARIATES = under(
    "More inputs",
    click.option("--past", cls=Listed, metavar="COLS", help="Columns that are inputs, known up to now."),
    click.option(
        "--future",
        cls=Listed,
        metavar="COLS",
        help="Columns that are inputs, known ahead, as --future price,promotion.",
    ),
    click.option(
        "--static", cls=Listed, metavar="COLS", help="Columns that are inputs, the same for all rows of a series."
    ),
    click.option("--holidays", metavar="COUNTRY", help="Holidays are an input, as --holidays DE."),
    click.option("--calendar", is_flag=True, default=None, help="Hour, weekday and time of year are inputs."),
)
METHODS = Names("network", "linear", "theta", "ets", "damped ets", "arima", "several seasons", "seasonal naive")
DISTRIBUTIONS = Names(
    *("normal", "student_t", "poisson", "negative_binomial"),
    *("zero_inflated_poisson", "zero_inflated_negative_binomial", "tweedie"),
)
_TRAINING = (
    *_COVARIATES,
    *under(
        NETWORK,
        click.option("--auto", is_flag=True, default=None, help="Search settings by backtests before."),
        click.option(
            "--seconds",
            type=float,
            metavar="S",
            help="How long to search, with --auto; training and the backtest come after. [default: 60]",
        ),
        click.option(
            "--season",
            type=int,
            metavar="N",
            help="Steps of a season, 1 for none; theta uses it where its own test finds it. [default: found]",
        ),
        click.option(
            "--methods",
            type=METHODS,
            multiple=True,
            metavar="NAMES",
            help="Which methods are combined, as network,theta; may be repeated. [default: all of "
            f"{', '.join(METHODS.names())}]",
        ),
        click.option(
            "--distribution",
            type=DISTRIBUTIONS,
            metavar="NAME",
            help=f"What the networks forecast in place of quantiles, {', '.join(DISTRIBUTIONS.names())}; they are the "
            "only method then.",
        ),
        click.option(
            "--cell",
            type=Cells(),
            metavar="NAME",
            help="Of the networks, one of `elman cells`, or a file of equations. [default: gru]",
        ),
        click.option("--units", type=int, metavar="H", help="Hidden size of the networks. [default: 64]"),
        click.option("--members", type=int, metavar="N", help="Networks whose mean counts. [default: 3]"),
        click.option(
            "--epochs",
            type=int,
            metavar="N",
            help="Most epochs of training. [default: from the number of series; 0 for fewer than 20, where the "
            "networks are pretrained]",
        ),
        click.option("--learning-rate", type=float, metavar="RATE", help="Of Adam. [default: falls from 0.0005 to 0]"),
        click.option("--seed", type=int, metavar="N", help="The same seed gives the same forecast. [default: 0]"),
    ),
    *METRICS,
    *under(
        TESTING,
        click.option("--origins", type=int, metavar="N", help="Forecasts in the backtest. [default: from the length]"),
        click.option("--refit", is_flag=True, default=None, help="Train anew for each forecast of the backtest."),
        click.option(
            "--jobs", type=int, metavar="N", help="Processes for --refit and --auto, -1 for one each core. [default: 1]"
        ),
    ),
)
_FOR_TRAINING = (
    *("past", "future", "static", "holidays", "calendar", "auto", "seconds"),
    *("season", "methods", "distribution", "cell", "units", "members", "epochs", "learning_rate"),
    *("origins", "refit", "jobs", "seed", "metrics", *SAVING),
)
_GONE = {
    "--hidden": "it is called --units now",
    "--lookback": "the networks read each series from its beginning, so that there is nothing to give instead",
}


def _training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_TRAINING):
        command = option(command)
    for name, why in _GONE.items():
        command = click.option(name, hidden=True, expose_value=False, callback=_refuse(name, why), help=why)(command)
    return command


def _refuse(name: str, why: str) -> Callable[..., None]:
    """What tells that an option is no more, and what to use instead."""

    def refuse(context: click.Context, option: click.Parameter, value: str | None) -> None:
        from elman.errors import OptionError

        if value is not None:
            raise OptionError(f"there is no option {name} any more: {why}. Leave it out")

    return refuse


@command()
@click.argument("series", metavar="SERIES", type=Names(bundled, or_file=True))
@click.option("--horizon", type=int, metavar="N", help="How many steps to forecast.")
@reading_options
@click.option(
    "--level", multiple=True, metavar="P", help="Intervals, in per cent, as 80,95; may be repeated. [default: 80,95]"
)
@click.option(
    "--out",
    metavar="PATH",
    help="Folder for the results, with forecast.csv, or a file .parquet or .json for the forecast alone. "
    "[default: forecast-NAME]",
)
@click.option(
    "--future-file",
    metavar="FILE",
    help="The columns of --future for the steps to come. [default: rows behind the last values]",
)
@click.option("--model", metavar="FILE", help="Forecast with this model.safetensors, without training.")
@_training_options
@saving_options
def forecast(series: str, model: str | None, horizon: int | None, **options: Any) -> None:
    """Forecast SERIES: a CSV or Parquet file with one or many, or one that ships with Elman (sunspots, co2).

    Combines recurrent networks with simple methods by what each foretold, tests the forecasts on the held-out end of
    the series beside naive ones, theta and exponential smoothing, and writes forecast.csv with intervals, forecast.png,
    report.html, metrics.json and model.safetensors into a folder.

    \b
    elman forecast sunspots --horizon 22
    elman forecast sales.csv --time month --target units --horizon 12 --level 90
    elman forecast shops.csv --group store --target units --horizon 9 --out f.json
    elman forecast shops.csv --group store --target units --horizon 28 \\
        --future promotion --future-file next-month.csv
    elman forecast shops.csv --where store=Leeds --target units --horizon 14
    elman forecast --model forecast-sales/model.safetensors sales.csv
    """
    from elman.cli.document import tell
    from elman.cli.forecast_output import show_report
    from elman.data.reading import OF_ROWS, Reading

    chosen = given(options)
    for name, kind in (("level", float), ("methods", str)):
        if name in chosen:
            chosen[name] = _several(chosen[name], name, kind)
    chosen["reading"] = Reading(**{name: chosen.pop(name) for name in OF_ROWS if name in chosen})
    report = _train(series, horizon, chosen) if model is None else _again(model, series, horizon, chosen)
    tell(report, lambda: show_report(report))


def _several(texts: tuple[str, ...], name: str, kind: Callable[[str], Any]) -> list[Any]:
    """What is given once with commas between, or many times."""
    from elman.errors import OptionError

    parts = [part.strip() for text in texts for part in text.split(",")]
    try:
        return [kind(part) for part in parts]
    except ValueError:
        raise OptionError(f"--{name} is {','.join(texts)!r}; expected numbers, as --{name} 80,95") from None


def _train(series: str, horizon: int | None, chosen: dict[str, Any]) -> ForecastReport:
    from elman import commands
    from elman.cli.bars import Bars
    from elman.errors import OptionError

    if horizon is None:
        raise OptionError("say how many steps to forecast, as in --horizon 12")
    if "seconds" in chosen and "auto" not in chosen:
        raise OptionError(f"--seconds {chosen['seconds']:g} is for a search; give --auto as well, or leave it out")
    with metrics_of(chosen) as callbacks, Bars() as bars:
        watch, saved = with_callbacks(bars.watch, callbacks), saved_of(chosen)
        return commands.forecast(series, horizon=horizon, watch=watch, saved=saved, **chosen)


def _again(model: str, series: str, horizon: int | None, chosen: dict[str, Any]) -> ForecastReport:
    from elman import checks, commands
    from elman.errors import OptionError

    checks.path(model, "--model")
    for name in _FOR_TRAINING:
        if name in chosen:
            option = "--" + name.replace("_", "-")
            raise OptionError(
                f"{option} is for training; --model forecasts with a model as it is. Leave one of them out"
            )
    return commands.forecast_again(model, series, horizon=horizon, **chosen)
