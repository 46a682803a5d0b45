"""Any gradient of the outputs and of the final states, taken back: ragged rows, little memory, both engines."""

import numpy as np
import pytest

import elman as el

LAYERS = {
    "all steps": lambda: [el.GRU(5), el.Dense(3)],
    "last step": lambda: [el.LSTM(4), el.GRU(5, return_sequences=False), el.Dense(2)],
    "the state itself": lambda: [el.LSTM(4, return_sequences=False)],
    "reversed": lambda: [el.Recurrent(el.cells.gru, 4, reverse=True)],
    "normalised over the batch": lambda: [el.GRU(4), el.BatchNorm(), el.Dense(2)],
}
LENGTHS = [7, 2, 5, 1]


def case(kind, engine):
    net = el.Network(3, LAYERS[kind](), dtype=np.float64, engine=engine, seed=3)
    random = np.random.default_rng(0)
    x = random.normal(size=(4, 7, 3))
    dy = random.normal(size=net(x).shape)
    states = [[tuple(random.normal(size=(4, n)) for n in sizes) for sizes in net.state_sizes()] for _ in range(2)]
    return net, x, dy, {"state": states[0], "state_gradients": states[1]}


def row_of(groups, b):
    return [tuple(s[b : b + 1] for s in group) for group in groups]


@pytest.mark.parametrize("engine", ["native", "numpy"])
@pytest.mark.parametrize("kind", LAYERS)
def test_a_ragged_batch_is_its_rows_one_by_one(kind, engine):
    net, x, dy, states = case(kind, engine)
    x[1, 2:] = np.nan  # nobody looks there
    if net.sequence_output:
        dy[1, 2:] = np.nan
    grads, dx, ds = net.backward(x, dy, lengths=LENGTHS, **states)
    sums = {name: np.zeros_like(g) for name, g in grads.items()}
    for b, length in enumerate(LENGTHS):
        of_row = dy[b : b + 1, :length] if net.sequence_output else dy[b : b + 1]
        alone, dx_alone, ds_alone = net.backward(
            x[b : b + 1, :length], of_row, **{name: row_of(groups, b) for name, groups in states.items()}
        )
        for name, value in alone.items():
            sums[name] += value
        assert np.allclose(dx[b, :length], dx_alone[0], rtol=1e-12, atol=1e-13) and not dx[b, length:].any()
        for mine, its in zip(row_of(ds, b), ds_alone, strict=True):
            assert all(np.allclose(a, z, rtol=1e-12, atol=1e-13) for a, z in zip(mine, its, strict=True))
    for name, value in sums.items():
        assert np.allclose(grads[name], value, rtol=1e-11, atol=1e-12), name


@pytest.mark.parametrize("engine", ["native", "numpy"])
@pytest.mark.parametrize("kind", [k for k in LAYERS if k != "reversed"])
def test_little_memory_finds_the_same(kind, engine):
    net, x, dy, states = case(kind, engine)
    for lengths in (None, LENGTHS):
        one, other = (net.backward(x, dy, lengths=lengths, memory=m, **states) for m in ("normal", "low"))
        for name in one[0]:
            assert np.allclose(one[0][name], other[0][name], rtol=1e-11, atol=1e-12), name
        assert np.allclose(one[1], other[1], rtol=1e-12, atol=1e-13)
        for a, z in zip(one[2], other[2], strict=True):
            assert all(np.allclose(p, q, rtol=1e-12, atol=1e-13) for p, q in zip(a, z, strict=True))


@pytest.mark.parametrize("kind", LAYERS)
def test_it_is_linear_in_what_it_is_given(kind):
    """No mean over rows and steps is hidden in it: twice the gradient gives the very double of each number."""
    net, x, dy, states = case(kind, "native")
    twice = [tuple(2 * s for s in group) for group in states["state_gradients"]]
    once, double = net.backward(x, dy, **states), net.backward(x, 2 * dy, **states | {"state_gradients": twice})
    assert np.array_equal(2 * once[1], double[1])
    assert all(np.array_equal(2 * value, double[0][name]) for name, value in once[0].items())


def test_lengths_that_do_not_fit_are_refused():
    net, x, dy, _ = case("all steps", "native")
    with pytest.raises(el.ShapeError, match="lengths"):
        net.backward(x, dy, lengths=[7, 2])
    with pytest.raises(el.OptionError, match="reverse"):
        net, x, dy, _ = case("reversed", "native")
        net.backward(x, dy, memory="low")
