"""What PyTorch's exporters write, of random modules: networks that agree with the modules themselves."""

import os
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")
pytest.importorskip("onnx", reason="ONNX is not installed: `make parity` installs it")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: `make parity` installs it")

from tests.parity.interop.onnx_torch import Drawn, exported  # noqa: E402

import elman as el  # noqa: E402

DYNAMO = sorted((Path(__file__).parents[2] / "golden" / "onnx").glob("dynamo_*.onnx"))


def _compare(module, net, seed):
    """The network and the module itself, on sizes that the file was not written for."""
    inputs = module.example(*((4, 9) if module.dynamic else (2, 6)))
    with torch.no_grad():
        wanted = module(*inputs)
    wanted = (wanted[0] if isinstance(wanted, tuple) else wanted).numpy()
    x, state = inputs[0].numpy(), None
    if len(inputs) > 1:
        layers = [[s[k].numpy() for s in inputs[1:]] for k in range(module.layers * module.both)]
        state = [tuple(states) for states in layers]
    found = net(x if module.first else x.swapaxes(0, 1), state=state)
    wanted = wanted if module.first or wanted.ndim == 2 else wanted.swapaxes(0, 1)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5, err_msg=f"seed {seed}")


@pytest.mark.parametrize("start", range(0, 60, 10))
def test_the_torchscript_exporter(start, tmp_path):
    for seed in range(start, start + 10):
        module = Drawn(seed)
        net = el.interop.from_onnx(exported(module, tmp_path / "model.onnx", dynamo=False))
        _compare(module, net, seed)


@pytest.mark.parametrize("file", DYNAMO, ids=lambda f: f.stem)
def test_the_newer_exporter(file):
    """Files that it wrote (tests/golden/make_onnx.py), as that takes it long; axes that it fixes itself stay so."""
    _, report = el.interop.from_onnx(file, return_report=True)
    assert report.largest <= 1e-5


@pytest.mark.skipif("ELMAN_LONG" not in os.environ, reason="takes 20 s: set ELMAN_LONG")
def test_the_newer_exporter_live(tmp_path):
    seed = int(DYNAMO[0].stem.split("_")[1])
    module = Drawn(seed)
    net = el.interop.from_onnx(exported(module, tmp_path / "model.onnx", dynamo=True))
    module.dynamic = False  # on the size that it was exported with, which the exporter may have fixed
    _compare(module, net, seed)
