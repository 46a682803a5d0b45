"""Likelihoods: SciPy's densities, gradients on both engines, and the parameters of drawn data found again."""

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, OptionError, ShapeError
from elman.training.likelihoods import FLOOR
from elman.training.losses import LOSSES
from tests.training.problems import ENGINES
from tests.training.test_losses import outputs_as_parameters

RNG = np.random.default_rng(0)
ROWS, TARGETS = 40, 3
COUNTS = RNG.poisson(RNG.gamma(1, 3, (ROWS, TARGETS))).astype(float)
COUNTS[:3] = 0
REAL = RNG.standard_t(3, (ROWS, TARGETS))
LIKELIHOODS = {
    "normal": (2, REAL),
    "student_t": (3, REAL),
    "poisson": (1, COUNTS),
    "negative_binomial": (2, COUNTS),
    "zero_inflated_poisson": (2, COUNTS),
    "zero_inflated_negative_binomial": (3, COUNTS),
    "tweedie": (1, COUNTS),
}


def softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def scipys(name, y, target):
    """The mean over the targets of minus the log probability."""
    stats = pytest.importorskip("scipy.stats")
    a, *more = np.split(y, LIKELIHOODS[name][0], axis=-1)
    b = softplus(more[0]) + FLOOR if more else None
    if name == "normal":
        log = stats.norm.logpdf(target, a, b)
    elif name == "student_t":
        log = stats.t.logpdf(target, 2 + softplus(more[1]) + FLOOR, a, b)
    else:
        m = softplus(a) + FLOOR
        if "poisson" in name:
            log = stats.poisson.logpmf(target, m)
        else:
            log = stats.nbinom.logpmf(target, 1 / b, 1 / (1 + b * m))
        if "inflated" in name:
            share = 1 / (1 + np.exp(-more[-1]))
            log = np.log(share * (target == 0) + np.exp(log) / (1 + np.exp(more[-1])))
    return -log.mean(-1)


def outputs_for(name, spread=2.0):
    return np.random.default_rng(1).normal(0, spread, (ROWS, LIKELIHOODS[name][0] * TARGETS))


@pytest.mark.parametrize("name", sorted(set(LIKELIHOODS) - {"tweedie"}))
@pytest.mark.parametrize("spread", [0.5, 4.0, 8.0])
def test_values_are_scipys(name, spread):
    y, target = outputs_for(name, spread=spread), LIKELIHOODS[name][1]
    expected = scipys(name, y, target)
    np.testing.assert_allclose(LOSSES[name].values(y, target), expected, rtol=1e-9, atol=1e-9)
    single = LOSSES[name].values(y.astype(np.float32), target.astype(np.float32))
    np.testing.assert_allclose(single, expected, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("power", [1.2, 1.5, 1.9])
def test_tweedie_is_half_the_deviance(power):
    metrics = pytest.importorskip("sklearn.metrics")
    y = outputs_for("tweedie")
    m, found = softplus(y) + FLOOR, LOSSES["tweedie"].with_options(power=power).values(y, COUNTS)
    for row in range(ROWS):
        deviance = metrics.mean_tweedie_deviance(COUNTS[row], m[row], power=power)
        of_targets = (COUNTS[row] ** (2 - power)).mean() / ((1 - power) * (2 - power))
        assert found[row] + of_targets == pytest.approx(deviance / 2)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_gradients_are_central_differences(name, engine):
    y, target = outputs_for(name), LIKELIHOODS[name][1]
    net, x = outputs_as_parameters(y, engine)
    assert el.check_gradients(net, x, target[:, None], loss=name, samples=30).worst < 1e-5


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_far_outputs_have_finite_losses_and_gradients_in_float32(name, engine):
    parts, target = LIKELIHOODS[name]
    for far in (-100.0, -30.0, 30.0):
        y = np.full((ROWS, parts * TARGETS), far, np.float32)
        net = el.Network(ROWS, [el.Dense(parts * TARGETS, bias=False)], engine=engine)
        net.params["0.W"] = y.T
        loss, found = net.loss_and_grads(np.eye(ROWS)[:, None, :], target[:, None], name)
        assert np.isfinite(loss) and np.isfinite(found["0.W"]).all()


DRAWN = {
    "normal": (lambda r, n: r.normal(1.5, 0.4, n), (1.5, 0.4)),
    "student_t": (lambda r, n: -1 + 0.5 * r.standard_t(5, n), (-1, 0.5, 5)),
    "poisson": (lambda r, n: r.poisson(2.5, n), (2.5,)),
    "negative_binomial": (lambda r, n: r.negative_binomial(1 / 0.5, 1 / (1 + 0.5 * 3), n), (3, 0.5)),
    "zero_inflated_poisson": (lambda r, n: r.poisson(2, n) * (r.random(n) > 0.4), (2, 0.4)),
    "zero_inflated_negative_binomial": (
        lambda r, n: r.negative_binomial(2, 1 / (1 + 0.5 * 4), n) * (r.random(n) > 0.3),
        (4, 0.5, 0.3),
    ),
    "tweedie": (lambda r, n: r.poisson(1, n) * r.gamma(2, 1.0, n), (2.0,)),
}


@pytest.mark.parametrize("name", DRAWN)
def test_parameters_of_drawn_data_are_found_again(name):
    draw, wanted = DRAWN[name]
    target = draw(np.random.default_rng(1), 8000).astype(float)[:, None, None]
    net = el.Network(1, [el.Dense(len(wanted))])
    net.fit(np.ones((8000, 1, 1)), target, loss=name, epochs=150, batch_size=1000, optimizer=el.Adam(0.05), verbose=0)
    y = net(np.ones((1, 1, 1)))[0, 0].astype(float)
    found = [y[0] if name in ("normal", "student_t") else softplus(y[0]), *map(softplus, y[1:])]
    if name == "student_t":
        found[2] += 2
    if "inflated" in name:
        found[-1] = 1 / (1 + np.exp(-y[-1]))
    np.testing.assert_allclose(found[:2], wanted[:2], rtol=0.12, atol=0.02)
    np.testing.assert_allclose(found[2:], wanted[2:], rtol=0.25)


@pytest.mark.parametrize("name", sorted(set(LIKELIHOODS) - {"normal", "student_t"}))
def test_scaled_counts_have_their_scale_behind_them(name):
    y, scale = outputs_for(name), np.random.default_rng(2).gamma(3, 2, (ROWS, TARGETS))
    scaled = LOSSES[name].with_options(scaled=True)
    np.testing.assert_allclose(
        scaled.values(y, np.concatenate([COUNTS, np.ones_like(COUNTS)], -1)), LOSSES[name].values(y, COUNTS)
    )
    wide = scaled.values(y, np.concatenate([COUNTS, scale], -1))
    parts = np.split(y, LIKELIHOODS[name][0], -1)
    mean = scale * (softplus(parts[0]) + FLOOR) - FLOOR
    parts[0] = np.log(np.expm1(mean))  # whose softplus is that mean
    np.testing.assert_allclose(wide, LOSSES[name].values(np.concatenate(parts, -1), COUNTS), rtol=1e-6)


def test_odd_input_is_refused():
    net, x = el.Network(1, [el.Dense(2)]), np.ones((4, 5, 1))
    with pytest.raises(DataError, match=r"poisson expects values in 0"):
        net.fit(x, -np.ones((4, 5, 2)), loss="poisson", epochs=1, verbose=0)
    with pytest.raises(ShapeError, match="the network outputs 2"):
        net.fit(x, np.ones((4, 5, 2)), loss="normal", epochs=1, verbose=0)
    with pytest.raises(OptionError, match="tweedie: power is 2"):
        net.fit(x, np.ones((4, 5, 2)), loss=LOSSES["tweedie"].with_options(power=2), epochs=1, verbose=0)
