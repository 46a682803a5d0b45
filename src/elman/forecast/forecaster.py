"""The forecaster: networks that know many series, beside simple methods, weighed by what each foretold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from elman import attributes
from elman.attributes import answering
from elman.checks import instance
from elman.data.collecting import Names, collect
from elman.data.collection import Collection
from elman.forecast import store
from elman.forecast.arguments import refuse_target, within_reach
from elman.forecast.foretelling import Foretelling
from elman.forecast.going_on import columns_of
from elman.forecast.learning import fitted_to
from elman.forecast.search import Trial, search
from elman.hints import FORECASTER, FORECASTER_FIT, hinted, hinted_class
from elman.training import Callback
from elman.training.callbacks import as_callbacks
from elman.training.limits import limited
from elman.training.options import check_on_nan
from elman.training.runs import Folder, saving

SECONDS = 60.0  # of a search, where none are given


@hinted_class(FORECASTER)
@answering(attributes.FORECASTER)
class Forecaster(Foretelling):
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
        series shows it, or what its autocorrelation shows where the times say nothing. It says which season there may
        be, and binds no method to it: theta takes it out where its own test finds it, as in the M competitions, and
        exponential smoothing weighs forms with it and without.
    cell : str or Cell, default "gru"
        A name of `elman.cells.catalogue`, or a cell of your own. Networks of another than the default learn from
        nothing.
    units : int, default 64
        Hidden size H.
    methods : sequence of str, optional
        Which of ``network, linear, theta, ets, damped ets, arima, several seasons, seasonal naive``; by default all.
    distribution : str or type, optional
        What networks forecast in place of quantiles: the parameters of a ``normal`` or ``student t`` distribution, of
        counts a ``poisson``, ``negative binomial``, ``zero inflated poisson`` or ``zero inflated negative binomial``
        one, of amounts that are 0 at times a ``tweedie``; or its class in `elman.forecast.distributions`. The
        forecast is its mean then, intervals and samples are its own, and networks are the only method.
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
        How long to search, by default 60; for `auto` only. Training with what was found comes after.
    n_jobs : int, optional
        How many settings a search tries at a time, in processes of one thread each: -1 for one each core. By default 1,
        or what a context of joblib says; for `auto` only. More jobs try more settings, in the same order.
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

    @hinted(FORECASTER_FIT)
    def fit(
        self,
        data: Any,
        y: None = None,
        *,
        time: Names = None,
        target: Names = None,
        group: Names = None,
        past: Names = None,
        future: Names = None,
        static: Any = None,
        callbacks: Iterable[Callback] = (),
        like: Forecaster | None = None,
        checkpoint: Folder = None,
        every: str | int | None = None,
        resume: bool = False,
        max_seconds: float | None = None,
        on_nan: str = "raise",
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
        checkpoint, every, resume
            A folder for where the networks stand, how often they are written, and whether they go on from there, as for
            `Network.fit`; all else is found again. A search goes on with the settings that it had tried.
        max_seconds : float, optional
            Networks learn no longer than so many seconds: at most half of them without the newest values, which say
            when it is enough, the others with them. What is learnt then depends on how fast the machine is. A search
            has `seconds` of its own.
        on_nan : {"raise", "skip"}, default "raise"
            Whether a batch whose loss or gradient is not finite ends the training, or is left out, as for
            `Network.fit`.

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
        limited(max_seconds), check_on_nan(on_nan)  # say what makes no sense, before anything is looked for
        callbacks = as_callbacks(callbacks, 2 * int(self.members))  # each learns twice, without its end and with it
        collection = within_reach(collect(data, **columns_of(time, target, group, past, future, static)))
        with saving(checkpoint, every, resume=resume):
            self._learn(collection, callbacks, like, max_seconds, on_nan)
        return self

    def _learn(
        self,
        collection: Collection,
        callbacks: Iterable[Callback],
        like: Forecaster | None,
        max_seconds: float | None,
        on_nan: str,
    ) -> None:
        seconds = SECONDS if self.seconds is None else float(self.seconds)
        self.trials_: list[Trial] = search(self, collection, seconds, self.n_jobs) if self.auto else []
        self.best_params_: dict[str, Any] = self.trials_[0].params if self.trials_ else {}
        seasons = None if like is None else like.seasons_for(collection)
        self._fitted = fitted_to(self, collection, seasons, [*callbacks, *limited(max_seconds)], on_nan)
        if self._fitted.networks.interrupted:
            raise KeyboardInterrupt

    def save(self, path: str | Path) -> Path:
        """Write the forecaster, with the series that it goes on from, to a safetensors file that `load` reads.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Path
        """
        self._check_fitted()
        return store.save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a forecaster from a file that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Forecaster

        Raises
        ------
        ModelFileError
            If there is no such file, or it holds no forecaster.
        """
        return store.load(path, cls)
