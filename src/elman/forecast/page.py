"""The page of a forecast: the data, what forecasts it, how it was tested, and what the network makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.cells import as_cell
from elman.data.names import counted, four_digits, series_name
from elman.forecast import pretrained
from elman.forecast.backtest import Backtest
from elman.forecast.forecaster import Forecaster
from elman.forecast.forecasts import Forecast
from elman.forecast.page_charts import how_many, series_charts
from elman.forecast.page_of_network import gradient_reached, network_saw
from elman.forecast.page_of_tests import TESTED
from elman.forecast.results import describe_series, labels_of
from elman.forecast.words import methods_in_words, seasons_in_words
from elman.plots.page import Report, Section

MOST_ROWS = 24  # of a table


def page(
    name: str, forecaster: Forecaster, forecast: Forecast, test: Backtest | None, notes: tuple[str, ...]
) -> Report:
    """All there is to say of a forecast.

    Parameters
    ----------
    name : str
        Of the data.
    forecaster : Forecaster
        Fitted.
    forecast : Forecast
        What it says.
    test : Backtest, optional
        Without one, nothing is said of errors.
    notes : tuple of str
        What the user should know.
    """
    sections = [_data(name, forecaster), _fit(forecaster)]
    if test is None:
        sections.append(Section("Backtest", "There is none: nothing here says how good the forecasts are."))
    else:
        sections += [made for make in TESTED if (made := make(name, test)) is not None]
    if forecaster.networks_:
        sections += [network_saw(forecaster), gradient_reached(forecaster)]
    told = [Section("Notes", "What was decided and done:", points=notes)] if notes else []
    first = [_forecast(forecast, test), _numbers(forecast), *told]
    return Report(f"Forecast of {name}", [*first, *sections], "forecast", forecaster.seed)


def _forecast(forecast: Forecast, test: Backtest | None) -> Section:
    verdict = "" if test is None else f" In the backtest: {test.verdict()}."
    return Section("Forecast", how_many(forecast, test) + verdict, charts=series_charts(forecast, test))


def _numbers(forecast: Forecast) -> Section:
    rows = _rows(forecast)
    more = "" if len(rows) - 1 == forecast.values.size else f"The first {len(rows) - 1} rows; forecast.csv has all."
    return Section("Forecast in numbers", more, rows)


def _rows(forecast: Forecast) -> list[list[str]]:
    """The first rows of the forecast, a heading before them."""
    several, levels = len(forecast) > 1, sorted(forecast.levels)
    heads = [*(["series"] if several else []), "time", "forecast", *(f"{level:g} %" for level in levels)]
    rows = [heads]
    for s, labels in enumerate(forecast.labels()):
        for k, label in enumerate(labels):
            bounds = [[four_digits(bound[s, k]) for bound in forecast.levels[level]] for level in levels]
            row = [label, four_digits(forecast.values[s, k]), *(" to ".join(pair) for pair in bounds)]
            rows.append([series_name(forecast.names[s]), *row] if several else row)
            if len(rows) > MOST_ROWS:
                return rows
    return rows


def _data(name: str, forecaster: Forecaster) -> Section:
    collection = forecaster.fitted_basis.collection
    told = describe_series(name, collection)
    lengths = collection.lengths
    size = f"{lengths.min()} to {lengths.max()}" if lengths.min() < lengths.max() else f"{lengths.max()}"
    what = f"{len(collection)} series of {size} values" if len(collection) > 1 else f"{size} values"
    apart = f", {told['step']} apart" if collection.times is not None and told["step"] else ""
    missing = f"; {counted(told['missing'], 'values')} missing" if told["missing"] else ""
    text = f"{what} from {told['first']} to {told['last']}{apart}{missing}."
    rows = [["series", "values", "missing", "first", "last", "season", "min", "mean", "max"]]
    for s in range(min(len(collection), MOST_ROWS)):
        rows.append(_about(collection, s, int(forecaster.season_[s])))
    if len(collection) > MOST_ROWS:
        text += f" The first {MOST_ROWS} series:"
    return Section("Data", text, rows)


def _about(collection: Any, s: int, season: int) -> list[str]:
    values = collection.series(s)
    first, last = labels_of(collection, collection.times_of(s)[[0, -1]])
    numbers = [four_digits(float(of(values))) for of in (np.nanmin, np.nanmean, np.nanmax)]
    missing = int(np.isnan(values).sum())
    name = series_name(collection.names[s])
    return [name, str(len(values)), str(missing), first, last, "none" if season == 1 else str(season), *numbers]


def _fit(forecaster: Forecaster) -> Section:
    weights = forecaster.weights_
    heaviest = np.argmax(np.stack(list(weights.values())), axis=0)
    several = len(heaviest) > 1
    rows = [["method", "weight" if not several else "mean weight", *(["heaviest in"] if several else [])]]
    for number, (name, share) in sorted(enumerate(weights.items()), key=lambda item: -float(item[1][1].mean())):
        count = [f"{int(np.sum(heaviest == number))} series"] if several else []
        rows.append([name, f"{100 * float(share.mean()):.1f} %", *count])
    how = (
        "The forecast is a weighted mean of several methods; what each foretold of the newest values, from rolling "
        f"origins, decides its weight: {methods_in_words(forecaster)}"
    )
    if forecaster.family is not None:
        how = f"Networks forecast {forecaster.family.name.replace('_', ' ')} distributions: their means and quantiles"
    text = f"{how}. {seasons_in_words(forecaster.season_)}.{_longer(forecaster)} {_networks(forecaster)}"
    return Section("Fit", text.strip(), rows)


def _longer(forecaster: Forecaster) -> str:
    longer = forecaster.seasons_
    return f" Seasons of {', '.join(map(str, longer))} steps were looked for too." if longer else ""


def _networks(forecaster: Forecaster) -> str:
    nets, epochs = forecaster.networks_, forecaster.epochs_
    if not nets:
        return ""
    knows = pretrained.fits(as_cell(forecaster.cell), forecaster.units)
    knows &= forecaster.family is None or not forecaster.family.demand
    start = "from pretrained ones" if knows else "from nothing"
    learnt = f"{', '.join(map(str, epochs))} epochs" if any(epochs) else "no epoch: they forecast as they came"
    count = counted(len(nets), "networks")
    return f"{count} with {nets[0].arena.size:,} parameters each began {start} and learnt {learnt}."
