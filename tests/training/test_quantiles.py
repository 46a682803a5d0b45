import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.errors import OptionError, ShapeError
from elman.training import LOSSES, quantile_loss
from elman.training.quantiles import increasing
from tests.training.problems import ENGINES
from tests.training.test_losses import outputs_as_parameters

RNG = np.random.default_rng(0)
START = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers():
    """Whatever test ran before."""
    RNG.bit_generator.state = START


def test_value_is_the_mean_over_targets_and_quantiles():
    y, target, levels = RNG.normal(size=(20, 4 * 3)), RNG.normal(size=(20, 3)), np.array([0.05, 0.3, 0.5, 0.9])
    error = target[:, None] - y.reshape(20, 4, 3)
    expected = np.where(error > 0, levels[:, None] * error, (levels[:, None] - 1) * error).mean((1, 2))
    np.testing.assert_allclose(quantile_loss(levels).values(y, target), expected)
    assert quantile_loss([0.5]).values(y[:, :3], target) == pytest.approx(LOSSES["mae"].values(y[:, :3], target) / 2)


@pytest.mark.parametrize("engine", ENGINES)
def test_gradients_are_central_differences(engine):
    net, x = outputs_as_parameters(RNG.normal(size=(10, 9)), engine)
    target = RNG.normal(size=(10, 1, 3))
    assert el.check_gradients(net, x, target, loss=quantile_loss([0.1, 0.5, 0.8]), samples=30).worst < 1e-5


@given(st.integers(1, 7), st.integers(1, 4), st.floats(0.1, 20), st.integers(0, 2**32 - 1))
def test_increasing_parts_never_cross(parts, targets, size, seed):
    y = np.random.default_rng(seed).normal(0, size, (5, parts * targets))
    made = increasing(y, parts).reshape(5, parts, targets)
    assert (np.diff(made, axis=1) >= 0).all()
    np.testing.assert_array_equal(made[:, parts // 2], y.reshape(5, parts, targets)[:, parts // 2])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_layer_has_gradients_and_is_the_function(engine, tmp_path):
    net = el.Network(2, [el.Dense(6), el.Increasing(3)], dtype=np.float64, engine=engine)
    x, target = RNG.normal(size=(3, 4, 2)), RNG.normal(size=(3, 4, 2))
    assert el.check_gradients(net, x, target, loss="pinball", samples=20).worst < 1e-5
    plain = el.Network(2, [el.Dense(6)], dtype=np.float64, engine=engine)
    plain.params["0.W"], plain.params["0.b"] = net.params["0.W"], net.params["0.b"]
    np.testing.assert_allclose(net(x), increasing(plain(x), 3), rtol=1e-12)
    net.save(tmp_path / "net.safetensors")
    np.testing.assert_allclose(el.load(tmp_path / "net.safetensors")(x), net(x), rtol=1e-12)


def test_quantiles_of_noise_are_learnt():
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    target = np.random.default_rng(1).exponential(size=(6000, 1, 1))
    net = el.Network(1, [el.Dense(5), el.Increasing(5)])
    loss = quantile_loss(levels)
    net.fit(np.ones((6000, 1, 1)), target, loss=loss, epochs=60, batch_size=1000, optimizer=el.Adam(0.02), verbose=0)
    np.testing.assert_allclose(net(np.ones((1, 1, 1)))[0, 0], np.quantile(target, levels), atol=0.08)


@pytest.mark.parametrize("wrong", [[0.5, 0.1], [0.0, 0.5], [0.5, 1.0], [], [[0.1]], [0.2, 0.2]])
def test_odd_probabilities_are_refused(wrong):
    with pytest.raises(OptionError, match="increasing numbers in"):
        quantile_loss(wrong)


def test_odd_widths_are_refused():
    with pytest.raises(ShapeError):
        el.Network(1, [el.Dense(5), el.Increasing(3)])
    with pytest.raises(OptionError, match="parts is 0"):
        el.Increasing(0)
    with pytest.raises(ShapeError, match="the network outputs 4"):
        el.Network(1, [el.Dense(4)]).fit(np.ones((4, 5, 1)), np.ones((4, 5, 1)), loss="pinball", epochs=1, verbose=0)
