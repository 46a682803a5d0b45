"""What to try instead, where series are of a kind that a distribution describes better than quantiles do."""

from __future__ import annotations

import numpy as np

from elman.data.collection import Collection

MANY_ZEROS = 0.25  # share of values that are 0, from which many quantiles are 0 too, and say little
DISPERSED = 1.2  # variance in means, from which a Poisson distribution is too narrow
BY_SEASON = 0.5  # share of the variance of being 0 that a season explains, as of the sun at night


def distribution_for(collection: Collection, season: np.ndarray) -> tuple[str, ...]:
    """A note that suggests a distribution for counts or amounts many of which are 0; none for other series.

    Parameters
    ----------
    collection : Collection
        The series.
    season : ndarray of int, shape (S,)
        Steps of a season of each, 1 for none: zeros that come with it are foretold without.

    Returns
    -------
    tuple of str
        With one note, or none.
    """
    values = collection.values[~np.isnan(collection.values)]
    if not len(values) or values.min() < 0 or not values.max() > 0:
        return ()
    share = float(np.mean(values == 0))
    series = [collection.series(s) for s in range(len(collection))]
    if share < MANY_ZEROS or np.median([_by_season(z, s) for z, s in zip(series, season, strict=True)]) > BY_SEASON:
        return ()
    counts = not (values % 1).any()
    name = "tweedie" if not counts else "negative binomial" if _dispersed(series) else "poisson"
    what = "counts" if counts else "amounts"
    return (
        f"{100 * share:.0f} % of the values are 0, and the others {what}: distribution={name!r} "
        f"(--distribution {name.replace(' ', '_')} in the shell) is made for such, and forecasts their mean",
    )


def _by_season(values: np.ndarray, season: int) -> float:
    """The share of the variance of being 0 that the place in a season explains."""
    zero, known = values == 0, ~np.isnan(values)
    variance = zero[known].var() if known.any() else 0.0
    if season < 2 or not variance:
        return 0.0
    phases = [zero[k::season][known[k::season]] for k in range(season)]
    within = sum(len(phase) * phase.var() for phase in phases if len(phase)) / known.sum()
    return float(1 - within / variance)


def _dispersed(series: list[np.ndarray]) -> bool:
    """Whether counts vary more than those of a Poisson distribution, in most series."""
    known = [values for values in series if np.nansum(values) > 0]
    return float(np.median([np.nanvar(values) / np.nanmean(values) for values in known])) > DISPERSED
