"""The direct network: quantiles that cannot cross, from the last value on, whatever the cell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.cells import catalogue, gru
from elman.equations import cell, tanh
from elman.forecast.direct import MIDDLE, QUANTILES, UNKNOWN, direct_network, head_of, pinball
from elman.network.copies import in_float64
from tests.draws import draws
from tests.of_catalogue import ONE_INPUT

Q = len(QUANTILES)
RNG = np.random.default_rng(0)
SERIES = np.stack([RNG.normal(size=(3, 7)).cumsum(1), np.log(np.arange(1.0, 8)) + np.zeros((3, 7))], axis=2)
ABOUT = RNG.normal(size=(3, 4))
BESIDE = RNG.normal(size=(3, 7, 3))


def untrained(recurrent=gru, **more):
    return direct_network(recurrent, 6, 5, 4, **more)


def inputs(beside=0):
    return {"series": SERIES, "about": ABOUT} | ({"beside": BESIDE[..., :beside]} if beside else {})


def randomised(net, seed=0, size=0.5):
    random = np.random.default_rng(seed)
    for name in net.trainable:
        net.params[name] = random.normal(0, size, net.params[name].shape)
    return net


def quantiles(net, given):
    made = net(given)
    return made.reshape(*made.shape[:2], Q, -1)


def test_a_network_that_learnt_nothing_repeats_the_last_value():
    made = quantiles(untrained(), inputs())
    np.testing.assert_allclose(made[:, :, MIDDLE], SERIES[..., :1] + np.zeros(5), atol=1e-6)
    above, below = made[:, :, MIDDLE + 1 :] - SERIES[..., :1, None], SERIES[..., :1, None] - made[:, :, :MIDDLE]
    np.testing.assert_allclose(above, below[:, :, ::-1], atol=1e-5)
    np.testing.assert_allclose(above[..., 3] / above[..., 0], 2, rtol=1e-5)  # as a random walk, after four steps


@draws(20)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 20))
def test_quantiles_never_cross(seed, size):
    net = randomised(untrained(), seed, size)
    made = quantiles(net, inputs())
    assert np.isfinite(made).all() and (np.diff(made, axis=2) >= 0).all()


@pytest.mark.parametrize("known, past", [(0, 0), (2, 0), (0, 2), (2, 1)])
def test_gradients_are_central_differences_on_both_engines(known, past):
    target = RNG.normal(size=(3, 7, 5))
    target[1, 3:] = UNKNOWN
    net = randomised(untrained(known=known, past=past))
    found = el.check_gradients(net, inputs(known + past), target, loss=pinball, samples=10, tolerance=1e-5)
    assert {"native", "numpy"} >= set(found.errors) and any(name.startswith("loss/") for name in found.errors["numpy"])


@pytest.mark.parametrize("name", ONE_INPUT)
def test_any_cell_of_the_catalogue_reads(name):
    net = untrained(catalogue()[name])
    np.testing.assert_allclose(quantiles(net, inputs())[:, :, MIDDLE], SERIES[..., :1] + np.zeros(5), atol=1e-6)
    made = [in_float64(randomised(net), engine=engine) for engine in ("native", "numpy")]
    for one in made:
        one.params.restore(net.arena)
    np.testing.assert_allclose(made[0](inputs()), made[1](inputs()), rtol=1e-9, atol=1e-9)


def test_a_cell_of_ones_own_reads():
    @cell
    def plain(p, x, h):
        return tanh(p.W @ x + p.U @ h + p.b)

    net = untrained(plain)
    assert head_of(net) == "dense" and "plain.W" in net.params
    assert not np.array_equal(randomised(net)(inputs()), untrained(plain)(inputs()))


@pytest.mark.parametrize("which, known", [(0, True), (2, False)])
def test_what_is_known_ahead_moves_the_steps_it_is_of(which, known):
    """Before it comes, only the step that it is of, and none if it is known up to now; then all that is said."""
    net = randomised(untrained(known=2, past=1))
    changed = inputs() | {"beside": BESIDE.copy()}
    changed["beside"][:, 4, which] += 1
    moved = np.abs(quantiles(net, changed) - quantiles(net, inputs(3))).max((0, 2)) > 1e-6  # (T, H)
    ahead = np.arange(7)[:, None] + np.arange(1, 6)
    np.testing.assert_array_equal(moved[:4], (ahead == 4)[:4] & known)
    assert moved[4:].all()


@pytest.mark.parametrize("known, past", [(2, 0), (0, 1), (2, 1)])
def test_covariates_change_nothing_before_anything_is_learnt(known, past):
    made = quantiles(untrained(known=known, past=past), inputs(known + past))
    np.testing.assert_allclose(made[:, :, MIDDLE], SERIES[..., :1] + np.zeros(5), atol=1e-6)


def test_targets_that_are_not_known_teach_nothing():
    target = np.full((3, 7, 5), UNKNOWN)
    loss, grads = randomised(untrained()).loss_and_grads(inputs(), target, pinball)
    assert loss == 0 and not any(g.any() for g in grads.values())


def test_the_loss_is_that_of_quantiles():
    net = in_float64(randomised(untrained()))
    target = RNG.normal(size=(3, 7, 5))
    target[0, 2, 3:] = UNKNOWN
    made, share = quantiles(net, inputs()), np.array(QUANTILES)[:, None]
    error = np.where(target == UNKNOWN, 0, target)[:, :, None] - made
    losses = np.maximum(share * error, (share - 1) * error) * (target != UNKNOWN)[:, :, None]
    expected = losses.sum(2).mean()
    assert net.loss_and_grads(inputs(), target, pinball)[0] == pytest.approx(expected)
