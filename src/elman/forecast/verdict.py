"""Whether one method is better than another, by how much, and how sure that is.

The difference of two methods' errors is paired, value by value, so that what makes a value hard for both cancels. Its
uncertainty is that of a mean over series, or, of few series, of a mean over origins, whose forecasts overlap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from elman.checks import real
from elman.errors import DataError, ShapeError
from elman.forecast.distributions import student_t_cdf
from elman.forecast.pointwise import as_truth
from elman.forecast.widths import as_origins

MANY = 10  # series from which on they are what is counted, and not the origins
LEAST = 3  # origins that do not overlap, or series, that a verdict takes


@dataclass(frozen=True)
class Verdict:
    """A paired comparison of two methods.

    Attributes
    ----------
    names : (str, str)
        Of the methods.
    metric : str
        What the losses are.
    means : (float, float)
        The mean loss of each.
    difference, error : float
        The mean paired difference, first minus second, and its standard error; NaN where there are too few to tell.
    p : float
        How probable a difference as large is if the methods were equally good; 1 where there are too few to tell.
    pairs : str
        What was averaged over, as ``20 series``.
    alpha : float
        The p below which a difference counts.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> random = np.random.default_rng(0)
    >>> found = el.forecast.compare(random.random((20, 3, 4)), 1 + random.random((20, 3, 4)), [12, 8, 4])
    >>> found.difference < 0, found.p < 0.05, found.pairs
    (True, True, '20 series')
    """

    names: tuple[str, str]
    metric: str
    means: tuple[float, float]
    difference: float
    error: float
    p: float
    pairs: str
    alpha: float

    @property
    def word(self) -> str:
        """``beats``, ``does not beat`` or ``about as good as``."""
        if not self.p < self.alpha:
            return "about as good as"
        return "beats" if self.difference < 0 else "does not beat"

    def __str__(self) -> str:
        is_ = "is " if self.word == "about as good as" else ""
        sure = f"standard error {self.error:.2g}" if math.isfinite(self.error) else "too few to tell"
        return (
            f"{self.names[0]} {is_}{self.word} {self.names[1]}: {self.metric} {self.means[0]:.3g} and "
            f"{self.means[1]:.3g}, difference {self.difference:+.2g} ({sure}, over {self.pairs})"
        )


def compare(
    first: np.typing.ArrayLike,
    second: np.typing.ArrayLike,
    origins: np.typing.ArrayLike,
    *,
    names: tuple[str, str] = ("the first", "the second"),
    metric: str = "MASE",
    alpha: float = 0.05,
) -> Verdict:
    """Compare two methods by their losses on the same values.

    With ten series and more the mean difference of each series is one observation of Student's t test, so that
    nothing is assumed of overlapping forecasts. With fewer, the mean over the series at each origin is one, and the
    test is Diebold and Mariano's with the correction of Harvey, Leybourne and Newbold: origins less than H apart are
    correlated, and the variance of their mean has the covariances up to that distance. Student's t has as many degrees
    of freedom as there are origins that do not overlap, less one: with the usual K - 1 the test finds a difference of
    equals in 12 to 16 % of simulations where origins follow each other step by step, so in 3 to 8 %.

    Parameters
    ----------
    first, second : array (S, K, H)
        Losses of each method, such as scaled absolute errors; NaN where the truth is missing.
    origins : array (K,)
        How many values before the end each forecast started.
    names : (str, str), optional
        Of the methods, for the sentence.
    metric : str, default "MASE"
        What the losses are, for the sentence.
    alpha : float, default 0.05
        The p below which a difference counts.

    Returns
    -------
    Verdict

    Raises
    ------
    ShapeError, DataError
        If the losses are not of the same values.

    References
    ----------
    F. X. Diebold and R. S. Mariano, Comparing predictive accuracy, Journal of Business and Economic Statistics 13
    (1995). D. Harvey, S. Leybourne and P. Newbold, Testing the equality of prediction mean squared errors,
    International Journal of Forecasting 13 (1997).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> good, bad = rng.gamma(4, 0.20, size=(2, 50, 3, 6)) * [[[[1.0]]], [[[1.3]]]]
    >>> print(compare(good, bad, [18, 12, 6], names=("gru", "naive")))
    gru beats naive: MASE 0.803 and 1.04, difference -0.23 (standard error 0.023, over 50 series)
    """
    a, b = as_truth(first), as_truth(second)
    if a.ndim != 3 or a.shape != b.shape:
        raise ShapeError(f"losses have shapes {a.shape} and {b.shape}; expected (S, K, H) twice")
    if (np.isnan(a) != np.isnan(b)).any():
        raise DataError("the methods' losses are not known at the same values; compare them where both are")
    starts, alpha = as_origins(origins, a.shape[1]), real(alpha, "alpha", 0, 1)
    if np.isnan(a).all():
        raise DataError("no loss is known; expected some values to compare by")
    by_series = np.count_nonzero(np.isfinite(a).any((1, 2))) >= MANY
    mean_a, mean_b = (_by_series(x) if by_series else _by_origin(x, starts) for x in (a, b))
    d = mean_a - mean_b
    error, p = _of_series(d) if by_series else _of_origins(d, _overlap(starts, a.shape[2]))
    pairs = f"{len(d)} {'series' if by_series else 'origins'}"
    return Verdict(names, metric, (float(mean_a.mean()), float(mean_b.mean())), float(d.mean()), error, p, pairs, alpha)


def _by_series(losses: np.ndarray) -> np.ndarray:
    return np.nanmean(losses[np.isfinite(losses).any((1, 2))], axis=(1, 2))


def _by_origin(losses: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """In the order of time; a series counts as much as any other."""
    ordered = losses[:, np.argsort(-starts, kind="stable")]
    ordered = ordered[:, np.isfinite(ordered).any((0, 2))]
    known = np.isfinite(ordered)
    each = np.where(known, ordered, 0).sum(2) / np.maximum(known.sum(2), 1)
    return each.sum(0) / known.any(2).sum(0)


def _overlap(starts: np.ndarray, steps: int) -> int:
    """How many forecasts in a row share a value, at least."""
    apart = np.diff(np.unique(starts))
    return 1 if not apart.size else math.ceil(steps / apart.min())


def _of_series(d: np.ndarray) -> tuple[float, float]:
    return _tested(d.mean(), d.var(ddof=1) / len(d), len(d) - 1)


def _of_origins(d: np.ndarray, overlap: int) -> tuple[float, float]:
    n = len(d)
    if n < LEAST * overlap:
        return float("nan"), 1.0
    e = d - d.mean()
    own = e @ e / n
    around = own + 2 * sum(e[lag:] @ e[:-lag] / n for lag in range(1, overlap))
    corrected = (n + 1 - 2 * overlap + overlap * (overlap - 1) / n) / n
    freedom = n / overlap - 1
    return _tested(d.mean(), max(around, own) / n / corrected, freedom)  # a sum of covariances may even be negative


def _tested(mean: float, variance: float, freedom: float) -> tuple[float, float]:
    """The standard error, and p of Student's t test on both sides."""
    error = math.sqrt(variance)
    if error == 0:
        return 0.0, 0.0 if mean else 1.0
    return error, float(2 * student_t_cdf(np.array(-abs(mean) / error), np.array(freedom, np.float64)))
