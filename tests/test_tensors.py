"""Model files to the byte."""

import subprocess
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load

import elman as el
from elman.tensors import to_bytes

CODE = """
import sys, elman as el
net = el.Network(2, [el.GRU(4), el.Dense(1)])
net.save(sys.argv[1], {name: name for name in "zyxabc"})
"""


def test_a_model_is_the_same_bytes_in_every_process(tmp_path):
    files = [tmp_path / f"{k}.safetensors" for k in range(3)]
    for file in files:
        subprocess.run([sys.executable, "-c", CODE, str(file)], check=True)
    assert len({file.read_bytes() for file in files}) == 1
    assert el.load(files[0]).metadata["z"] == "z"


def test_the_library_reads_it(tmp_path):
    arrays = {"a": np.arange(3.0), "b": np.ones((2, 2), np.float32), "c": np.arange(5)}
    texts = {"two": "zwei \u00e9 \U0001f600", "one": '{"a": 1}'}
    made = to_bytes(arrays, texts)
    found = load(made)
    assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
    (tmp_path / "m.safetensors").write_bytes(made)
    with safe_open(tmp_path / "m.safetensors", "np") as held:
        assert held.metadata() == texts
