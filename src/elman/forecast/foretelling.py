"""What a fitted forecaster says: forecasts, what they rest on, and how good they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack, overload

import numpy as np

from elman.data.collecting import collect
from elman.data.collection import Collection
from elman.forecast.arguments import as_count, as_steps, refuse_target
from elman.forecast.backtest import Backtest, BacktestOptions, backtest
from elman.forecast.explanation import Explanation, explain
from elman.forecast.forecasting import error_of, forecast, forecast_from, medians_of
from elman.forecast.forecasts import Forecast
from elman.forecast.going_on import GoingOn
from elman.forecast.learning import basis_of
from elman.forecast.pointwise import as_levels
from elman.forecast.predicted import Band
from elman.hints import PREDICT, hinted


class Foretelling(GoingOn):
    """What was learnt, and what it foretells."""

    @overload
    def predict(
        self,
        horizon: int | None = None,
        data: Any = None,
        *,
        level: float | Sequence[float],
        quantiles: Sequence[float] | None = None,
        samples: int | None = None,
        future: Any = None,
    ) -> Forecast: ...

    @overload
    def predict(
        self,
        horizon: int | None = None,
        data: Any = None,
        *,
        level: float | Sequence[float] | None = None,
        quantiles: Sequence[float],
        samples: int | None = None,
        future: Any = None,
    ) -> Forecast: ...

    @overload
    def predict(
        self,
        horizon: int | None = None,
        data: Any = None,
        *,
        level: float | Sequence[float] | None = None,
        quantiles: Sequence[float] | None = None,
        samples: int,
        future: Any = None,
    ) -> Forecast: ...

    @overload
    def predict(
        self,
        horizon: int | None = None,
        data: Any = None,
        *,
        level: float | Sequence[float] | None = None,
        quantiles: Sequence[float] | None = None,
        samples: int | None = None,
        future: Any = None,
    ) -> Any: ...

    @hinted(PREDICT)
    def predict(
        self,
        horizon: int | None = None,
        data: Any = None,
        *,
        level: float | Sequence[float] | None = None,
        quantiles: Sequence[float] | None = None,
        samples: int | None = None,
        future: Any = None,
    ) -> Any:
        """Forecast what follows.

        Parameters
        ----------
        horizon : int, optional
            Steps H, as many as one likes; by default the `horizon` of the constructor.
        data : optional
            Other series to go on from, of any form that `fit` takes; by default those that were learnt.
        level : float or sequence of float, optional
            Probabilities, in per cent, of central intervals: ``level=[80, 95]``.
        quantiles : sequence of float, optional
            Probabilities in (0, 1) of quantiles.
        samples : int, optional
            How many paths to draw, as they may come true: ``forecast.samples`` (S, M, H).
        future : data frame, path or dict, optional
            Covariates that are known ahead, for the steps to come; by default what stood behind the series' ends.

        Returns
        -------
        ndarray or Forecast
            For an array, and without levels or quantiles, an array (H,) or (S, H), in the units of the series. Else a
            `Forecast`, with `to_pandas`, `write`, `plot` ...

        Raises
        ------
        OptionError
            If the forecaster is not fitted, or there is nothing to know intervals from.
        """
        self._check_fitted()
        steps = as_steps(self.horizon if horizon is None else horizon)
        levels = as_levels(level)
        basis = self._fitted.basis if data is None else basis_of(self._face, self._collected(data))
        paths = 0 if samples is None else as_count(samples, "samples")
        found = forecast(self._face, basis, steps, levels, quantiles, paths, future)
        only = level is None and quantiles is None and samples is None
        plain = basis.collection.form.kind in ("array", "arrays") and only
        return np.asarray(found) if plain else found

    def _collected(self, data: Any) -> Collection:
        """Other data of the form that was learnt."""
        learnt, columns = self._fitted.basis.collection, self.covariates_
        if learnt.form.kind in ("long", "file") and not isinstance(data, Collection):
            columns["group"] = list(learnt.form.group) or None
        return collect(data, **columns)

    def forecast_from(
        self, collection: Collection, origins: np.ndarray, levels: Sequence[float] = ()
    ) -> tuple[np.ndarray, dict[float, Band]]:
        """Forecasts from several origins in series that were learnt; see `elman.forecast.forecasting.forecast_from`.

        Parameters
        ----------
        collection : Collection
            The series.
        origins : array of int, shape (K,)
            Behind which steps forecasts begin.
        levels : sequence of float
            Of intervals, in per cent.

        Returns
        -------
        medians : ndarray, shape (S, K, H)
        bands : dict of float to Band
        """
        return forecast_from(self._face, collection, origins, levels)

    def medians_from(self, collection: Collection, origins: np.ndarray) -> np.ndarray | None:
        """Medians from several origins; None where they are what `forecast_from` gives.

        Parameters
        ----------
        collection : Collection
            The series.
        origins : array of int, shape (K,)
            Behind which steps forecasts begin.

        Returns
        -------
        ndarray, shape (S, K, H), or None
        """
        return None if self.family is None else medians_of(self._face, collection, origins)

    def explain(
        self, name: str | None = None, step: int | None = None, *, future: Any = None, points: int = 32
    ) -> Explanation:
        """Which of its values and inputs the networks' forecast of a series rests on; see `elman.forecast.explanation`.

        Parameters
        ----------
        name : optional
            Of the series; by default the first.
        step : int, optional
            Which step ahead, from 1; by default the mean of all.
        future : optional
            As for `predict`.
        points : int, default 32
            At how many points gradients are taken.

        Returns
        -------
        Explanation
        """
        self._check_fitted()
        return explain(self._face, name, step, future, as_count(points, "points"))

    def backtest(
        self, data: Any, horizon: int | None = None, origins: int | None = None, **options: Unpack[BacktestOptions]
    ) -> Backtest:
        """Forecast the end of series from what came before, and compare; see `elman.forecast.backtest`.

        Parameters
        ----------
        data : as for `fit`
            The series.
        horizon : int, optional
            Steps of each forecast; the forecaster's own by default.
        origins : int, optional
            How many forecasts; by default from the length.
        **options
            As for `elman.forecast.backtest`.

        Returns
        -------
        Backtest
        """
        return backtest(self._face, data, horizon, origins, **options)

    def score(self, data: Any, y: None = None) -> float:
        """Minus the mean absolute error of the forecast of what follows the series learnt: higher is better.

        Parameters
        ----------
        data : array, Series ...
            What followed: at its times where both have some, else right behind the series. Missing values do not
            count.
        y : None
            There for scikit-learn.

        Returns
        -------
        float

        Raises
        ------
        OptionError
            If there are several series.
        DataError
            If the times do not follow those of the series.
        """
        refuse_target(y, "score")
        self._check_fitted()
        return -error_of(self._face, data)
