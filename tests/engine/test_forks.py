"""Processes that are made after the engine was used, and while it is used: the child computes the same bits."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys

import numpy as np
import pytest

import elman as el
from elman.engine import native_available

pytestmark = pytest.mark.skipif(not native_available(), reason="the native engine is not built")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

FORK = """
import os, signal, sys, threading, time
import numpy as np
import elman as el

net = el.Network(4, [el.LSTM(96), el.Dense(4)], engine="native", threads=2, seed=3)
x = np.random.default_rng(0).normal(size=(40, 60, 4)).astype(np.float32)
small = x[:3, :5]
expected, one = net(x), net(small)
stream, streams = net.stream(3), net.streams()
streams.open("a")
stream(small[:, 0])
streams({"a": x[0, 0]})

def work():
    while True:
        CALL

if CALL_THREAD:
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.05)
for number in range(COUNT):
    child = os.fork()
    if child == 0:
        signal.alarm(250)  # should it hang
        same = (net(x) == expected).all() and (net(small) == one).all()
        y = net.stream(3)(small[:, 0])
        streams({"a": x[0, 1]})
        mine = el.Network(4, [el.GRU(8), el.Dense(4)], engine="native", threads=2, seed=1)
        mine.fit(x, x, epochs=1, verbose=0)
        loss, _ = net.loss_and_grads(x, x, "mse")
        os._exit(0 if same and (y == one[:, 0]).all() and np.isfinite(loss) else 1)
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit(f"child {number} ended with {status}")
assert (net(x) == expected).all()
os._exit(0)  # with threads at work
"""
WORK = {
    "nothing": "pass",
    "inference": "net(x)",
    "small calls": "net(small)",
    "streams": 'streams({"a": x[0, 0]})',
    "training": "el.Network(4, [el.LSTM(64), el.Dense(4)], threads=2).fit(x, x, epochs=50, verbose=0)",
}


@forks
@pytest.mark.parametrize("work", WORK)
def test_the_child_of_a_fork_uses_the_network_again(work):
    count, thread = (3, False) if work == "nothing" else (12, True)
    code = FORK.replace("CALL_THREAD", str(thread)).replace("CALL", WORK[work]).replace("COUNT", str(count))
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr


def outputs(net: el.Network, x: np.ndarray) -> np.ndarray:
    """What a process computes."""
    return net(x)


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_of_a_pool_compute_the_same_bits(method):
    net = el.Network(4, [el.LSTM(32), el.Dense(4)], engine="native", threads=2, seed=3)
    x = np.random.default_rng(0).normal(size=(40, 20, 4)).astype(np.float32)
    expected = net(x)
    with multiprocessing.get_context(method).Pool(2) as pool:
        for found in pool.starmap(outputs, [(net, x)] * 3):
            np.testing.assert_array_equal(found, expected)


@forks
def test_a_training_goes_on_after_a_fork():
    """Each of both processes: neither has taken the other's threads or memory."""
    code = """
import os
import numpy as np
import elman as el

x = np.random.default_rng(0).normal(size=(64, 30, 4)).astype(np.float32)
def trained(forks):
    net = el.Network(4, [el.LSTM(48), el.Dense(4)], engine="native", threads=2, seed=3)
    children = []
    for epoch in range(4):
        net.fit(x, x, epochs=1, verbose=0)
        if forks and epoch == 1:
            children.append(os.fork())
    return net.arena.copy(), children
alone, _ = trained(False)
found, children = trained(True)
same = (found == alone).all()
if children == [0]:
    os._exit(0 if same else 3)
assert same
assert os.waitpid(children[0], 0)[1] == 0
"""
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
