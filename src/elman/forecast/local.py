"""Local models: a forecaster of its own for each series, many of them at a time."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self, Unpack

import numpy as np

from elman import attributes
from elman.attributes import answering
from elman.checks import flag, instance
from elman.data.collecting import Columns, collect
from elman.data.collection import Collection
from elman.data.names import series_name
from elman.errors import OptionError
from elman.estimator import Estimator
from elman.forecast.arguments import as_count, as_steps, refuse_target, within_reach
from elman.forecast.backtest import LEVELS, Backtest, beside_rivals
from elman.forecast.forecaster import Forecaster
from elman.forecast.forecasts import Forecast
from elman.forecast.held_out import HeldOut, Said, held_out, said_of
from elman.forecast.joined import joined_forecasts, joined_notes, joined_said
from elman.forecast.pointwise import as_levels
from elman.hints import BACKTEST, FORECASTER_FIT, LOCAL_FORECASTER, hinted, hinted_class
from elman.jobs import as_jobs, run_jobs
from elman.training.runs import Folder, saving

COLLECTED = tuple(inspect.signature(collect).parameters)[1:]  # what `fit` and `backtest` hand on


@hinted_class(LOCAL_FORECASTER)
@answering(attributes.LOCAL_FORECASTER)
class LocalForecaster(Estimator):
    """Forecasts each of many series by a forecaster that has seen that series alone.

    A `Forecaster` of many series is one global model: its networks learn from all of them, and errors are pooled. This
    is the local one, as if it were fitted in a loop: it takes as long as there are series, in as many processes or on
    as many machines as there are.

    Parameters
    ----------
    forecaster : Forecaster, optional
        Whose parameters each gets; it is not changed. By default ``Forecaster()``.
    n_jobs : int, optional
        How many series at a time, in processes of one thread each: -1 for one each core. By default 1, or what a
        context of joblib says, as ``with joblib.parallel_config("dask"):``. The result is the same, bit for bit.

    Attributes
    ----------
    forecasters_ : dict of str to Forecaster
        Fitted, by the name of the series.
    notes_ : tuple of str
        What was decided and done, for the user.

    Examples
    --------
    >>> import numpy as np
    >>> months = np.arange(60)
    >>> sales = {"tea": 10 + months % 12, "ice": 90 - months}
    >>> local = LocalForecaster(Forecaster(3, methods=["theta", "seasonal naive"])).fit(sales)
    >>> local.predict()["tea"].values.round()
    array([[10., 11., 12.]])
    """

    def __init__(self, forecaster: Forecaster | None = None, *, n_jobs: int | None = None):
        self.forecaster: Forecaster | None = forecaster
        self.n_jobs: int | None = n_jobs

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name.

        Parameters
        ----------
        **params
            By name, as the constructor has them.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        OptionError
            If there is no such parameter.
        """
        return self._set_params(params)

    @hinted(FORECASTER_FIT, *COLLECTED)
    def fit(
        self,
        data: Any,
        y: None = None,
        *,
        checkpoint: Folder = None,
        every: str | int | None = None,
        resume: bool = False,
        **columns: Unpack[Columns],
    ) -> Self:
        """Learn each series by itself.

        Parameters
        ----------
        data, **columns
            As of `Forecaster.fit`.
        y : None
            There for scikit-learn.
        checkpoint, every, resume
            A folder for where the networks stand, how often they are written, and whether they go on from there, as for
            `Network.fit`.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If the data cannot be used; of a single series with its name.
        """
        refuse_target(y, "fit")
        one = self._one()
        collection = within_reach(collect(data, **columns))
        with saving(checkpoint, every, resume=resume):
            found = self._run(partial(_fitted, one), _singly(collection), collection.names)
        self._keep(collection, found)
        return self

    def predict(
        self,
        horizon: int | None = None,
        *,
        level: float | Sequence[float] | None = None,
        quantiles: Sequence[float] | None = None,
        samples: int | None = None,
        future: Any = None,
    ) -> Any:
        """Forecast what follows each series; arguments and result as of `Forecaster.predict`.

        Parameters
        ----------
        horizon, level, quantiles, samples, future : optional
            As for `Forecaster.predict`.

        Returns
        -------
        Forecast
        """
        collection = self._check_fitted()
        steps = as_steps(self._one().horizon if horizon is None else horizon)
        paths = None if samples is None else as_count(samples, "samples")
        work = partial(_forecast, steps, as_levels(level), quantiles, paths, future)
        found = joined_forecasts(self._run(work, list(self.forecasters_.values()), collection.names), collection)
        only = level is None and quantiles is None and samples is None
        return np.asarray(found) if collection.form.kind in ("array", "arrays") and only else found

    @hinted(BACKTEST, *COLLECTED)
    def backtest(
        self,
        data: Any,
        horizon: int | None = None,
        origins: int | None = None,
        *,
        refit: bool = False,
        level: float | Sequence[float] | None = LEVELS,
        **columns: Unpack[Columns],
    ) -> Backtest:
        """Forecast the end of series from what came before, each by itself; see `elman.forecast.backtest`.

        Origins are those of the series of median length, the same for all. The forecaster of the `Backtest` is a
        `LocalForecaster`.

        Parameters
        ----------
        data : as for `fit`
            The series.
        horizon : int, optional
            Steps of each forecast; the forecaster's own by default.
        origins : int, optional
            How many forecasts; by default from the length.
        refit : bool, default False
            Whether each forecast is fitted anew.
        level : float or sequence of float, default (80, 95)
            Of intervals, in per cent.
        **columns
            As for `fit`.

        Returns
        -------
        Backtest
        """
        params = self._one().get_params()
        if horizon is not None:
            params["horizon"] = as_count(horizon, "horizon")
        held = held_out(collect(data, **columns), as_count(params["horizon"], "horizon"), origins)
        again, levels, names = flag(refit, "refit"), as_levels(level), held.collection.names
        work = partial(_said, params, held.origins, held.horizon, levels, again)
        found = self._run(work, _singly(held.collection), names)
        fitted = copy.copy(self).set_params(forecaster=Forecaster(**params))
        fitted._keep(held.collection.without_last(int(held.origins[-1 if again else 0])), [s.forecaster for s in found])
        return beside_rivals(joined_said(found, names, fitted), held, again)

    @property
    def notes_(self) -> tuple[str, ...]:
        """What was found, assumed or left out, in sentences, and for which series."""
        collection = self._check_fitted()
        return (*collection.notes, *joined_notes((name, one.notes_) for name, one in self.forecasters_.items()))

    @property
    def is_fitted(self) -> bool:
        """Whether there is something to forecast with."""
        return hasattr(self, "forecasters_")

    def _one(self) -> Forecaster:
        """A forecaster as each series gets one, its parameters and ours checked."""
        as_jobs(self.n_jobs)
        given = Forecaster() if self.forecaster is None else self.forecaster
        one = Forecaster(**instance(given, Forecaster, "forecaster", "a Forecaster").get_params())
        one.check_params()
        return one

    def _run(self, work: Any, items: Sequence[Any], names: Sequence[Any]) -> list[Any]:
        return run_jobs(work, items, self.n_jobs, names=[f"series {series_name(name)!r}" for name in names])

    def _keep(self, collection: Collection, fitted: Sequence[Any]) -> None:
        self._collection = collection
        self.forecasters_: Mapping[Any, Forecaster] = dict(zip(collection.names, fitted, strict=True))

    def _check_fitted(self) -> Collection:
        if not self.is_fitted:
            raise OptionError("this forecaster is not fitted yet; call fit(data) first")
        return self._collection


def _singly(collection: Collection) -> list[Collection]:
    """Collections of one series each; what was decided for all is told once, not by each."""
    return [replace(collection.take([s]), notes=()) for s in range(len(collection))]


def _fitted(one: Forecaster, series: Collection) -> Forecaster:
    return Forecaster(**one.get_params()).fit(series)


def _forecast(
    steps: int, levels: Sequence[float], quantiles: Any, samples: int | None, future: Any, fitted: Forecaster
) -> Forecast:
    """The forecast of one series; without what its widths would be needed for, where nothing says them."""
    if not fitted.knows_widths:
        return fitted.predict(steps, level=(), future=future)
    return fitted.predict(steps, level=levels, quantiles=quantiles, samples=samples, future=future)


def _said(
    params: Mapping[str, Any],
    origins: np.ndarray,
    horizon: int,
    levels: Sequence[float],
    refit: bool,
    series: Collection,
) -> Said:
    return said_of(Forecaster, params, HeldOut(series, origins, horizon), levels, refit)
