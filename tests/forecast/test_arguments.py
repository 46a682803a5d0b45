"""What a forecaster is given wrongly is refused in Elman's words."""

import copy
import inspect

import matplotlib
import numpy as np
import pandas as pd
import pytest

import elman as el
from elman import Forecaster
from elman.data import collect
from elman.errors import DataError, OptionError
from elman.forecast.arguments import LARGEST, steps_behind, within_reach
from tests.test_wrong_kinds import NONSENSE, tried

matplotlib.use("Agg")
WAVE = np.sin(np.arange(40) / 3)


def small(**params):
    return Forecaster(units=2, epochs=1, members=1, horizon=3, methods=["theta"]).set_params(**params)


def defaults(method, **given):
    parameters = inspect.signature(method).parameters.values()
    empty = inspect.Parameter.empty
    return {p.name: p.default for p in parameters if p.default is not empty and p.kind != p.VAR_KEYWORD} | given


FITTED = small().fit(WAVE)
TEST, FORECAST = FITTED.backtest(WAVE, origins=2), FITTED.predict(level=80)
CALLS = {
    "Forecaster": (lambda **params: small(**params).fit(WAVE), small().get_params()),
    "fit": (lambda **given: small().fit(**given), defaults(FITTED.fit, data=WAVE)),
    "predict": (FITTED.predict, defaults(FITTED.predict)),
    "update": (lambda **given: copy.copy(FITTED).update(**given), defaults(FITTED.update, data=WAVE)),
    "score": (FITTED.score, {"data": WAVE[:3], "y": None}),
    "backtest": (
        lambda **given: small().backtest(**given),
        {"data": WAVE, "horizon": None, "origins": 2, "refit": True, "level": (80,), "n_jobs": 1, "callbacks": ()},
    ),
    "save": (FITTED.save, {"path": "m.safetensors"}),
    "load": (Forecaster.load, {"path": "nothing.safetensors"}),
    "verdict": (TEST.verdict, {"rival": None}),
    "series of a collection": (collect({"a": WAVE}).number, {"name": "a"}),
    "series of a forecast": (FORECAST.__getitem__, {"name": 0}),
    "plot": (FORECAST.plot, {"name": None, "ax": None}),
    "write": (FORECAST.write, {"path": "f.csv"}),
}
CASES = [(name, argument) for name, (_, good) in CALLS.items() for argument in good]


@pytest.mark.parametrize("name, argument", CASES, ids=map(".".join, CASES))
def test_wrong_kinds(name, argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function, good = CALLS[name]
    values = {kind: value for kind, value in NONSENSE.items() if (argument, kind) != ("seconds", "large")}
    if name.startswith("series of"):
        found = {kind: tried(lambda value=value: function(value), {}) for kind, value in values.items()}
    else:
        found = {kind: tried(function, {**good, argument: value}) for kind, value in values.items()}
    assert not {kind: wrong for kind, wrong in found.items() if wrong}


@pytest.mark.parametrize("name", ["horizon", "units", "batch_size", "members"])
def test_a_count_that_cannot_be_left_open_is_not_none(name):
    with pytest.raises(OptionError, match=f"{name} is None"):
        small(**{name: None}).fit(WAVE)


@pytest.mark.parametrize("like", [0.5, "gru", False])
def test_what_is_no_forecaster_has_no_choices_to_take_over(like):
    with pytest.raises(OptionError, match="like is .* expected a fitted Forecaster"):
        small().fit(WAVE, like=like)


def test_a_forecaster_that_learnt_nothing_has_no_choices_to_take_over():
    with pytest.raises(OptionError, match="not fitted"):
        small().fit(WAVE, like=small())


@pytest.mark.parametrize("callbacks", [1.5, None, "EarlyStopping"])
def test_callbacks_are_a_list(callbacks):
    with pytest.raises(OptionError, match="callbacks is .* expected a list"):
        small().fit(WAVE, callbacks=callbacks)


@pytest.mark.parametrize("path", [1.5, None, [], b"model"])
def test_a_file_to_save_to_has_a_name(path):
    with pytest.raises(OptionError, match="path is .* expected the path of a file"):
        FITTED.save(path)


@pytest.mark.parametrize("width", [1.5, -1, np.zeros(0), "2"])
def test_a_plan_is_explained_for_a_whole_target_width(width):
    with pytest.raises(OptionError, match="target_width is"):
        el.Network(1, [el.GRU(2), el.Dense(1)]).explain("mse", width)


def test_a_collection_has_no_columns_left_to_name():
    with pytest.raises(OptionError, match="group names columns"):
        small().fit(collect(WAVE), group="shop")


def test_the_largest_value_is_told_by_its_series_and_row():
    data = {"a": WAVE, "b": np.append(WAVE, [1.0, -2 * LARGEST, 1.0])}
    with pytest.raises(DataError, match=r"series 'b' is -2e\+300 at row 41, beyond 1e\+300"):
        within_reach(collect(data))
    assert len(within_reach(collect({"a": WAVE * LARGEST}))) == 1


def test_how_far_behind_values_follow():
    days = pd.date_range("2024-01-01", periods=50)
    history = collect(pd.Series(WAVE, days[:40]))
    np.testing.assert_array_equal(
        steps_behind(history, collect(pd.Series(WAVE[:3], days[[40, 41, 45]])))[[0, 1]], [0, 1]
    )
    np.testing.assert_array_equal(steps_behind(history, collect(pd.Series(WAVE[:2], days[45:47]))), [5, 6])
    np.testing.assert_array_equal(steps_behind(history, collect(WAVE[:4])), [0, 1, 2, 3])
    with pytest.raises(DataError, match="expected later times.*TimeSeriesSplit"):
        steps_behind(history, collect(pd.Series(WAVE[:2], days[39:41])))
