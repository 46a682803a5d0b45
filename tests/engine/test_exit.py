"""A daemon thread inside the engine does not hold up the end of the process, nor abort it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from elman.engine import native_available

pytestmark = pytest.mark.skipif(not native_available(), reason="the native engine is not built")
LEAVE = """
import threading, time
import numpy as np
import elman as el

net = el.Network(4, [el.LSTM(128), el.Dense(4)], engine="native", threads=2)
x = np.zeros((64, 400, 4), np.float32)
begun = threading.Event()

def work():
    begun.set()
    while True:
        {call}

threading.Thread(target=work, daemon=True).start()
begun.wait()
time.sleep(0.2)
"""
CALLS = {
    "inference": "net(x)",
    "training": "net.fit(x, x, epochs=9, verbose=0)",
    "gradients": 'net.loss_and_grads(x, x, "mse")',
    "many small calls": "net(x[:1, :2])",
    "streams": "net.stream(64).run(x)",
    "generation": "net.generate(x[:, :4], 500)",
}


@pytest.mark.parametrize("call", CALLS)
def test_the_process_ends_well_while_a_daemon_thread_computes(call):
    code = LEAVE.format(call=CALLS[call])
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert not any(word in ended.stderr for word in ("terminate", "Fatal", "Aborted"))


@pytest.mark.parametrize("end", ["sys.exit(3)", "raise SystemExit(3)", "os._exit(3)"])
def test_the_process_ends_as_it_is_told_while_threads_compute(end):
    code = f"import os, sys\n{LEAVE.format(call='net(x)')}\n{end}\n"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 3, ended.stderr
    assert not any(word in ended.stderr for word in ("terminate", "Fatal", "Aborted"))


def test_threads_that_are_no_daemons_end_their_work_first():
    code = LEAVE.format(call="net(x); break").replace(", daemon=True", "") + "\nsys.exit(4)\n"
    ended = subprocess.run([sys.executable, "-c", "import sys\n" + code], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 4, ended.stderr
    assert not ended.stderr
