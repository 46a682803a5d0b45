"""Numbers as the terminal shows them."""

from __future__ import annotations

import numpy as np
import pytest

from elman.cli.forecast_output import _in_short
from elman.data.names import number


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0.00"), (0.5, "0.50"), (882.274, "882.27"), (1104.4, "1104"), (-26362.2, "-26362"), (2.5e9, "2500000000")]
    + [(0.012345, "0.01235"), (1e-9, "1e-09"), (2e16, "2e+16"), (np.nan, "-")],
)
def test_scores_have_all_digits_before_the_point(value, shown):
    assert number(value) == shown


def test_forecasts_of_thousands_are_told_apart():
    assert _in_short(np.array([25338.4, 25341.0, 999.96, 0.5])) == "25338, 25341, 1000, 0.5"
