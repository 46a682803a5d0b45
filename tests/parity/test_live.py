"""Elman against PyTorch and Keras on random shapes, live: `make parity`."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.draws import draws

pytestmark = pytest.mark.parity
pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")
pytest.importorskip("keras", reason="Keras is not installed: `make parity` installs it")
pytest.importorskip("tensorflow", reason="TensorFlow, which runs Keras, is not installed: `make parity` installs it")

sys.path.insert(0, str(Path(__file__).parent))

import elman_run  # noqa: E402
import keras_run  # noqa: E402
import problem as problems  # noqa: E402
import pytorch_run  # noqa: E402

PAIRS = [(peer, cell) for peer in (pytorch_run, keras_run) for cell in peer.GATES]
SIZES = st.tuples(
    st.one_of(st.sampled_from((1, 3, 17, 100)), st.integers(1, 70)),  # hidden
    st.integers(1, 40),  # batch
    st.integers(1, 20),  # steps
    st.integers(1, 9),  # features
)
TOLERANCES = {"float64": 1e-10, "float32": 1e-5}  # times the largest absolute value of an array, or 1 if that is more


@pytest.mark.parametrize("engine", ("numpy", "native"))
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("peer", "cell"), PAIRS, ids=[f"{peer.__name__[:-4]}-{cell}" for peer, cell in PAIRS])
@given(sizes=SIZES, seed=st.integers(0, 2**32 - 1))
@draws(8)
def test_layer(peer: ModuleType, cell: str, dtype: str, engine: str, sizes: tuple[int, ...], seed: int) -> None:
    """Elman in either precision against the peer's float64."""
    problem = problems.draw(cell, *sizes, seed=seed)
    assume(dtype == "float64" or not problems.near_kink(problem))
    actual = elman_run.run(problem, np.dtype(dtype).type, engine)
    problems.assert_close(actual.arrays(), peer.run(problem).arrays(), TOLERANCES[dtype], floor=1)


@pytest.mark.parametrize("engine", ("numpy", "native"))
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("cell", pytorch_run.GATES)
@given(sizes=SIZES, upper=st.integers(1, 40), outputs=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
@draws(8)
def test_stack(cell: str, dtype: str, engine: str, sizes: tuple[int, ...], upper: int, outputs: int, seed: int) -> None:
    """Two layers, the second returning its last step only, and a dense readout: loss and gradients from PyTorch."""
    stack = problems.draw_stack(cell, *sizes, upper=upper, outputs=outputs, seed=seed)
    assume(dtype == "float64" or not problems.near_kink(stack))
    actual = elman_run.run_stack(stack, np.dtype(dtype).type, engine)
    problems.assert_close(actual, pytorch_run.run_stack(stack), TOLERANCES[dtype], floor=1)


@pytest.mark.parametrize("engine", ("numpy", "native"))
@pytest.mark.parametrize("reverse", (False, True), ids=["forward", "reverse"])
@pytest.mark.parametrize("cell", pytorch_run.GATES)
@given(sizes=SIZES, seed=st.integers(0, 2**32 - 1))
@draws(8)
def test_lengths(cell: str, reverse: bool, engine: str, sizes: tuple[int, ...], seed: int) -> None:
    """Rows of different lengths, in either direction, against PyTorch's packed sequences."""
    problem = problems.draw(cell, *sizes, seed=seed)
    batch, steps = problem.x.shape[:2]
    lengths = np.random.default_rng(seed).integers(1, steps + 1, batch)
    actual = elman_run.run_ragged(problem, lengths, reverse, engine)
    problems.assert_close(actual, pytorch_run.run_ragged(problem, lengths, reverse), 1e-10, floor=1)


@pytest.mark.parametrize("engine", ("numpy", "native"))
@pytest.mark.parametrize("cell", pytorch_run.GATES)
def test_training(cell: str, engine: str) -> None:
    """Thirty Adam updates in float64: the same losses as PyTorch's, update for update."""
    stack = problems.draw_stack(cell, 17, 8, 12, 3, upper=9, outputs=2, seed=7)
    actual = elman_run.train_stack(stack, 30, 0.01, np.float64, engine)
    expected = pytorch_run.train_stack(stack, 30, 0.01)
    assert expected[-1] < expected[0] / 2
    problems.assert_close({"losses": actual}, {"losses": expected}, 1e-10)
