"""Callbacks: when they are called, and what they do to a training."""

import csv

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError
from elman.training.metrics import direction
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
    there.params.write(script.weights[3])
    for name, value in there.params.items():
        np.testing.assert_array_equal(stored.params[name], value)


def test_checkpoints_without_monitor_are_written_after_each_epoch(tmp_path):
    checkpoint = el.ModelCheckpoint(tmp_path / "{epoch}.safetensors", monitor=None)
    train(recurrent(), X, TARGET, epochs=3, callbacks=[checkpoint])
    assert len(list(tmp_path.iterdir())) == 3


def test_a_checkpoint_name_that_cannot_be_filled_in(tmp_path):
    with pytest.raises(OptionError, match="'acc'.*; there are epoch, loss, learning_rate, seconds"):
        train(recurrent(), X, TARGET, callbacks=[el.ModelCheckpoint(tmp_path / "{acc}", monitor=None)])


def lines(file):
    with file.open() as opened:
        return list(csv.DictReader(opened))


def test_the_logged_file_holds_the_history(tmp_path):
    history = train(recurrent(), X, TARGET, epochs=3, callbacks=[el.CSVLogger(tmp_path / "log.csv")])
    rows = lines(tmp_path / "log.csv")
    assert [int(row.pop("epoch")) for row in rows] == [1, 2, 3]
    assert {name: [float(row[name]) for row in rows] for name in rows[0]} == history.history


def test_a_log_of_an_earlier_training_is_not_lost(tmp_path):
    file, net = tmp_path / "log.csv", recurrent()
    log = el.CSVLogger(file)
    train(net, X, TARGET, epochs=2, callbacks=[log])
    train(net, X, TARGET, epochs=1, callbacks=[log])
    before = file.read_text()
    with pytest.raises(OptionError, match="would write over .*log.csv.* append=True"):
        train(net, X, TARGET, epochs=1, callbacks=[el.CSVLogger(file)])
    assert file.read_text() == before and net.epochs == 3
    more = {"validation_data": (X, TARGET), "callbacks": [el.CSVLogger(file, append=True)]}
    history = train(net, X, TARGET, epochs=2, **more)
    assert [row["epoch"] for row in lines(file)] == ["1", "2", "3", "4", "5"]
    assert [row["val_loss"] for row in lines(file)] == ["", "", "", *map(str, history["val_loss"])]


def test_lines_are_added_to_a_log_only(tmp_path):
    (tmp_path / "log.csv").write_text("month,sales\n1,2\n")
    with pytest.raises(OptionError, match="no column epoch"):
        train(recurrent(), X, TARGET, epochs=1, callbacks=[el.CSVLogger(tmp_path / "log.csv", append=True)])
    assert (tmp_path / "log.csv").read_text() == "month,sales\n1,2\n"


def test_a_checkpoint_of_an_earlier_training_is_replaced_by_a_better_one_only(tmp_path):
    file, net = tmp_path / "best.safetensors", recurrent()
    checkpoint = el.ModelCheckpoint(file)
    for losses, best in (([5, 3, 4], 2), ([6, 4, 3.5], 2), ([9, 2, 8], 8)):
        train(net, X, TARGET, epochs=3, validation_data=(X, TARGET), callbacks=[Script(losses), checkpoint])
        assert el.load(file).epochs == best
    with pytest.raises(OptionError, match="holds the best of another network"):
        train(recurrent(), X, TARGET, validation_data=(X, TARGET), callbacks=[checkpoint])
    new = {"validation_data": (X, TARGET), "epochs": 1}
    with pytest.raises(OptionError, match="would write over .*best.safetensors.*overwrite=True"):
        train(recurrent(), X, TARGET, **new, callbacks=[el.ModelCheckpoint(file)])
    assert el.load(file).epochs == 8
    train(recurrent(), X, TARGET, **new, callbacks=[el.ModelCheckpoint(file, overwrite=True)])
    assert el.load(file).epochs == 1


def test_checkpoints_of_a_resumed_training_go_on_counting(tmp_path):
    def checkpoint():
        return el.ModelCheckpoint(tmp_path / "net-{epoch:03d}-{loss:.2f}", monitor=None)

    net = recurrent()
    for _ in range(2):
        train(net, X, TARGET, epochs=2, callbacks=[checkpoint()])
    assert [f.name[:7] for f in sorted(tmp_path.iterdir())] == ["net-001", "net-002", "net-003", "net-004"]
    with pytest.raises(OptionError, match="would write over .*net-001"):
        train(recurrent(), X, TARGET, epochs=2, callbacks=[checkpoint()])


# --- numbers that should rise -------------------------------------------------------------------------------

RISING = [0.81, 0.87, 0.86, 0.88, 0.89, 0.5, 0.6]


class Accuracies(el.Callback):
    """Gives the validation accuracies of a script."""

    def on_epoch_end(self, training):
        training.logs["val_accuracy"] = RISING[training.epoch - 1]


def labelled(**more):
    return {"loss": "softmax_cross_entropy", "validation_data": (X, TARGET.argmax(axis=1)), "epochs": 7, **more}


def test_an_accuracy_should_rise(tmp_path):
    stopping = el.EarlyStopping("val_accuracy", patience=2)
    checkpoint = el.ModelCheckpoint(tmp_path / "{epoch}", "val_accuracy")
    callbacks = [Accuracies(), stopping, checkpoint]
    train(recurrent(), X, TARGET.argmax(axis=1), **labelled(metrics=["accuracy"], callbacks=callbacks))
    assert (stopping.best_epoch_, stopping.stopped_epoch_) == (5, 7)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["1", "2", "4", "5"]


def test_a_metric_of_ones_own_says_whether_it_should_rise():
    def share(y, target):
        return (y.argmax(axis=-1) == target[..., 0]) * 1.0

    options = labelled(metrics=[share], callbacks=[el.EarlyStopping("val_share")])
    with pytest.raises(OptionError, match="cannot know whether 'val_share' should fall or rise: give mode='min'"):
        train(recurrent(), X, TARGET.argmax(axis=1), **options)
    for stopping in (el.EarlyStopping("share", mode="max"), el.EarlyStopping("val_share", mode="max")):
        train(recurrent(), X, TARGET.argmax(axis=1), **{**options, "callbacks": [stopping]})
    direction("max")(share)
    train(recurrent(), X, TARGET.argmax(axis=1), **options)


@pytest.mark.parametrize(
    ("monitor", "options", "said"),
    [
        ("val_los", {}, r"there are loss, .* \(did you mean 'val_loss'"),
        ("val_accuracy", {}, r"give fit metrics=\['accuracy'\]"),
        ("val_mse", {"validation_data": None, "metrics": ["mse"]}, "give fit validation_data"),
    ],
)
def test_a_misspelt_monitor_is_refused_before_anything_is_trained(monitor, options, said):
    net = recurrent()
    with pytest.raises(OptionError, match=said):
        train(net, X, TARGET, **{"validation_data": (X, TARGET), **options}, callbacks=[el.EarlyStopping(monitor)])
    assert not net.updates


@pytest.mark.parametrize("options", [{"mode": "up"}, {"monitor": 3}, {"min_delta": "1"}, {"restore_best": 1}])
def test_options_of_early_stopping_of_the_wrong_kind(options):
    with pytest.raises(OptionError):
        el.EarlyStopping(**options)


def test_all_callbacks_are_told_of_the_end_also_behind_one_that_raises():
    def fail(training):
        raise ZeroDivisionError

    told, net = [], recurrent()
    note = el.LambdaCallback(on_train_end=lambda training: told.append(training.failed))
    with pytest.raises(ZeroDivisionError):
        train(net, X, TARGET, callbacks=[el.LambdaCallback(on_train_end=fail), note])
    with pytest.raises(ZeroDivisionError):
        train(net, X, TARGET, callbacks=[el.LambdaCallback(on_epoch_end=fail), note])
    assert told == [False, True]
    train(net, X, TARGET, epochs=1)


def test_callbacks_are_a_list_of_callbacks():
    train(recurrent(), X, TARGET, epochs=1, callbacks=(c for c in [el.LambdaCallback()]))
    for wrong in (el.LambdaCallback(), 3, None, [print]):
        with pytest.raises(OptionError, match="callback"):
            train(recurrent(), X, TARGET, epochs=1, callbacks=wrong)


# --- events -------------------------------------------------------------------------------------------------


def test_events_come_in_order():
    events = []
    names = [n for n in dir(el.Callback) if n.startswith("on_")]
    note = el.LambdaCallback(**{n: lambda training, n=n: events.append((n, training.epoch)) for n in names})
    train(recurrent(), X, TARGET, batch_size=20, epochs=2, callbacks=[note])
    epochs = [
        [("on_epoch_begin", e), *[("on_batch_end", e), ("on_progress", e)] * 2, ("on_epoch_end", e)] for e in (1, 2)
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


def test_what_goes_with_one_network_is_refused_before_any_of_several_is_trained(tmp_path):
    began = []
    watching = el.LambdaCallback(on_train_begin=lambda training: began.append(training))
    forecaster = el.Forecaster(units=4, epochs=1, members=2)
    checkpoint = el.ModelCheckpoint(tmp_path / "best.safetensors", "loss")
    for members, trained in (
        (2, 4),
        (1, 2),
    ):  # each once without its end, which says when it is enough, and once with it
        forecaster.set_params(members=members)
        with pytest.raises(OptionError, match=f"ModelCheckpoint goes with one network, and {trained}"):
            forecaster.fit(np.sin(np.arange(60.0)), callbacks=[watching, checkpoint])
    assert not began and not (tmp_path / "best.safetensors").exists()


@pytest.mark.parametrize("wrong", [3, "all", [print], [el.EarlyStopping], el.EarlyStopping()])
def test_callbacks_of_a_wrong_kind_are_refused_alike_by_every_fit(wrong):
    fits = {
        "network": lambda: recurrent().fit(X, TARGET, callbacks=wrong, verbose=0),
        "forecaster": lambda: el.Forecaster(epochs=1).fit(np.sin(np.arange(60.0)), callbacks=wrong),
        "language model": lambda: el.LanguageModel(epochs=1).fit("to be or not " * 99, callbacks=wrong, verbose=0),
    }
    for fit in fits.values():
        with pytest.raises(OptionError, match="callbacks"):
            fit()


@pytest.mark.parametrize("record", [el.CSVLogger, lambda path: el.ModelCheckpoint(path, "loss")])
def test_a_record_that_cannot_be_written_is_refused_before_the_training(record, tmp_path):
    net = recurrent()
    for place, message in ((tmp_path / "nowhere" / "file", "cannot be written"), (tmp_path, "is a folder")):
        with pytest.raises(OptionError, match=message):
            train(net, X, TARGET, epochs=1, callbacks=[record(place)])
    assert net.updates == 0
    with pytest.raises(OptionError, match="path is empty"):
        record("")
