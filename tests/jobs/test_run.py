"""Jobs in other processes: in order, with their errors and warnings, one native thread each."""

from __future__ import annotations

import copyreg
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from functools import partial

import joblib
import numpy as np
import pytest

import elman as el
from elman.engine.threads import default_threads
from elman.errors import DataError, JobError, OptionError
from elman.jobs import as_jobs, each_job, run_jobs
from tests.jobs import work

BACKENDS = ["loky", "threading", "multiprocessing"]


@pytest.fixture(params=["in turn", *BACKENDS])
def where(request):
    if request.param == "in turn":
        yield request.param
    else:
        with joblib.parallel_config(request.param, n_jobs=2):
            yield request.param


# --- what comes back ----------------------------------------------------------------------------------------


def test_results_are_in_the_order_of_their_items(where):
    assert run_jobs(lambda n: n**2, list(range(40))) == [n**2 for n in range(40)]


def test_what_is_bytes_stays_so(where):
    assert run_jobs(bytes, [2, 3]) == [b"\0\0", b"\0\0\0"]


def test_no_items_make_no_results(where):
    assert run_jobs(abs, []) == []


def test_each_is_told_once_as_it_ends(where):
    told = []
    run_jobs(abs, [-1, -2, -3], watch=lambda number, made: told.append((number, made)))
    assert sorted(told) == [(0, 1), (1, 2), (2, 3)]
    assert sorted(each_job(abs, [-1, -2, -3])) == sorted(told)


def test_functions_of_this_place_and_cells_of_users_cross(where):
    factor = 3

    @el.cell
    def mine(p, x, h):
        return el.tanh(p.W @ x + factor * h)

    x = np.random.default_rng(0).normal(size=(2, 5, 1)).astype(np.float32)

    def seen(seed):
        return el.Network(1, [el.Recurrent(mine, 3), el.Dense(1)], seed=seed)(x)

    for seed, found in enumerate(run_jobs(seen, [0, 1, 2])):
        np.testing.assert_array_equal(found, seen(seed))


def test_large_arrays_are_sent_and_come_back(where):
    data = np.random.default_rng(0).normal(size=300_000)
    for k, found in enumerate(run_jobs(lambda k: data * k, [0, 1, 2])):
        np.testing.assert_array_equal(found, data * k)


# --- errors and warnings ------------------------------------------------------------------------------------


def test_the_first_item_that_fails_says_so_with_its_name(where):
    names = [f"series {letter}" for letter in "abcdefgh"]
    with pytest.raises(OptionError, match="^series c: the first one that fails$"):
        run_jobs(work.failing, list(range(8)), names=names)


def test_errors_keep_their_class_and_what_they_carry(where):
    with pytest.raises(work.Placed, match="^job 1 of 2: wrong at 7$") as caught:
        run_jobs(work.raising, [7, 8])
    assert (caught.value.place, caught.value.lines) == (7, [3, 4])
    with pytest.raises(work.Foreign, match="^of another library") as foreign:
        run_jobs(work.raising, [0, 0], names=["the left one", "the right one"])
    assert foreign.value.second == 2 and foreign.value.__notes__ == ["in the left one"]


def test_an_error_of_another_process_says_where_it_was():
    with pytest.raises(work.Placed) as caught:
        run_jobs(work.raising, [7, 8], 2)
    assert "in raising" in str(caught.value.__cause__)


def test_what_an_error_holds_and_cannot_be_pickled_is_left_out():
    with pytest.raises(DataError, match="job 1 of 2: with what cannot be pickled") as caught:
        run_jobs(work.holding_a_lock, [0, 1], 2)
    assert caught.value.lock is None


@pytest.mark.parametrize(
    ("kind", "error", "text"),
    [
        ("file", FileNotFoundError, "[Errno 2] No such file or directory: '/no/such/file'"),
        ("text", UnicodeDecodeError, "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        ("group", ExceptionGroup, "several (1 sub-exception)"),
        ("a group that cannot be sent", RuntimeError, "ExceptionGroup: several (1 sub-exception)"),
        ("mute", work.Mute, None),
    ],
)
def test_errors_of_python_keep_all_that_they_hold(kind, error, text):
    with joblib.parallel_config("multiprocessing"), pytest.raises(error) as caught:
        run_jobs(work.of_python, [kind, kind], 2)
    assert caught.value.__notes__ == ["in job 1 of 2"]
    assert text is None or str(caught.value) == text
    assert kind != "group" or caught.value.exceptions[0].args == ("one of them",)


def test_errors_come_home_where_a_library_has_changed_how_they_are_pickled(monkeypatch):
    """As tblib has, which Dask imports: by the class without its arguments."""
    without = lambda error: (UnicodeDecodeError.__new__, (UnicodeDecodeError,), {"args": error.args})  # noqa: E731
    monkeypatch.setitem(copyreg.dispatch_table, UnicodeDecodeError, without)
    test_errors_of_python_keep_all_that_they_hold(
        "text", UnicodeDecodeError, "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    )


@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_what_cannot_be_pickled_is_named(backend):
    lock = threading.Lock()
    with joblib.parallel_config(backend, n_jobs=2):
        with pytest.raises(JobError, match="job 2 of 3 cannot be sent to another process: TypeError.*n_jobs=1"):
            run_jobs(abs, [1, lock, 3])
        with pytest.raises(JobError, match="what all jobs share cannot be sent"):
            run_jobs(lambda n: lock, [1, 2])
        with pytest.raises(JobError, match="job 1 of 2: what came out cannot be sent"):
            run_jobs(work.a_lock, [1, 2])


def test_warnings_come_up_here(where):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        run_jobs(work.warning, [1, 2, 3])
    assert sorted(str(each.message) for each in told) == [f"careful with {n}" for n in (1, 2, 3)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="careful with"):
            run_jobs(work.warning, [1, 2, 3])


# --- processes and threads ----------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_job_has_one_native_thread_and_runs_its_own_in_turn(backend):
    before = default_threads()
    with joblib.parallel_config(backend, n_jobs=2):
        found = run_jobs(work.nested, [0, 1, 2])
    assert [threads for threads, _, _ in found] == [[1, 1]] * 3 and default_threads() == before
    assert all(outer == inner for _, outer, inner in found)


def test_other_libraries_have_one_thread_too():
    assert run_jobs(lambda _: os.environ["OPENBLAS_NUM_THREADS"], [0, 1], 2) == ["1", "1"]


def test_cores_are_shared_out_as_others_say(monkeypatch):
    monkeypatch.delenv("ELMAN_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1,4")
    assert default_threads() == 1
    monkeypatch.setenv("ELMAN_THREADS", "3")
    assert default_threads() == 3


def test_jobs_of_a_process_that_is_lost_run_again(tmp_path):
    with pytest.warns(RuntimeWarning, match="a process was lost"):
        found = run_jobs(partial(work.ended_once, tmp_path), list(range(8)), 2)
    assert found == [n**2 for n in range(8)]


def test_a_job_that_ends_its_process_again_and_again_is_an_error(monkeypatch):
    monkeypatch.setattr("elman.jobs.run.ATTEMPTS", 2)
    with pytest.warns(RuntimeWarning), pytest.raises(JobError, match=r"job 2 of 2.*lost 2 times"):
        run_jobs(work.ended_always, [0, 1], 2)


def test_a_process_that_computes_otherwise_is_told(monkeypatch):
    run_jobs(abs, [1, 2], 2)  # processes stay, with the engine of then
    monkeypatch.setenv("ELMAN_ENGINE", "numpy")
    with pytest.warns(RuntimeWarning, match="may differ in their last digits"):
        run_jobs(abs, [1, 2], 2)


def test_ctrl_c_ends_all_processes(tmp_path):
    code = (
        "import sys; from functools import partial; from pathlib import Path\n"
        "from tests.jobs import work; from elman.jobs import run_jobs\n"
        "try: run_jobs(partial(work.waiting, Path(sys.argv[1])), range(5), 2)\n"
        "except KeyboardInterrupt: print('stopped')\n"
    )
    running = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    until = time.monotonic() + 300
    while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=300)[0] == "stopped\n"
    pids = [int(file.name) for file in tmp_path.iterdir()]
    while any(_alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert len(pids) == 2 and not any(_alive(pid) for pid in pids)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# --- how many -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [0, 2.0, True, "2", np.nan, [2], np.zeros(2)])
def test_numbers_of_jobs_that_make_no_sense(wrong):
    with pytest.raises(OptionError, match="n_jobs is .*; expected a whole number"):
        run_jobs(abs, [1], wrong)


def test_how_many_jobs_there_are():
    assert as_jobs(None) == 1 and as_jobs(3) == 3 and as_jobs(np.int64(2)) == 2
    assert as_jobs(-1) == joblib.cpu_count() and as_jobs(-(10**6)) == 1
    with joblib.parallel_config("loky", n_jobs=3):
        assert as_jobs(None) == 3 and as_jobs(1) == 1


def test_one_job_needs_no_joblib_and_several_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    assert run_jobs(abs, [-1, 2], 1) == [1, 2]
    with pytest.raises(OptionError, match=r"n_jobs is 2, and joblib.*pip install 'elman\[fleet\]'"):
        run_jobs(abs, [-1, 2], 2)


def test_no_joblib_is_loaded_for_one_job():
    code = "import sys; from elman.jobs import run_jobs; print(run_jobs(abs, [-1]), 'joblib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[1] False\n"
