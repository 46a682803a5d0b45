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
    errors : ndarray, shape (S, N), or None
        Of all steps from the origins that most series have, the newest first, in units of how errors grow with the
        step; NaN where a series has none. None where nothing is known, or in a file of an older version.
    """

    collection: Collection
    histories: Histories
    weights: np.ndarray
    calibration: Calibration | None
    appended: int = 0
    errors: np.ndarray | None = None
