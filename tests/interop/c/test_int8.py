"""Weights in bytes: a fourth of the flash, near to the network, and the loss stated on what it was measured on."""

import numpy as np
import pytest

import elman as el
from elman.interop.c.compiled import compiler
from elman.interop.c.weights import as_bytes
from elman.interop.proof import ours, trials
from tests.interop.c import networks

pytestmark = pytest.mark.skipif(compiler() is None, reason="needs a compiler of C")
NAMES = ("lstm", "gru", "block_gru", "lru", "embedding", "tied", "bidirectional", "wide", "causal convolution")


def test_bytes_are_within_half_a_scale():
    matrix = np.random.default_rng(0).normal(size=(7, 33)).astype(np.float32)
    matrix[3] = 0
    small, scale = as_bytes(matrix)
    assert small.dtype == np.int8 and scale[3] == 0 and np.abs(small).max() == 127
    assert (np.abs(small * scale[:, None] - matrix) <= 0.5001 * scale[:, None]).all()


def test_the_numbers_are_near_those_of_the_network():
    nets = {name: net for name, net in networks.every().items() if name in NAMES}
    for weights in ("int8", "rounded"):
        for what, run in networks.together(nets, weights=weights).items():
            for trial in trials(nets[what]):
                for a, b in zip(ours(nets[what], trial), run(trial), strict=False):
                    assert 0 < np.abs(a - b).max() < 0.1, (what, weights)


def test_flash_is_a_fourth_and_the_loss_is_stated(tmp_path):
    net = el.Network(32, [el.LSTM(64), el.Dense(3)])  # whose last biases are zero, which takes no array
    whole = el.interop.to_c(net, tmp_path / "a", return_report=True)[1]
    small = el.interop.to_c(net, tmp_path / "b", weights="int8", return_report=True)[1]
    flash = [int(r.notes[0].split()[1].replace(",", "")) for r in (whole, small)]
    assert flash[0] == 4 * (net.arena.size - 3) and 0.25 * flash[0] < flash[1] < 0.3 * flash[0]
    assert any(note.startswith("int8 weights on random input: output differs by") for note in small.notes)
    assert small.differences == whole.differences


def test_the_loss_on_data(tmp_path):
    net, x = el.Network(2, [el.GRU(8), el.Dense(1)]), np.random.default_rng(0).normal(size=(5, 30, 2))
    *_, note = el.interop.to_c(net, tmp_path, weights="int8", data=x, return_report=True)[1].notes
    assert note.startswith("int8 weights on the data given (5 rows): output differs by")
    square, most, spread = (
        float(part.split()[0]) for part in (note.split("by ")[1], note.split("and ")[1], note.rsplit("by ", 1)[1])
    )
    assert 0 < square < most < 0.1 and abs(spread - net(x).std()) < 0.01
