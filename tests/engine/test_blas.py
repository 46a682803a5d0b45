"""One thread of the BLAS, whoever asks for it: the same bits on any number of cores, and no threads that wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

import elman as el
from elman.engine.blas import one_blas_thread


def threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


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
