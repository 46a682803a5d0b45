"""Attributions add up to the difference of outputs, and are those of closed forms and of numerical integration."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.data.cases import Cases
from elman.network.pieces import follow
from tests.classify.samples import classifier, regressor, sequences, with_gaps

X, Y = sequences(12)
PLAIN = {"convolution": None}


def linear(model):
    """The estimator with a network that is linear in its inputs: ``W mean over t of x[t] + b``."""
    outputs = model.networks_[0].outputs
    net = el.Network(lambda x: el.Dense(outputs)(el.pool(x, "mean")), inputs=model.scaling_.width, seed=3)
    net.params["dense.b"] = np.linspace(-0.5, 0.5, outputs)
    model.networks_ = [net]
    return net.params["dense.W"].astype(float)


def scaled(model, x):
    return (x - model.scaling_.mean) / model.scaling_.spread


# --- against what is known ----------------------------------------------------------------------------------


def test_of_a_linear_network_each_value_adds_its_product():
    model = regressor(epochs=1, **PLAIN).fit(X, np.linspace(10, 90, len(X)))
    W = linear(model)
    found = model.explain(X)
    for n, x in enumerate(X):
        expected = model.target_spread_ * W[0] * scaled(model, x) / len(x)
        np.testing.assert_allclose(found.values[n, : len(x)], expected, atol=1e-4)
        assert np.isnan(found.values[n, len(x) :]).all()
    np.testing.assert_allclose(found.output, model.predict(X), rtol=1e-6)
    assert np.abs(found.residual).max() < 1e-3 and (found.points == 16).all() and not found.notes
    alone = model.explain(X, method="occlusion", window=1)
    np.testing.assert_allclose(alone.values, found.values, atol=1e-3)


def test_log_odds_of_two_classes_are_linear_in_a_linear_network():
    model = classifier(epochs=1, **PLAIN).fit(X, Y)
    W, model.temperature_ = linear(model), 1.7
    found = model.explain(X, "up", output="logit")
    for n, x in enumerate(X):
        expected = (W[1] - W[0]) * scaled(model, x) / len(x) / 1.7
        np.testing.assert_allclose(found.values[n, : len(x)], expected, atol=1e-6)
    p = model.predict_proba(X)[:, 1]
    np.testing.assert_allclose(found.output, np.log(p / (1 - p)), rtol=1e-6)
    np.testing.assert_allclose(model.explain(X, "down", output="logit").values, -found.values, atol=1e-6)


@pytest.mark.parametrize("output", ["probability", "logit"])
def test_gradients_are_integrated_as_numerical_integration_of_differences_does(output):
    x, y = sequences(9, shortest=4, longest=4)
    y = np.array(["a", "b", "c"])[np.arange(9) % 3]
    model = classifier(cell="lstm", pooling="attention", learning_rate=0.1, **PLAIN).fit(x, y)
    net = model.networks_[0]
    exact = el.Network.of_structure(net.structure, dtype=np.float64)
    follow(exact, net)

    def said(inputs):
        e = np.exp(exact(inputs) / model.temperature_)
        p = e[:, 1] / e.sum(1)
        return p if output == "probability" else np.log(p / (1 - p))

    z, points, step = scaled(model, x[0])[None], 400, 1e-5
    between = (np.arange(points) + 0.5)[:, None, None] / points * z
    expected = np.empty(z.shape[1:])
    for t, f in np.ndindex(expected.shape):
        away = np.zeros_like(z)
        away[0, t, f] = step
        expected[t, f] = z[0, t, f] * np.mean(said(between + away) - said(between - away)) / (2 * step)
    found = model.explain(x[:1], "b", output=output, points=64)
    np.testing.assert_allclose(found.values[0], expected, atol=2e-5)
    assert found.difference[0] == pytest.approx(float(said(z)[0] - said(0 * z)[0]), abs=1e-5)


def test_occlusion_is_the_mean_loss_over_the_windows_that_hold_a_step():
    model = classifier(epochs=2, **PLAIN).fit(X, Y)
    long = [max(X, key=len)]
    steps, window, stride = len(long[0]), 4, 2
    found = model.explain(long, "up", method="occlusion", window=window)
    before = model.predict_proba(long)[0, 1]
    total, count = np.zeros((steps, 2)), np.zeros(steps)
    for first in range(-stride, steps, stride):
        held = [t for t in range(first, first + window) if 0 <= t < steps]
        count[held] += 1
        for f in range(2):
            without = long[0].copy()
            without[held, f] = model.scaling_.mean[f]
            total[held, f] += before - model.predict_proba([without])[0, 1]
    np.testing.assert_allclose(found.values[0], total / count[:, None], atol=1e-6)
    assert found.points is None and "4 steps together" in found.notes[0]


# --- adding up ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"members": 2, "convolution": "front", "validation": 0.3},
        {"bidirectional": False, "convolution": "beside", "pooling": ["max", "last", "attention"]},
    ],
    ids=str,
)
def test_attributions_of_cases_with_gaps_add_up_to_the_difference(options):
    model = classifier(learning_rate=0.05, **options).fit(with_gaps(X), Y)
    seen = with_gaps(X, seed=4)
    found = model.explain(seen)
    p = model.predict_proba(seen)
    assert (found.target == model.predict(seen)).all()
    np.testing.assert_allclose(found.output, p.max(1), rtol=1e-6)
    means = [np.tile(model.scaling_.mean, (len(x), 1)) for x in seen]
    np.testing.assert_allclose(found.baseline_output, model.predict_proba(means)[np.arange(12), p.argmax(1)], rtol=1e-5)
    total = np.nansum(found.values, axis=(1, 2))
    np.testing.assert_allclose(total + found.residual, found.output - found.baseline_output, atol=1e-12)
    near = np.abs(found.residual) <= np.maximum(0.01 * np.abs(found.difference), 1e-4)
    assert near.all() or (found.notes and found.points[~near].min() == 256)
    np.testing.assert_allclose(found.by_channel.sum(1), total)
    np.testing.assert_allclose(np.nansum(found.by_step, axis=1), total)
    missing = np.isnan(seen[0])
    assert np.abs(found.values[0, : len(seen[0])][missing]).max() > 0  # being missing says something


def timed():
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.exponential(size=(8, 5)) + 0.1, axis=1)
    return Cases(rng.normal(size=(8, 5, 1)), np.full(8, 5), ("x",), times - times[:, :1], names=tuple("abcdefgh"))


@pytest.mark.parametrize("method", ["integrated", "occlusion"])
def test_how_long_steps_took_has_attributions_of_its_own(method):
    cases = timed()
    model = regressor(learning_rate=0.1, **PLAIN).fit(cases, cases.times[:, -1])
    found = model.explain(cases, method=method)
    assert found.gaps.shape == (8, 5) and (found.gaps[:, 0] == 0).all() and found.gaps.any()
    if method == "integrated":
        total = np.nansum(found.values, axis=(1, 2)) + found.gaps.sum(1)
        np.testing.assert_allclose(total + found.residual, found.difference)
        assert np.abs(found.residual).max() < 0.02 * np.abs(found.difference).max()
    table = found.to_pandas()
    assert list(table.columns) == ["case", "step", "time", "channel", "value", "attribution"]
    assert len(table) == 40 and table["case"][39] == "h" and table["time"][39] == cases.times[7, 4]
    np.testing.assert_array_equal(table["attribution"], found.values.ravel())
    import matplotlib

    matplotlib.use("Agg")
    assert found.plot(2).images[0].get_array().shape == (2, 5)
    matplotlib.pyplot.close("all")


def test_too_few_points_are_noted():
    model = classifier(learning_rate=0.3, epochs=20, **PLAIN).fit(X, Y)
    found = model.explain([50 * x for x in X], points=1)
    assert "do not add up to the difference within 1%" in found.notes[0] and (found.points == 1).all()
    better = model.explain([50 * x for x in X])
    assert np.abs(better.residual).max() < np.abs(found.residual).max()


# --- what is asked ------------------------------------------------------------------------------------------


def test_the_class_that_is_meant_is_one_for_all_or_one_for_each():
    model = classifier(epochs=1, **PLAIN).fit(X, Y)
    each = model.explain(X, Y)
    np.testing.assert_array_equal(each.target, Y)
    np.testing.assert_array_equal(each.values[0], model.explain(X, "up").values[0])
    ragged = each.to_pandas()
    assert len(ragged) == 2 * sum(map(len, X)) and not ragged["attribution"].isna().any()
    assert "integrated of 12 cases, probability" in repr(each)


@pytest.mark.parametrize(
    "asked, message",
    [
        ({"method": "integratd"}, "did you mean 'integrated'"),
        ({"output": "logits"}, "did you mean 'logit'"),
        ({"output": ["logit"]}, "output is"),
        ({"points": 0}, "points is 0"),
        ({"window": 3}, "window is of occlusion"),
        ({"points": 3, "method": "occlusion"}, "points are of integrated"),
        ({"window": -1, "method": "occlusion"}, "window is -1"),
        ({"target": "sideways"}, "'sideways', which was not learnt"),
        ({"target": ["up", "down"]}, "target has shape \\(2,\\)"),
        ({"method": ["a"]}, "method is"),
    ],
)
def test_what_means_nothing_is_refused(fitted, asked, message):
    with pytest.raises(el.ElmanError, match=message):
        fitted.explain(X, **asked)


@pytest.fixture(scope="module")
def fitted():
    return classifier(epochs=1, units=2, **PLAIN).fit(X, Y)


def test_a_picture_of_one_case(fitted):
    import matplotlib

    matplotlib.use("Agg")
    found = fitted.explain([np.where(np.arange(len(x))[:, None] == 1, np.nan, x) for x in X[:2]])
    ax = found.plot(1)
    assert ax.images[0].get_array().shape == (2, len(X[1])) and len(ax.lines) == 2
    assert "case 1: probability of class" in ax.get_title("left")
    np.testing.assert_allclose(ax.images[0].get_array(), found.values[1, : len(X[1])].T)
    matplotlib.pyplot.close("all")
    for wrong in (2, -1, "a"):
        with pytest.raises(el.OptionError, match="case is"):
            found.plot(wrong)
