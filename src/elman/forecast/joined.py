"""What was said of series one by one, as of one collection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from elman.data.collection import Collection
from elman.data.names import counted, listed, series_name
from elman.forecast.forecasts import Forecast
from elman.forecast.held_out import Said
from elman.forecast.predicted import Band

SHOWN = 3  # names in a note


def joined_said(said: Sequence[Said], names: Sequence[object], forecaster: Any) -> Said:
    """What forecasters say from the origins of a backtest, each of one series; intervals where all have them."""
    levels = [level for level in said[0].intervals if all(level in each.intervals for each in said)]
    most = max((each.intervals for each in said), key=len)
    without = [name for name, each in zip(names, said, strict=True) if len(each.intervals) < len(most)]
    notes = (f"no intervals are judged, as {_none_of(without)}",) * bool(without)
    medians = [each.medians for each in said if each.medians is not None]
    return Said(
        forecaster,
        np.concatenate([each.values for each in said]),
        {level: _bands([each.intervals[level] for each in said]) for level in levels},
        np.concatenate([each.season for each in said]),
        np.concatenate(medians) if medians else None,
        notes,
    )


def joined_forecasts(forecasts: Sequence[Forecast], collection: Collection) -> Forecast:
    """Forecasts of one series each as one of a collection; NaN where widths of a series are not known, with a note."""
    most = max(forecasts, key=lambda each: (len(each.levels) + len(each.quantiles), each.samples is not None))
    values = np.concatenate([each.values for each in forecasts])
    none = np.full((1, values.shape[1]), np.nan)
    levels = {level: _bands([each.levels.get(level, (none, none)) for each in forecasts]) for level in most.levels}
    quantiles = {q: np.concatenate([each.quantiles.get(q, none) for each in forecasts]) for q in most.quantiles}
    samples = None
    if most.samples is not None:
        no_paths = np.full(most.samples.shape, np.nan)
        samples = np.concatenate([no_paths if each.samples is None else each.samples for each in forecasts])
    known = [len(each.levels) + len(each.quantiles) + (each.samples is not None) for each in forecasts]
    without = [name for name, count in zip(collection.names, known, strict=True) if count < max(known)]
    notes = (f"bounds are NaN where {_none_of(without)}",) * bool(without)
    told = joined_notes((name, each.notes) for name, each in zip(collection.names, forecasts, strict=True))
    return Forecast.of(collection, values, levels, quantiles, samples, (*notes, *told), _errors(forecasts))


def joined_notes(notes: Iterable[tuple[object, Sequence[str]]]) -> tuple[str, ...]:
    """Notes of many series, each once, with the names of those that it is of."""
    names: dict[str, list[str]] = {}
    for name, texts in notes:
        for text in texts:
            names.setdefault(text, []).append(series_name(name))
    return tuple(f"{listed(of, SHOWN)}: {text}" for text, of in names.items())


def _none_of(names: Sequence[object]) -> str:
    some = listed(map(series_name, names), SHOWN)
    return f"nothing says how wide those of {counted(len(names), 'series')} are, too short or without change: {some}"


def _bands(bands: Sequence[Band]) -> Band:
    return np.concatenate([low for low, _ in bands]), np.concatenate([high for _, high in bands])


def _errors(forecasts: Sequence[Forecast]) -> np.ndarray | None:
    """Errors (S, N) of all, NaN behind those of a series that has fewer; None where no series has any."""
    steps = [0 if each.errors is None else each.errors.shape[1] for each in forecasts]
    if not max(steps):
        return None
    found = np.full((len(forecasts), max(steps)), np.nan)
    for row, each, count in zip(found, forecasts, steps, strict=True):
        if each.errors is not None:
            row[:count] = each.errors[0]
    return found
