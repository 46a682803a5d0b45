"""A forecaster that is fitted goes on: from other data, or from new values as they come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self, cast

from elman.data.collecting import Names, collect
from elman.forecast.appending import appended, unlike_appended
from elman.forecast.arguments import within_reach
from elman.forecast.face import Forecasts
from elman.forecast.found import Found
from elman.forecast.learning import basis_of, longer_basis


def columns_of(time: Any, target: Any, group: Any, past: Any, future: Any, static: Any) -> dict[str, Any]:
    return {"time": time, "target": target, "group": group, "past": past, "future": future, "static": static}


class GoingOn(Found):
    """What was learnt, and how it goes on without a training."""

    @property
    def _face(self) -> Forecasts:
        """Itself, as the modules know it that serve a forecaster: its class, which has `fit` too, is not known here."""
        return cast(Forecasts, self)

    def update(
        self,
        data: Any,
        *,
        time: Names = None,
        target: Names = None,
        group: Names = None,
        past: Names = None,
        future: Names = None,
        static: Any = None,
    ) -> Self:
        """Go on from other data, the same series with new values for one, without training networks again.

        The simple methods are found anew, and so is how much each method counts.

        Parameters
        ----------
        data : as for `fit`
            The series, all of them.
        time, target, group, past, future, static : optional
            As for `fit`.

        Returns
        -------
        Forecaster
            Itself.
        """
        self._check_fitted()
        collection = collect(data, **columns_of(time, target, group, past, future, static))
        notes = (*collection.notes, *unlike_appended(self._fitted.basis.collection, collection))
        self._fitted = replace(self._fitted, basis=basis_of(self._face, replace(collection, notes=notes)))
        return self

    def append(self, data: Any, *, time: Names = None, target: Names = None, group: Names = None) -> Self:
        """Go on from new values behind the ends of the series, as a stream brings them.

        Nothing is judged anew: networks, seasons, weights of methods and widths of intervals stay as `fit` or the last
        `update` found them, and ``notes_`` says how long ago that is. States and parameters of the simple methods are
        of all values.

        Parameters
        ----------
        data : number, array, dict, data frame, `elman.data.Series` or path
            What came: of one series a number or an array (n,), of several a number each (S,), a row each (S, n), or a
            dict of arrays by name, of those series that have some, all right behind the ends; or a table or series
            with times, whose values go where their times say, what lies between is missing. A table holds the
            covariates that were learnt too, and those that are known ahead may go on behind its last value.
        time, target, group
            Columns of a table; by default those of what was learnt.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If times do not follow, or a series is not known.

        Examples
        --------
        >>> import numpy as np
        >>> from elman import Forecaster
        >>> wave = 10 + np.sin(np.arange(90) * 2 * np.pi / 9)
        >>> forecaster = Forecaster(horizon=9, methods="theta").fit(wave[:80])
        >>> bool(np.abs(forecaster.append(wave[80:]).predict() - wave[:9]).max() < 0.5)
        True
        """
        self._check_fitted()
        basis = self._fitted.basis
        columns = {"time": time, "target": target, "group": group}
        collection, steps = appended(basis.collection, data, columns)
        self._fitted = replace(self._fitted, basis=longer_basis(self._face, within_reach(collection), steps))
        return self
