"""Backtesting: forecasts of the end of series, made without having seen it, beside those of simple methods."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Unpack

import numpy as np

from elman import hints
from elman.attributes import BACKTEST, answering
from elman.checks import flag, nearest, shown
from elman.data.collecting import Columns, collect
from elman.data.collection import Collection
from elman.data.libraries import library
from elman.data.names import counted
from elman.errors import OptionError
from elman.forecast.arguments import as_count
from elman.forecast.face import Forecasts
from elman.forecast.held_out import HeldOut, Said, check_jobs, held_out, said_of
from elman.forecast.methods import ahead
from elman.forecast.pointwise import as_levels, errors
from elman.forecast.predicted import Band
from elman.forecast.rivals import Drift, Ets, Histories, Naive, Rival, SeasonalNaive, Theta
from elman.forecast.scale import naive_scales
from elman.forecast.scores import Score, judge
from elman.forecast.seasonality import Seasons
from elman.forecast.verdict import Verdict, compare
from elman.hints import hinted
from elman.training import Callback
from elman.training.callbacks import as_callbacks

RIVALS: tuple[Rival, ...] = (Naive(), SeasonalNaive(), Drift(), Theta(), Ets())
LEVELS = (80.0, 95.0)
SHOWN = ("MASE", "sMAPE", "RMSE", "MAE")


@answering(BACKTEST)
@dataclass(frozen=True)
class Backtest:
    """Forecasts from several origins beside what happened.

    Attributes
    ----------
    forecaster : Forecaster
        Fitted on the values before the earliest origin, or, with `refit`, before the newest.
    collection : Collection
        The series, those that are too short left out.
    origins : ndarray of int, shape (K,)
        Where forecasts start, as numbers of values before the end of a series, the earliest first.
    actual : ndarray, shape (S, K, H)
        What happened; NaN where a value is missing.
    forecasts : dict of str to ndarray, shape (S, K, H)
        By method: ``elman``, and the simple ones.
    intervals : dict of float to (ndarray, ndarray), each (S, K, H)
        Of ``elman``, by level in per cent.
    season : ndarray of int, shape (S,)
        Steps of a season, found in the values before the earliest origin or given; 1 for none.
    refitted : bool
        Whether all was fitted anew for each origin.
    notes : tuple of str
        What the user should know.
    medians : ndarray, shape (S, K, H), or None
        Of ``elman``, where its forecasts are means.

    Examples
    --------
    >>> import elman as el
    >>> sunspots = el.data.load_series("sunspots")
    >>> found = el.Forecaster(horizon=3, methods=["theta"]).backtest(sunspots, origins=2)
    >>> found.actual.shape, sorted(found.forecasts)[:3]
    ((1, 2, 3), ['drift', 'elman', 'ets'])
    """

    forecaster: Forecasts
    collection: Collection
    origins: np.ndarray
    actual: np.ndarray
    forecasts: Mapping[str, np.ndarray]
    intervals: Mapping[float, Band]
    season: np.ndarray
    refitted: bool = False
    notes: tuple[str, ...] = field(default=())
    medians: np.ndarray | None = None

    @property
    def horizon(self) -> int:
        """Steps of each forecast."""
        return self.actual.shape[2]

    @cached_property
    def scales(self) -> np.ndarray:
        """What MASE divides by: the errors of seasonal naive before the earliest origin, (S,)."""
        return naive_scales(_histories(self.collection, int(self.origins[0]), self.season).values, self.season)

    @cached_property
    def scores(self) -> dict[str, dict[str, Score]]:
        """By method and metric; see `elman.forecast.judge`.

        Pinball loss and CRPS are of ``elman``, over the median and the bounds of the intervals.
        """
        histories = _histories(self.collection, int(self.origins[0]), self.season).values
        squares = naive_scales(histories, self.season, squared=True)
        found = {}
        for name, made in self.forecasts.items():
            median = made if self.medians is None else self.medians
            told = _told(median, self.intervals) if name == "elman" and self.intervals else {}
            found[name] = judge(self.actual, made, self.scales, scale_of_squares=squares, **told)
        return found

    @cached_property
    def best_rival(self) -> str:
        """The simple method with the lowest MASE, or MAE where no series has a scale."""
        metric = "MASE" if np.isfinite(float(self.scores["elman"]["MASE"])) else "MAE"
        rivals = [name for name in self.forecasts if name != "elman"]
        return min(rivals, key=lambda name: float(self.scores[name][metric]))

    def verdict(self, rival: str | None = None) -> Verdict:
        """Whether the forecaster beats a simple method, by default the best, within the paired error.

        Parameters
        ----------
        rival : str, optional
            A name in ``forecasts``.

        Returns
        -------
        Verdict
        """
        rival = self.best_rival if rival is None else rival
        if not isinstance(rival, str) or rival not in self.forecasts:
            names = [name for name in self.forecasts if name != "elman"]
            raise OptionError(f"there is no method {shown(rival)}{nearest(rival, names)}; there are {', '.join(names)}")
        scales = np.where(np.isfinite(self.scales), self.scales, np.nan)
        scaled = bool(np.isfinite(scales).any())
        unit = scales[:, None, None] if scaled else 1.0
        first, second = (np.abs(errors(self.actual, self.forecasts[name])) / unit for name in ("elman", rival))
        return compare(first, second, self.origins, names=("elman", rival), metric="MASE" if scaled else "MAE")

    def to_pandas(self) -> Any:
        """A pandas DataFrame of the scores, a row for each method.

        Returns
        -------
        pandas DataFrame

        Raises
        ------
        OptionError
            If pandas is not installed.
        """
        pd = library("pandas")
        rows = {name: {metric: float(s) for metric, s in found.items()} for name, found in self.scores.items()}
        return pd.DataFrame(rows).T.rename_axis("method")

    def plot(self, name: Any = None, ax: Any = None) -> Any:
        """Draw the forecasts of one series, by default the first, beside what happened.

        Parameters
        ----------
        name : optional
            Which series.
        ax : matplotlib axes, optional
            Where to; new axes by default.

        Returns
        -------
        matplotlib axes
        """
        from elman.forecast.backtest_picture import draw_backtest

        return draw_backtest(self, 0 if name is None else self.collection.number(name), ax)

    def __repr__(self) -> str:
        head = (
            f"<Backtest: {counted(len(self.collection), 'series')}, "
            f"{counted(len(self.origins), 'origins')}, {counted(self.horizon, 'steps')}>"
        )
        width = max(map(len, self.scores))
        lines = [f"{'':{width}} {' '.join(f'{m:>8}' for m in SHOWN)}"]
        for name, found in self.scores.items():
            lines.append(f"{name:{width}} {' '.join(f'{float(found[m]):8.4g}' for m in SHOWN)}")
        return "\n".join([head, *lines, f"{self.verdict()}."])


class BacktestOptions(Columns, total=False):
    """Options of `backtest` by name, for functions that hand them on."""

    refit: bool
    level: float | Sequence[float] | None
    n_jobs: int | None
    callbacks: Iterable[Callback]


@hinted(hints.BACKTEST, *inspect.signature(collect).parameters)
def backtest(
    forecaster: Forecasts,
    data: Any,
    horizon: int | None = None,
    origins: int | None = None,
    *,
    refit: bool = False,
    level: float | Sequence[float] | None = LEVELS,
    n_jobs: int | None = None,
    callbacks: Iterable[Callback] = (),
    **columns: Unpack[Columns],
) -> Backtest:
    """Fit on the beginning of series and forecast their end from several origins.

    A copy of the forecaster is fitted on the values before the earliest origin: season, networks and weights come from
    there. It then forecasts from each origin, with the values before that origin; or, with `refit`, is fitted anew for
    each. Simple methods forecast from the same origins: naive, seasonal naive, drift, theta, exponential smoothing.

    Parameters
    ----------
    forecaster : Forecaster
        Its parameters; it is not changed.
    data : as for `Forecaster.fit`
        The series.
    horizon : int, optional
        Steps of each forecast; by default the forecaster's.
    origins : int, optional
        How many, half a horizon apart; by default those that `elman.forecast.choices.choose_origins` finds for the
        series of median length.
    refit : bool, default False
        Whether to fit anew for each origin.
    level : sequence of float, default (80, 95)
        Of the intervals that are judged, in per cent.
    n_jobs : int, optional
        With `refit`, how many fits at a time, in processes of one thread each: -1 for one each core. By default 1, or
        what a context of joblib says, as ``with joblib.parallel_config("dask"):``. The result is the same.
    callbacks : iterable of Callback
        Told how networks learn; not with several processes.
    **columns
        As of `Forecaster.fit`.

    Returns
    -------
    Backtest

    Raises
    ------
    DataError
        If no series is long enough.

    Examples
    --------
    >>> import elman as el
    >>> sunspots = el.data.load_series("sunspots")
    >>> found = el.forecast.backtest(el.Forecaster(horizon=3, methods=["theta"]), sunspots, origins=2)
    >>> found.verdict().names[0]
    'elman'
    """
    callbacks = as_callbacks(callbacks)
    check_jobs(n_jobs, flag(refit, "refit"), callbacks)
    collection = collect(data, **columns)
    params = forecaster.get_params()
    if horizon is not None:
        params["horizon"] = as_count(horizon, "horizon")
    held = held_out(collection, as_count(params["horizon"], "horizon"), origins)
    said = said_of(type(forecaster), params, held, as_levels(level), bool(refit), n_jobs, callbacks)
    return beside_rivals(said, held, bool(refit))


def beside_rivals(said: Said, held: HeldOut, refitted: bool) -> Backtest:
    """What a forecaster said beside what simple methods say, and what happened."""
    histories = _histories(held.collection, 0, said.season)
    rivals = {rival.name: rival(histories, held.horizon, held.origins) for rival in _rivals(said.season)}
    actual = ahead(histories.values, held.origins, held.horizon)
    return Backtest(
        said.forecaster,
        held.collection,
        held.origins,
        actual,
        {"elman": said.values, **rivals},
        said.intervals,
        said.season,
        refitted,
        (*held.notes, *said.notes),
        said.medians,
    )


def _told(median: np.ndarray, intervals: Mapping[float, Band]) -> dict[str, Any]:
    """Intervals, and the quantiles that they and the median are, for `judge`."""
    by_share = {0.5: median}
    for level, (low, high) in intervals.items():
        by_share |= {0.5 - level / 200: low, 0.5 + level / 200: high}
    shares = sorted(by_share)
    quantiles = np.stack([by_share[share] for share in shares], axis=-1)
    return {"intervals": intervals, "quantiles": quantiles, "probabilities": shares}


def _rivals(season: np.ndarray) -> Sequence[Rival]:
    return [rival for rival in RIVALS if rival.name != "seasonal naive" or (season > 1).any()]


def _histories(collection: Collection, without: int, season: np.ndarray) -> Histories:
    cut = collection.without_last(without) if without else collection
    return Seasons(season, ()).histories(cut)
