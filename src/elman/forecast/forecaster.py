"""The forecaster: recurrent networks that learn the next value, and go on from their own forecasts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np

from elman.checks import instance
from elman.data.scaling import Scaling
from elman.data.windows import training_windows
from elman.errors import DataError, OptionError, TrainingError
from elman.estimator import Estimator
from elman.forecast import choices
from elman.forecast.anchor import Anchor, choose_anchor
from elman.forecast.arguments import (
    as_cell,
    as_count,
    as_histories,
    as_values,
    check_parameters,
    refuse_target,
)
from elman.forecast.backtest import Backtest, backtest
from elman.forecast.face import Forecasts
from elman.forecast.metrics import mae
from elman.forecast.rollout import View, rollout
from elman.forecast.season import detect_season, wanders
from elman.forecast.validation import ForecastError, validation_histories
from elman.network import Dense, Network, Recurrent
from elman.training import Adam, Callback, EarlyStopping
from elman.training.callbacks import as_callbacks


class Forecaster(Estimator):
    """Forecasts a series with a few recurrent networks.

    A network is trained on windows of `lookback` steps to predict the next value at every step. A forecast reads the
    last window of the history and then feeds each predicted value back as the next input, so that it may be as long as
    one likes. The end of the series is held back from training: after each epoch whole forecasts of it are made, and
    the weights that made the best ones are kept. Networks that start from different weights err in different ways, so
    a few of them are trained, and the forecast is their mean. It leaves the naive forecast only as far as that paid on
    the end that was held back (`elman.forecast.anchor`), so that it neither drifts nor jumps where nothing was learnt.

    Parameters
    ----------
    cell : str or Cell, default "gru"
        A name of `elman.cells.catalogue`, or a cell of your own.
    hidden : int, default 64
        Hidden size H.
    horizon : int, default 12
        Steps to forecast, when `predict` is not told otherwise; also the length of the forecasts that judge an epoch.
    lookback : int, optional
        Steps L of a window; see `elman.forecast.choices.choose_lookback` for the default.
    season : int, optional
        Steps of a season; found by autocorrelation if not given; 1 for none.
    differences : bool, optional
        Whether to learn the differences of successive values; by default if the level wanders (`season.wanders`).
    nonnegative : bool, optional
        Whether forecasts are kept from falling below zero; by default if the series never does.
    epochs : int, default 300
        Most epochs.
    patience : int, default 30
        Epochs without better forecasts after which training ends.
    batch_size : int, default 32
        Windows of an update.
    learning_rate : float or Schedule, default 0.001
        Of Adam.
    members : int, default 5
        How many networks.
    seed : int, default 0
        Fixes initial weights and the order of windows: the same seed gives the same forecast, bit for bit.

    Attributes
    ----------
    networks_ : list of Network
        Trained; fewer than `members` after Ctrl-C.
    season_ : int or None
        Steps of a season.
    lookback_ : int
        Steps of a window.
    view_ : View
        How the network sees the series: its scaling, differences, and the season as an input.
    anchor_ : Anchor
        The naive forecast that the networks' mean is blended with, and its weight beside it.
    best_epochs_ : list of int
        For each network the epoch whose weights were kept.
    validation_ : int
        Values at the end of the series that judged the epochs; 0 where it was too short for that.
    constant_ : bool
        Whether the series never changes.

    Examples
    --------
    >>> import numpy as np
    >>> wave = np.sin(np.arange(200) * 2 * np.pi / 20)
    >>> forecaster = Forecaster(hidden=16, horizon=20, epochs=40, members=2).fit(wave)
    >>> forecaster.season_, forecaster.predict(50).shape
    (20, (50,))
    """

    def __init__(
        self,
        cell: Any = "gru",
        hidden: int = 64,
        *,
        horizon: int = 12,
        lookback: int | None = None,
        season: int | None = None,
        differences: bool | None = None,
        nonnegative: bool | None = None,
        epochs: int = 300,
        patience: int = 30,
        batch_size: int = 32,
        learning_rate: Any = 1e-3,
        members: int = 5,
        seed: int = 0,
    ):
        self.cell = cell
        self.hidden = hidden
        self.horizon = horizon
        self.lookback = lookback
        self.season = season
        self.differences = differences
        self.nonnegative = nonnegative
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.members = members
        self.seed = seed

    networks_: list[Network]
    season_: int | None
    lookback_: int
    view_: View
    anchor_: Anchor
    best_epochs_: list[int]

    # --- learning -------------------------------------------------------------------------------------------

    def fit(
        self, series: Any, y: None = None, *, callbacks: Iterable[Callback] = (), like: Forecasts | None = None
    ) -> Self:
        """Learn a series.

        Parameters
        ----------
        series : array, shape (n,) or (n, 1); list, Series of pandas or polars, or `elman.data.Series`
            Without gaps, oldest value first; dates in a pandas index are in order and complete.
        y : None
            There for scikit-learn; anything else is refused, as the series is its own target.
        callbacks : iterable of Callback
            Told how the training goes; ``training.logs["forecast_error"]`` is what the forecasts that judge it err by.
        like : Forecaster, optional
            A fitted one, such as a backtest tried, whose choices are taken over: season, lookback, differences.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If the series is too short, or not finite.
        OptionError
            If a parameter makes no sense.
        TrainingError
            If no epoch had a finite error.
        KeyboardInterrupt
            Passed on; if an epoch was finished, the forecaster is fitted, with the networks and best weights so far.
        """
        refuse_target(y, "fit")
        self.check_params()
        if like is not None:
            instance(like, Forecaster, "like", "a fitted Forecaster")._check_fitted()
        values = as_values(series)
        callbacks = as_callbacks(callbacks, int(self.members))
        self._choose(values, like)
        self.networks_ = []
        self.best_epochs_ = []
        try:
            for member in range(int(self.members)):
                self._train(self._new_network(member), values, callbacks)
        finally:
            self.anchor_ = self._anchor(values)
        if not self.networks_:
            raise TrainingError(
                "no epoch had a finite error on the values that were held back; try a smaller learning rate"
            )
        return self

    def check_params(self) -> None:
        """Refuse parameters that make no sense, before any data is looked at.

        Raises
        ------
        OptionError
        """
        check_parameters(self.get_params())

    def check_series(self, series: Any) -> None:
        """Refuse a series that cannot be learnt, such as one that is too short, before any training.

        Raises
        ------
        DataError
        """
        type(self)(**self.get_params())._choose(as_values(series), None)

    @property
    def method(self) -> str:
        """The cell's name."""
        return self.cell if isinstance(self.cell, str) else self.cell.name

    def _choose(self, values: np.ndarray, like: Forecasts | None) -> None:
        """Decide what was left open, or take over what another decided."""
        n, horizon = len(values), int(self.horizon)
        self.constant_ = bool(values.min() == values.max())
        if like is None:
            differences, lag = self._decide(values)
        else:
            self.season_, self.lookback_ = like.season_, like.lookback_
            differences, lag = like.view_.differences, like.view_.lag
        self.view_ = View(Scaling.of(np.diff(values) if differences and n > 1 else values), differences, lag)
        lost = self.view_.lost
        choices.check_length(n, self.lookback_, horizon, lost)
        self.validation_ = choices.choose_validation(n, horizon, reserved=self.lookback_ + lost + 1)
        self.lowest_ = 0.0 if (values.min() >= 0 if self.nonnegative is None else self.nonnegative) else None
        self.tail_ = values[-(self.lookback_ + lost) :].copy()

    def _decide(self, values: np.ndarray) -> tuple[bool, int]:
        """Season and lookback; whether to learn differences, and the season as an input."""
        n, horizon = len(values), int(self.horizon)
        season = detect_season(values) if self.season is None else int(self.season)
        if season is not None and season > n:
            raise DataError(f"the season is {season} steps, but the series has {n} values; give a season that it holds")
        self.season_ = None if season == 1 else season
        differences = wanders(values, self.season_) if self.differences is None else bool(self.differences)
        least = 2 if self.lookback is None else int(self.lookback)
        lag = choices.choose_lag(n, self.season_, least + horizon + differences)
        lost = View(Scaling(0, 1), differences, lag).lost
        self.lookback_ = choices.choose_lookback(n, horizon, self.season_, lost) if self.lookback is None else least
        return differences, lag

    def _new_network(self, member: int) -> Network:
        layers = [Recurrent(as_cell(self.cell), int(self.hidden)), Dense(1)]
        return Network(self.view_.features, layers, seed=int(self.seed) * int(self.members) + member)

    def _train(self, network: Network, values: np.ndarray, callbacks: Iterable[Callback]) -> None:
        """Train a network and keep it, if it finished an epoch."""
        monitor = "forecast_error" if self.validation_ else "loss"
        stopping = EarlyStopping(monitor, patience=int(self.patience), restore_best=True, mode="min")
        x, y = self._windows(values, network.dtype)
        try:
            network.fit(
                x,
                y,
                loss="mse",
                optimizer=Adam(self.learning_rate, clip_norm=1.0),
                batch_size=int(self.batch_size),
                epochs=1 if self.constant_ else int(self.epochs),
                callbacks=[*self._judges(values), stopping, *callbacks],
                verbose=0,
            )
        finally:
            if getattr(stopping, "best_epoch_", 0):
                self.networks_.append(network)
                self.best_epochs_.append(stopping.best_epoch_)

    def _windows(self, values: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
        """Windows of inputs (N, L, F), and the next z of each step (N, L, 1), from what is not held back."""
        z = self.view_.scaled(values)
        inputs = self.view_.inputs(z[:-1]).astype(dtype)  # (n', F)
        target = z[-len(inputs) :].astype(dtype)
        training = len(inputs) - self.validation_
        stride = -(-(training - self.lookback_ + 1) // choices.MOST_WINDOWS)
        return training_windows(inputs[:training], target[:training], self.lookback_, stride)

    def _judges(self, values: np.ndarray) -> list[Callback]:
        if not self.validation_:
            return []
        return [ForecastError(self.view_, *self._held_back(values), self.lookback_)]

    def _held_back(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Histories (B, n) that end in the values held back, and what followed each (B, H)."""
        horizon = min(int(self.horizon), self.validation_)
        return validation_histories(values, self.validation_, horizon, self.lookback_ + self.view_.lost)

    def _anchor(self, values: np.ndarray) -> Anchor:
        if not self.validation_ or not self.networks_:
            return Anchor()
        histories, actual = self._held_back(values)
        return choose_anchor(self._mean_of_networks(histories, actual.shape[1]), actual, histories, self.season_)

    # --- forecasting ----------------------------------------------------------------------------------------

    def predict(self, horizon: int | None = None, series: Any = None) -> np.ndarray:
        """Forecast what follows.

        Parameters
        ----------
        horizon : int, optional
            Steps H, as many as one likes; by default the `horizon` of the constructor.
        series : array, shape (n,), optional
            The history to go on from, with at least the values of a window; by default the series that was learnt.

        Returns
        -------
        ndarray, shape (H,)
            In the units of the series.
        """
        self._check_fitted()
        steps = as_count(self.horizon if horizon is None else horizon, "horizon")
        history = self.tail_ if series is None else as_values(series)
        return self.predict_many(history[None, :], steps)[0]

    def predict_many(self, histories: np.typing.ArrayLike, horizon: int) -> np.ndarray:
        """Forecast from several histories at once: (B, n) to (B, H).

        Raises
        ------
        DataError
            If the histories are too short or not finite, or the forecast leaves what numbers can hold.
        """
        self._check_fitted()
        steps, histories = as_count(horizon, "horizon"), as_histories(histories)
        needed = self.lookback_ + self.view_.lost
        if histories.shape[1] < needed:
            raise DataError(
                f"the history has {histories.shape[1]} values; this forecaster reads the last {needed} (lookback "
                f"{self.lookback_}{f' + {self.view_.lost}' if self.view_.lost else ''}). Give a longer one"
            )
        forecast = self.anchor_.blend(self._mean_of_networks(histories, steps), histories)
        if not np.isfinite(forecast).all():
            row, step = np.argwhere(~np.isfinite(forecast))[0]
            raise DataError(
                f"the forecast is {forecast[row, step]} at step {step + 1}: it leaves what numbers can hold. Forecast "
                "fewer steps, or from a history more like the series that was learnt, or train with a smaller "
                "learning rate"
            )
        return forecast if self.lowest_ is None else np.maximum(forecast, self.lowest_)

    def _mean_of_networks(self, histories: np.ndarray, horizon: int) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is found and explained
            return np.mean([rollout(n, self.view_, histories, horizon, self.lookback_) for n in self.networks_], axis=0)

    def score(self, series: Any, y: None = None) -> float:
        """How well the forecast meets the values that follow the learnt series: minus the mean absolute error.

        In scikit-learn's manner, more is better, so that `cross_val_score` and `GridSearchCV` with a `TimeSeriesSplit`
        work: there the values to be met follow those that were learnt.

        Parameters
        ----------
        series : array, shape (H,)
            What came next; as many steps are forecast.
        y : None
            There for scikit-learn.
        """
        refuse_target(y, "score")
        actual = as_values(series)
        return -mae(actual, self.predict(len(actual)))

    def backtest(
        self, series: Any, horizon: int | None = None, origins: int | None = None, callbacks: Iterable[Callback] = ()
    ) -> Backtest:
        """Forecast the end of a series from what came before, and compare; see `elman.forecast.backtest`."""
        return backtest(self, series, horizon, origins, callbacks)

    # --- files ----------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> Path:
        """Write the forecaster to a safetensors file that `load` reads."""
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

    def _check_fitted(self) -> None:
        if not getattr(self, "networks_", None):
            raise OptionError("this forecaster is not fitted yet; call fit(series) first")
