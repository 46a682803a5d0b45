"""Sizes and numbers of threads that no engine can have are refused at once."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available
from elman.errors import ElmanError, OptionError
from tests.engine.calls import forward

BUILT = [e for e in ENGINES if e != "native" or native_available()]
needs_native = pytest.mark.skipif(not native_available(), reason="the native engine is not built")


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("shape", [(2**31, 1, 1), (1, 2**31, 1)])
def test_more_rows_or_steps_than_are_counted_are_refused(engine, shape):
    net = el.Network(1, [el.GRU(2), el.Dense(1)], seed=0, engine=engine)
    x = np.broadcast_to(np.float32(0), shape)
    with pytest.raises(ElmanError):
        forward(net.engine(), net.arena, x)


@pytest.mark.parametrize("features", [2**31, 2**62, 10**30])
def test_absurd_sizes_of_a_network_are_refused(features):
    with pytest.raises(ElmanError):
        el.Network(features, [el.GRU(2**20)])


@needs_native
@pytest.mark.parametrize("threads", [-3, 0, 10**9, 2.5])
def test_numbers_of_threads_that_there_are_not(threads):
    with pytest.raises(OptionError):
        el.Network(1, [el.GRU(2)], threads=threads, engine="native")(np.zeros((1, 1, 1)))


@needs_native
@pytest.mark.parametrize("threads", ["abc", "0", "2.5"])
def test_numbers_of_threads_in_the_environment(threads):
    code = "import elman as el; el.Network(1, [el.GRU(2)], engine='native')([[[0.0]]])"
    environment = {**os.environ, "ELMAN_THREADS": threads}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "OptionError" in ended.stderr and "ELMAN_THREADS" in ended.stderr
