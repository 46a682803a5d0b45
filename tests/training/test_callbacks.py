"""Callbacks: when they are called, and what they do to a training."""

import csv

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError
from tests.training.problems import ENGINES, recurrent, sums, train

X, TARGET = sums()


class Script(el.Callback):
    """Gives the validation losses of a script, and remembers the weights of each epoch."""

    def __init__(self, losses):
        self.losses, self.weights = losses, {}

    def on_epoch_end(self, training):
        training.logs["val_loss"] = self.losses[training.epoch - 1]
        self.weights[training.epoch] = training.net.arena.copy()


def scripted(losses, **options):
    net, script, stopping = recurrent(), Script(losses), el.EarlyStopping(**options)
    train(net, X, TARGET, epochs=len(losses), validation_data=(X, TARGET), callbacks=[script, stopping])
    return net, script, stopping


@pytest.mark.parametrize(
    ("losses", "options", "best", "epochs"),
    [
        ([5, 4, 3, 3, 3, 1], {"patience": 2}, 3, 5),
        ([5, 4, 3, 3, 3, 1], {"patience": 3}, 6, 6),
        ([5, 4.9, 4.8, 4.7, 3, 3], {"patience": 3, "min_delta": 0.5}, 1, 4),
        ([5, 4.9, 4.8, 4.4, 3, 3], {"patience": 3, "min_delta": 0.5}, 5, 6),
        ([1, 2, 3], {"patience": 10}, 1, 3),
    ],
)
def test_early_stopping_ends_when_it_should_and_restores_the_best_weights(losses, options, best, epochs):
    net, script, stopping = scripted(losses, **options)
    assert (stopping.best_epoch_, net.history.epochs) == (best, epochs)
    assert stopping.stopped_epoch_ == (epochs if epochs < len(losses) else 0)
    np.testing.assert_array_equal(net.arena, script.weights[best])


def test_early_stopping_may_leave_the_last_weights():
    net, script, _ = scripted([1, 2, 3, 4], patience=2, restore_best=False)
    np.testing.assert_array_equal(net.arena, script.weights[3])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_restored_weights_are_those_of_the_lowest_validation_loss(engine):
    net = recurrent(engine=engine)
    noisy = TARGET + np.random.default_rng(0).normal(size=TARGET.shape)
    history = train(
        net,
        X[:8],
        noisy[:8],
        optimizer=el.Adam(0.1),
        epochs=200,
        validation_data=(X[8:], noisy[8:]),
        callbacks=[el.EarlyStopping(patience=5)],
    )
    assert history.epochs == history.best_epoch + 5 < 200
    assert net.evaluate(X[8:], noisy[8:]) == min(history["val_loss"])


def test_early_stopping_begins_anew_in_each_training():
    stopping = el.EarlyStopping("loss", patience=2)
    for _ in range(2):
        assert train(recurrent(), X, TARGET, epochs=4, callbacks=[stopping]).epochs == 4


def test_a_monitor_that_is_not_there():
    with pytest.raises(OptionError, match="monitors val_loss, but there is no validation_data"):
        train(recurrent(), X, TARGET, callbacks=[el.EarlyStopping()])
    with pytest.raises(OptionError, match="monitors 'accuracy'; there are loss, learning_rate, seconds"):
        train(recurrent(), X, TARGET, callbacks=[el.EarlyStopping("accuracy")])


@pytest.mark.parametrize("options", [{"patience": 0}, {"patience": 2.0}, {"min_delta": -1}])
def test_early_stopping_options_that_make_no_sense(options):
    with pytest.raises(OptionError):
        el.EarlyStopping(**options)


# --- files --------------------------------------------------------------------------------------------------


def test_checkpoints_hold_the_weights_of_epochs_that_were_better(tmp_path):
    net, script = recurrent(), Script([5, 6, 4, 4])
    checkpoint = el.ModelCheckpoint(tmp_path / "{epoch}-{val_loss}.safetensors")
    train(net, X, TARGET, epochs=4, validation_data=(X, TARGET), callbacks=[script, checkpoint])
    assert sorted(f.name for f in tmp_path.iterdir()) == ["1-5.safetensors", "3-4.safetensors"]
    stored, there = el.load(tmp_path / "3-4.safetensors"), recurrent()
    there.arena[:] = script.weights[3]
    for name, value in there.params.items():
        np.testing.assert_array_equal(stored.params[name], value)


def test_checkpoints_without_monitor_are_written_after_each_epoch(tmp_path):
    checkpoint = el.ModelCheckpoint(tmp_path / "{epoch}.safetensors", monitor=None)
    train(recurrent(), X, TARGET, epochs=3, callbacks=[checkpoint])
    assert len(list(tmp_path.iterdir())) == 3


def test_a_checkpoint_name_that_cannot_be_filled_in(tmp_path):
    with pytest.raises(OptionError, match="'acc'.*; there are epoch, loss, learning_rate, seconds"):
        train(recurrent(), X, TARGET, callbacks=[el.ModelCheckpoint(tmp_path / "{acc}", monitor=None)])


def test_the_logged_file_holds_the_history(tmp_path):
    (tmp_path / "log.csv").write_text("from an earlier training\n")
    history = train(recurrent(), X, TARGET, epochs=3, callbacks=[el.CSVLogger(tmp_path / "log.csv")])
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row.pop("epoch")) for row in rows] == [1, 2, 3]
    assert {name: [float(row[name]) for row in rows] for name in rows[0]} == history.history


# --- events -------------------------------------------------------------------------------------------------


def test_events_come_in_order():
    events = []
    names = [n for n in dir(el.Callback) if n.startswith("on_")]
    note = el.LambdaCallback(**{n: lambda training, n=n: events.append((n, training.epoch)) for n in names})
    train(recurrent(), X, TARGET, batch_size=20, epochs=2, callbacks=[note])
    epochs = [
        [("on_epoch_begin", e), *[("on_progress", e), ("on_batch_end", e)] * 2, ("on_epoch_end", e)] for e in (1, 2)
    ]
    assert events == [("on_train_begin", 0), *epochs[0], *epochs[1], ("on_train_end", 2)]


def test_what_a_callback_logs_is_in_the_history():
    note = el.LambdaCallback(on_epoch_end=lambda training: training.logs.update(error=1 / training.epoch))
    assert train(recurrent(), X, TARGET, epochs=2, callbacks=[note])["error"] == [1, 0.5]


def test_a_training_stopped_within_an_epoch_leaves_that_epoch_out():
    def stop(training):
        training.stop = training.epoch == 2 and training.batch == 3

    net = recurrent()
    history = train(net, X, TARGET, batch_size=8, callbacks=[el.LambdaCallback(on_batch_end=stop)])
    assert (history.epochs, net.epochs, net.updates) == (1, 1, 8)


def test_the_learning_rate_may_be_changed_between_epochs():
    def halve(training):
        training.optimizer.learning_rate /= 2

    optimizer = el.SGD(0.4)
    history = train(
        recurrent(), X, TARGET, optimizer=optimizer, epochs=3, callbacks=[el.LambdaCallback(on_epoch_end=halve)]
    )
    assert history["learning_rate"] == [0.4, 0.2, 0.1]


def test_an_event_that_does_not_exist():
    with pytest.raises(OptionError, match="no event 'on_epoch_stop'; there are on_train_begin"):
        el.LambdaCallback(on_epoch_stop=print)


def test_a_callback_is_told_every_so_many_updates_of_the_networks_life():
    class Every(el.Callback):
        def __init__(self, every):
            self.every, self.told = every, []

        def on_batch_end(self, training):
            self.told.append((training.net.updates, training.batch))

    fifth, each, net = Every(5), Every(1), recurrent()
    train(net, *sums(), batch_size=10, epochs=2, callbacks=[fifth, each])  # 4 updates an epoch
    train(net, *sums(), batch_size=10, epochs=1, callbacks=[fifth])
    assert fifth.told == [(5, 1), (10, 2)]
    assert [updates for updates, _ in each.told] == list(range(1, 9))
