"""What judges: each case once, by models that never learnt from it; scores against a loop written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import PredefinedSplit

import elman as el
from elman.data.casing import cases_of
from elman.errors import DataError, OptionError
from elman.fleet.sweep_fingerprint import of_cases, of_collection
from elman.fleet.sweep_folds import folds, folds_of_groups
from elman.fleet.sweep_judges import CasesJudge
from elman.fleet.sweeping import judge_of_cases

RNG = np.random.default_rng(0)
X = RNG.normal(size=(23, 6, 2))
Y = np.array(["a", "b", "c"])[np.arange(23) % 3]
CLASSIFIER = el.SequenceClassifier(units=3, members=1, epochs=2, convolution=None)
REGRESSOR = el.SequenceRegressor(units=3, members=1, epochs=2, convolution=None, validation=0.0)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40), st.integers(2, 6), st.integers(0, 5))
def test_folds_hold_as_many_cases_of_each_stratum(strata, count, seed):
    strata = np.array(strata)
    found = folds(strata, count, seed)
    for stratum in np.unique(strata):
        mine = found[strata == stratum]
        sizes = np.bincount(mine[mine >= 0], minlength=count)
        assert sizes.max() - sizes.min() <= 1 if len(mine) > 1 else mine.tolist() == [-1]
    sizes = np.bincount(found[found >= 0], minlength=count)
    assert sizes.max() - sizes.min() <= 1


@given(st.lists(st.integers(0, 7), min_size=1, max_size=40), st.integers(2, 4), st.integers(0, 5))
def test_groups_stay_together(groups, count, seed):
    groups = np.unique(np.array(groups), return_inverse=True)[1]
    found = folds_of_groups(groups, count, seed)
    assert all(len(set(found[groups == group])) == 1 for group in range(groups.max() + 1))
    assert len(set(found)) == min(count, groups.max() + 1)


def test_cross_validation_is_what_a_loop_by_hand_gives():
    judge = judge_of_cases(CLASSIFIER, cases_of(X, Y), folds=3)
    found, dealt = judge({"units": 4}, 5), folds(np.unique(Y, return_inverse=True)[1], 3, 5)
    said = np.zeros((23, 3))
    for learnt, held in PredefinedSplit(dealt).split():
        model = el.SequenceClassifier(units=4, members=1, epochs=2, convolution=None, random_state=5)
        said[held] = model.fit(X[learnt], Y[learnt]).predict_proba(X[held])
    assert found["accuracy"] == accuracy_score(Y, np.array(["a", "b", "c"])[said.argmax(1)])
    assert found["log_loss"] == pytest.approx(log_loss(Y, said), rel=1e-9)
    assert found["macro_f1"] == pytest.approx(f1_score(Y, np.array(["a", "b", "c"])[said.argmax(1)], average="macro"))


def test_numbers_are_judged_alike():
    target = X[:, 0, 0] + 0.1 * RNG.normal(size=23)
    found = judge_of_cases(REGRESSOR, cases_of(X, target), folds=2)({}, 0)
    said = np.zeros(23)
    judge = CasesJudge(REGRESSOR, cases_of(X, target), 2)
    for part in judge.parts(0):
        model = el.SequenceRegressor(**REGRESSOR.get_params())
        said[part] = model.fit(X[~part], target[~part]).predict(X[part])
    assert found["rmse"] == pytest.approx(root_mean_squared_error(target, said))
    assert found["mae"] == pytest.approx(mean_absolute_error(target, said))
    assert found["r2"] == pytest.approx(r2_score(target, said))


def test_the_baseline_is_the_most_frequent_class_and_the_mean():
    labels = ["a"] * 15 + ["b"] * 8
    found = judge_of_cases(CLASSIFIER, cases_of(X, labels)).baseline()
    assert found.scores["accuracy"] == 15 / 23
    assert found.scores["log_loss"] == pytest.approx(log_loss(labels, np.tile([15 / 23, 8 / 23], (23, 1))))
    target = RNG.normal(size=23)
    assert judge_of_cases(REGRESSOR, cases_of(X, target)).baseline().scores["rmse"] == pytest.approx(target.std())


def test_a_class_with_one_case_is_learnt_always_and_judged_never():
    labels = np.array(["rare"] + ["a", "b"] * 11)
    judge = judge_of_cases(CLASSIFIER, cases_of(X, labels), folds=2)
    assert not any(part[0] for part in judge.parts(0)) and sum(part.sum() for part in judge.parts(0)) == 22
    assert 0 <= judge({}, 0)["accuracy"] <= 1 and "one case" in judge.notes()[0]


@pytest.mark.parametrize(
    ("labels", "options", "error", "words"),
    [
        (["a"] * 23, {}, DataError, "all 23 cases are of one class, 'a'"),
        (Y, {"folds": 30}, DataError, "23 cases can judge, too few for 30 folds"),
        (Y, {"hold_out_by": "person"}, OptionError, "the cases are only numbered"),
    ],
)
def test_data_that_cannot_be_parted_are_refused(labels, options, error, words):
    with pytest.raises(error, match=words):
        judge_of_cases(CLASSIFIER, cases_of(X, labels), **options).baseline()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"folds": 1}, "folds is 1"),
        ({"hold_out": 1.0}, "hold_out is 1.0"),
        ({"hold_out": 0}, "hold_out is 0"),
        ({"folds": 2, "hold_out": 0.5}, "give folds or hold_out"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, words):
    with pytest.raises(OptionError, match=words):
        judge_of_cases(CLASSIFIER, cases_of(X, Y), **options)


def test_fingerprints_are_of_values_and_not_of_what_held_them():
    frame = {"t": [1, 2, 3, 1, 2, 3], "who": ["a"] * 3 + ["b"] * 3, "x": [1.0, 2, 3, 4, 5, 6]}
    pd = pytest.importorskip("pandas")
    usual = {"time": "t", "target": "x", "group": "who"}
    one = el.data.collect(frame, **usual)
    assert of_collection(one) == of_collection(el.data.collect(pd.DataFrame(frame).iloc[[2, 0, 1, 5, 4, 3]], **usual))
    prints = {of_collection(one)}
    for name, values in (("x", [1.0, 2, 3, 4, 5, 7]), ("who", ["a"] * 3 + ["c"] * 3), ("t", [2, 3, 4, 1, 2, 3])):
        prints.add(of_collection(el.data.collect(frame | {name: values}, **usual)))
    assert len(prints) == 4
    cases = {of_cases(cases_of(X, Y)), of_cases(cases_of(X, Y[::-1])), of_cases(cases_of(X + 1e-9, Y))}
    assert len(cases) == 3 and of_cases(cases_of(list(X), Y)) in cases
