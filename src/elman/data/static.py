"""Static covariates: columns that are the same in all rows of a series, or a table with a row for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.data.covariates import UNSEEN, Covariate, read_covariate
from elman.data.names import listed
from elman.data.roles import GROUPS
from elman.data.sheets import Sheet
from elman.data.tabled import series_of_columns
from elman.errors import DataError


def static_of_columns(
    sheet: Sheet, columns: Sequence[str], codes: np.ndarray, names: Sequence[Any]
) -> dict[str, Covariate]:
    """Columns that are constant in each series.

    Parameters
    ----------
    sheet : Sheet
    columns : sequence of str
    codes : ndarray of int, shape (n,)
        Which series each row is of.
    names : sequence, length S
        Of the series.

    Raises
    ------
    DataError
        Naming the column and a series in which it changes.
    """
    return {str(sheet.own(name)): _constant(sheet, name, codes, names) for name in columns}


def _constant(sheet: Sheet, name: str, codes: np.ndarray, names: Sequence[Any]) -> Covariate:
    found = read_covariate(sheet, name)
    known = np.flatnonzero(~found.absent)
    values = np.full(len(names), found.missing, found.values.dtype)
    values[codes[known[::-1]]] = found.values[known[::-1]]  # the first of each series is written last
    changed = known[found.values[known] != values[codes[known]]]
    if len(changed):
        row = int(changed[0])
        series = int(codes[row])
        one, other = (_shown(found, v) for v in (values[series], found.values[row]))
        raise DataError(
            f"column {sheet.own(name)!r} is no static covariate: in series {names[series]!r} it is {one} and {other}; "
            "give it with past=, or with future= where it is known ahead"
        )
    return found.with_values(values)


def _shown(covariate: Covariate, value: Any) -> str:
    return f"{value:g}" if covariate.categories is None else repr(covariate.categories[int(value) - 1])


def static_of_table(sheet: Sheet, keys: Sequence[str], names: Sequence[Any]) -> dict[str, Covariate]:
    """The columns of a table that has a row for each series.

    Parameters
    ----------
    sheet : Sheet
    keys : sequence of str
        The columns that name the series.
    names : sequence, length S
        Of the series that are wanted.

    Raises
    ------
    DataError
        If a series has no row, or two.
    """
    keys = [key for key in keys if key in sheet.names] or [key for key in GROUPS if key in sheet.names][:1]
    if not keys:
        raise DataError(
            f"the static covariates have no column that names the series; expected one, beside {listed(sheet.names)}, "
            "that is called as in the data"
        )
    held, codes = series_of_columns(sheet, keys)
    if len(held) < len(sheet):
        twice = held[int(np.argmax(np.bincount(codes) > 1))]
        raise DataError(f"the static covariates have several rows for series {twice!r}; expected one")
    row = {name: i for i, name in enumerate(held)}
    lacking = [name for name in names if name not in row]
    if lacking:
        raise DataError(
            f"the static covariates have no row for {len(lacking)} of {len(names)} series: "
            f"{listed(map(repr, lacking), 5)}; expected one for each"
        )
    places = np.array([row[name] for name in names])
    columns = [name for name in sheet.names if name not in keys]
    if not columns:
        raise DataError("the static covariates have no column beside the names of the series")
    found = {str(sheet.own(name)): read_covariate(sheet, name) for name in columns}
    return {name: c.with_values(_in_rows(c, codes, places)) for name, c in found.items()}


def _in_rows(covariate: Covariate, codes: np.ndarray, places: np.ndarray) -> np.ndarray:
    by_series = np.full(len(codes), UNSEEN if covariate.categories is not None else np.nan, covariate.values.dtype)
    by_series[codes] = covariate.values
    return by_series[places]
