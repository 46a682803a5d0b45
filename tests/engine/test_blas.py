"""One thread of the BLAS, whoever asks for it: the same bits on any number of cores, and no threads that wait."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import elman as el
from elman.engine.blas import _libraries, one_blas_thread


def threads():
    """Of each library that was there when one thread was first asked for, NumPy's among them."""
    return [library.get_num_threads() for library in _libraries()]


def test_every_thread_of_python_is_heeded():
    def inside():
        with one_blas_thread():
            return threads()

    with threadpool_limits(2, user_api="blas"):
        before = threads()
        assert set(inside()) == {1} and threads() == before
        with ThreadPoolExecutor(1) as pool:
            assert set(pool.submit(inside).result()) == {1}
        assert threads() == before


def test_contexts_within_and_beside_one_another_end_as_it_was():
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        with one_blas_thread(), ThreadPoolExecutor(1) as pool:
            with one_blas_thread():
                pass
            assert set(threads()) == {1}
            assert set(pool.submit(one_blas_thread().__call__(threads)).result()) == {1} and set(threads()) == {1}
        assert threads() == before


def test_initial_parameters_are_the_same_on_any_number_of_threads():
    """Those of orthogonal matrices of 250 units were not."""
    found = []
    for number in (1, 2, 3):
        with threadpool_limits(number, user_api="blas"):
            found.append(el.Network(1, [el.GRU(250)]).arena.copy())
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


FORKS = """
import os, signal, threading
from elman.engine.blas import _libraries, one_blas_thread

def work():
    while True:
        with one_blas_thread():
            pass

_libraries()
threading.Thread(target=work, daemon=True).start()
for number in range(200):
    child = os.fork()
    if child == 0:
        signal.alarm(100)  # should it hang
        with one_blas_thread():
            inside = [library.get_num_threads() for library in _libraries()]
        os._exit(set(inside) != {1})
    _, status = os.waitpid(child, 0)
    if status:
        os._exit(1)
with one_blas_thread():
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_while_another_thread_begins_or_ends_waits_for_nobody():
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", FORKS], timeout=110).returncode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_the_child_of_a_fork_gets_its_threads_back():
    """Whether the context was another thread's, which is no more, or its own."""
    with threadpool_limits(2, user_api="blas"), ThreadPoolExecutor(1) as pool:
        before = threads()
        context = one_blas_thread()
        pool.submit(context.__enter__).result()
        child = os.fork()
        if child == 0:
            with one_blas_thread():
                inside = threads()
            os._exit(set(inside) != {1} or threads() != before)
        pool.submit(context.__exit__, None, None, None).result()
        assert os.waitpid(child, 0)[1] == 0 and threads() == before
