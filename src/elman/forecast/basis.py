"""What a forecast starts from: series, and what rolling origins said of methods for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.data.collection import Collection
from elman.forecast.conformal import Calibration
from elman.forecast.rivals.histories import Histories


@dataclass(frozen=True)
class Basis:
    """Series, and what rolling origins said of methods for them.

    Attributes
    ----------
    collection : Collection
        The series.
    histories : Histories
        Their values, with the season of each.
    weights : ndarray, shape (S, M)
        Of the methods.
    calibration : Calibration or None
        How wide intervals are; None where no series had an origin.
    appended : int
        By how many steps series have grown since weights and widths were found.
    """

    collection: Collection
    histories: Histories
    weights: np.ndarray
    calibration: Calibration | None
    appended: int = 0
