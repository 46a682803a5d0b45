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


def test_ranks_end_together():
    def trained(ranks):
        net = recurrent(threads=1)
        history = train(net, X, TARGET, epochs=10**6, max_seconds=0.3, ranks=ranks)
        return net.arena.tobytes(), net.updates, history.epochs

    (found,) = set(el.distributed.in_threads(trained, 2))
    assert found[1] > 0


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


# --- estimators ---------------------------------------------------------------------------------------------


class Times(el.Callback):
    """The training of each network: how long it took, and whether its time was up."""

    side_by_side = True

    def __init__(self):
        self.stopped = []

    def on_train_end(self, training):
        self.stopped.append((training.net.updates, training.history.stopped))


def test_a_classifier_has_so_much_time_for_all_its_members():
    times, x = Times(), np.random.default_rng(0).normal(size=(40, 12, 2))
    model = el.SequenceClassifier(units=4, epochs=10**5, members=3, random_state=0, threads=1)
    model.fit(x, (x.sum(axis=(1, 2)) > 0).astype(int), callbacks=[times], max_seconds=0.3)
    assert len(times.stopped) == 3 and len(model.networks_) == 3
    assert all(updates > 0 and said == "max_seconds=0.3 have passed" for updates, said in times.stopped)
    assert model.predict_proba(x).shape == (40, 2)


def test_a_forecaster_learns_both_ways_in_its_time():
    times, wave = Times(), np.sin(np.arange(120.0) / 3) + 3
    forecaster = el.Forecaster(4, methods="network", cell="gru", units=4, epochs=10**5, members=1, batch_size=8)
    forecaster.fit(wave, callbacks=[times], max_seconds=0.4)
    (first, said), *_ = times.stopped  # then all values, for as many epochs as the first had done when it was best
    assert first > 0 and said == "max_seconds=0.4 have passed"
    assert np.isfinite(forecaster.predict()).all()


def test_a_language_model():
    model = el.LanguageModel(units=8, steps=8, streams=4, epochs=10**5)
    model.fit("to be or not to be, " * 40, verbose=0, max_seconds=0.2)
    assert model.history_.stopped == "max_seconds=0.2 have passed" and model.generate("to", 5)


@pytest.mark.parametrize("wrong", [0, "1"])
def test_estimators_refuse_no_time(wrong):
    x = np.zeros((8, 4, 1))
    for fit in (
        lambda: el.SequenceClassifier().fit(x, np.arange(8) % 2, max_seconds=wrong),
        lambda: el.SequenceRegressor().fit(x, np.arange(8.0), max_seconds=wrong),
        lambda: el.Forecaster(3).fit(np.arange(60.0), max_seconds=wrong),
        lambda: el.LanguageModel().fit("to be or not " * 99, max_seconds=wrong),
    ):
        with pytest.raises(OptionError, match="max_seconds is .*; expected a number above 0"):
            fit()
