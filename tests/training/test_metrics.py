"""Metrics beside the loss, and single updates."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError, ShapeError, TrainingError
from elman.network import GRU, Dense, Network
from elman.training import SGD, Adam
from tests.training.problems import recurrent, sums, train


def classes(net: Network, x: np.ndarray) -> np.ndarray:
    """Labels that the network gets right in all rows but the first three."""
    labels = net(x).argmax(axis=-1)
    labels[:3] = (labels[:3] + 1) % 2
    return labels


def test_accuracy_of_indices_and_of_one_hot_targets():
    net, (x, _) = recurrent(), sums()
    labels = classes(net, x)
    for target in (labels, np.eye(2)[labels]):
        found = net.evaluate(x, target, "softmax_cross_entropy", metrics=["accuracy"])
        assert found["accuracy"] == pytest.approx(37 / 40)
        assert found["loss"] == net.evaluate(x, target, "softmax_cross_entropy")


def test_accuracy_of_a_single_logit():
    net, (x, _) = recurrent(outputs=1), sums()
    yes = net(x)[:, 0] > 0
    assert net.evaluate(x, yes, "binary_cross_entropy", metrics=["accuracy"])["accuracy"] == 1


def test_metrics_count_steps_in_use_and_sample_weights():
    net, (x, _) = recurrent(sequences=True), sums()
    target, lengths, weight = np.zeros((40, 5, 2)), 1 + np.arange(40) % 5, 1.0 + np.arange(40)
    found = net.evaluate(x, target, "mse", metrics=["mse"], lengths=lengths, sample_weight=weight, batch_size=7)
    assert found["mse"] == pytest.approx(found["loss"], rel=1e-12)


def test_fit_reports_metrics_of_the_network_after_the_epoch(capsys):
    net, (x, _) = recurrent(), sums()
    labels = (x.sum(axis=(1, 2)) > 0).astype(int)
    options = {"loss": "softmax_cross_entropy", "metrics": ["accuracy", "mae"], "epochs": 3}
    history = train(net, x, labels, validation_data=(x[:20], labels[:20]), optimizer=Adam(0.05), **options, verbose=1)
    assert {"loss", "accuracy", "mae", "val_loss", "val_accuracy", "val_mae"} <= set(history.history)
    assert "val_accuracy" in capsys.readouterr().err
    assert history["val_accuracy"][-1] == np.mean(net(x[:20]).argmax(axis=1) == labels[:20])


def test_a_function_as_metric():
    def bias(y, target):
        return (y - target).mean(axis=-1)

    net, (x, y) = recurrent(), sums()
    assert net.evaluate(x, y, metrics=[bias])["bias"] == pytest.approx(np.mean(net(x) - y))
    with pytest.raises(ShapeError, match=r"metric <lambda> returned shape \(\)"):
        net.evaluate(x, y, metrics=[lambda y, target: np.mean(y)])


@pytest.mark.parametrize(
    ("metrics", "message"),
    [(["acuracy"], "did you mean 'accuracy'"), ("accuracy", r"metrics=\['accuracy'\]"), (["mae", "mae"], "twice")],
)
def test_metrics_that_are_none(metrics, message):
    with pytest.raises(OptionError, match=message):
        recurrent().evaluate(*sums(), metrics=metrics)


def test_single_updates_are_those_of_fit():
    x, y = sums()
    one, other = recurrent(drop=0.3), recurrent(drop=0.3)
    history = train(one, x, y, optimizer=Adam(0.01), batch_size=10, shuffle=False, epochs=2)
    adam = Adam(0.01)
    losses = [
        other.train_on_batch(x[i : i + 10], y[i : i + 10], optimizer=adam) for _ in range(2) for i in range(0, 40, 10)
    ]
    assert np.array_equal(one.arena, other.arena)
    assert np.mean(losses[4:]) == pytest.approx(history["loss"][1])


def test_single_updates_need_an_optimizer_that_remembers():
    with pytest.raises(OptionError, match=r"make one before the loop"):
        recurrent().train_on_batch(*sums(), optimizer="adam")


def test_a_single_update_that_fails_says_why():
    x, y = sums()
    net = Network(2, [GRU(3, return_sequences=False), Dense(2)])
    with pytest.raises(TrainingError, match=r"^update \d+: .* learning rate below"):
        for _ in range(30):
            net.train_on_batch(x * 1e30, y * 1e30, optimizer=SGD(1e30))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_metric_that_is_not_finite_is_named_and_goes_into_no_log(value):
    def ratio(y, target):
        return np.full(y.shape[:-1], value)

    net, x, y = el.Network(1, [el.Dense(1)]), np.ones((4, 3, 1)), np.ones((4, 3, 1))
    with pytest.raises(el.TrainingError, match="epoch 1: the metric ratio of the training data is"):
        net.fit(x, y, metrics=[ratio], epochs=1, verbose=0)
    assert "ratio" not in net.history.history
    with pytest.raises(el.DataError, match=f"the metric ratio is {value}"):
        net.evaluate(x, y, metrics=[ratio])


def test_a_metric_that_is_not_finite_on_the_validation_data_is_named():
    def ratio(y, target):
        return np.where(target[..., 0] > 1, np.nan, 0.0)

    net, x, y = el.Network(1, [el.Dense(1)]), np.ones((4, 3, 1)), np.ones((4, 3, 1))
    with pytest.raises(el.TrainingError, match="the metric ratio of the validation data is nan"):
        net.fit(x, y, metrics=[ratio], validation_data=(x, 2 * y), epochs=1, verbose=0)


@pytest.mark.parametrize("wrong", [None, "good", 1j, np.array(["a"]), object()])
def test_a_metric_that_returns_no_numbers_is_named(wrong):
    def ratio(y, target):
        return wrong

    net, x = el.Network(1, [el.Dense(1)]), np.ones((4, 3, 1))
    with pytest.raises((el.DataError, el.ShapeError), match="the metric ratio returned"):
        net.evaluate(x, x, metrics=[ratio])
