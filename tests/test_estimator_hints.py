"""An argument that an estimator's `fit` has not is told with what there is."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest
from sklearn.base import clone

import elman as el
from elman import hints

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


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: el.Forecaster(input_chunk_length=24), "Forecaster has no argument 'input_chunk_length': leave it out"),
        (lambda: el.Forecaster(h=24), "Forecaster has no argument 'h': give horizon"),
        (lambda: el.Forecaster(horizn=24), r"no argument 'horizn' \(did you mean 'horizon'\?\)"),
        (lambda: el.Forecaster().fit([1.0], past_covariates=["a"]), "'past_covariates': give past"),
        (lambda: el.Forecaster().predict(12, num_samples=9), "predict has no argument 'num_samples': give samples"),
        (lambda: el.SequenceClassifier(max_iter=9), "SequenceClassifier has no argument 'max_iter': give epochs"),
        (lambda: el.SequenceRegressor(seed=1), "SequenceRegressor has no argument 'seed': give random_state"),
    ],
)
def test_names_of_other_libraries(call, said):
    with pytest.raises(el.OptionError, match=said):
        call()


HINTS = {
    "Forecaster": (hints.FORECASTER, el.Forecaster),
    "Forecaster.fit": (hints.FORECASTER_FIT, el.Forecaster.fit),
    "Forecaster.predict": (hints.PREDICT, el.Forecaster.predict),
    "SequenceClassifier": (hints.CLASSIFIER, el.SequenceClassifier),
    "SequenceRegressor": (hints.CLASSIFIER, el.SequenceRegressor),
    "fit": (hints.FIT, el.Network.fit),
    "optimiser": (hints.OPTIMIZER, el.Adam),
}


@pytest.mark.parametrize(("told", "whose"), HINTS.values(), ids=HINTS)
def test_what_a_hint_gives_is_an_argument(told, whose):
    there = inspect.signature(whose).parameters
    for name, hint in told.items():
        assert name not in there
        given = re.match(r"give (\w+)", hint)
        assert given is None or given[1] in there, f"{name}: {hint}"


def test_a_hinted_estimator_is_cloned_and_pickled():
    for model in (el.Forecaster(6, units=8), el.SequenceClassifier(units=8), el.SequenceRegressor(units=8)):
        assert clone(model).get_params() == model.get_params() == pickle.loads(pickle.dumps(model)).get_params()
