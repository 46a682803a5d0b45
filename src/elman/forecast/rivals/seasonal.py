"""Whether a series has a season, and its indices: what is done once before a method without seasons forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.forecast.rivals.histories import exponents_of, held, mean_of_known

CLEARLY = 2.3  # standard errors: by chance one series in a hundred has a larger autocorrelation


@dataclass(frozen=True)
class Indices:
    """What each phase of a season multiplies (or adds to) a series, 1 (or 0) where it has none.

    Parameters
    ----------
    values : array, shape (S, m)
        By phase; phase p is that of the columns T - m + p, T - 2 m + p ...
    multiplied : array of bool, shape (S,)
        Whether they multiply or are added.
    """

    values: np.ndarray
    multiplied: np.ndarray

    def along(self, first: int, count: int) -> np.ndarray:
        """Indices of `count` columns from column `first`, counted from the end of the series, (S, count)."""
        return self.values[:, np.arange(first, first + count) % self.values.shape[1]]

    def taken_from(self, values: np.ndarray) -> np.ndarray:
        """Series without their season, (S, T)."""
        indices = self.along(-values.shape[1], values.shape[1])
        multiplied = self.multiplied[:, None]
        return np.where(multiplied, values / np.where(multiplied, indices, 1.0), values - indices)

    def put_into(self, forecasts: np.ndarray, origins: np.ndarray) -> np.ndarray:
        """Forecasts from each origin with their season, (S, K, H)."""
        horizon = forecasts.shape[2]
        indices = np.stack([self.along(-origin, horizon) for origin in origins], axis=1)
        return np.where(self.multiplied[:, None, None], forecasts * indices, forecasts + indices)


def indices_where_seasonal(values: np.ndarray, season: int) -> Indices:
    """Indices of classical decomposition, for series that the test of the M competitions calls seasonal.

    A series is divided by (or has taken from it) its centred moving average over a season; the indices are the means of
    what remains, by phase. They multiply where all values are positive and no index comes near 0.

    Parameters
    ----------
    values : array, shape (S, T)
        NaN where there is no value.
    season : int
        Steps of a season, m.

    References
    ----------
    S. Makridakis and M. Hibon, The M3-Competition: results, conclusions and implications, International Journal of
    Forecasting 16 (2000).
    """
    whole = filled(values, season)
    ratios = phase_means(whole, season, multiplied=True)
    multiplied = (np.nan_to_num(whole, nan=1.0).min(1) > 0) & (ratios.min(1) > 0.01)
    found = np.where(multiplied[:, None], ratios, phase_means(whole, season, multiplied=False))
    seasonal = is_seasonal(whole, season)[:, None] & np.isfinite(found)
    return Indices(np.where(seasonal, found, multiplied[:, None]), multiplied)


def phase_means(whole: np.ndarray, season: int, multiplied: bool, from_start: bool = False) -> np.ndarray:
    """Indices of classical decomposition of series without gaps, (S, m); NaN where a phase has no value to compare.

    Phases are counted from the end or the start of the array: that at which all series meet, so that what is longest
    among them changes no sum.
    """
    trend = centred_average(whole, season)
    rest = mean_of_known(by_phase(whole / trend if multiplied else whole - trend, season, from_start), 1)
    mean = rest.mean(1, keepdims=True)
    return rest / mean if multiplied else rest - mean


def is_seasonal(whole: np.ndarray, season: int) -> np.ndarray:
    """Whether the autocorrelation at the season leaves its 90 % band, of at least three seasons, (S,)."""
    return np.abs(_standing_out(whole, season)) > 1.645


def shows_season(whole: np.ndarray, season: int) -> np.ndarray:
    """Whether series, or their changes from step to step, show a season, (S,).

    A strong trend hides the season from `is_seasonal`. Changes are free of it; they must show the season clearly, as
    what they show by chance is of no use.
    """
    changes = _standing_out(np.diff(whole, axis=1), season) > CLEARLY
    return is_seasonal(whole, season) | changes


def _standing_out(whole: np.ndarray, season: int) -> np.ndarray:
    """The autocorrelation at the season by its standard error, (S,); 0 where there are fewer than three seasons."""
    count = np.isfinite(whole).sum(1)
    if season < 2 or whole.shape[1] <= season:
        return np.zeros(len(whole))
    whole = np.ldexp(whole, -exponents_of(whole)[:, None])  # near 1, so that no square leaves what float64 holds
    mean = np.nan_to_num(mean_of_known(whole, 1))
    centred = np.nan_to_num(whole - mean[:, None])
    spectrum = np.fft.rfft(centred, 2 * whole.shape[1], axis=1)  # zeros behind, so that ends do not meet starts
    products = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, : season + 1]
    varies = products[:, 0] > 1e-20 * np.maximum(count, 1) * np.maximum(mean**2, 1e-300)
    r = products / np.where(varies, products[:, 0], 1.0)[:, None]
    error = np.sqrt((1 + 2 * (r[:, 1:season] ** 2).sum(1)) / np.maximum(count, 1))
    return np.where(varies & (count >= 3 * season), r[:, season] / error, 0.0)


def centred_average(whole: np.ndarray, season: int) -> np.ndarray:
    """The mean over a season around each step, (S, T); NaN near the ends. Of an even season both ends weigh half."""
    length, half = whole.shape[1], season // 2
    trend = np.full(whole.shape, np.nan)
    if length <= 2 * half:
        return trend
    sums = np.cumsum(np.pad(np.nan_to_num(whole), [(0, 0), (1, 0)]), axis=1)
    missing = np.cumsum(np.pad(np.isnan(whole), [(0, 0), (1, 0)]), axis=1)
    width = length - 2 * half
    over = sums[:, 2 * half + 1 :] - sums[:, :width]  # 2 half + 1 values around each step
    if season % 2 == 0:
        over = over - (whole[:, :width] + whole[:, 2 * half :]) / 2
    complete = missing[:, 2 * half + 1 :] == missing[:, :width]
    trend[:, half : half + width] = np.where(complete, over / season, np.nan)
    return trend


def filled(values: np.ndarray, season: int) -> np.ndarray:
    """Series with gaps filled by lines between values of the same phase, (S, T); NaN outside of a series stays."""
    inside = np.isfinite(held(values)) & np.isfinite(held(values[:, ::-1]))[:, ::-1]
    gaps = inside & np.isnan(values)
    if not gaps.any():
        return values
    whole = values.copy()
    for s in np.flatnonzero(gaps.any(1)):
        for step in (season, 1):  # a phase without any value is filled by its neighbours
            for phase in range(step):
                _fill(whole[s, phase::step], gaps[s, phase::step])
    return whole


def _fill(values: np.ndarray, gaps: np.ndarray) -> None:
    places, have = np.flatnonzero(gaps & np.isnan(values)), np.flatnonzero(np.isfinite(values))
    if len(places) and len(have):
        values[places] = np.interp(places, have, values[have])


def by_phase(values: np.ndarray, season: int, from_start: bool = False) -> np.ndarray:
    """Series cut into seasons, (S, cycles, m); the last one complete, or the first."""
    lacking = -values.shape[1] % season
    padded = np.pad(values, [(0, 0), (0, lacking) if from_start else (lacking, 0)], constant_values=np.nan)
    return padded.reshape(len(values), -1, season)
