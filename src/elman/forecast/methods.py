"""Which methods a forecaster combines, and what they forecast from rolling origins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from elman.checks import listed, nearest, shown
from elman.errors import DataError, OptionError
from elman.forecast.combining import relative_errors, weights_of
from elman.forecast.effects import Effects, effects_of
from elman.forecast.linear import Linear
from elman.forecast.networks import Networks
from elman.forecast.rivals import DAMPED, FORMS, Arima, Ets, Histories, Rival, SeasonalNaive, SeveralSeasons, Theta
from elman.forecast.rivals.histories import at_origins, blocks, last_values
from elman.forecast.rivals.several_seasons import with_week
from elman.forecast.together import Part, Together

# By name: logarithms of what methods err by beside one another, for series with a season, short ones without, longer
# ones, and demand that is often none.
PRIOR = {
    "network": (-0.03, -0.08, 0.02, 0.0),
    "linear": (0.0, 0.1, 0.02, 0.0),
    "theta": (0.06, 0.1, 0.03, 0.0),
    "ets": (-0.03, -0.08, -0.08, 0.0),
    "damped ets": (-0.08, -0.08, 0.0, 0.0),
    "arima": (0.0, 0.0, 0.0, 0.0),
    "several seasons": (0.0, 0.0, 0.0, 0.0),
    "seasonal naive": (0.0, 0.0, 0.0, 0.2),
}
SEASONAL, FEW, MANY, SPORADIC = range(4)  # columns of it
OFTEN_NONE = 0.4  # of the values of a series that is never below 0
SHORT = 60  # a series with fewer values
NAMES = tuple(PRIOR)
NO_WEEK = "it is for series by the hour or half-hour, of two weeks at least, where no season is given"
COMBINED = 1024  # series whose forecasts are combined at once, so that temporary arrays stay small


def chosen_methods(names: Sequence[str] | None) -> tuple[str, ...]:
    """Names of methods, checked; all of them if there are none given. Blanks may be underscores, as shells want them.

    Raises
    ------
    OptionError
    """
    if names is None:
        return NAMES
    given = (names,) if isinstance(names, str) else tuple(listed(names, "methods", "their names"))
    found = [name.replace("_", " ").replace("-", " ").lower() if isinstance(name, str) else name for name in given]
    for name, known in zip(given, found, strict=True):
        if not isinstance(known, str) or known not in NAMES:
            raise OptionError(f"there is no method {shown(name)}{nearest(name, NAMES)}; there are {', '.join(NAMES)}")
    if not given:
        raise OptionError(f"methods is empty; expected some of {', '.join(NAMES)}")
    return tuple(dict.fromkeys(found))


def built(names: Sequence[str], networks: Networks, longer: tuple[int, ...]) -> dict[str, Rival]:
    """Methods by name, without several seasons where there is no week.

    Raises
    ------
    OptionError
        If that leaves none.
    """
    smoothing = Together(Ets((FORMS, DAMPED), averaged=True).each)
    makers: dict[str, Callable[[], Rival]] = {
        "network": lambda: networks,
        "linear": lambda: Linear(longer),
        "theta": lambda: Theta(dynamic=True),
        "ets": lambda: Part(smoothing, 0, "ets"),
        "damped ets": lambda: Part(smoothing, 1, "damped ets"),
        "arima": Arima,
        "several seasons": SeveralSeasons,
        "seasonal naive": SeasonalNaive,
    }
    weekly = any(m % 7 == 0 and len(with_week(m)) > 1 for m in longer)
    usable = [name for name in names if name != "several seasons" or weekly]
    if not usable:
        raise OptionError(f"methods is 'several seasons' alone, and {NO_WEEK}; name others too, or leave methods out")
    return {name: makers[name]() for name in usable}


@dataclass(frozen=True)
class Tried:
    """What methods forecast from rolling origins, and what came.

    Attributes
    ----------
    origins : list of ndarray, each (K,)
        Of each series, as numbers of values before its end.
    truth : ndarray, shape (S, K, H)
        NaN where a series has fewer origins, or nothing is known.
    forecasts : dict of str to ndarray, shape (S, K, H)
    last : ndarray, shape (S, K)
        The newest value before each origin.
    kinds : ndarray of int, shape (S,)
        Which of the errors in `PRIOR` are expected of a series.
    """

    origins: list[np.ndarray]
    truth: np.ndarray
    forecasts: dict[str, np.ndarray]
    last: np.ndarray
    kinds: np.ndarray

    def weights(self) -> np.ndarray:
        """Of the methods, (S, M)."""
        prior = np.array([PRIOR[name] for name in self.forecasts])
        return weights_of(*relative_errors(self.truth, self.forecasts, self.kinds == SPORADIC), prior[:, self.kinds].T)


def tried(methods: Mapping[str, Rival], histories: Histories, horizon: int, origins: Sequence[np.ndarray]) -> Tried:
    """Forecast every series from its origins; series with the same origins at once."""
    most = max((len(o) for o in origins), default=0)
    shape = (len(origins), most, horizon)
    truth = np.full(shape, np.nan)
    last, found = np.full(shape[:2], np.nan), {name: np.full(shape, np.nan) for name in methods}
    for key, rows in _alike(origins).items():
        if not key:
            continue
        places = np.array(key)
        some = histories if len(rows) == len(histories.values) else histories.rows(rows)
        truth[rows, : len(key)] = ahead(some.values, places, horizon)
        last[rows, : len(key)] = last_of(some, places)
        for name, made in forecast_by(methods, some, horizon, places).items():
            found[name][rows, : len(key)] = made
    return Tried(list(origins), truth, found, last, _kinds(histories))


def _kinds(histories: Histories) -> np.ndarray:
    """Which column of `PRIOR` each series has, (S,)."""
    count = np.maximum(np.isfinite(histories.values).sum(1), 1)
    none = (histories.values == 0).sum(1) / count
    sporadic = (none >= OFTEN_NONE) & (np.nan_to_num(histories.values).min(1, initial=0.0) >= 0)
    plain = np.where(histories.season > 1, SEASONAL, np.where(histories.lengths < SHORT, FEW, MANY))
    return np.where(sporadic, SPORADIC, plain)


def _alike(origins: Sequence[np.ndarray]) -> dict[tuple[int, ...], np.ndarray]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, places in enumerate(origins):
        groups.setdefault(tuple(places.tolist()), []).append(number)
    return {key: np.array(rows) for key, rows in groups.items()}


def ahead(values: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
    """What came after each origin, (S, K, H); NaN where nothing is known."""
    length = values.shape[1]
    columns = length - origins[:, None] + np.arange(horizon)
    found = values[:, np.clip(columns, 0, max(length - 1, 0))]
    return np.where((columns >= 0) & (columns < length), found, np.nan)


def combined(forecasts: Mapping[str, np.ndarray], weights: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The weighted mean of methods, (S, K, H), of those that have a forecast; where none has, `last` (S, K)."""
    found = np.empty(next(iter(forecasts.values())).shape)
    for start in range(0, len(found), COMBINED):
        some = slice(start, start + COMBINED)
        found[some] = _combined([made[some] for made in forecasts.values()], weights[some], last[some])
    if not np.isfinite(found[np.isfinite(last)]).all():
        raise DataError("a forecast leaves what numbers can hold; give the series in a larger unit")
    return found


def _combined(forecasts: Sequence[np.ndarray], weights: np.ndarray, last: np.ndarray) -> np.ndarray:
    shape = forecasts[0].shape
    total, share = np.zeros(shape), np.zeros(shape)
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    for weight, made in zip(weights.T, forecasts, strict=True):
        there = np.isfinite(made) & (weight > 0)[:, None, None]
        total += np.where(there, made, 0.0) * weight[:, None, None]
        share += np.where(there, weight[:, None, None], 0.0)
        used = np.where(there, made, np.nan)
        low, high = np.fmin(low, used), np.fmax(high, used)
    mean = np.clip(total / np.where(share > 0, share, 1.0), low, high)  # rounding takes it nowhere else
    return np.where(share > 0, mean, last[..., None])


def forecast_by(
    methods: Mapping[str, Rival], histories: Histories, horizon: int, origins: np.ndarray
) -> dict[str, np.ndarray]:
    """Forecasts from origins, (S, K, H), by method; what was constant up to there stays so.

    Methods see series without the effects of what is known ahead, which are found, as all else, in what lies before the
    earliest origin.
    """
    effects = effects_of(histories, int(np.max(origins)))
    shape = (len(histories.values), len(origins), horizon)
    found = {name: np.empty(shape) for name in methods}
    for block in blocks(histories):
        some, mine = histories.rows(block), None if effects is None else effects.rows(block)
        for name, made in _forecast_block(methods, some, mine, horizon, origins):
            found[name][block] = made
    return found


def _forecast_block(
    methods: Mapping[str, Rival], histories: Histories, effects: Effects | None, horizon: int, origins: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """Forecasts of some series, (S, K, H), method by method."""
    constant = constant_until(histories.values, origins)[..., None]
    last = last_of(histories, origins)[..., None]
    plain = histories if effects is None else effects.taken_from(histories)
    for name, method in methods.items():
        made = method(plain, horizon, origins)
        made = made if effects is None else effects.put_into(made, histories, origins)
        yield name, np.where(constant, last, made)


def constant_until(values: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """Whether all that is known before each origin is one value, (S, K)."""
    with np.errstate(invalid="ignore"):
        same = np.fmin.accumulate(values, axis=1) == np.fmax.accumulate(values, axis=1)
    return at_origins(same, origins) == 1


def last_of(histories: Histories, origins: np.ndarray) -> np.ndarray:
    """The newest value before each origin, (S, K)."""
    return last_values(histories.values, origins)
