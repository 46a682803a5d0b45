"""The forecaster: networks that know many series, beside simple methods, weighed by what each foretold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from elman.checks import as_seed, flag, instance, real, whole
from elman.data.collecting import collect
from elman.data.collection import Collection
from elman.data.values import numbers_of
from elman.errors import OptionError
from elman.estimator import Estimator
from elman.forecast.arguments import as_cell, as_choice, as_count, check_rate, refuse_target, steps_behind, within_reach
from elman.forecast.backtest import Backtest, backtest
from elman.forecast.basis import Basis
from elman.forecast.conformal import calibrate
from elman.forecast.explanation import Explanation, explain
from elman.forecast.forecasts import Forecast
from elman.forecast.inputs import Encoder
from elman.forecast.methods import Tried, built, chosen_methods, combined, forecast_by, last_of, tried
from elman.forecast.metrics import mae
from elman.forecast.networks import Networks, Settings, learn, learn_all
from elman.forecast.origins import rolling_origins
from elman.forecast.pointwise import as_levels
from elman.forecast.rivals.histories import Histories, at_origins
from elman.forecast.scale import naive_scales
from elman.forecast.search import Trial, note_of, search
from elman.forecast.seasonality import Seasons, seasons_found
from elman.forecast.uncertainty import bands_of, paths_around, quantiles_around
from elman.training import Callback
from elman.training.callbacks import as_callbacks

SECONDS = 60.0  # of a search, where none are given
_ROLES = ("past", "future", "static")


def _columns(time: Any, target: Any, group: Any, past: Any, future: Any, static: Any) -> dict[str, Any]:
    return {"time": time, "target": target, "group": group, "past": past, "future": future, "static": static}


class Forecaster(Estimator):
    """Forecasts one or many series.

    Recurrent networks read each series from its beginning and forecast quantiles of all steps ahead; with the default
    cell they start from what thousands of series taught them, and learn more from yours. Beside them stand simple
    methods: theta, exponential smoothing, ridge regression on a window, the last season. What each foretold of the
    newest values, from rolling origins, decides how much it counts; and how wide the intervals are.

    Parameters
    ----------
    horizon : int, default 12
        Steps to forecast, when `predict` is not told otherwise; also those that methods are judged by.
    season : int, optional
        Steps of a season, 1 for none; by default that of the calendar (12 of months, 24 and 168 of hours ...) where a
        series shows it, or what its autocorrelation shows where the times say nothing.
    cell : str or Cell, default "gru"
        A name of `elman.cells.catalogue`, or a cell of your own. Networks of another than the default learn from
        nothing.
    units : int, default 64
        Hidden size H.
    methods : sequence of str, optional
        Which of ``network, linear, theta, ets, damped ets, arima, several seasons, seasonal naive``; by default all.
    members : int, default 3
        How many networks, whose mean is taken.
    epochs : int, optional
        Most epochs of a network; by default as many as the number of series asks for, none for fewer than 20 series
        where the networks are pretrained.
    batch_size : int, default 32
        Series of an update.
    learning_rate : float or Schedule, optional
        Of Adam; by default one that falls to 0 from 0.0005 where networks are pretrained, else from 0.002.
    nonnegative : bool, optional
        Whether forecasts are kept from falling below zero; by default if the series never does.
    holidays : str or collection of dates, optional
        A country, as ``"DE"`` or ``"DE-BY"``, whose holidays are an input; the library `holidays` knows them.
    calendar : bool, default False
        Whether the time of day, the weekday and the time of year are inputs, as far as the times show them.
    auto : bool, default False
        Whether to search cell, units, members, learning rate and methods before, by backtests; Optuna proposes them
        where it is installed (``pip install elman[search]``). What is found depends on how fast the machine is.
    seconds : float, optional
        How long to search, by default 60; for `auto` only.
    seed : int, default 0
        Fixes initial weights and the order of series: the same seed gives the same forecast, bit for bit.

    Attributes
    ----------
    networks_ : list of Network
        Trained on all values.
    epochs_ : list of int
        For each network the epoch after which it forecast the values held back best; 0 where it did as it came.
    methods_ : tuple of str
        The methods that are combined.
    weights_ : dict of str to ndarray, shape (S,)
        How much each method counts, for each series.
    season_ : ndarray of int, shape (S,)
        Steps of a season of each series, 1 for none.
    seasons_ : tuple of int
        Longer seasons that all series are looked at for.
    best_params_ : dict
        What a search found to differ from the parameters; empty without one.
    trials_ : list of Trial
        What it tried, the best first.
    notes_ : tuple of str
        What was decided and done, for the user.

    Examples
    --------
    >>> import numpy as np
    >>> months = np.arange(120)
    >>> sales = (100 + months) * (1 + 0.3 * np.sin(months * 2 * np.pi / 12))
    >>> forecaster = Forecaster(horizon=24).fit(sales)
    >>> forecaster.predict().shape, int(forecaster.season_[0])
    ((24,), 12)
    >>> low, high = forecaster.predict(level=[80, 95]).levels[80]
    >>> bool((low <= high).all())
    True
    """

    def __init__(
        self,
        horizon: int = 12,
        *,
        season: int | None = None,
        cell: Any = "gru",
        units: int = 64,
        methods: Sequence[str] | None = None,
        members: int = 3,
        epochs: int | None = None,
        batch_size: int = 32,
        learning_rate: Any = None,
        nonnegative: bool | None = None,
        holidays: Any = None,
        calendar: bool = False,
        auto: bool = False,
        seconds: float | None = None,
        seed: int = 0,
    ):
        self.horizon = horizon
        self.season = season
        self.cell = cell
        self.units = units
        self.methods = methods
        self.members = members
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.nonnegative = nonnegative
        self.holidays = holidays
        self.calendar = calendar
        self.auto = auto
        self.seconds = seconds
        self.seed = seed

    _encoder: Encoder
    _networks: Networks
    _seasons: Seasons
    _basis: Basis
    trials_: list[Trial]
    best_params_: dict[str, Any]

    # --- learning -------------------------------------------------------------------------------------------

    def fit(
        self,
        data: Any,
        y: None = None,
        *,
        time: Any = None,
        target: Any = None,
        group: Any = None,
        past: Any = None,
        future: Any = None,
        static: Any = None,
        callbacks: Iterable[Callback] = (),
        like: Forecaster | None = None,
    ) -> Self:
        """Learn one or many series.

        Parameters
        ----------
        data : array, list, dict, data frame, `elman.data.Series` or path
            See `elman.data.collect`: an array (n,) is one series, (S, n) has one in each row.
        y : None
            There for scikit-learn; anything else is refused, as a series is its own target.
        time, target, group
            Columns of a data frame or file, see `elman.data.collect`.
        past, future, static
            Columns that are inputs: known up to now, known ahead (rows behind a series' last value tell them, or
            `predict`'s `future`), and of a series as a whole. Numbers, or categories.
        callbacks : iterable of Callback
            Told how networks learn; ``training.logs["forecast_error"]`` is what their forecasts of the values held
            back err by.
        like : Forecaster, optional
            A fitted one of the same series, such as a backtest tried, whose seasons are taken over.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If the data cannot be used.
        OptionError
            If a parameter makes no sense.
        KeyboardInterrupt
            Passed on; the forecaster is fitted then with what the networks had learnt.
        """
        refuse_target(y, "fit")
        self.check_params()
        if like is not None:
            instance(like, Forecaster, "like", "a fitted Forecaster")
        callbacks = as_callbacks(callbacks, 2 * int(self.members))  # each learns twice, without its end and with it
        collection = within_reach(collect(data, **_columns(time, target, group, past, future, static)))
        self.trials_ = search(self, collection, self._time) if self.auto else []
        self.best_params_ = self.trials_[0].params if self.trials_ else {}
        horizon = int(self.horizon)
        self._encoder = Encoder.of(collection, self.holidays, self.calendar)
        self._seasons = seasons_found(collection, self.season) if like is None else like.seasons_for(collection)
        histories = self._histories(collection, self._seasons)
        origins = rolling_origins(histories.lengths, histories.season, horizon)
        until = np.array([o.max(initial=0) for o in origins])
        learns = "network" in self.methods_
        settings = self._settings()
        networks = learn(settings, histories, horizon, until, self.seasons_, callbacks) if learns else Networks()
        attempts = tried(built(self.methods_, networks, self.seasons_), histories, horizon, origins)
        self._networks = networks
        again = not networks.knowing and any(networks.epochs)
        if learns and again and not networks.interrupted:
            learnt = learn_all(settings, histories, horizon, networks.epochs, self.seasons_, callbacks)
            self._networks = learnt.completed_by(networks)
        self._basis = self._based(collection, histories, attempts)
        if self._networks.interrupted or networks.interrupted:
            raise KeyboardInterrupt
        return self

    def seasons_for(self, collection: Collection) -> Seasons:
        """The seasons that were found, for the same series."""
        self._check_fitted()
        if len(collection) != len(self._seasons.first):
            raise OptionError(
                f"like= learnt {len(self._seasons.first)} series, and there are {len(collection)}; leave it out"
            )
        return self._seasons

    def _settings(self) -> Settings:
        used = self._used
        return Settings(
            as_cell(used["cell"]),
            int(used["units"]),
            int(used["members"]),
            None if self.epochs is None else int(self.epochs),
            int(self.batch_size),
            used["learning_rate"],
            int(self.seed),
        )

    @property
    def _used(self) -> dict[str, Any]:
        """The parameters, and what a search found in place of them."""
        return self.get_params() | getattr(self, "best_params_", {})

    @property
    def _time(self) -> float:
        """Seconds to search."""
        return SECONDS if self.seconds is None else float(self.seconds)

    def _based(self, collection: Collection, histories: Histories, attempts: Tried) -> Basis:
        """Weights and widths, from what methods forecast."""
        weights = attempts.weights()
        if not np.isfinite(attempts.truth).any():
            return Basis(collection, histories, weights, None)
        places = self._places(attempts.truth.shape[1])
        said = combined(attempts.forecasts, weights, attempts.last)
        scale = naive_scales(histories.values, histories.season)
        scale = np.where(np.isfinite(scale), scale, np.nan)
        truth = np.where(np.isfinite(attempts.last)[..., None], attempts.truth, np.nan)
        if not np.isfinite(truth[np.isfinite(scale)]).any():
            return Basis(collection, histories, weights, None)
        common = int(np.bincount(histories.season).argmax())
        return Basis(collection, histories, weights, calibrate(truth, said, scale, places, season=common))

    def _places(self, count: int) -> np.ndarray:
        """The origins of a series that is long enough."""
        return int(self.horizon) + max(int(self.horizon) // 2, 1) * np.arange(count)

    def _histories(self, collection: Collection, seasons: Seasons, horizon: int = 0, future: Any = None) -> Histories:
        """Values of a collection, and what is known beside them, so many steps ahead too."""
        return replace(seasons.histories(collection), beside=self._encoder.inputs(collection, horizon, future))

    def update(
        self,
        data: Any,
        *,
        time: Any = None,
        target: Any = None,
        group: Any = None,
        past: Any = None,
        future: Any = None,
        static: Any = None,
    ) -> Self:
        """Go on from other data, the same series with new values for one, without training networks again.

        The simple methods are found anew, and so is how much each method counts.
        """
        self._check_fitted()
        self._basis = self._basis_of(collect(data, **_columns(time, target, group, past, future, static)))
        return self

    def _basis_of(self, collection: Collection) -> Basis:
        horizon = int(self.horizon)
        seasons = seasons_found(within_reach(collection), self.season)
        histories = self._histories(collection, seasons)
        origins = rolling_origins(histories.lengths, histories.season, horizon)
        attempts = tried(built(self.methods_, self._networks, self.seasons_), histories, horizon, origins)
        return self._based(collection, histories, attempts)

    # --- forecasting ----------------------------------------------------------------------------------------

    def predict(
        self,
        horizon: int | None = None,
        data: Any = None,
        *,
        level: Any = None,
        quantiles: Any = None,
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
        steps = as_count(self.horizon if horizon is None else horizon, "horizon")
        levels = as_levels(level)
        basis = self._basis if data is None else self._basis_of(self._collected(data))
        paths = 0 if samples is None else as_count(samples, "samples")
        found = self._forecast(basis, steps, levels, quantiles, paths, future)
        only = level is None and quantiles is None and samples is None
        plain = basis.collection.form.kind in ("array", "arrays") and only
        return np.asarray(found) if plain else found

    def _collected(self, data: Any) -> Collection:
        """Other data of the form that was learnt."""
        learnt, columns = self._basis.collection, self.covariates_
        if learnt.form.kind in ("long", "file") and not isinstance(data, Collection):
            columns["group"] = list(learnt.form.group) or None
        return collect(data, **columns)

    def _forecast(
        self,
        basis: Basis,
        steps: int,
        levels: Sequence[float] = (),
        quantiles: Any = None,
        samples: int = 0,
        future: Any = None,
    ) -> Forecast:
        methods = built(self.methods_, self._networks, self.seasons_)
        histories, now = basis.histories, np.array([0])
        reach = max(steps, int(self.horizon))
        if not self._encoder.empty:
            histories = replace(histories, beside=self._encoder.inputs(basis.collection, steps, future))
        elif future is not None:
            raise OptionError("future= tells covariates, and none were learnt: name them in fit, as future=['price']")
        made = forecast_by(methods, histories, reach, now)
        values = combined(made, basis.weights, last_of(basis.histories, now))[:, 0, :steps]
        lowest = self._lowest(basis.histories, now)[:, 0]
        raised = int(np.sum(values < lowest[:, None]))
        values = np.maximum(values, lowest[:, None])
        bands = bands_of(basis.calibration, values, levels, lowest)
        shares = quantiles_around(basis.calibration, values, quantiles, lowest)
        paths = paths_around(basis.calibration, values, samples, int(self.seed), lowest) if samples else None
        note = f"{raised} of the {values.size} values would be below 0, as no value of their series is: they are 0"
        return Forecast.of(basis.collection, values, bands, shares, paths, notes=(note,) * bool(raised))

    def forecast_from(
        self, collection: Collection, origins: np.ndarray, levels: Sequence[float] = ()
    ) -> tuple[np.ndarray, dict[float, tuple[np.ndarray, np.ndarray]]]:
        """Forecasts of the series that were learnt, now longer, from several origins in them.

        Parameters
        ----------
        collection : Collection
            The same series, in the same order.
        origins : array of int, shape (K,)
            Numbers of values before the end.
        levels : sequence of float
            Of intervals, in per cent.

        Returns
        -------
        ndarray, shape (S, K, H), and dict of float to (ndarray, ndarray)
            Forecasts, and intervals; none where nothing says how wide they are.
        """
        histories = self._histories(collection, self._seasons)
        methods = built(self.methods_, self._networks, self.seasons_)
        made = forecast_by(methods, histories, int(self.horizon), origins)
        lowest = self._lowest(histories, origins)
        values = np.maximum(combined(made, self._basis.weights, last_of(histories, origins)), lowest[..., None])
        calibration = self._basis.calibration
        bands = [bands_of(calibration, values[:, k], levels, lowest[:, k]) for k in range(len(origins)) if calibration]
        stacked = {
            level: (np.stack([band[level][0] for band in bands], 1), np.stack([band[level][1] for band in bands], 1))
            for level in (levels if bands else ())
        }
        return values, stacked

    def explain(
        self, name: Any = None, step: int | None = None, *, future: Any = None, points: int = 32
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
        """
        self._check_fitted()
        return explain(self, name, step, future, as_count(points, "points"))

    def backtest(self, data: Any, horizon: int | None = None, origins: int | None = None, **options: Any) -> Backtest:
        """Forecast the end of series from what came before, and compare; see `elman.forecast.backtest`."""
        return backtest(self, data, horizon, origins, **options)

    def _lowest(self, histories: Histories, origins: np.ndarray) -> np.ndarray:
        """What no forecast of a series from an origin is below, (S, K)."""
        below = at_origins(np.fmin.accumulate(histories.values, axis=1), origins) < 0
        kept = ~below if self.nonnegative is None else np.full(below.shape, bool(self.nonnegative))
        return np.where(kept, 0.0, -np.inf)

    def score(self, data: Any, y: None = None) -> float:
        """Minus the mean absolute error of the forecast of what follows the series learnt: higher is better.

        Parameters
        ----------
        data : array, Series ...
            What followed: at its times where both have some, else right behind the series. Missing values do not
            count.
        y : None
            There for scikit-learn.

        Raises
        ------
        OptionError
            If there are several series.
        DataError
            If the times do not follow those of the series.
        """
        refuse_target(y, "score")
        self._check_fitted()
        followed = within_reach(collect(data))
        if len(self._basis.collection) != 1 or len(followed) != 1:
            raise OptionError("score judges the forecast of one series; use backtest for several")
        actual, steps = followed.values, steps_behind(self._basis.collection, followed)
        if followed.form.kind == "array":  # where missing values come first, they count as steps too
            actual = np.ravel(numbers_of(data, "the series"))
            steps = np.arange(len(actual))
        known = np.isfinite(actual)
        forecast = self._forecast(self._basis, int(steps[-1]) + 1, (), None).values[0, steps]
        return -mae(actual[known], forecast[known])

    # --- what it found ---------------------------------------------------------------------------------------

    @property
    def covariates_(self) -> dict[str, Any]:
        """Names of the covariates that were learnt, by role."""
        learnt = self._basis.collection
        parts = zip(_ROLES, (learnt.past, learnt.future, learnt.static), strict=True)
        return {role: list(part) or None for role, part in parts}

    @property
    def methods_(self) -> tuple[str, ...]:
        return chosen_methods(self._used["methods"])

    @property
    def networks_(self) -> list:
        return self._networks.members

    @property
    def epochs_(self) -> list[int]:
        return self._networks.epochs

    @property
    def season_(self) -> np.ndarray:
        return self._basis.histories.season

    @property
    def seasons_(self) -> tuple[int, ...]:
        return self._seasons.longer

    @property
    def weights_(self) -> dict[str, np.ndarray]:
        names = built(self.methods_, self._networks, self.seasons_)
        return dict(zip(names, self._basis.weights.T, strict=True))

    @property
    def notes_(self) -> tuple[str, ...]:
        calibration = self._basis.calibration
        searched = (note_of(self.trials_),) if self.trials_ else ()
        return (
            *searched,
            *self._basis.collection.notes,
            *self._seasons.notes,
            *(calibration.notes if calibration else ()),
        )

    # --- parameters and files -------------------------------------------------------------------------------

    def check_params(self) -> None:
        """Refuse parameters that make no sense, before any data is looked at.

        Raises
        ------
        OptionError
        """
        as_cell(self.cell)
        for name in ("horizon", "units", "members", "batch_size"):
            as_count(getattr(self, name), name)
        if self.season is not None:
            as_count(self.season, "season")
        if self.epochs is not None:
            whole(self.epochs, "epochs", 0)
        as_seed(self.seed)
        as_choice(self.nonnegative, "nonnegative")
        chosen_methods(self.methods)
        flag(self.calendar, "calendar")
        if not flag(self.auto, "auto") and self.seconds is not None:
            raise OptionError(f"seconds={self.seconds!r} is for a search; give auto=True as well, or leave it out")
        if self.seconds is not None:
            real(self.seconds, "seconds", 0)
        if self.learning_rate is not None:
            check_rate(self.learning_rate)

    def save(self, path: str | Path) -> Path:
        """Write the forecaster, with the series that it goes on from, to a safetensors file that `load` reads."""
        from elman.forecast.store import save

        self._check_fitted()
        return save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Forecaster:
        """Read a forecaster from a file that `save` wrote.

        Raises
        ------
        ModelFileError
            If there is no such file, or it holds no forecaster.
        """
        from elman.forecast.store import load

        return load(path, cls)

    @property
    def fitted_networks(self) -> Networks:
        """What was trained, for files."""
        return self._networks

    @property
    def fitted_seasons(self) -> Seasons:
        """Which seasons were found, for files."""
        return self._seasons

    @property
    def fitted_basis(self) -> Basis:
        """What forecasts start from, for files."""
        return self._basis

    @property
    def fitted_encoder(self) -> Encoder:
        """How covariates become numbers, for files."""
        return self._encoder

    def restore(self, networks: Networks, seasons: Seasons, encoder: Encoder, basis: Basis) -> None:
        """Become fitted, with what a file holds."""
        self._networks, self._seasons, self._encoder, self._basis = networks, seasons, encoder, basis

    @property
    def is_fitted(self) -> bool:
        """Whether there is something to forecast with."""
        return hasattr(self, "_basis")

    def _check_fitted(self) -> None:
        if not self.is_fitted:
            raise OptionError("this forecaster is not fitted yet; call fit(data) first")
