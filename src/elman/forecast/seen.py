"""What the network of a forecaster reads of its series."""

from __future__ import annotations

import numpy as np

from elman.forecast.forecaster import Forecaster
from elman.forecast.rows import inputs_of, left
from elman.forecast.views import views_of


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
