"""Forecasts of one or many series: as arrays, as tables in the form that the data came in, as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elman import checks
from elman.attributes import FORECAST, answering
from elman.data.collection import Collection, number_of
from elman.data.names import counted, first_of, listed
from elman.errors import OptionError
from elman.files import write_whole
from elman.forecast.bands import draw_bands
from elman.forecast.predicted import Band, Predicted
from elman.forecast.tables import as_csv, as_html, as_native, as_nested, as_pandas, as_parquet, as_polars, as_text
from elman.plain import to_json

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WRITERS = {".csv": as_csv, ".parquet": as_parquet}
_FEW = 6  # rows that a short table shows


@answering(FORECAST)
class Forecast(Predicted):
    """What follows each of some series.

    Parameters
    ----------
    names : tuple, length S
        Of the series.
    times : ndarray, shape (S, H)
        As of a `Series`; numbers of rows where nothing is known of the times.
    values : ndarray, shape (S, H)
        The point forecast: the median, of a `distribution` the mean.
    levels : dict of float to (ndarray, ndarray), each (S, H)
        The bounds of central intervals by their probability in per cent, as ``{80: (low, high)}``.
    quantiles : dict of float to ndarray, each (S, H)
        By probability, as ``{0.1: ...}``.
    samples : ndarray, shape (S, M, H), optional
        M paths of each series.
    form : Form
        How the data came.
    notation : Notation
        How its times are written.
    history : Collection, optional
        What was forecast, for pictures.
    notes : tuple of str
        What the user should know of it.
    errors : ndarray, shape (S, N), optional
        What came less what was forecast, of all steps from the forecaster's rolling origins, the newest first, in units
        of how errors grow with the step; NaN where a series has none. `reconcile` goes by them.

    Examples
    --------
    >>> import numpy as np
    >>> f = Forecast(("a", "b"), np.array([[3, 4], [5, 6]]), np.array([[1.0, 2.0], [8.0, 9.0]]))
    >>> f
    <Forecast: 2 series (a, b), 2 steps>
    >>> np.asarray(f["b"])
    array([[8., 9.]])
    """

    @classmethod
    def of(
        cls,
        history: Collection,
        values: np.ndarray,
        levels: Mapping[float, Band] | None = None,
        quantiles: Mapping[float, np.ndarray] | None = None,
        samples: np.ndarray | None = None,
        notes: tuple[str, ...] = (),
        errors: np.ndarray | None = None,
    ) -> Forecast:
        """The forecast of a collection, its times those that follow each series.

        Parameters
        ----------
        history : Collection
            The series.
        values : ndarray, shape (S, H)
            What is forecast.
        levels : mapping of float to (ndarray, ndarray), optional
            Bands by level in per cent.
        quantiles : mapping of float to ndarray, optional
            By probability.
        samples : ndarray, shape (S, H, N), optional
            Paths.
        notes : tuple of str
            What the user should know.
        errors : ndarray, optional
            How far off forecasts were.

        Returns
        -------
        Forecast
        """
        times, notation = history.future_times(values.shape[1]), history.notation
        form = replace(history.form, stamps=history.stamps)
        bands = (levels or {}, quantiles or {}, samples)
        return cls(history.names, times, values, *bands, form, notation, history, notes, errors)

    def __getitem__(self, name: Any) -> Forecast:
        """The forecast of one series."""
        return self.take([number_of(name, self.names, " in the forecast")])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The point forecast: (S, H), or (H,) of one series that came as an array (n,)."""
        values = self.values[0] if self.form.kind == "array" else self.values
        if copy is False and dtype is not None and np.dtype(dtype) != values.dtype:
            raise ValueError(f"values are {values.dtype}; an array of {np.dtype(dtype)} is a copy")
        return np.array(values, dtype=dtype, copy=copy is not False)

    def to_pandas(self) -> Any:
        """A pandas DataFrame: a row for each series and step, under the names of the data's own columns.

        Columns are those that name the series, the time, the target, then ``lo-80, hi-80`` for each level and ``q0.1``
        for each quantile. Times have the type that they came in.

        Returns
        -------
        pandas DataFrame

        Raises
        ------
        OptionError
            If pandas is not installed.
        """
        return as_pandas(self)

    def to_polars(self) -> Any:
        """A polars DataFrame, as `to_pandas`.

        Returns
        -------
        polars DataFrame

        Raises
        ------
        OptionError
            If polars is not installed.
        """
        return as_polars(self)

    def to_native(self) -> Any:
        """The form in which the data came: an array, arrays by name, a frame of its library; else the forecast itself.

        A wide frame gives a wide one, and a column of pandas a column, where there is but one number for each time.

        Returns
        -------
        object
        """
        return as_native(self)

    def to_dict(self) -> dict[str, Any]:
        """Lists and dicts, as JSON has them: ``{"series": [{"name", "times", "values", "levels"}, ...]}``.

        Returns
        -------
        dict
        """
        return as_nested(self)

    def write(self, path: str | Path) -> Path:
        """Write a ``.csv``, ``.parquet`` or ``.json`` file, whole or not at all.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Path

        Raises
        ------
        OptionError
            If the name ends otherwise, or the file cannot be written.
        """
        path = checks.path(path)
        ending = path.suffix.lower()
        if ending not in (*_WRITERS, ".json"):
            raise OptionError(f"a forecast is written to a file .csv, .parquet or .json; {path} ends in {ending!r}")
        if path.is_dir():
            raise OptionError(f"{path} is a folder; give a file, as {path / f'forecast{ending}'}")
        if ending == ".json":
            content = (to_json(as_nested(self), "forecast", indent=1, undefined_as_null=True) + "\n").encode()
        else:
            content = _WRITERS[ending](self)
        write_whole(path, content)
        return path

    def plot(self, name: Any = None, ax: Axes | None = None) -> Axes:
        """Draw the end of a series, its forecast, and the bands of its levels.

        Parameters
        ----------
        name : optional
            Which series; by default the first.
        ax : matplotlib Axes, optional
            By default new ones.

        Returns
        -------
        matplotlib axes
        """
        return draw_bands(self.take([0]) if name is None else self[name], ax)

    def __repr__(self) -> str:
        steps = counted(self.horizon, "steps")
        times = f" from {self.labels()[0][0]}" if self.form.stamps != "rows" and len(self) and self.horizon else ""
        levels = f"; levels {listed(f'{level:g}' for level in self.levels)}" if self.levels else ""
        if len(self) != 1:
            return f"<Forecast: {len(self)} series ({first_of(self.names, 3)}), {steps}{times}{levels}>"
        return f"<Forecast: {self.names[0]}, {steps}{times}{levels}>\n{as_text(self, _FEW)}"

    def _repr_html_(self) -> str:
        return as_html(self, _FEW)
