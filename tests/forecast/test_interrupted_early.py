"""Ctrl-C before any network has begun to learn."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el


def test_nothing_is_forecast_with_no_network():
    class Stop(el.Callback):
        side_by_side = True

        def check(self, training):
            raise KeyboardInterrupt

    model = el.Forecaster(3, methods=["network"], units=2, members=1, epochs=1)
    with pytest.raises(KeyboardInterrupt):
        model.fit(np.arange(60.0) % 7, callbacks=[Stop()])
    with pytest.raises(el.ElmanError):
        model.predict()
