"""Cases as estimators judge them, for a command's table and page."""

import csv

import numpy as np
import pytest

import elman as el
from elman.classify.curves import Curves
from elman.classify.judging import judge, wilson, with_classes, write_predictions
from elman.classify.looking import attributions, mean_thoughts, thoughts
from elman.classify.page import Story, page
from elman.classify.page_charts import cases_charts
from elman.classify.results import metrics_json
from elman.data.casing import cases_of
from elman.data.names import four_digits
from elman.errors import DataError
from elman.plots.page import Report, Section

RNG = np.random.default_rng(0)
SMALL = {"units": 3, "convolution": None, "epochs": 2, "members": 1, "threads": 1}


def sequences(count, channels=2):
    return [RNG.normal(size=(n, channels)) for n in RNG.integers(3, 12, count)]


def judged_classes(names, X=None, **options):
    X = sequences(3 * len(names)) if X is None else X
    cases = cases_of(X, names * 3)
    model = el.SequenceClassifier(**(SMALL | options)).fit(cases)
    return judge(model, cases, cases)


@pytest.mark.parametrize(
    "right, count, low, high",  # statsmodels' proportion_confint(right, count, method="wilson")
    [(9, 10, 0.595850, 0.982124), (0, 5, 0.0, 0.434482), (5, 5, 0.565518, 1.0), (50, 100, 0.403832, 0.596168)],
)
def test_wilsons_interval(right, count, low, high):
    assert wilson(right, count) == pytest.approx((low, high), abs=1e-6)


def test_the_hardest_come_first():
    found = judged_classes(["a", "b", "c"])
    assert (np.diff(found.sure[found.hardest]) >= 0).all()
    np.testing.assert_array_equal(found.sure, found.probabilities[np.arange(9), [0, 1, 2] * 3])
    unknown = judge(found.model, cases_of(sequences(4)))
    assert unknown.report is None and unknown.scores() is None
    np.testing.assert_array_equal(unknown.sure, unknown.probabilities.max(axis=1))


def test_the_usual_class_and_the_mean_are_those_of_the_training():
    X, y = sequences(6), ["a", "b", "b", "b", "a", "b"]
    model = el.SequenceClassifier(**SMALL).fit(X, y)
    assert judge(model, cases_of(X[:4], y[:4]), cases_of(X, y)).usual == 0.75
    numbers = el.SequenceRegressor(**SMALL).fit(X, [0.0, 1, 2, 3, 4, 5])
    assert judge(numbers, cases_of(X[:2], [0.0, 1.0])).usual.mae == pytest.approx(2.0)


@pytest.mark.parametrize(
    "classes, labels, found",
    [
        (["1", "2"], [2, 1], ["2", "1"]), (["1.0", "2"], [1, 2], ["1.0", "2"]), ([1, 2], ["2.0", "1"], [2, 1]),
        (["a", "b"], ["b"], ["b"]), ([True, False], [True], [True]),
    ],
)  # fmt: skip
def test_labels_are_matched_with_classes_by_how_they_are_written(classes, labels, found):
    given = with_classes(cases_of([[0.0]] * len(labels), labels), np.unique(classes))
    assert given.labels.tolist() == found and given.labels.dtype == np.array(classes).dtype
    assert bool(given.notes) == (type(classes[0]) is not type(labels[0]))


@pytest.mark.parametrize(
    "labels, words", [(["x", "y"], "name the column"), (["a", "y"], "1 case of 2 are of the class")]
)
def test_labels_that_are_no_classes(labels, words):
    with pytest.raises(DataError, match=words):
        with_classes(cases_of([[0.0], [1.0]], labels), np.array(["a", "b"]))


def test_predictions_are_read_back_as_they_were(tmp_path):
    names = ['a "quoted" one', "two, three", "é\nnewline"]
    found = judged_classes(names)
    write_predictions(found, tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == names * 3
    assert [row["predicted"] for row in rows] == found.predicted.tolist()
    for name, column in zip(found.model.classes_, found.probabilities.T, strict=True):
        np.testing.assert_allclose([float(row[f"probability_{name}"]) for row in rows], column, atol=1e-6)


def test_what_is_thought_at_the_end_is_what_is_said():
    found = judged_classes(["a", "b"])
    for number, told in enumerate(thoughts(found, range(6))):
        assert told.steps[-1] == found.cases.lengths[number]
        np.testing.assert_allclose(told.probabilities[-1], found.probabilities[number], atol=1e-6)
    shares, curves, words = mean_thoughts(found)
    for number, curve in curves.items():
        mine = found.truth == number
        assert shares[-1] == 1 and curve[-1] == pytest.approx(found.probabilities[mine, number].mean(), abs=1e-6)
    assert words.startswith("How likely their own class was")


def test_a_long_case_is_asked_about_forty_times():
    found = judged_classes(["a", "b"], X=[RNG.normal(size=(n, 1)) for n in (500, 400, 3, 1, 7, 90)])
    counts = [len(told.steps) for told in thoughts(found, range(6))]
    assert 35 <= counts[0] <= 45 and counts[2:5] == [3, 1, 7]


def test_attributions_are_of_each_value():
    found = judged_classes(["a", "b"])
    added = attributions(found, [4, 1])
    assert [one.shape for one in added] == [(found.cases.lengths[4], 2), (found.cases.lengths[1], 2)]
    assert all(np.isfinite(one).all() for one in added)


ODD = {
    "one channel": lambda: [RNG.normal(size=n) for n in (5, 6, 7, 8, 9, 10)],
    "one step": lambda: [RNG.normal(size=(1, 2)) for _ in range(6)],
    "gaps": lambda: [np.where(RNG.random((8, 2)) < 0.5, np.nan, RNG.normal(size=(8, 2))) for _ in range(6)],
    "a channel that never changes": lambda: [np.column_stack([np.ones(6), RNG.normal(size=6)]) for _ in range(6)],
    "many channels": lambda: sequences(6, 9),
    "huge numbers": lambda: [1e12 * RNG.normal(size=(6, 2)) for _ in range(6)],
}


@pytest.mark.parametrize("what", ODD)
def test_odd_cases_are_drawn(what):
    found = judged_classes(["$a_b$", "_<b>&"], X=ODD[what]())
    numbers = found.hardest[:2].tolist()
    (choice,) = cases_charts(found, numbers, attributions(found, numbers), thoughts(found, numbers))
    assert [len(charts) for _, charts in choice.sets] == [2, 2]
    assert Report("odd", [Section("cases", "", charts=[choice])]).html()


def test_a_page_shows_names_as_they_are():
    curves, cases = Curves(), cases_of(sequences(6), ["$a_b$", "_<b>&"] * 3)
    model = el.SequenceClassifier(**SMALL).fit(cases, callbacks=[curves])
    story = Story("odd", judge(model, cases, cases), "Tested", cases, model, curves.of(model.networks_), ("a note",))
    text = page(story).html()
    assert (
        "<h2>The hardest cases</h2>" in text and "_&lt;b&gt;&amp;" in text and text.count('<figure class="chart') == 16
    )
    assert b'"notes"' in metrics_json(story)


def test_a_page_of_numbers_and_one_of_nothing():
    X = sequences(6)
    model = el.SequenceRegressor(**SMALL).fit(X, range(6))
    judged = judge(model, cases_of(X, [3.0] * 6))
    text = page(Story("odd", judged, "Tested", None, model, [], ())).html()
    assert "Said and true" in text and ">-<" in text  # R² of numbers that are all the same
    worst = judged.report.hardest[0]
    assert "said less true" in text and f">{four_digits(worst.measure)}<" in text  # the sign is that of the report
    unlabelled = page(Story("odd", judge(model, cases_of(X)), "Judged", None, model, [], ())).html()
    assert "The cases have no labels" in unlabelled and "Said and true" not in unlabelled
    assert "There is none" in page(Story("odd", None, "", None, model, [], ())).html()


@pytest.mark.parametrize("library", ["pandas", "polars", "dict", "csv"])
def test_a_column_of_labels_is_no_channel_of_cases_that_are_judged(tmp_path, library):
    table = {"walk": np.repeat(np.arange(6), 4), "v": RNG.normal(size=24), "gait": np.repeat(["up", "down"] * 3, 4)}
    without = {name: table[name] for name in ("walk", "v")}
    if library == "csv":
        pandas = pytest.importorskip("pandas")
        pandas.DataFrame(table).to_csv(tmp_path / "all.csv", index=False)
        pandas.DataFrame(without).to_csv(tmp_path / "without.csv", index=False)
        table, without = tmp_path / "all.csv", tmp_path / "without.csv"
    elif library != "dict":
        frame = pytest.importorskip(library).DataFrame
        table, without = frame(table), frame(without)
    model = el.SequenceClassifier(**SMALL).fit(table, group="walk", label="gait")
    np.testing.assert_array_equal(model.predict_proba(table), model.predict_proba(without))
    score = model.score(table)
    assert score == model.score(table, ["up", "down"] * 3) == model.score(without, ["up", "down"] * 3)
    assert model.score(table, ["down", "up"] * 3) == pytest.approx(1 - score)
    with pytest.raises(DataError, match="nothing to judge by"):
        model.score(without)
