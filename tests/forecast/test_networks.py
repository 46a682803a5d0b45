"""Direct networks as a method: from what pretrained ones know or from nothing, and how long they learn."""

import numpy as np
import pytest

from elman.cells import catalogue
from elman.forecast.networks import FEWEST, Networks, Settings
from elman.forecast.quantile_networks import learn, learn_all
from elman.forecast.rivals import Histories
from elman.forecast.teaching import LOOKS
from elman.training import LambdaCallback
from elman.training.schedules import ConstantRate

RNG = np.random.default_rng(0)
T = np.arange(60)
WAVES = np.stack([np.sin(2 * np.pi * (T + s) / 9) + 0.05 * RNG.normal(size=60) for s in range(8)])
HISTORIES = Histories.of(WAVES)
HELD, NONE, NOW = np.full(8, 6), np.zeros(8, int), np.array([0])


def small(**more):
    return Settings(**{"units": 5, "members": 1, "epochs": 3, "batch_size": 4} | more)


def arenas(networks):
    return [net.arena.copy() for net in networks.members]


def error(networks, histories=HISTORIES, horizon=6):
    made = networks(histories, horizon, np.array([horizon]))[:, 0]
    return np.abs(made - histories.values[:, -horizon:]).mean()


def test_the_same_seed_learns_the_same_bit_for_bit():
    first, again, other = (learn(small(seed=s), HISTORIES, 6, HELD) for s in (0, 0, 1))
    np.testing.assert_array_equal(arenas(first), arenas(again))
    assert first.epochs == again.epochs and not np.array_equal(arenas(first), arenas(other))


def test_members_are_not_alike():
    networks = learn(small(members=3), HISTORIES, 6, HELD)
    a, b, c = arenas(networks)
    assert len(networks.epochs) == 3 and not np.array_equal(a, b) and not np.array_equal(b, c)


def test_learning_lowers_the_error_of_what_was_held_back():
    settings = small(units=16, epochs=60, learning_rate=0.01)
    begun, learnt = learn(small(units=16, epochs=0), HISTORIES, 6, HELD), learn(settings, HISTORIES, 6, HELD)
    assert error(learnt) < 0.5 * error(begun) and learnt.epochs[0] > 0


def test_what_is_held_back_is_not_learnt():
    """Its end, another, may choose another epoch but not other weights of an epoch."""
    ended = WAVES.copy()
    ended[:, -6:] *= -5
    kept = []
    for values in (WAVES, ended):
        watch = LambdaCallback(on_epoch_end=lambda t: kept.append(t.net.arena.copy()))
        learn(small(), Histories.of(values), 6, HELD, callbacks=[watch])
    np.testing.assert_array_equal(kept[:3], kept[3:])


def test_the_best_of_the_epochs_that_were_judged_stays():
    seen = []
    watch = LambdaCallback(on_epoch_end=lambda t: seen.append((t.logs.get("forecast_error"), t.net.arena.copy())))
    networks = learn(small(epochs=20, learning_rate=0.05), HISTORIES, 6, HELD, callbacks=[watch])
    judged = {epoch: one for epoch, one in enumerate(seen, 1) if one[0] is not None}
    assert len(judged) <= LOOKS and max(judged) == 20
    best = min(judged, key=lambda epoch: judged[epoch][0])
    assert networks.epochs == [best]
    np.testing.assert_array_equal(networks.members[0].arena, judged[best][1])


def test_a_network_that_gets_worse_stays_as_it_came():
    settings = small(learning_rate=ConstantRate(30.0))
    networks = learn(settings, HISTORIES, 6, HELD)
    assert networks.epochs == [0]
    np.testing.assert_array_equal(arenas(networks), arenas(learn(small(epochs=0), HISTORIES, 6, HELD)))


def test_all_values_are_learnt_for_as_long_as_was_found_enough():
    heard = []
    watch = LambdaCallback(on_epoch_end=lambda t: heard.append(t.epoch))
    networks = learn_all(small(members=3), HISTORIES, 6, [2, 0, 3], callbacks=[watch])
    assert heard == [1, 2, 1, 2, 3] and networks.epochs == [2, 0, 3]


@pytest.mark.parametrize("cell", ["simple", "lstm", "min_gru", "gru"])
@pytest.mark.parametrize("units", [3, 64])
def test_only_the_default_starts_from_what_others_taught(cell, units):
    settings = small(cell=catalogue()[cell], units=units, epochs=0)
    assert settings.pretrained == (cell == "gru" and units == 64)
    made = learn(settings, HISTORIES, 6, HELD)(HISTORIES, 6, NOW)[:, 0]
    repeated = np.allclose(made, WAVES[:, -1:] + np.zeros(6), atol=1e-5)
    assert repeated != settings.pretrained


def test_of_few_series_pretrained_networks_learn_nothing_more():
    settings = Settings(members=1, batch_size=8)
    many = Histories.of(np.concatenate([WAVES] * 3)[:FEWEST])
    assert learn(settings, HISTORIES, 6, HELD).epochs == [0]
    heard = []
    watch = LambdaCallback(on_train_begin=lambda t: heard.append(t.epochs))
    learn(settings, many, 6, np.full(FEWEST, 6), callbacks=[watch])
    assert heard and heard[0] >= 3


@pytest.mark.parametrize("horizon", [1, 24, 25, 90])
@pytest.mark.parametrize("units", [5, 64])
def test_any_horizon(horizon, units):
    networks = learn(small(units=units, epochs=1), HISTORIES, horizon, HELD)
    made = networks.quantiles(HISTORIES, horizon + 3, NOW)
    assert made.shape == (8, 1, 7, horizon + 3) and np.isfinite(made).all() and (np.diff(made, axis=2) >= 0).all()
    np.testing.assert_array_equal(networks(HISTORIES, horizon, NOW), made[:, :, 3, :horizon])


def test_series_too_short_to_learn_from():
    short = Histories.of([[1.0], [2.0, 3.0]])
    networks = learn(small(), short, 6, np.zeros(2, int))
    np.testing.assert_allclose(networks(short, 4, NOW)[:, 0], [[1] * 4, [3] * 4], rtol=1e-6)
    assert networks.epochs == [0]


def test_series_without_anything_held_back_are_learnt_to_the_end():
    heard = []
    watch = LambdaCallback(on_epoch_end=lambda t: heard.append(t.logs))
    networks = learn(small(), HISTORIES, 6, NONE, callbacks=[watch])
    assert networks.epochs == [3] and not any("forecast_error" in logs for logs in heard)


def test_held_back_values_that_are_all_missing_judge_nothing():
    gap = WAVES.copy()
    gap[:, -6:-1] = np.nan
    gap[:, -1] = np.nan
    networks = learn(small(), Histories(gap, HISTORIES.lengths, HISTORIES.season), 6, HELD)
    assert networks.epochs == [3]


def test_of_many_series_some_are_drawn(monkeypatch):
    monkeypatch.setattr("elman.forecast.networks.MOST_SERIES", 3)
    heard = []
    watch = LambdaCallback(on_train_begin=lambda t: heard.append(t.batches))
    networks = learn(small(batch_size=1), HISTORIES, 6, HELD, callbacks=[watch])
    assert heard == [3] and networks(HISTORIES, 6, NOW).shape == (8, 1, 6)


@pytest.mark.parametrize("network, kept", [(1, 1), (2, 2)])
def test_ctrl_c_ends_with_the_best_so_far(network, kept):
    began = []

    def stop(training):
        began.extend([training] * (training.epoch == 1))
        if len(began) == network and training.epoch == 2:
            raise KeyboardInterrupt

    networks = learn(small(members=3), HISTORIES, 6, HELD, callbacks=[LambdaCallback(on_epoch_begin=stop)])
    assert networks.interrupted and len(networks.members) == len(networks.epochs) == kept
    assert networks.epochs[-1] <= 1
    assert not learn(small(), HISTORIES, 6, HELD).interrupted


def test_half_learnt_networks_give_way_to_those_before():
    done, before = learn(small(members=1, seed=4), HISTORIES, 6, HELD), learn(small(members=2), HISTORIES, 6, HELD)
    done.interrupted = True
    both = done.completed_by(before)
    assert both.members == [done.members[0], before.members[1]] and both.interrupted
    assert both.epochs == [done.epochs[0], before.epochs[1]]


def test_as_a_method_it_is_called_network():
    assert Networks().name == "network"
