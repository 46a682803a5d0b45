"""Random graphs of layers on both engines against plain PyTorch: values, losses and gradients, live: `make parity`."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from tests import graph_problems, random_graphs

pytestmark = pytest.mark.parity
pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")

sys.path.insert(0, str(Path(__file__).parent))

import torch_graphs  # noqa: E402

GRAPHS, PART = int(os.environ.get("ELMAN_GRAPHS", 30)), 15  # of each kind; `make parity-long` takes more


@pytest.mark.parametrize("first", [start + k for start in (0, random_graphs.BESIDE) for k in range(0, GRAPHS, PART)])
def test_values_losses_and_gradients_are_pytorchs(first: int) -> None:
    for seed in range(first, first + PART):
        problem = graph_problems.problem(seed)
        wanted = torch_graphs.results(problem)
        for engine in ("numpy", "native"):
            found = graph_problems.elman_results(problem, engine)
            assert found.keys() == wanted.keys()
            for name, value in wanted.items():
                assert found[name].shape == value.shape
                scale = max(1.0, float(np.abs(value).max()))
                np.testing.assert_allclose(
                    found[name],
                    value,
                    rtol=0,
                    atol=1e-9 * scale,
                    err_msg=f"seed {seed}, {engine}: {name}\n{problem.graph.source}",
                )
