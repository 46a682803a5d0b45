"""Estimators of sequences in the tools of scikit-learn, from version 1.6 on."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import check_is_fitted

import elman as el
from elman.data.casing import cases_of
from elman.errors import OptionError
from tests.classify.problems import small, waves

LENGTHS = "cases may have any number of steps, so that an array of other columns is no error"
WEIGHTS = "weights act on the loss of a batch, and batches are drawn of cases, not of weights"
EXPECTED = {  # what scikit-learn checks and sequences do otherwise
    "check_n_features_in_after_fitting": LENGTHS,
    "check_classifiers_train": LENGTHS,
    "check_regressors_train": "a network of four units does not learn its data in 20 epochs, as the default one does",
    "check_sample_weight_equivalence_on_dense_data": WEIGHTS,
    "check_dtype_object": "what is no number is a DataError, a ValueError and no TypeError",
    "check_supervised_y_2d": "a column of labels is taken without a warning, as it can mean nothing else",
}


def checks(estimator):
    return [
        pytest.param(one, check, id=f"{type(one).__name__}-{check.func.__name__}")
        for one, check in estimator_checks_generator(estimator, legacy=True)
        if check.func.__name__ not in EXPECTED
    ]


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        *checks(small(el.SequenceClassifier, units=4, filters=4)),
        *checks(small(el.SequenceRegressor, units=4, filters=4)),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_its_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def data():
    cases, labels = waves(30, least=12, most=13)
    return np.stack(cases), labels


def test_kinds_and_clones():
    model = el.SequenceClassifier("lstm", 7, pooling=["mean", "max"], class_weight={"a": 2})
    assert is_classifier(model) and not is_regressor(model) and is_regressor(el.SequenceRegressor())
    assert repr(clone(model)) == repr(model)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)


def test_cross_validation_is_of_ragged_lists_too():
    cases, labels = waves(30)
    ragged = np.empty(len(cases), object)
    ragged[:] = cases
    model = small(el.SequenceClassifier, epochs=60)
    assert cross_val_score(model, ragged, labels, cv=StratifiedKFold(3)).mean() > 0.8
    assert cross_val_score(model, cases, labels, cv=StratifiedKFold(3)).mean() > 0.8


def test_a_grid_search(data):
    search = GridSearchCV(small(el.SequenceClassifier), {"units": [2, 4], "pooling": ["mean", ["mean", "max"]]}, cv=2)
    search.fit(*data)
    best = search.best_estimator_
    assert best.get_params() == clone(search.estimator).set_params(**search.best_params_).get_params()
    assert search.score(*data) == best.score(*data)


def test_in_a_pipeline(data):
    pipeline = make_pipeline(FunctionTransformer(np.tanh), small(el.SequenceClassifier, epochs=60)).fit(*data)
    assert pipeline.score(*data) > 0.9


def test_calibrated(data):
    x, y = data
    calibrated = CalibratedClassifierCV(small(el.SequenceClassifier, epochs=40), cv=2, method="sigmoid").fit(
        x[:, :, 0], y
    )
    assert np.allclose(calibrated.predict_proba(x[:, :, 0]).sum(1), 1)


def test_cross_validation_of_a_frame_is_that_of_its_array(data):
    x, y = data
    frame, model = pd.DataFrame(x[:, :, 0]), small(el.SequenceClassifier)
    for columns in (frame.columns, [f"{name}a" for name in frame.columns]):
        of_frame = cross_val_score(model, frame.set_axis(columns, axis=1), pd.Series(y), cv=3, error_score="raise")
        assert np.array_equal(of_frame, cross_val_score(model, x[:, :, 0], y, cv=3))


def test_cross_validation_of_a_long_frame_by_its_cases():
    cases, labels = waves(24)
    rows = [(k % 6, k, t, value) for k, case in enumerate(cases) for t, value in enumerate(case[:, 0])]
    long = pd.DataFrame(rows, columns=["person", "trial", "t", "x"])
    held, model = cases_of(long, group=["person", "trial"], time="t"), small(el.SequenceClassifier)
    persons = [person for person, _ in held.names]
    options = {"groups": persons, "cv": GroupKFold(3), "error_score": "raise"}
    assert np.array_equal(
        cross_val_score(model, held, labels, **options), cross_val_score(model, cases, labels, **options)
    )
    taught, tested, known, _ = train_test_split(held, labels, random_state=0)
    assert tested.names == tuple(held.names[k] for k in train_test_split(range(24), random_state=0)[1])
    search = GridSearchCV(model, {"units": [2, 4]}, cv=2, error_score="raise").fit(taught, known)
    assert search.predict(tested).shape == (6,)


def test_cases_are_taken_by_number():
    held = cases_of([[1.0, 2], [3.0], [4.0, 5, 6]], ["a", "b", "c"])
    assert held[1].labels.tolist() == ["b"] and held[1].shape == (1, 1, 1)
    assert [one.names for one in held] == [(0,), (1,), (2,)]
    assert held[np.array([True, False, True])].lengths.tolist() == [2, 3]
    with pytest.raises(OptionError, match="taken by one index"):
        held[0, 1]
