"""The search of settings: bounded by its time, its own settings first, the best kept."""

from __future__ import annotations

import time
from functools import partial

import joblib
import numpy as np
import pytest

from elman.data.collecting import collect
from elman.errors import OptionError
from elman.forecast import Forecaster
from elman.forecast import search as module
from elman.forecast.search import _drawn, search
from elman.jobs import run_jobs

SERIES = 10 + np.sin(np.arange(60) * 2 * np.pi / 6) + 0.02 * np.arange(60)


class Clock:
    """Ten seconds pass at each look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 10
        return self.now


def test_it_ends_in_time_and_keeps_the_best(monkeypatch):
    errors = iter([3.0, 1.0, 2.0, 5.0, 4.0])
    monkeypatch.setattr(module, "_error", lambda *_: next(errors))
    trials = search(Forecaster(4), collect(SERIES), 100, clock=Clock())
    assert [trial.error for trial in trials] == sorted(trial.error for trial in trials)
    assert trials[0].error == 1.0 and trials[1].params != {}
    assert 2 <= len(trials) <= 4


def test_the_forecasters_own_settings_come_first(monkeypatch):
    tried = []
    monkeypatch.setattr(module, "_error", lambda _, params, __: tried.append(params) or 1.0)
    search(Forecaster(4), collect(SERIES), 60, clock=Clock())
    assert tried[0] == {}


def test_one_seed_draws_the_same_settings():
    first, second = _drawn(3), _drawn(3)
    assert [next(first) for _ in range(5)] == [next(second) for _ in range(5)]


def test_a_forecaster_uses_and_keeps_what_was_found(monkeypatch, tmp_path):
    import elman as el

    found = {"cell": "simple", "units": 8, "members": 1, "methods": ("network", "theta"), "learning_rate": 0.01}
    errors = {True: 1.0, False: 2.0}
    monkeypatch.setattr(module, "_error", lambda _, params, __: errors[bool(params)])
    monkeypatch.setattr(module, "_proposals", _drawn)
    forecaster = Forecaster(4, auto=True, seconds=1e-9, epochs=2).fit(SERIES)
    assert forecaster.best_params_ == {}  # there was no time for more than its own
    monkeypatch.setattr("elman.forecast.forecaster.search", lambda *_: [module.Trial(found, 1.0, 0.1)])
    forecaster.fit(SERIES)
    assert forecaster.methods_ == ("network", "theta") and len(forecaster.networks_) == 1
    assert forecaster.cell == "gru" and "simple" in forecaster.notes_[0]
    again = el.load(forecaster.save(tmp_path / "m.safetensors"))
    np.testing.assert_array_equal(again.predict(), forecaster.predict())


@pytest.mark.parametrize("proposals", [_drawn, module._proposals])
def test_more_jobs_try_the_same_settings_and_more_of_them(monkeypatch, proposals):
    monkeypatch.setattr(module, "_error", lambda _, params, __: float(params.get("units", 99)))
    monkeypatch.setattr(module, "_proposals", proposals)
    tried = {}
    for jobs in (1, 3):
        with joblib.parallel_config("threading", n_jobs=jobs):
            trials = search(Forecaster(4), collect(SERIES), 600, clock=Clock())
        tried[jobs] = [trial.params for trial in trials]
    assert len(tried[3]) > len(tried[1]) > 2
    assert all(params in tried[3] for params in tried[1])


def test_other_processes_find_the_same_errors():
    forecaster = Forecaster(4, methods=("theta", "linear"))
    alone = search(forecaster, collect(SERIES), 1e-9)
    with joblib.parallel_config("loky", n_jobs=2):
        (beside,) = run_jobs(partial(module._tried, forecaster, collect(SERIES), time.monotonic), [{}])
        both = run_jobs(partial(module._tried, forecaster, collect(SERIES), time.monotonic), [{}, {"season": 6}])
    assert alone[0].error == beside.error == both[0].error


def test_jobs_of_a_search_are_no_part_of_the_model(monkeypatch, tmp_path):
    monkeypatch.setattr("elman.forecast.forecaster.search", lambda *_: [module.Trial({}, 1.0, 0.1)])
    forecaster = Forecaster(4, auto=True, n_jobs=2, methods="theta").fit(SERIES)
    assert Forecaster.load(forecaster.save(tmp_path / "m.safetensors")).n_jobs is None
    with pytest.raises(OptionError, match="n_jobs=2 is for a search; give auto=True"):
        Forecaster(4, n_jobs=2).fit(SERIES)


def test_what_was_found_without_networks_is_read_from_its_file(monkeypatch, tmp_path):
    found = {"methods": ("theta", "linear")}
    monkeypatch.setattr("elman.forecast.forecaster.search", lambda *_: [module.Trial(found, 1.0, 0.1)])
    forecaster = Forecaster(4, auto=True).fit(SERIES)
    again = Forecaster.load(forecaster.save(tmp_path / "m.safetensors"))
    assert again.methods_ == ("theta", "linear") and again.networks_ == []
    np.testing.assert_array_equal(again.predict(), forecaster.predict())


def test_seconds_without_a_search_are_refused():
    with pytest.raises(OptionError, match="auto=True"):
        Forecaster(4, seconds=5).fit(SERIES)
