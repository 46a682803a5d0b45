"""Random matrices made of parameters, on both engines, against PyTorch's autograd, live: `make parity`."""

from types import SimpleNamespace

import numpy as np
import pytest
from tests import random_matrices
from tests.parity.test_random_cells import TORCH

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")

CELLS, PART = 100, 50


@pytest.mark.parametrize("engine", ("numpy", "native"))
@pytest.mark.parametrize("first", range(0, CELLS, PART))
def test_values_and_gradients_are_pytorchs(first: int, engine: str) -> None:
    for seed in range(first, first + PART):
        rng = np.random.default_rng([seed, 2])
        x, along = rng.normal(size=(2, 5, random_matrices.F)), rng.normal(size=(2, 5, random_matrices.H))
        p = {name: torch.tensor(value, requires_grad=True) for name, value in random_matrices.values(seed).items()}
        state, steps = torch.zeros(2, random_matrices.H, dtype=torch.float64), []
        for t in range(5):
            state = random_matrices.step(TORCH, SimpleNamespace(**p), torch.tensor(x[:, t]), state, seed)
            steps.append(state)
        (torch.stack(steps, 1) * torch.tensor(along)).sum().backward()
        net = random_matrices.network(seed, engine)
        wanted = torch.stack(steps, 1).detach().numpy()
        np.testing.assert_allclose(net(x), wanted, rtol=1e-9, atol=1e-11, err_msg=str(seed))
        gradients, _, _ = net.backward(x, along)
        for name, gradient in gradients.items():
            expected = p[name[2:]].grad
            assert expected is not None, (seed, name)
            scale = max(1.0, float(expected.abs().max()))
            np.testing.assert_allclose(
                gradient, expected.numpy(), rtol=1e-8, atol=1e-10 * scale, err_msg=f"{seed} {name}"
            )
