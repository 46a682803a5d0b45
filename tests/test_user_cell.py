"""One function and no other change makes a new cell: it trains, is checked, saves, and loads without its source."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available


@el.cell
def mgu(p, x, h):
    """The minimal gated unit: one gate forgets and resets (Zhou, Wu, Zhang & Zhou, 2016)."""
    f = el.sigmoid(p.W_f @ x + p.U_f @ h + p.b_f)
    n = el.tanh(p.W_n @ x + p.U_n @ (f * h) + p.b_n)
    return (1 - f) * h + f * n


def waves(n=80, T=15):
    start = np.random.default_rng(0).uniform(0, 6, (n, 1))
    series = np.sin(start + 0.4 * np.arange(T + 1))
    return series[:, :-1, None], series[:, 1:, None]


@pytest.mark.parametrize("engine", [e for e in ENGINES if e != "native" or native_available()])
def test_a_new_cell_learns(engine):
    x, target = waves()
    net = el.Network(1, [el.Recurrent(mgu, 12), el.Dense(1)], seed=0, engine=engine)
    before = net.evaluate(x, target)
    net.fit(x, target, optimizer=el.Adam(0.02), epochs=15, batch_size=20, verbose=0)
    assert net.evaluate(x, target) < 0.05 * before


def test_its_gradients_are_exact():
    assert el.check_gradients(mgu).worst < 1e-7


def test_it_loads_where_its_source_is_unknown(tmp_path):
    x, _ = waves()
    net = el.Network(1, [el.Recurrent(mgu, 12), el.Dense(1)], seed=0)
    net.save(tmp_path / "m.safetensors")
    np.save(tmp_path / "x.npy", x)
    code = "import numpy as np, elman as el; np.save('y.npy', el.load('m.safetensors')(np.load('x.npy')))"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert np.array_equal(np.load(tmp_path / "y.npy"), net(x))


def test_a_loss_is_equations_too():
    def absolute(y, target):
        return el.mean(abs(y - target))

    x, target = waves()
    net = el.Network(1, [el.Recurrent(mgu, 6), el.Dense(1)], seed=0, dtype=np.float64)
    ours, named = net.loss_and_grads(x, target, absolute), net.loss_and_grads(x, target, "mae")
    assert ours[0] == named[0] and all(np.array_equal(ours[1][k], named[1][k]) for k in named[1])
