"""A forecast as tables: a row for each series and step, in the libraries and files that people use."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any

import numpy as np

from elman.checks import visible
from elman.data.database import has_zones, quoted
from elman.data.libraries import library
from elman.files import temporary, temporary_folder
from elman.forecast.predicted import Predicted


def columns_of(forecast: Predicted) -> dict[Any, np.ndarray]:
    """The columns of the long table by name, times as they are kept."""
    form, steps = forecast.form, forecast.horizon
    target = "y" if form.target is None else form.target
    time = time_of(forecast)
    found = {key: np.repeat(names, steps) for key, names in keys_of(forecast).items()}
    found |= {time: forecast.times.ravel(), target: forecast.values.ravel()}
    for level, (low, high) in sorted(forecast.levels.items()):
        found |= {f"lo-{level:g}": low.ravel(), f"hi-{level:g}": high.ravel()}
    return found | {f"q{q:g}": values.ravel() for q, values in sorted(forecast.quantiles.items())}


def keys_of(forecast: Predicted) -> dict[Any, np.ndarray]:
    """The columns that name the series, a value a series; none where one series came without a name of its own."""
    group, names = forecast.form.group, forecast.names
    if not group and len(names) == 1:
        return {}
    if len(group) > 1:
        return {key: _labels([name[i] for name in names]) for i, key in enumerate(group)}
    return {group[0] if group else "unique_id": _labels(names)}


def _labels(names: Sequence[Any]) -> np.ndarray:
    found = np.empty(len(names), object)
    found[:] = names
    kinds = {type(name) for name in names}
    return found.astype(np.int64) if kinds <= {int, np.int64} else found


def time_of(forecast: Predicted) -> Any:
    """What calls the column of times."""
    return "ds" if forecast.form.time is None else forecast.form.time


def texts_of_times(forecast: Predicted) -> np.ndarray:
    """The times as texts, (S * H,)."""
    return np.array([text for row in forecast.labels() for text in row], object)


# --- data frames --------------------------------------------------------------------------------------------


def as_pandas(forecast: Predicted) -> Any:
    library("pandas")
    return _frame(forecast, columns_of(forecast), "pandas")


def as_polars(forecast: Predicted) -> Any:
    library("polars")
    return _frame(forecast, columns_of(forecast), "polars")


def as_native(forecast: Predicted) -> Any:
    form = forecast.form
    alone = not forecast.levels and not forecast.quantiles
    if not form.library:
        if not alone or form.kind not in ("array", "arrays", "mapping"):
            return forecast
        values = np.asarray(forecast)
        return dict(zip(forecast.names, values, strict=True)) if form.kind == "mapping" else values
    long = _frame(forecast, columns_of(forecast), form.library)
    time = time_of(forecast)
    if form.kind == "wide" and alone:
        wide = _frame(forecast, _wide(forecast), form.library)
        return wide.set_index(time) if form.indexed else wide
    if form.kind == "column" and hasattr(long, "set_index"):
        long = long.set_index(time).rename_axis(index=None if time == "index" else time)
        return long[form.target] if alone and not form.group else long
    return long.set_index([*keys_of(forecast), time]) if form.indexed and hasattr(long, "set_index") else long


def _wide(forecast: Predicted) -> dict[Any, np.ndarray]:
    """A column for each series; NaN where a time is none of its own."""
    times, where = np.unique(forecast.times, return_inverse=True)
    table = np.full((len(forecast), len(times)), np.nan)
    table[np.arange(len(forecast))[:, None], where.reshape(forecast.times.shape)] = forecast.values
    return {time_of(forecast): times} | dict(zip(forecast.names, table, strict=True))


def _frame(forecast: Predicted, columns: dict[Any, np.ndarray], library: Any) -> Any:
    """A data frame, its times of the type in which they came."""
    import narwhals as nw

    form, notation, time = forecast.form, forecast.notation, time_of(forecast)
    stamps = form.stamps if library == "pandas" or form.stamps != "periods" else "texts"
    if stamps == "texts":
        columns = columns | {time: _texts(forecast, columns[time])}
    elif stamps == "times":
        columns = columns | {time: (notation.utc if notation.hangs else notation.wall)(columns[time])}
    texts = {str(name): column for name, column in columns.items()}
    data = {name: column.tolist() if column.dtype == object else column for name, column in texts.items()}
    frame = nw.from_dict(data, backend=library)
    if stamps == "times" and notation.hangs:
        frame = _in_zone(frame, str(time), notation.zone)
    native = frame.to_native()
    if library != "pandas":
        return native
    if stamps == "periods":
        native[str(time)] = native[str(time)].dt.to_period(form.frequency)
    native.columns = list(columns)
    return native


def _texts(forecast: Predicted, times: np.ndarray) -> np.ndarray:
    different, where = np.unique(times, return_inverse=True)
    return np.array(forecast.notation.labels(different), object)[where]


def _in_zone(frame: Any, time: str, zone: Any) -> Any:
    """A column of times in UTC as one of their zone."""
    import narwhals as nw

    in_utc = frame.with_columns(nw.col(time).dt.replace_time_zone("UTC"))
    if zone.name:
        return in_utc.with_columns(nw.col(time).dt.convert_time_zone(zone.name))
    native = in_utc.to_native()
    if zone.utc or not hasattr(native, "set_index"):  # other libraries know no offsets without a zone
        return in_utc
    native[time] = native[time].dt.tz_convert(timezone(timedelta(seconds=zone.offset)))
    return nw.from_native(native)


# --- files --------------------------------------------------------------------------------------------------


def as_csv(forecast: Predicted) -> bytes:
    """A row for each series and step; all digits that float64 has."""
    columns = columns_of(forecast) | {time_of(forecast): texts_of_times(forecast)}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(zip(*(_written(column) for column in columns.values()), strict=True))
    return out.getvalue().encode()


def _written(column: np.ndarray) -> list[Any]:
    if column.dtype.kind != "f":
        return column.tolist()
    return ["" if value != value else repr(value).removesuffix(".0") for value in column.tolist()]


def as_parquet(forecast: Predicted) -> bytes:
    """A Parquet file: times as days or moments, of a zone as instants in UTC; quarters and the like as texts."""
    import duckdb

    time = str(time_of(forecast))
    columns = {str(name): _plain(column) for name, column in columns_of(forecast).items()}
    columns[time], kind = _stored_times(forecast, columns[time])
    parts = [quoted(name) for name in columns]
    parts[list(columns).index(time)] = f"{kind.format(quoted(time))} AS {quoted(time)}"
    with temporary_folder("the forecast") as folder, temporary("the forecast"), duckdb.connect(":memory:") as database:
        database.execute("SET TimeZone='UTC'") if has_zones(database) else None
        place = str(folder / "forecast.parquet").replace("'", "''")
        try:
            database.execute(f"COPY (SELECT {', '.join(parts)} FROM columns) TO '{place}' (FORMAT parquet)")
        except duckdb.IOException as error:
            raise OSError(str(error)) from error
        return (folder / "forecast.parquet").read_bytes()


def _stored_times(forecast: Predicted, times: np.ndarray) -> tuple[np.ndarray, str]:
    """Times as DuckDB takes them, and what makes its type of them."""
    notation = forecast.notation
    if times.dtype.kind != "M":
        return times, "{}"
    if notation.pattern:
        return texts_of_times(forecast), "{}"
    if notation.hangs:
        return notation.utc(times).astype(np.int64), "make_timestamp({})::TIMESTAMPTZ"
    times = notation.wall(times)
    days = not notation.clock and bool(np.all(times == times.astype("datetime64[D]")))
    return times.astype(np.int64), "make_timestamp({})::DATE" if days else "make_timestamp({})"


def _plain(column: np.ndarray) -> np.ndarray:
    """Names as texts, unless all are numbers."""
    if column.dtype != object:
        return column
    return np.array([None if one is None else str(one) for one in column], object)


def as_nested(forecast: Predicted) -> dict[str, Any]:
    """Series by series, as JSON has it."""
    labels = forecast.labels()
    return {
        "horizon": forecast.horizon,
        "series": [_one(forecast, number, labels[number]) for number in range(len(forecast))],
    }


def _one(forecast: Predicted, number: int, times: list[str]) -> dict[str, Any]:
    name = forecast.names[number]
    plain = name if isinstance(name, int | str) and not isinstance(name, bool) else None
    found: dict[str, Any] = {
        "name": plain if plain is not None else [str(part) for part in name] if isinstance(name, tuple) else str(name),
        "times": times,
        "values": forecast.values[number].tolist(),
    }
    if forecast.levels:
        found["levels"] = {
            f"{level:g}": {"low": low[number].tolist(), "high": high[number].tolist()}
            for level, (low, high) in sorted(forecast.levels.items())
        }
    if forecast.quantiles:
        found["quantiles"] = {f"{q:g}": values[number].tolist() for q, values in sorted(forecast.quantiles.items())}
    return found


# --- for people ---------------------------------------------------------------------------------------------


def _shown(forecast: Predicted, most: int) -> tuple[list[str], list[list[str]]]:
    """Header and first rows as texts."""
    few = forecast.take(slice(0, max(1, -(-most // max(forecast.horizon, 1)))))
    columns = columns_of(few) | {time_of(few): texts_of_times(few)}
    texts = [
        [f"{v:.6g}" if isinstance(v, float) else visible(str(v), line=True) for v in column[:most].tolist()]
        for column in columns.values()
    ]
    return [visible(str(name), line=True) for name in columns], [list(row) for row in zip(*texts, strict=True)]


def as_text(forecast: Predicted, most: int) -> str:
    """The first rows, in columns."""
    header, rows = _shown(forecast, most)
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [header, *rows]]
    more = forecast.values.size - len(rows)
    return "\n".join(lines + ([f"... {more} more"] if more > 0 else []))


def as_html(forecast: Predicted, most: int) -> str:
    """The first rows, as notebooks show tables."""
    header, rows = _shown(forecast, most)
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    more = forecast.values.size - len(rows)
    told = f"Forecast of {len(forecast)} series, {forecast.horizon} steps" + (f"; {more} more rows" if more > 0 else "")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{html.escape(told)}</p>"
