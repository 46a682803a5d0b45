"""Plots: pictures of series, trainings and recurrent networks. Every function takes and returns matplotlib axes.

matplotlib is loaded when something is drawn.
"""

from typing import TYPE_CHECKING

from elman.attributes import of_module
from elman.plots.curves import prediction, series, window
from elman.plots.epochs import losses
from elman.plots.fields import norms, states
from elman.plots.rates import found_rate
from elman.plots.unroll import unrolled

__all__ = ["found_rate", "losses", "norms", "prediction", "series", "states", "unrolled", "window"]

if not TYPE_CHECKING:  # which would take any name for one of ours
    __getattr__ = of_module("plots", __all__)
