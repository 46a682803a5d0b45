"""The end of a training when its time is up."""

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError
from elman.training import limits
from elman.training.limits import TimeLimit, shares
from tests.training.problems import recurrent, sums, train

X, TARGET = sums()


class Clock:
    """Time that passes with updates only: a second each."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(limits.time, "monotonic", lambda: self.now)
        self.callback = el.LambdaCallback(on_batch_end=self.tick)

    def tick(self, training):
        self.now += 1.0


def trained(monkeypatch, seconds, **options):
    clock, net = Clock(monkeypatch), recurrent()
    seen = []
    look = el.LambdaCallback(
        on_progress=lambda training: clock.tick(training), on_batch_end=lambda training: None, on_train_end=seen.append
    )
    history = train(net, X, TARGET, batch_size=10, epochs=3, max_seconds=seconds, callbacks=[look], **options)
    return net, history, seen


@pytest.mark.parametrize(("seconds", "updates", "epochs"), [(0.5, 1, 0), (2.5, 3, 0), (3.5, 4, 1), (6.5, 7, 1)])
def test_it_ends_after_the_update_that_passes_it(seconds, updates, epochs, monkeypatch):
    net, history, seen = trained(monkeypatch, seconds)
    assert (net.updates, net.epochs, history.epochs) == (updates, epochs, epochs)
    assert history.stopped == f"max_seconds={seconds:g} have passed" and len(seen) == 1
    assert net.history is history


def test_a_training_that_ends_in_time_is_as_without(monkeypatch):
    net, history, _ = trained(monkeypatch, 1000)
    plain = recurrent()
    train(plain, X, TARGET, batch_size=10, epochs=3)
    np.testing.assert_array_equal(net.arena, plain.arena)
    assert history.stopped == "" and history.epochs == 3


def test_a_real_clock():
    net = recurrent()
    history = train(net, X, TARGET, epochs=10**6, max_seconds=0.05)
    assert 0 < net.updates < 10**6 and "max_seconds=0.05" in history.stopped
    assert net.epochs == history.epochs


def test_the_best_weights_are_put_back_then(monkeypatch):
    net, history, _ = trained(monkeypatch, 9.5, validation_data=(X, TARGET))
    assert history.epochs == 2
    plain = recurrent()
    kept = train(plain, X, TARGET, batch_size=10, epochs=2, validation_data=(X, TARGET))
    assert kept["val_loss"] == history["val_loss"]


def test_no_call_of_the_engine_takes_longer(monkeypatch):
    limit = TimeLimit(0.01)
    assert 0 < limit.left <= 0.01
    monkeypatch.setattr(limits.time, "monotonic", lambda: 1e12)
    assert limit.left == 0.0


# --- several networks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("networks", "at_a_time", "ends"),
    [
        (1, 1, [1.0]),
        (2, 2, [1.0, 1.0]),
        (3, 2, [1.0, 1.0, 1.0]),
        (4, 2, [0.5, 0.5, 1.0, 1.0]),
        (4, 1, [0.25, 0.5, 0.75, 1.0]),
        (5, 2, [0.6, 0.6, 0.6, 1.0, 1.0]),
        (2, 8, [1.0, 1.0]),
    ],
)
def test_the_parts_of_networks_one_after_the_other(networks, at_a_time, ends):
    assert shares(networks, at_a_time) == ends


def test_every_network_has_its_part():
    nets = [recurrent(seed=seed) for seed in range(3)]
    histories = el.fit_many(nets, X, TARGET, epochs=10**6, max_seconds=0.2, threads=1, verbose=0)
    assert all(net.updates > 0 for net in nets)
    assert all("max_seconds=0.2" in history.stopped for history in histories)


@pytest.mark.parametrize("wrong", [0, -1, np.nan, "1", True])
def test_no_time(wrong):
    with pytest.raises(OptionError, match="max_seconds is .*; expected a number above 0"):
        train(recurrent(), X, TARGET, max_seconds=wrong)
    with pytest.raises(OptionError, match="max_seconds is .*; expected a number above 0"):
        el.fit_many([recurrent()], X, TARGET, max_seconds=wrong)
