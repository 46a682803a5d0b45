"""Learning rates that are found, on problems whose stable rates are known in closed form."""

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError, TrainingError
from tests.training.problems import ENGINES, linear, recurrent, sums

RANDOM = np.random.default_rng(0)


def quadratic(scales, rows=64, noise=0.0, engine=None):
    """A linear regression of orthogonal inputs: the Hessian of the mse has 2 scale^2 on its diagonal."""
    basis, _ = np.linalg.qr(RANDOM.normal(size=(rows, len(scales))))
    x = basis * np.sqrt(rows) * scales
    target = x @ RANDOM.normal(size=(len(scales), 1)) * 1.0 + noise * RANDOM.normal(size=(rows, 1))
    net = el.Network(len(scales), [el.Dense(1, bias=False)], dtype=np.float64, engine=engine)
    return net, x[:, None], target[:, None], 2 * np.square(scales)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("scales", [[1.0], [3.0, 0.5], [0.1, 0.02, 0.05]])
def test_the_losses_are_those_of_the_closed_form(scales, engine):
    net, x, target, curvature = quadratic(np.array(scales), engine=engine)
    found = el.find_rate(net, x, target, optimizer="sgd", low=1e-3, high=1e3, updates=60, batch_size=64, smoothing=0.0)
    # e_k, the error of the weight along an eigenvector: e_(k+1) = (1 - rate_k curvature) e_k
    rates = 1e-3 * 1e6 ** (np.arange(60) / 59)
    best = np.linalg.lstsq(x[:, 0], target[:, 0], rcond=None)[0][:, 0]
    errors = (net.params["0.W"][0] - best) * np.cumprod(1 - rates[:, None] * curvature, axis=0)
    expected = (np.square(errors) * curvature / 2).sum(axis=1)
    np.testing.assert_allclose(found.rates, rates[: len(found.rates)], rtol=1e-12)
    np.testing.assert_allclose(found.losses, expected[: len(found.losses)], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("largest", [0.5, 1.0, 4.0, 20.0])
def test_it_diverges_where_gradient_descent_must(largest):
    net, x, target, curvature = quadratic(np.array([largest, largest / 30]), rows=512, noise=largest)
    found = el.find_rate(net, x, target, optimizer="sgd", low=1e-6, high=1e4, updates=400, batch_size=32, smoothing=0.8)
    stable = 2 / curvature.max()
    assert stable < found.diverged < 4 * stable
    assert found.suggestion < stable / 4 and found.steepest < stable
    # and the suggestion trains, what is twice the stable rate does not
    taught = el.Network(2, [el.Dense(1, bias=False)], dtype=np.float64)
    left = np.linalg.lstsq(x[:, 0], target[:, 0], rcond=None)[1][0] / len(x)  # which no weights spare
    before = taught.evaluate(x, target) - left
    taught.fit(x, target, optimizer=el.SGD(found.suggestion), epochs=20, verbose=0)
    assert taught.evaluate(x, target) - left < before / 2
    with pytest.raises(TrainingError):
        net.fit(x, target, optimizer=el.SGD(2 * stable), epochs=200, verbose=0)


def test_the_scale_of_the_problem_is_that_of_the_rate():
    found = []
    for scale in (1.0, 10.0):
        net, x, target, _ = quadratic(np.array([scale]), rows=256, noise=scale)
        found.append(el.find_rate(net, x, target, optimizer="sgd", low=1e-6, high=1e3, updates=300, batch_size=32))
    assert 50 < found[0].diverged / found[1].diverged < 200


def test_nothing_changes():
    x, target = sums()
    net, optimizer = recurrent(drop=0.2), el.Adam(0.01, average=el.EMA())
    net.fit(x, target, optimizer=optimizer, epochs=1, verbose=0)
    before, stored, history = net.arena.copy(), optimizer.state_dict(), net.history
    found = el.find_rate(net, x, target, optimizer=optimizer, batch_size=8)
    np.testing.assert_array_equal(net.arena, before)
    assert (net.updates, net.epochs, net.history, optimizer.learning_rate) == (2, 1, history, 0.01)
    assert all((optimizer.state_dict()[name] == value).all() for name, value in stored.items())
    again = el.find_rate(net, x, target, optimizer=optimizer, batch_size=8)
    np.testing.assert_array_equal(found.losses, again.losses)


def test_options_of_fit_go_with_it():
    x, target = sums(steps=6)
    lengths = RANDOM.integers(1, 7, len(x))
    how = {"loss": "mae", "lengths": lengths, "accumulate": 2, "batch_size": 4, "sample_weight": np.ones(len(x))}
    found = el.find_rate(recurrent(), x, target, updates=40, high=1.0, **how)
    assert 3 <= len(found.rates) <= 40 and found.rates[0] == 1e-6


def test_what_it_says():
    net, x, target, _ = quadratic(np.array([1.0]), noise=0.3)
    found = el.find_rate(net, x, target, optimizer="sgd", high=100.0)
    assert repr(found).startswith(f"<FoundRate: suggestion={found.suggestion:.3g}, steepest=")
    axes = found.plot()
    assert [line.get_label().split()[0] for line in axes.lines] == [
        "loss", "smoothed", "suggestion", "steepest", "diverged"
    ]  # fmt: skip


def test_a_loss_that_falls_at_no_rate():
    x = np.ones((16, 1, 2))
    found = el.find_rate(linear(), x, linear()(x), optimizer="sgd", low=1.0, high=100.0, updates=20)
    with pytest.raises(TrainingError, match="the loss fell at no learning rate from 1 to "):
        _ = found.suggestion
    assert "the loss did not fall" in repr(found)
    found.plot()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"low": 1.0, "high": 0.1}, "low is 1 and high is 0.1"),
        ({"low": 0}, "low is 0; expected a number above 0"),
        ({"updates": 2}, "updates is 2; expected a whole number of at least 3"),
        ({"smoothing": 1.0}, r"smoothing is 1.0; expected a number in \[0, 1\)"),
        ({"epochs": 3}, "find_rate has no argument 'epochs': updates says how many"),
        ({"batchsize": 3}, r"find_rate has no argument 'batchsize' \(did you mean 'batch_size'"),
        ({"callbacks": []}, "find_rate has no argument 'callbacks': it is of a training"),
    ],
)
def test_options_that_make_no_sense(options, said):
    with pytest.raises(OptionError, match=said):
        el.find_rate(recurrent(), *sums(), **options)
