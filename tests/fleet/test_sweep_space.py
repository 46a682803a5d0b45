"""What is tried: names and values by the declarations of estimators, combinations, ranges."""

from __future__ import annotations

import json

import pytest

import elman as el
from elman.errors import OptionError
from elman.fleet.sweep_space import Range, Space, read_settings, read_space, space_of
from elman.fleet.sweep_values import as_data, as_label, kinds_of, read_value

ESTIMATORS = [el.Forecaster(), el.SequenceClassifier(), el.SequenceRegressor(), el.LanguageModel()]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_every_parameter_can_be_written_and_its_default_is_read_back(estimator):
    for name, kinds in kinds_of(estimator).items():
        default = getattr(estimator, name)
        assert read_value(as_label(as_data(default, name)), name, kinds) == default, name


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("16", "units", 16),
        ("none", "epochs", None),
        ("1e-3", "learning_rate", 0.001),
        ("theta+ets", "methods", ["theta", "ets"]),
        ("damped ets", "methods", "damped ets"),
        ("true", "calendar", True),
        ("None", "nonnegative", None),
        ("-1", "season", -1),
    ],
)
def test_texts_are_read_by_what_constructors_declare(text, name, value):
    found = read_value(text, name, kinds_of(el.Forecaster())[name])
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("1.5", "units", "expected a whole number"),
        ("1_000", "units", "expected a whole number"),
        ("nan", "learning_rate", "expected a number"),
        ("maybe", "calendar", "expected true or false"),
        ("none", "units", "expected a whole number"),
        ("", "cell", "expected a name"),
    ],
)
def test_texts_that_say_nothing_are_refused(text, name, words):
    with pytest.raises(OptionError, match=words):
        read_value(text, name, kinds_of(el.Forecaster())[name])


def test_a_grid_has_all_combinations_in_their_order():
    space = space_of(el.Forecaster(), {"units": [8, 16], "cell": ["gru", "lstm"]}, grid=True)
    assert space.grid() == [{"units": u, "cell": c} for u in (8, 16) for c in ("gru", "lstm")]
    assert [space.settings(space.key(one)) for one in space.grid()] == space.grid()
    assert space.columns() == {"units": "BIGINT", "cell": "VARCHAR"}


def test_a_cell_of_ones_own_is_told_from_another_by_its_equations():
    @el.cell
    def mine(p, x, h):
        return el.tanh(p.W @ x + p.U @ h)

    @el.cell
    def mine_too(p, x, h):
        return el.relu(p.W @ x + p.U @ h)

    space = space_of(el.Forecaster(), {"cell": [mine, mine_too, "gru", el.cells.lstm]}, grid=True)
    assert [space.settings(space.key(one))["cell"] for one in space.grid()] == [mine, mine_too, "gru", el.cells.lstm]
    assert [as_label(as_data(one["cell"], "cell")) for one in space.grid()] == ["mine", "mine_too", "gru", "lstm"]
    assert "relu" in json.dumps(space.plain()["cell"][1]) and space.plain()["cell"][3] == "lstm"
    with pytest.raises(OptionError, match="cell lists lstm twice"):
        space_of(el.Forecaster(), {"cell": ["lstm", el.cells.lstm]}, grid=True)


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({}, "space is {}"),
        ([("units", [3])], "space is"),
        ({"unit": [3]}, "no parameter 'unit' .did you mean 'units'"),
        ({"units": 3}, "units is 3; expected a list of values"),
        ({"cell": "gru"}, r"give cell=\['gru'\]"),
        ({"units": []}, "units has no values"),
        ({"units": [4, 4.0]}, "units lists 4 twice"),
        ({"units": [4, -1]}, "units is -1; expected a whole number of at least 1"),
        ({"cell": ["gru", "lstmm"]}, "did you mean 'lstm'"),
        ({"seed": [1]}, "seed cannot be swept: give seeds"),
        ({"horizon": [1]}, "horizon cannot be swept"),
        ({"units": Range(1, 4)}, "units has a range, which has no end of values"),
        ({"units": range(1, 1000), "epochs": range(1, 1000)}, "998,001 combinations"),
        ({"learning_rate": [lambda step: 0.1]}, "whether a later call means the same cannot be told"),
    ],
)
def test_what_cannot_be_tried_is_refused(space, words):
    with pytest.raises(OptionError, match=words):
        space_of(el.Forecaster(), space, grid=True)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: {"units": Range(1.5, 4)}, "units goes from 1.5 to 4; expected whole numbers"),
        (lambda: {"cell": Range(1, 4)}, "cell takes no numbers"),
        (lambda: {"units": Range(0, 4)}, "units is 0"),
        (lambda: Range(4, 4), "expected the lower number first"),
        (lambda: Range(0, 4, log=True), "expected a number above 0"),
        (lambda: Range("a", 4), "low of a range is 'a'"),
        (lambda: Range(float("nan"), 4), "low of a range is nan"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(make, words):
    with pytest.raises(OptionError, match=words):
        space_of(el.Forecaster(), make(), grid=False)


def test_a_value_that_needs_another_is_not_refused():
    """`patience` without cases that are held out is refused, and with some it is not."""
    learner = el.SequenceClassifier()
    assert len(space_of(learner, {"patience": [3], "validation": [0.0, 0.2]}, grid=True).grid()) == 2
    with pytest.raises(OptionError, match="patience needs cases"):
        space_of(learner, {"patience": [3], "units": [4, 8]}, grid=True)


def test_the_command_line_says_the_same():
    given = read_space(el.Forecaster(), ["units=4, 8", "methods=theta,theta+ets"], ["learning-rate=1e-4..1e-2:log"])
    assert given == {"units": [4, 8], "methods": ["theta", ["theta", "ets"]], "learning_rate": Range(1e-4, 1e-2, True)}
    assert read_settings(el.Forecaster(), ["epochs=none", "cell=lstm"]) == {"epochs": None, "cell": "lstm"}
    for lists, ranges, words in (
        (["units"], [], "'units' names no parameter with a value"),
        (["units=1", "units=2"], [], "units is given twice"),
        ([], ["units=1"], "the range of units is '1'"),
        ([], ["units=1..3:lin"], "the range of units is"),
        ([], ["cell=1..3"], "cell takes no numbers"),
    ):
        with pytest.raises(OptionError, match=words):
            read_space(el.Forecaster(), lists, ranges)


def test_settings_of_a_file_that_are_none_of_the_values_are_refused():
    with pytest.raises(OptionError, match="units=5, which is none of the values"):
        Space({"units": [3, 4]}).settings('{"units": 5}')
