"""Random cells on both engines against PyTorch's autograd: values and every gradient, live: `make parity`."""

import os
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests import random_cells

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")

CELLS, PART = int(os.environ.get("ELMAN_CELLS", 200)), 50  # of each kind; `make parity-long` takes more
STARTS = (0, random_cells.RICH, random_cells.BESIDE)
_ELEMENTWISE = "tanh sigmoid relu sin cos erf abs square sign exp sqrt log log1p lgamma".split()
_F = torch.nn.functional


class _Digamma(torch.autograd.Function):
    """Digamma whose slope is the zeta function: that of torch.digamma itself is off by up to 5e-10."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(x)
        return torch.digamma(x)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        (x,) = context.saved_tensors
        return gradients[0] * torch.special.zeta(torch.tensor(2.0, dtype=x.dtype), x)


TORCH = SimpleNamespace(
    **{name: getattr(torch, name) for name in _ELEMENTWISE},
    matrix=random_cells.Matrix,
    leaky_relu=lambda a: _F.leaky_relu(a, 0.01),
    elu=_F.elu,
    softplus=lambda a: torch.logaddexp(a, torch.zeros_like(a)),
    silu=_F.silu,
    gelu=_F.gelu,
    softmax=lambda a: torch.softmax(a, -1),
    log_softmax=lambda a: torch.log_softmax(a, -1),
    sum=lambda a: a.sum(-1, keepdim=True),
    mean=lambda a: a.mean(-1, keepdim=True),
    max=lambda a: a.amax(-1, keepdim=True),
    normalise=lambda a: (a - a.mean(-1, keepdim=True)) / (a.var(-1, correction=0, keepdim=True) + 1e-5).sqrt(),
    digamma=_Digamma.apply,
    clip=torch.clip,
    maximum=torch.maximum,
    minimum=torch.minimum,
    where=torch.where,
    concat=lambda *parts: torch.cat(parts, -1),
    **random_cells.MATRICES,
)


def torch_results(problem: random_cells.Problem) -> dict[str, np.ndarray]:
    """Output, final states and all gradients, in float64; an array that no output needs has none."""
    arrays = {name: torch.tensor(a, requires_grad=True) for name, a in problem.arrays.items()}
    output, finals = random_cells.value(TORCH, problem, arrays, lambda steps: torch.stack(steps, 1))
    total: Any = (output * torch.tensor(problem.along)).sum()
    for final, weight in zip(finals, problem.along_states, strict=True):
        total = total + (final * torch.tensor(weight)).sum()
    total.backward()
    found = {"output": output, **{f"final {k}": s for k, s in enumerate(finals)}}
    found |= {f"d {name}": a.grad for name, a in arrays.items() if a.grad is not None}
    return {name: value.detach().numpy() for name, value in found.items()}


@pytest.mark.parametrize("first", [k + start for start in STARTS for k in range(0, CELLS, PART)])
def test_values_and_gradients_are_pytorchs(first: int) -> None:
    for seed in range(first, first + PART):
        problem = random_cells.problem(seed)
        wanted = torch_results(problem)
        if not all(np.abs(value).max() <= 1e4 for value in wanted.values()):
            continue  # a state that explodes magnifies rounding
        for engine in ("numpy", "native"):
            found = random_cells.elman_results(problem, engine)
            for name in {*wanted, *found}:
                one, other = found.get(name, 0.0), wanted.get(name, 0.0)
                scale = max(1.0, float(np.abs(other).max()))
                message = f"seed {seed}, {engine}: {name}\n{problem.cell}"
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-9 * scale, err_msg=message)
