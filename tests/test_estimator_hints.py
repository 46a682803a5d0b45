"""An argument that an estimator's `fit` has not is told with what there is."""

from __future__ import annotations

import pytest

import elman as el

ESTIMATORS = [el.Forecaster, el.SequenceClassifier, el.SequenceRegressor, el.LanguageModel]


@pytest.mark.parametrize("kind", ESTIMATORS, ids=lambda kind: kind.__name__)
def test_a_name_that_is_nearly_right(kind):
    with pytest.raises(el.OptionError, match=r"fit has no argument 'calbacks' \(did you mean 'callbacks'\?\)"):
        kind().fit([1.0], calbacks=())


@pytest.mark.parametrize("method", ["fit", "backtest"])
def test_names_of_a_forecaster_for_each_series(method):
    call = getattr(el.LocalForecaster(el.Forecaster(2, methods=["theta"])), method)
    with pytest.raises(el.OptionError, match=rf"{method} has no argument 'tme' \(did you mean 'time'\?\)"):
        call([1.0], tme="t")
    with pytest.raises(el.OptionError, match="has no argument 'columns'"):
        call([1.0], columns="t")


def test_what_is_handed_on_is_taken():
    days = {"day": ["2024-01-01", "2024-01-01", *(f"2024-01-{d:02d}" for d in range(2, 31))], "v": [1.0] * 31}
    local = el.LocalForecaster(el.Forecaster(2, methods=["theta"])).fit(days, time="day", target="v", combine="sum")
    assert len(local.forecasters_) == 1
