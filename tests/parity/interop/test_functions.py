"""The op table in PyTorch, op by op: values and slopes are those of the table."""

from __future__ import annotations

import numpy as np
import pytest

from elman.equations.ops import OPS

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")

from elman.interop.pytorch.functions import ATTEND, FUNCTIONS  # noqa: E402
from elman.interop.pytorch.programs import Instruction  # noqa: E402

ENGINES = {  # what an engine makes of equations, and nobody writes
    *"expand accumulate outer_add scale dot place pad sigmoid_grad tanh_grad relu_grad normalise_grad".split(),
    *"attend_back attend_additive_back dropout dropout_once".split(),
}
NUMBERS = {"leaky_relu": (0.1, 0), "elu": (0.7, 0), "clip": (-0.5, 0.5), "spike": (25.0, 0), "slice": (1, -1)}
NUMBERS |= {"part": (1, 2), "inverse_deviation": (1e-5, 0), "block_matmul": (2, 0)}
POSITIVE = ("sqrt", "log", "log1p", "lgamma", "digamma", "pow", "reciprocal")


def test_each_op_that_users_write_has_a_function():
    assert set(OPS) - ENGINES == set(FUNCTIONS) | set(ATTEND)


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if OPS[n].shape in ("map", "reduce", "slice", "part", "rows")])
def test_values_far_out_and_near_zero(name):
    """Of every map and reduction, also where PyTorch's own function of the name would take a short cut."""
    op, random = OPS[name], np.random.default_rng(0)
    first, second = NUMBERS.get(name, (0, 0))
    rows = np.concatenate([random.normal(size=(5, 4)), 30 * random.normal(size=(5, 4)), np.zeros((1, 4))])
    operands = [np.abs(rows) + 0.1 if name in POSITIVE else np.roll(rows, k, 0) for k in range(op.arity)]
    if name == "div":
        operands[1] = np.abs(operands[1]) + 0.1
    if name == "pow":
        operands = [np.minimum(a, 5) for a in operands]
    if name == "exp":
        operands = [np.minimum(operands[0], 50)]
    if name == "where":
        operands[0] = np.sign(operands[0])
    wanted = op.of(operands, first, second)
    how = Instruction(name, tuple(range(op.arity)), 0, first, second, 4)
    found = FUNCTIONS[name](how, *map(torch.tensor, operands))
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12, atol=1e-13)
