"""Checkpoint: a file that is broken gives nothing away."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import elman as el

X = np.ones((4, 3, 1))


def made():
    return el.Network(1, [el.GRU(2), el.Dense(1)]), el.Adam()


@pytest.fixture
def kept(tmp_path):
    """The path, tensors and header of a checkpoint."""
    (net, adam), path = made(), tmp_path / "c.safetensors"
    net.fit(X, X, epochs=2, optimizer=adam, callbacks=[el.Checkpoint(path)], verbose=0)
    with safe_open(path, "numpy") as file:
        return path, {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118


def change(header, entry, **values):
    header[entry] = json.dumps(json.loads(header[entry]) | values)


BREAKS = {
    "no parameter": lambda tensors, header: tensors.pop("dense.b" if "dense.b" in tensors else "1.b"),
    "another shape": lambda tensors, header: tensors.update({"1.b": np.zeros(7, np.float32)}),
    "no memory": lambda tensors, header: tensors.pop("optimizer/m"),
    "a memory that is not finite": lambda tensors, header: tensors["optimizer/m"].fill(np.nan),
    "no JSON": lambda tensors, header: header.update(checkpoint="{"),
    "a list": lambda tensors, header: header.update(checkpoint="[]"),
    "nested deep": lambda tensors, header: header.update(checkpoint="[" * 100_000),
    "updates that are none": lambda tensors, header: change(header, "elman", updates="many"),
    "epochs below 0": lambda tensors, header: change(header, "elman", epochs=-1),
    "updates of the optimiser": lambda tensors, header: change(header, "checkpoint", updates=-3),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_file_is_refused_and_nothing_is_taken_from_it(kept, name):
    path, tensors, header = kept
    BREAKS[name](tensors, header)
    save_file(tensors, path, header)
    net, adam = made()
    before = net.arena.copy()
    with pytest.raises(el.ModelFileError, match="c.safetensors"):
        el.Checkpoint(path).resume(net, adam)
    np.testing.assert_array_equal(net.arena, before)
    assert (net.updates, net.epochs, adam.updates) == (0, 0, 0)


def test_a_whole_file_gives_all(kept):
    path, tensors, _ = kept
    net, adam = made()
    assert el.Checkpoint(path).resume(net, adam) and (net.epochs, adam.updates) == (2, net.updates)
    np.testing.assert_array_equal(net.params["1.b"], tensors["1.b"])
