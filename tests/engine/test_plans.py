"""Plans of every cell: both engines against central differences and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.engine import ENGINES, make_engine, native_available
from tests.draws import draws
from tests.engine.calls import forward, gradients
from tests.engine.zoo import CELLS, batch, make_plan

needs_native = pytest.mark.skipif(not native_available(), reason="the native engine is not built")
BUILT = [e for e in ENGINES if e != "native" or native_available()]


def run(engine, data, **more):
    return gradients(engine, **data, key=5, want_input=True, want_states=True, **more)


def slope(engine, data, field, index, number=None, step=1e-5):
    """d loss / d one value of the data, by central differences."""
    losses = []
    for sign in (1, -1):
        array = np.array(data[field] if number is None else data[field][number])
        array.flat[index] += sign * step
        changed = array if number is None else [array if k == number else s for k, s in enumerate(data[field])]
        losses.append(run(engine, {**data, field: changed}).loss)
    return (losses[0] - losses[1]) / (2 * step)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize(("last", "reverse"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("name", CELLS)
def test_gradients_are_those_of_central_differences(name, last, reverse, engine):
    plan = make_plan(name, F=3, H=5, O=2, last=last, reverse=reverse, root=True)
    machine = make_engine(plan, np.float64, engine)
    data = batch(plan, B=4, T=5, seed=1)
    found = run(machine, data)
    random = np.random.default_rng(2)
    wanted = {("parameters", None): found.parameters, ("x", None): found.input}
    wanted |= {("states", k): g for k, g in enumerate(found.initial_states)}
    for (field, number), gradient in wanted.items():
        for i in random.choice(gradient.size, min(gradient.size, 12), replace=False):
            error = abs(slope(machine, data, field, i, number) - gradient.flat[i])
            assert error < 1e-7 * max(1, np.abs(gradient).max()), (field, number, i)


@needs_native
@draws(40)
@given(
    name=st.sampled_from(sorted(CELLS)),
    sizes=st.tuples(*[st.integers(1, n) for n in (40, 12, 7, 37, 5)]),
    last=st.booleans(),
    reverse=st.booleans(),
    ragged=st.booleans(),
    seed=st.integers(0, 9),
)
def test_native_equals_numpy(name, sizes, last, reverse, ragged, seed):
    B, T, F, H, O = sizes
    plan = make_plan(name, F, H, O, last=last, reverse=reverse)
    data = batch(plan, B, T, seed)
    if not ragged:
        del data["lengths"]
    ours, oracle = (run(make_engine(plan, np.float64, e), data) for e in ("native", "numpy"))
    assert ours.loss == pytest.approx(oracle.loss, rel=1e-10)
    for a, b in [
        (ours.parameters, oracle.parameters),
        (ours.output, oracle.output),
        (ours.input, oracle.input),
        *zip(ours.states, oracle.states, strict=True),
        *zip(ours.initial_states, oracle.initial_states, strict=True),
    ]:
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10 * max(1, np.abs(b).max()))


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("name", [n for n in CELLS if n != "odd"])  # it drops out in training
def test_inference_gives_the_outputs_of_training(name, last, engine):
    training, inference = (make_plan(name, 3, 5, 2, last=last, loss=loss) for loss in (True, False))
    data = batch(training, 4, 6, seed=0)
    found = run(make_engine(training, np.float64, engine), data)
    y, states = forward(
        make_engine(inference, np.float64, engine),
        data["parameters"],
        data["x"],
        lengths=data["lengths"],
        states=data["states"],
    )
    np.testing.assert_allclose(y, found.output, rtol=1e-12, atol=1e-14)
    for a, b in zip(states, found.states, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("engine", BUILT)
def test_a_padded_row_is_the_row_alone(engine):
    plan = make_plan("lstm", 3, 5, 2)
    machine = make_engine(plan, np.float64, engine)
    data = batch(plan, 6, 7, seed=3)
    whole = forward(machine, data["parameters"], data["x"], lengths=data["lengths"])
    for b, length in enumerate(data["lengths"]):
        y, states = forward(machine, data["parameters"], data["x"][b : b + 1, :length])
        np.testing.assert_allclose(whole[0][b, :length], y[0], rtol=1e-12)
        assert np.all(whole[0][b, length:] == 0)
        np.testing.assert_allclose(whole[1][0][b], states[0][0], rtol=1e-12)
