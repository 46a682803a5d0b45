"""`elman forecast`: train, test and forecast; or forecast again with a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from elman.cli.reading import given, reading_options

if TYPE_CHECKING:
    from elman.commands import ForecastReport


@click.command()
@click.argument("series", metavar="SERIES")
@click.option("--horizon", type=int, metavar="N", help="How many steps to forecast.")
@reading_options
@click.option("--out", metavar="DIR", help="Folder for the results. [default: forecast-NAME]")
@click.option("--model", metavar="FILE", help="Forecast with this model.safetensors, without training.")
@click.option("--cell", metavar="NAME", help="One of `elman cells`. [default: gru]")
@click.option("--hidden", type=int, metavar="H", help="Hidden size. [default: 64]")
@click.option(
    "--lookback", type=int, metavar="N", help="Steps the network reads before it forecasts. [default: from the season]"
)
@click.option("--season", type=int, metavar="N", help="Steps of a season, 1 for none. [default: found in the series]")
@click.option("--epochs", type=int, metavar="N", help="Most epochs of training. [default: 300]")
@click.option("--learning-rate", type=float, metavar="RATE", help="Of the optimiser, Adam. [default: 0.001]")
@click.option("--origins", type=int, metavar="N", help="Forecasts in the backtest. [default: from horizon and length]")
@click.option("--members", type=int, metavar="N", help="Networks whose mean is the forecast. [default: 5]")
@click.option("--seed", type=int, metavar="N", help="The same seed gives the same forecast. [default: 0]")
def forecast(series: str, model: str | None, horizon: int | None, **options: Any) -> None:
    """Forecast SERIES: a CSV or Parquet file, or one that ships with Elman (sunspots, co2).

    Trains a recurrent network, tests its forecasts on the held-out end of the series beside naive ones, and writes
    forecast.csv, forecast.png, metrics.json and model.safetensors into a folder.

    \b
    elman forecast sunspots --horizon 22
    elman forecast co2 --horizon 52 --fill linear
    elman forecast sales.csv --time month --target units --horizon 12
    elman forecast shops.csv --where shop=Leeds --time Year,Month --target units --horizon 12
    elman forecast --model forecast-sales/model.safetensors sales.csv
    """
    from elman.cli.forecast_output import show_report

    chosen = given(options)
    trains = model is None
    show_report(_train(series, horizon, chosen) if trains else _again(str(model), series, horizon, chosen))


def _train(series: str, horizon: int | None, chosen: dict[str, Any]) -> ForecastReport:
    from elman import commands
    from elman.cli.forecast_output import Bars
    from elman.errors import OptionError

    if horizon is None:
        raise OptionError("say how many steps to forecast, as in --horizon 12")
    with Bars() as bars:
        return commands.forecast(series, horizon=horizon, watch=bars.watch, **chosen)


def _again(model: str, series: str, horizon: int | None, chosen: dict[str, Any]) -> ForecastReport:
    from elman import checks, commands
    from elman.errors import OptionError

    checks.path(model, "--model")
    for name in ("cell", "hidden", "lookback", "season", "epochs", "learning_rate", "origins", "members", "seed"):
        if name in chosen:
            option = "--" + name.replace("_", "-")
            raise OptionError(
                f"{option} is for training; --model forecasts with a model as it is. Leave one of them out"
            )
    return commands.forecast_again(model, series, horizon=horizon, **chosen)
