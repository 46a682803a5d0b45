"""What the network of a forecaster reads of its series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from elman.forecast.demand import sizes_of
from elman.forecast.demand_rows import demand_rows
from elman.forecast.direct import QUANTILES
from elman.forecast.forecaster import Forecaster
from elman.forecast.rows import LONGEST, left, training_rows
from elman.forecast.views import views_of
from elman.network import Network


def network_inputs(forecaster: Forecaster, rows: int, steps: int) -> dict[str, np.ndarray]:
    """The inputs of the network at the ends of some series, as long as the longest of them allow.

    Parameters
    ----------
    forecaster : Forecaster
        Fitted, with a network.
    rows, steps : int
        Of how many series at most, and how many steps of each at most.

    Returns
    -------
    dict of str to ndarray
        ``series`` (B, T, F), ``about`` (B, F), and ``beside`` (B, T, F) where there are covariates, as
        `elman.forecast.direct` says.
    """
    histories = forecaster.fitted_basis.histories
    longest = np.argsort(-histories.lengths, kind="stable")[:rows]
    longest = np.sort(longest[2 * histories.lengths[longest] > histories.lengths[longest[0]]])
    some = histories.rows(longest)
    used = np.minimum(int(some.lengths.min()), min(steps, LONGEST))
    ends = replace(some, lengths=np.full(len(longest), used)).rows(np.arange(len(longest)))
    family, seasons = forecaster.family, forecaster.seasons_
    horizon = forecaster.networks_[0].outputs // (len(QUANTILES) if family is None else len(family.parameters))
    if family is not None and family.demand:
        inputs = demand_rows(ends, sizes_of(some, 0, seasons), horizon).inputs
    else:
        inputs = training_rows(ends, views_of(some, 0, seasons, logs=family is None), horizon).inputs
    return {name: values[:, :used] if values.ndim == 3 else values for name, values in inputs.items()}


def network_view(forecaster: Forecaster, number: int) -> tuple[np.ndarray, str]:
    """A series as the network sees it, and what that is in words."""
    histories = forecaster.fitted_basis.histories.rows(np.array([number]))
    family = forecaster.family
    if family is not None and family.demand:
        sizes = sizes_of(histories, 0, forecaster.seasons_)
        x = histories.values / sizes.at(np.arange(-histories.values.shape[1], 0))
        return left(x, 0, histories.lengths)[0], "the series, in units of its mean and season"
    views = views_of(histories, 0, forecaster.seasons_, logs=family is None)
    what = "the logarithm of the series" if views.logged[0] else "the series"
    periods = [str(p.indices.shape[1]) for p in views.patterns if len(p.rows)]
    season = f" without its season of {' and '.join(periods)} steps" if periods else ""
    unit = f"{100 * views.noise[0]:.3g} % of its level"
    return left(views.scaled(histories.values), 0, histories.lengths)[0], (
        f"{what}{season}, from its first value, in units of the mean distance of successive values ({unit})"
    )


def reading_layer(net: Network) -> str:
    """The layer that reads how far the series is from its levels: the only one with states that is no smoothing."""
    named = zip(net.layers, net.layer_names, strict=True)
    smooth = ("smoothing", "following")
    return next(name for layer, name in named if layer.cell.states and layer.cell.name not in smooth)
