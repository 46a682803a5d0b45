"""Many series on a cluster of Dask, one of whose workers is killed on the way: the same bits as in one process.

``make fleet`` runs this with 1,000 series; the suite, where Dask is installed, with few.
"""

from __future__ import annotations

import os
import signal
from functools import partial

import joblib
import numpy as np
import pytest

import elman as el
from elman.engine.threads import default_threads
from elman.errors import JobError, OptionError
from elman.jobs import as_jobs, run_jobs
from tests.jobs import work

distributed = pytest.importorskip("distributed")

SERIES = int(os.environ.get("ELMAN_FLEET", 40))
LONG = SERIES > 100


@pytest.fixture(scope="module")
def client():
    quiet = {"distributed.logging.distributed": "error", "distributed.admin.pdb-on-err": False}
    import dask

    with (
        dask.config.set(quiet),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def on_dask(client):
    client.wait_for_workers(2)
    with joblib.parallel_config("dask"):
        yield client


class Killer(distributed.SchedulerPlugin):
    """Kills a worker, by its process, as soon as the scheduler has so many results."""

    name = "killer"

    def __init__(self, pid, results):
        self.pid, self.left = pid, results

    def transition(self, key, start, finish, *args, **kwargs):
        self.left -= finish == "memory"
        if not self.left and self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self.pid = None


def collection(count):
    """Monthly series of all kinds: lengths, levels, trends, seasons, gaps, counts."""
    random, found = np.random.default_rng(1), {}
    for number in range(count):
        t = np.arange(random.integers(60, 121))
        level, slope, size = random.uniform(5, 500), random.normal(0, 0.02), random.uniform(0, 0.4)
        values = level * (1 + slope * t + size * np.sin(2 * np.pi * (t / 12 + random.uniform())))
        values += level * random.uniform(0.01, 0.3) * random.normal(size=len(t))
        if number % 5 == 0:
            values = random.poisson(np.maximum(values / level, 0.1)).astype(float)
        if number % 7 == 0:
            values[random.integers(10, 50, 3)] = np.nan
        found[f"shop {number}"] = values
    return found


def test_a_worker_that_is_killed_on_the_way_changes_no_bit(client):
    few = {"methods": ("network", "theta", "linear", "seasonal naive")[not LONG :], "members": 1}
    local, data = el.LocalForecaster(el.Forecaster(6, **few)), collection(SERIES)
    alone = local.backtest(data, origins=3)
    foretold = local.fit(data).predict(level=[80, 95])

    before = set(client.run(os.getpid).values())
    killer = Killer(min(before), results=12)
    client.cluster.scheduler.add_plugin(killer)
    with joblib.parallel_config("dask"):
        beside = local.backtest(data, origins=3)
    client.cluster.scheduler.remove_plugin(killer.name)
    client.wait_for_workers(2)
    assert killer.pid is None and killer.left < 0 and set(client.run(os.getpid).values()) != before
    with joblib.parallel_config("dask"):
        also = local.fit(data).predict(level=[80, 95])

    assert list(beside.forecasts) == list(alone.forecasts) and beside.notes == alone.notes
    for method, made in alone.forecasts.items():
        np.testing.assert_array_equal(beside.forecasts[method], made, err_msg=method)
    for level in (80, 95):
        np.testing.assert_array_equal(beside.intervals[level], alone.intervals[level])
        np.testing.assert_array_equal(also.levels[level], foretold.levels[level])
    np.testing.assert_array_equal(also.values, foretold.values)
    assert repr(beside) == repr(alone) and also.notes == foretold.notes


def test_contexts_are_where_jobs_run(on_dask):
    here = os.getpid()
    assert here not in run_jobs(work.process, list(range(8)))
    assert run_jobs(work.process, [1, 2], 1) == [here, here]
    assert run_jobs(work.threads, list(range(4))) == [1] * 4 and default_threads() >= 1
    assert as_jobs(None) >= 2


def test_errors_and_warnings_come_home(on_dask):
    with pytest.raises(OptionError, match="^job 3 of 8: the first one that fails$"):
        run_jobs(work.failing, list(range(8)))
    with pytest.raises(work.Placed, match="^job 1 of 2: wrong at 7$") as caught:
        run_jobs(work.raising, [7, 8])
    assert caught.value.lines == [3, 4]
    with pytest.warns(UserWarning, match="careful with 1"):
        run_jobs(work.warning, [0, 1])


def test_many_small_jobs_and_large_data(on_dask):
    assert run_jobs(abs, list(range(-2000, 0))) == list(range(2000, 0, -1))
    data = np.random.default_rng(0).normal(size=2_000_000)
    assert run_jobs(lambda k: float(data[k]), list(range(50))) == data[:50].tolist()


def test_callbacks_are_not_told_from_elsewhere(on_dask):
    forecaster = el.Forecaster(4, methods="network", epochs=1)
    callbacks = [el.LambdaCallback()]
    with pytest.raises(OptionError, match="cannot tell callbacks"):
        forecaster.backtest(np.sin(np.arange(60.0)), origins=2, refit=True, callbacks=callbacks)


def test_a_refitted_backtest_says_the_same(on_dask):
    series = 9 + np.sin(np.arange(70) / 2)
    forecaster = el.Forecaster(4, methods=("theta", "linear"))
    alone, beside = (forecaster.backtest(series, origins=3, refit=True, n_jobs=n) for n in (1, None))
    np.testing.assert_array_equal(beside.forecasts["elman"], alone.forecasts["elman"])


def test_a_job_that_ends_its_worker_once_runs_again(on_dask, tmp_path):
    assert run_jobs(partial(work.ended_once, tmp_path), list(range(8))) == [n**2 for n in range(8)]


@pytest.mark.skipif(not LONG, reason="Dask starts four workers anew: see make fleet")
def test_a_job_that_ends_its_worker_again_and_again_is_an_error(on_dask):
    with pytest.raises(JobError, match="Dask gave up.*KilledWorker"):
        run_jobs(work.ended_always, [1, 1])
