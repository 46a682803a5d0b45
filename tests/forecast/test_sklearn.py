"""Estimators in the tools of scikit-learn, from version 1.6 on."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from elman.cells import catalogue
from elman.data import collect
from elman.errors import OptionError
from elman.forecast import Forecaster
from elman.language import LanguageModel

SERIES = np.sin(2 * np.pi * np.arange(100) / 10) + 0.1 * np.random.default_rng(0).normal(size=100)
SPLIT = TimeSeriesSplit(2, test_size=10)
TINY = Forecaster(methods=["network", "theta"], units=4, epochs=1, members=1, horizon=10)


@pytest.mark.parametrize("estimator", [Forecaster(), LanguageModel(), Forecaster(cell=catalogue()["gru"])])
def test_tags_and_clones(estimator):
    tags = get_tags(estimator)
    assert not tags.target_tags.required and tags.estimator_type is None
    copy = clone(estimator)
    assert type(copy) is type(estimator) and repr(copy.set_params(cell=type(estimator)().cell)) == repr(
        type(estimator)()
    )


def test_scores_are_those_of_forecasts_that_follow_the_training():
    expected = [clone(TINY).fit(SERIES[train]).score(SERIES[test]) for train, test in SPLIT.split(SERIES)]
    np.testing.assert_array_equal(cross_val_score(TINY, SERIES, cv=SPLIT), expected)
    np.testing.assert_array_equal(cross_val_score(TINY, SERIES[:, None], cv=SPLIT), expected)


def test_a_grid_search_finds_parameters_and_its_forecaster_can_be_saved(tmp_path):
    search = GridSearchCV(TINY, {"units": np.array([2, 4]), "methods": ["theta", ["linear", "network"]]}, cv=SPLIT).fit(
        SERIES
    )
    best = search.best_estimator_
    assert best.get_params() == clone(TINY).set_params(**search.best_params_).get_params()
    loaded = Forecaster.load(best.save(tmp_path / "m.safetensors"))
    assert loaded.score(SERIES[:7]) == best.score(SERIES[:7]) == search.score(SERIES[:7])


def test_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), TINY).set_output(transform="pandas")
    scores = cross_validate(pipeline, SERIES[:, None], cv=SPLIT, error_score="raise")["test_score"]
    assert np.isfinite(scores).all()
    with pytest.raises(OptionError, match=r"horizon is a DataFrame of shape \(100, 1\); expected a whole number"):
        pipeline.fit(SERIES[:, None]).predict(SERIES[:, None])


def test_the_series_is_no_horizon():
    pipeline = make_pipeline(Forecaster(3, methods="theta")).fit(SERIES)
    for given in (SERIES, list(SERIES), pd.Series(SERIES), "shops.csv", {"a": SERIES}, collect(SERIES)):
        with pytest.raises(OptionError, match=r"horizon is .*; expected a whole number of steps.*predict\(data=...\)"):
            pipeline.predict(given)
    with pytest.raises(OptionError, match="horizon is 1.5; expected a whole number of at least 1"):
        pipeline.predict(1.5)


def test_whether_it_is_fitted():
    with pytest.raises(NotFittedError):
        check_is_fitted(clone(TINY))
    check_is_fitted(clone(TINY).fit(SERIES))


def test_a_fitted_forecaster_can_be_pickled():
    fitted = clone(TINY).fit(SERIES)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(), fitted.predict())


def test_nothing_of_scikit_learn_is_loaded_before_it_asks():
    code = "import sys; from elman.forecast import Forecaster; repr(Forecaster()); assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
