"""Which season a series shows."""

from __future__ import annotations

import numpy as np

from elman.checks import row, whole

USUAL = (4, 7, 12, 24, 48, 52, 96)  # steps of a day, week or year
LONG, OFTEN = 25, 5  # steps of a season in which a shorter one is looked for, and how often that must come in it


def autocorrelation(values: np.ndarray, lags: int) -> np.ndarray:
    """Correlation of a series with itself, 0 .. `lags` steps later; zeros for a constant.

    Parameters
    ----------
    values : array, shape (n,)
        The series.
    lags : int
        The longest lag, below n.

    Returns
    -------
    ndarray, shape (lags + 1,)

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> el.forecast.autocorrelation(np.array([1.0, -1.0] * 50), 2).round(2)
    array([ 1., -1.,  1.])
    """
    values = row(values, "values")
    n = len(values)
    lags = whole(lags, "lags", 0, n - 1)
    centred = values - values.mean()
    spectrum = np.fft.rfft(centred, 2 * n)  # zeros behind the series, so that its end does not meet its start
    products = np.fft.irfft(spectrum * spectrum.conj())[: lags + 1] / (n - np.arange(lags + 1))
    return products / products[0] if products[0] > 0 else np.zeros(lags + 1)


def detect_season(values: np.ndarray) -> int | None:
    """Steps of a season, or None.

    The series, less a parabola fitted to it, is compared with itself m steps later. A season is a lag at which this
    autocorrelation has a clear peak: above 0.3 and above three standard errors of noise, 0.2 higher than some shorter
    lag. Of several, the shortest that comes within 15 % of the highest is taken, as the others are its multiples.
    A season must come three times to be seen.

    Slow cycles can hide a season; the changes from step to step show it then. What they show is believed where it is a
    length of the calendar, of `USUAL`, or the other one's part.

    Parameters
    ----------
    values : array, shape (n,)
        The series.

    Returns
    -------
    int or None

    Examples
    --------
    >>> import numpy as np
    >>> detect_season(np.sin(2 * np.pi * np.arange(120) / 12))
    12
    """
    found = detect_seasons(values)
    return found[-1] if found else None


def detect_seasons(values: np.ndarray) -> tuple[int, ...]:
    """The season that `detect_season` says and, where it is long, one that comes at least five times in it.

    So half-hours of a week have a day too. The shorter one has a peak at least half as high.

    Parameters
    ----------
    values : array, shape (n,)
        The series.

    Returns
    -------
    tuple of int
        The shortest first; empty where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> hours = np.arange(24 * 7 * 6)
    >>> weekend = hours // 24 % 7 >= 5
    >>> detect_seasons(np.sin(2 * np.pi * hours / 24) - 1.5 * weekend)
    (24, 168)
    """
    values = row(values, "values")
    scaled = values / (np.abs(values).max(initial=0.0) or 1.0)
    plain = _peaks(_without_trend(scaled)) if len(values) > 8 else ()
    changes = _peaks(_without_trend(np.diff(scaled))) if len(values) > 12 else ()
    if not changes or len(plain) > 1 or plain[-1:] == changes[-1:]:
        return plain
    if plain and plain[0] in USUAL and plain[0] < changes[-1]:
        return plain
    part = bool(plain) and plain[-1] % changes[-1] == 0
    return changes if part or changes[-1] in USUAL or len(changes) > 1 else plain


def _peaks(values: np.ndarray) -> tuple[int, ...]:
    """Lags at which a series resembles itself most: the shortest of those alike, and a short one within a long one."""
    n = len(values)
    longest = n // 3
    if longest < 3:
        return ()
    r = autocorrelation(values, longest + 1)
    lags = np.arange(2, longest + 1)
    rise = r[lags] - np.minimum.accumulate(r)[lags - 1]
    high = r[lags] > max(0.3, 3 / np.sqrt(n))
    peaks = lags[high & (r[lags] >= r[lags - 1]) & (r[lags] > r[lags + 1]) & (rise > 0.2)]
    if not len(peaks):
        return ()
    season = _shortest(peaks, r)
    within = peaks[(season % peaks == 0) & (peaks * OFTEN <= season) & (r[peaks] >= 0.5 * r[season])]
    if season < LONG or not len(within):
        return (season,)
    return _shortest(within, r), season


def _shortest(peaks: np.ndarray, r: np.ndarray) -> int:
    """Of peaks nearly as high as the highest the first, as the others are its multiples."""
    return int(peaks[r[peaks] >= 0.85 * r[peaks].max()][0])


def _without_trend(values: np.ndarray) -> np.ndarray:
    scale = np.abs(values).max() or 1.0
    rest = values / scale - np.polyval(np.polyfit(_axis(values), values / scale, 2), _axis(values))
    return rest if np.abs(rest).max() > 1e-12 else np.zeros_like(rest)  # what rounding leaves is no series


def _axis(values: np.ndarray) -> np.ndarray:
    return np.linspace(-1, 1, len(values))
