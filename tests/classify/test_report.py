"""Reports say what scikit-learn says of the same numbers, and name the hardest cases."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics

import elman as el
from elman.classify.report import calibration_error, report_on_classes, report_on_numbers
from tests.classify.samples import classifier, regressor, sequences


def random_problem(seed, count=60, kinds=4, never=()):
    """Classes, labels and probabilities; some classes are never predicted or never there."""
    rng = np.random.default_rng(seed)
    classes = np.array(["ant", "bee", "cat", "dog", "elk"])[:kinds]
    logits = 2 * rng.normal(size=(count, kinds))
    logits[:, list(never)] = -50
    p = np.exp(logits)
    return classes, classes[rng.integers(0, kinds - 1, count)], p / p.sum(1, keepdims=True)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("never", [(), (0,), (3,)])
def test_figures_are_those_of_scikit_learn(seed, never):
    classes, labels, p = random_problem(seed, never=never)
    found, guessed = report_on_classes(classes, labels, p, range(len(p))), classes[p.argmax(1)]
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(labels, guessed, labels=classes))
    expected = metrics.precision_recall_fscore_support(labels, guessed, labels=classes, zero_division=0)
    for mine, theirs in zip((found.precision, found.recall, found.f1, found.support), expected, strict=True):
        np.testing.assert_allclose(mine, theirs)
    assert found.accuracy == metrics.accuracy_score(labels, guessed)
    theirs = metrics.classification_report(labels, guessed, output_dict=True, zero_division=0)
    for mine, name in ((found.macro, "macro avg"), (found.weighted, "weighted avg")):
        np.testing.assert_allclose(list(mine.values()), [theirs[name][k] for k in ("precision", "recall", "f1-score")])
    there = np.unique(labels)
    recalls = [metrics.recall_score(labels, guessed, labels=[one], average="macro") for one in there]
    assert found.balanced_accuracy == pytest.approx(np.mean(recalls))
    assert found.log_loss == pytest.approx(metrics.log_loss(labels, p, labels=classes))
    assert found.brier == pytest.approx(np.mean(((labels[:, None] == classes) - p) ** 2) * len(classes))
    assert any("recall" in note and "dog" in note for note in found.notes)
    assert any("precision" in note for note in found.notes) == bool(never)


def test_the_brier_score_of_two_classes_is_twice_the_binary_one():
    classes, labels, p = random_problem(0, kinds=2)
    labels = classes[np.random.default_rng(1).integers(0, 2, len(p))]
    found = report_on_classes(classes, labels, p, range(len(p)))
    assert found.brier == pytest.approx(2 * metrics.brier_score_loss(labels, p[:, 1], pos_label=classes[1]))


def test_the_calibration_error_is_that_of_its_definition():
    rng = np.random.default_rng(0)
    confidence, right = rng.uniform(0, 1, 500), rng.random(500) < 0.7
    expected = 0.0
    for k in range(15):
        mine = (confidence > k / 15) & (confidence <= (k + 1) / 15)
        if mine.any():
            expected += mine.mean() * abs(confidence[mine].mean() - right[mine].mean())
    assert calibration_error(confidence, right) == pytest.approx(expected)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0


def test_figures_of_numbers_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth = rng.normal(5, 3, 40)
    guessed = truth + rng.normal(0.4, 1, 40)
    found = report_on_numbers(truth, guessed, [f"n{k}" for k in range(40)], 3)
    assert found.mae == pytest.approx(metrics.mean_absolute_error(truth, guessed))
    assert found.rmse == pytest.approx(np.sqrt(metrics.mean_squared_error(truth, guessed)))
    assert found.median_error == pytest.approx(metrics.median_absolute_error(truth, guessed))
    assert found.r2 == pytest.approx(metrics.r2_score(truth, guessed))
    assert found.bias == pytest.approx(np.mean(guessed - truth))
    errors = np.abs(guessed - truth)
    assert [case.name for case in found.hardest] == [f"n{k}" for k in np.argsort(-errors)[:3]]
    assert found.hardest[0].measure == pytest.approx(guessed[errors.argmax()] - truth[errors.argmax()])
    still = report_on_numbers(np.full(3, 2.0), np.arange(3.0), range(3))
    assert np.isnan(still.r2) and still.to_dict()["r2"] is None and "not defined" in str(still)


def test_a_classifier_reports_on_cases_by_their_names():
    X, y = sequences()
    model = classifier(convolution=None).fit(X, y)
    named = {f"case {k}": x for k, x in enumerate(X)}
    found = model.report(named, dict(zip(named, y, strict=True)), hardest=4)
    assert found.accuracy == model.score(X, y)
    probability = model.predict_proba(X)[np.arange(len(X)), (y == "up").astype(int)]
    assert [case.name for case in found.hardest] == [f"case {k}" for k in np.argsort(probability, kind="stable")[:4]]
    assert [case.truth for case in found.hardest] == [y[k] for k in np.argsort(probability, kind="stable")[:4]]
    text, data = str(found), json.loads(json.dumps(found.to_dict()))
    assert f"accuracy {found.accuracy:.4g}" in text and found.hardest[0].name in text
    assert data["confusion"] == found.confusion.tolist() and data["classes"] == ["down", "up"]
    assert [len(line) for line in text.splitlines()[3:8]] == [len(text.splitlines()[3])] * 5
    assert model.report(X, y, hardest=0).hardest == ()


def test_a_regressor_reports_on_cases():
    X, _ = sequences()
    target = np.linspace(0, 9, len(X))
    model = regressor(convolution=None).fit(X, target)
    found = model.report(X, target, hardest=2)
    assert found.r2 == pytest.approx(model.score(X, target))
    assert len(json.loads(json.dumps(found.to_dict()))["hardest"]) == 2 and "R2" in str(found)


def test_classes_that_were_not_learnt_are_named():
    X, y = sequences()
    model = classifier(convolution=None, epochs=1).fit(X, y)
    with pytest.raises(el.DataError, match="2 cases of 24 are of the class 'sideways', which was not learnt"):
        model.report(X, ["sideways", "sideways", *y[2:]])
    with pytest.raises(el.DataError, match="a label for each case"):
        model.report(X)
    with pytest.raises(el.OptionError, match="hardest is"):
        model.report(X, y, hardest=-1)


def test_classes_of_other_types_are_reported_in_terms_of_json():
    for classes in (np.array([3, 7]), np.array([True, False]), np.array([0.5, 2.0]), np.array([b"a", b"\xff"])):
        classes = np.unique(classes)
        p = np.array([[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]])
        found = report_on_classes(classes, classes[[0, 1, 1]], p, [("a", 1), ("b", 2), 3])
        assert len(json.loads(json.dumps(found.to_dict()))["classes"]) == 2 and "a, 1" in str(found)


def test_many_classes_are_no_matrix_in_words():
    classes = np.arange(30)
    labels = np.random.default_rng(0).integers(0, 30, 200)
    found = report_on_classes(classes, labels, np.eye(30)[(labels + (labels % 3 == 0)) % 30], range(200))
    assert "what is confused the most" in str(found) and max(map(len, str(found).splitlines())) < 100


def test_a_picture_of_classes_of_long_names_has_room_for_the_matrix():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    classes = np.array([f"walking {40 * 'very '}{k}$_" for k in range(3)])
    found = report_on_classes(classes, np.repeat(classes, 2), np.repeat(np.eye(3), 2, axis=0), range(6))
    ax = found.plot()
    ax.figure.canvas.draw()
    assert ax.get_window_extent().width > 0.25 * ax.figure.bbox.width
    assert len({tick.get_text() for tick in ax.get_yticklabels()}) == 3
    matplotlib.pyplot.close("all")


def test_pictures_hold_the_numbers():
    import matplotlib

    matplotlib.use("Agg")
    classes, labels, p = random_problem(0)
    found = report_on_classes(classes, labels, p, range(len(p)))
    ax = found.plot()
    written = sorted(int(text.get_text()) for text in ax.texts)
    assert written == sorted(found.confusion[found.confusion > 0].tolist())
    assert [tick.get_text() for tick in ax.get_yticklabels()] == classes.tolist()
    numbers = report_on_numbers(np.arange(5.0), np.arange(5.0) + 1, range(5)).plot()
    assert numbers.get_xlabel() == "true" and len(numbers.collections[0].get_offsets()) == 5
    matplotlib.pyplot.close("all")
