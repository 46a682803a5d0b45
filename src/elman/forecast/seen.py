"""What the network of a forecaster reads of its series."""

from __future__ import annotations

import numpy as np

from elman.forecast.forecaster import Forecaster
from elman.forecast.rows import inputs_of, left
from elman.forecast.views import views_of
from elman.network import Network


def network_inputs(forecaster: Forecaster, rows: int, steps: int) -> dict[str, np.ndarray]:
    """The inputs of the network at the ends of some series, as long as the longest of them allow.

    Parameters
    ----------
    forecaster : Forecaster
        Fitted.
    rows, steps : int
        Of how many series at most, and how many steps of each at most.

    Returns
    -------
    dict of str to ndarray
        ``series`` (B, T, 2) and ``about`` (B, F), as `elman.forecast.direct` says.
    """
    histories = forecaster.fitted_basis.histories
    longest = np.argsort(-histories.lengths, kind="stable")[:rows]
    longest = np.sort(longest[histories.lengths[longest] > histories.lengths[longest[0]] // 2])
    some = histories.rows(longest)
    views = views_of(some, 0, forecaster.seasons_)
    used = np.full(len(longest), min(int(some.lengths.min()), steps))
    series = inputs_of(left(views.scaled(some.values), 0, used))
    return {"series": series, "about": views.about.astype(np.float32)}


def network_view(forecaster: Forecaster, number: int) -> tuple[np.ndarray, str]:
    """A series as the network sees it, and what that is in words."""
    histories = forecaster.fitted_basis.histories.rows(np.array([number]))
    views = views_of(histories, 0, forecaster.seasons_)
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
    return next(name for layer, name in named if layer.cell.states and layer.cell.name != "smoothing")
