"""Resume: a training that was ended anywhere and goes on ends with the bits of one that was never stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import warnings
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.errors import ModelFileError, OptionError
from elman.training.interrupts import Terminated
from elman.training.often import Every
from elman.training.run_folder import MANIFEST
from tests.draws import draws

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 7, 2)).astype(np.float32)
EVERY_STEP = np.cumsum(X, axis=1)[..., :1]
LAST = EVERY_STEP[:, -1]


class Stop(el.Callback):
    """Ends a training behind an update, by an error that is nobody's."""

    def __init__(self, update):
        self.update = update

    def on_progress(self, training):
        if training.net.updates >= self.update:
            raise ZeroDivisionError

    def state_dict(self):
        return {}


def quietly(function, *args, **named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return function(*args, **named)


def told(history):
    """A history without seconds."""
    return {name: values for name, values in history.history.items() if name != "seconds"}


class Outcome:
    """All that must be the same."""

    def __init__(self, net, optimizer, history, callbacks=()):
        self.bits = net.arena.copy(), {n: a.copy() for n, a in optimizer.state.items()}
        self.counts = net.updates, net.epochs, optimizer.updates, sorted(net.frozen)
        self.rate = repr(optimizer)
        self.history = told(history)
        self.why = history.stopped
        self.best = [(c.best_epoch_, c.stopped_epoch_) for c in callbacks if isinstance(c, el.EarlyStopping)]

    def check(self, other):
        np.testing.assert_array_equal(self.bits[0], other.bits[0])
        assert self.bits[1].keys() == other.bits[1].keys()
        for name, array in self.bits[1].items():
            np.testing.assert_array_equal(array, other.bits[1][name])
        assert (self.counts, self.rate, self.best) == (other.counts, other.rate, other.best)
        assert self.why == other.why
        np.testing.assert_equal(self.history, other.history)


class Halve(el.Callback):
    """A schedule of one's own, that changes the learning rate and freezes something."""

    def on_epoch_begin(self, training):
        training.optimizer.learning_rate = training.optimizer.learning_rate * 0.5
        if training.epoch == 2:
            training.net.freeze("0.b*")


class HalveBehind(el.Callback):
    """A schedule of one's own, behind each epoch."""

    def on_epoch_end(self, training):
        training.optimizer.learning_rate = training.optimizer.learning_rate * 0.5
        if training.epoch == 2:
            training.net.freeze("0.b*")


class Running(el.Callback):
    """What remembers something from update to update, and acts on it."""

    every = 3

    def on_train_begin(self, training):
        self.sum, self.steps = np.zeros(2), 0

    def on_batch_end(self, training):
        self.sum = self.sum + training.logs["loss"]
        self.steps += 1
        training.optimizer.learning_rate = 0.01 / (1 + float(self.sum[0]))

    def on_epoch_end(self, training):
        training.logs["sum"] = float(self.sum[1])

    def state_dict(self):
        return {"sum": self.sum, "steps": self.steps}

    def load_state_dict(self, stored):
        self.sum, self.steps = stored["sum"], stored["steps"]


LENGTHS = RNG.integers(1, 8, 24)
WEIGHTS = RNG.uniform(0.5, 2, 24)


def last_step():
    return [el.GRU(3, return_sequences=False), el.Dense(1)]


def two(x):
    h = el.GRU(3)(x)
    return {"a": el.Dense(1)(h), "b": el.Dense(1)(el.pool(h, "last"))}


KINDS = {
    "last step": lambda: (last_step(), LAST, {}),
    "validation": lambda: (last_step(), LAST, {"validation_data": (X[:8], LAST[:8]), "metrics": ["mae"]}),
    "stateful": lambda: ([el.LSTM(3), el.Dense(1)], EVERY_STEP, {"stateful": True, "shuffle": False, "batch_size": 4}),
    "truncated": lambda: ([el.GRU(3), el.Dense(1)], EVERY_STEP, {"truncate": 3}),
    "low memory": lambda: ([el.GRU(3), el.Dense(1)], EVERY_STEP, {"memory": "low"}),
    "ragged": lambda: ([el.GRU(3), el.Dense(1)], EVERY_STEP, {"lengths": LENGTHS}),
    "weights": lambda: (last_step(), LAST, {"sample_weight": WEIGHTS}),
    "normalised": lambda: ([el.GRU(3), el.BatchNorm(), el.Dropout(0.3), el.Dense(1)], EVERY_STEP, {}),
    "several outputs": lambda: (None, {"a": EVERY_STEP, "b": LAST}, {"loss": {"a": "mse", "b": "mae"}}),
    "one that stops": lambda: (last_step(), LAST, {"validation_data": (X[:8], -LAST[:8]), "stopping": 2}),
    "own callbacks": lambda: (last_step(), LAST, {"own": [Halve, Running]}),
}
OPTIMIZERS = {
    "adam": lambda: el.Adam(0.02, clip_norm=1.0),
    "scheduled": lambda: el.RMSProp(el.CosineDecay(0.02, 40)),
    "grouped": lambda: el.AdamW(0.02, groups={"*.W*": {"rate_factor": 0.5}}),
    "sgd": lambda: el.SGD(0.05, momentum=0.9),
}


def train(kind, optimizer, epochs, how, *, checkpoint=None, stop=None, batch=5, **more):
    layers, target, options = KINDS[kind]()
    own, patience = options.pop("own", ()), options.pop("stopping", None)
    made = {"seed": 3, "engine": how["engine"], "dtype": how["dtype"]}
    net = el.Network(two, inputs={"x": 2}, **made) if layers is None else el.Network(2, layers, **made)
    if how["frozen"]:
        net.freeze("*.b")
    adam = OPTIMIZERS["adam" if own else optimizer]()
    callbacks = [callback() for callback in own] + ([el.EarlyStopping(patience=patience)] if patience else [])
    stops = [] if stop is None else [Stop(stop)]
    given = {"batch_size": batch, "optimizer": adam, "epochs": epochs, "verbose": 0, **options, **more}
    history = net.fit(X, target, callbacks=[*callbacks, *stops], checkpoint=checkpoint, **given)
    return Outcome(net, adam, history, callbacks)


HOW = st.fixed_dictionaries(
    {
        "engine": st.sampled_from(["native", "numpy"]),
        "dtype": st.sampled_from([np.float32, np.float64]),
        "frozen": st.booleans(),
    }
)


@draws(25)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    how=HOW,
    stops=st.lists(st.integers(1, 22), min_size=1, max_size=3, unique=True).map(sorted),
    every=st.one_of(st.integers(1, 7), st.just("10 min")),
)
def test_stopped_anywhere_it_ends_with_the_same_bits(tmp_path_factory, kind, optimizer, how, stops, every):
    folder = tmp_path_factory.mktemp("run") / "run"
    whole = quietly(train, kind, optimizer, 4, how)
    for stop in stops:
        with pytest.raises(ZeroDivisionError):
            quietly(train, kind, optimizer, 4, how, checkpoint=folder, every=every, resume=True, stop=stop)
            raise ZeroDivisionError  # it had ended before
    whole.check(quietly(train, kind, optimizer, 4, how, checkpoint=folder, every=every, resume=True))
    whole.check(quietly(train, kind, optimizer, 4, how, checkpoint=folder, every=every, resume=True))  # at once


PLAIN = {"engine": "native", "dtype": np.float32, "frozen": False}


def started(folder, stop=7, epochs=4, **more):
    """A run that was ended behind an update."""
    with pytest.raises(ZeroDivisionError):
        quietly(train, "validation", "adam", epochs, PLAIN, checkpoint=folder, stop=stop, **more)


class RaiseAt(el.Callback):
    """Ends a training by an error as an epoch begins or ends."""

    def __init__(self, event, epoch):
        setattr(self, event, lambda training: self.end(training, epoch))

    def end(self, training, epoch):
        if training.epoch == epoch:
            raise ZeroDivisionError

    def state_dict(self):
        return {}


@pytest.mark.parametrize("event", ["on_epoch_begin", "on_epoch_end"])
@pytest.mark.parametrize("average", [None, el.EMA(0.5)])
@pytest.mark.parametrize("last", [False, True])
def test_an_error_of_a_callback_told_of_an_epoch_has_none_told_twice(tmp_path, event, average, last):
    def fit(folder, *ends, **resumed):
        net, log = el.Network(2, last_step(), seed=1), el.CSVLogger(folder / "log.csv")
        optimizer = el.Adam(0.05, average=average)
        others = [log, el.EarlyStopping(monitor="loss", patience=4), Halve(), HalveBehind()]
        callbacks = [*others, *ends] if last else [*ends, *others]
        how = {"epochs": 4, "batch_size": 8, "optimizer": optimizer, "callbacks": callbacks, "verbose": 0}
        history = quietly(net.fit, X, LAST, **how, **resumed)
        lines = [line.rpartition(",")[0] for line in log.path.read_text().splitlines()]  # without the seconds
        return Outcome(net, optimizer, history, callbacks), lines

    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
    saved = {"checkpoint": tmp_path / "run", "every": 1000, "resume": True}
    whole, lines = fit(tmp_path / "whole")
    with pytest.raises(ZeroDivisionError):
        fit(tmp_path / "stopped", RaiseAt(event, 3), **saved)
    done = {"on_epoch_begin": 6, "on_epoch_end": 9}[event]
    assert (tmp_path / "run" / f"checkpoint-{done:08d}.safetensors").exists()
    outcome, again = fit(tmp_path / "stopped", **saved)
    whole.check(outcome)
    assert lines == again


class CannotStand(el.Callback):
    """Remembers what it cannot take back."""

    def state_dict(self):
        return {"sum": 1.0}

    def load_state_dict(self, stored):
        raise ZeroDivisionError

    def on_epoch_begin(self, training):
        if training.resumed:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("stop", "error"), [(RaiseAt("on_epoch_begin", 3), ModelFileError), (Stop(7), KeyboardInterrupt)]
)
def test_a_training_that_cannot_stand_where_it_stood_writes_nothing(stop, error, tmp_path):
    def fit(*ends, **resumed):
        how = {"epochs": 4, "batch_size": 8, "callbacks": [CannotStand(), *ends], "verbose": 0}
        el.Network(2, last_step(), seed=1).fit(X, LAST, **how, checkpoint=tmp_path / "run", every=1, keep=9, **resumed)

    with pytest.raises(ZeroDivisionError):
        fit(stop)
    found = {file.name: file.read_bytes() for file in (tmp_path / "run").glob("checkpoint*")}
    with pytest.raises(error):
        fit(resume=True)
    assert found == {file.name: file.read_bytes() for file in (tmp_path / "run").glob("checkpoint*")}


def test_data_that_end_before_the_first_batch_of_an_epoch(tmp_path):
    def fit(folder, broken=False, **resumed):
        def batches(epoch):
            if broken and epoch == 2:
                raise ZeroDivisionError
            return ((X[k : k + 8], LAST[k : k + 8]) for k in range(0, 24, 8))

        folder.mkdir(exist_ok=True)
        net, log, optimizer = el.Network(2, last_step(), seed=1), el.MetricsLog(folder / "log", every=2), el.Adam(0.05)
        how = {"epochs": 4, "steps_per_epoch": 3, "optimizer": optimizer, "callbacks": [log, Halve()], "verbose": 0}
        history = quietly(net.fit, batches, **how, **resumed)
        lines = [json.loads(line) | {"seconds": None} for line in log.path.read_text().splitlines()]
        return Outcome(net, optimizer, history), lines

    saved = {"checkpoint": tmp_path / "run", "every": 1000, "resume": True}
    whole, lines = fit(tmp_path / "whole")
    with pytest.raises(ZeroDivisionError):
        fit(tmp_path / "stopped", broken=True, **saved)
    assert (tmp_path / "run" / "checkpoint-00000006.safetensors").exists()
    outcome, again = fit(tmp_path / "stopped", **saved)
    whole.check(outcome)
    assert lines == again


def test_more_epochs_go_on_behind_the_last(tmp_path):
    quietly(train, "validation", "adam", 2, PLAIN, checkpoint=tmp_path / "run")
    longer = train("validation", "adam", 5, PLAIN, checkpoint=tmp_path / "run", resume=True)
    train("validation", "adam", 5, PLAIN).check(longer)


def test_fewer_epochs_than_were_done_is_told(tmp_path):
    done = train("validation", "adam", 4, PLAIN, checkpoint=tmp_path)
    with pytest.warns(RuntimeWarning, match="holds 4 epochs, and epochs=2: all of them are kept"):
        found = train("validation", "adam", 2, PLAIN, checkpoint=tmp_path, resume=True)
    done.check(found)


def test_a_folder_that_holds_a_run_is_refused_and_says_what_to_do(tmp_path):
    started(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(OptionError, match="holds a run .*: go on from it with resume=True, or give another folder"):
        train("validation", "adam", 4, PLAIN, checkpoint=tmp_path)
    assert before == {file.name: file.read_bytes() for file in tmp_path.iterdir()}


def test_resume_where_nothing_is_begins_as_a_script_wants_that_always_gives_it(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = train("validation", "adam", 4, PLAIN, checkpoint=tmp_path / "run", resume=True)
    train("validation", "adam", 4, PLAIN).check(found)


def test_resume_beside_other_files_says_that_they_are_no_run(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.warns(RuntimeWarning, match="holds no run, so that the training begins, and other files") as noted:
        train("validation", "adam", 4, PLAIN, checkpoint=tmp_path, resume=True)
    assert noted[0].filename == __file__


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"kind": "weights"}, "metrics"),
        ({"optimizer": "sgd"}, "optimizer"),
        ({"batch": 6}, "batch_size: 5 then, 6 now"),
        ({"optimizer": "sgd"}, r"optimizer: Adam\(.*\) then, SGD\(.*\) now"),
        ({"how": {**PLAIN, "dtype": np.float64}}, "dtype"),
        ({"how": {**PLAIN, "frozen": True}}, "frozen"),
        ({"shuffle": False}, "shuffle"),
    ],
)
def test_what_differs_is_named(tmp_path, change, what):
    started(tmp_path)
    named = {"kind": "validation", "optimizer": "adam", "epochs": 4, "how": PLAIN, **change}
    with pytest.raises(OptionError, match=f"another training, which differs in its .*({what})"):
        train(**named, checkpoint=tmp_path, resume=True)


def test_other_data_are_refused(tmp_path):
    net = el.Network(2, last_step())
    quietly(net.fit, X, LAST, epochs=2, verbose=0, checkpoint=tmp_path)
    with pytest.raises(OptionError, match="differs in its values of target"):
        el.Network(2, last_step()).fit(X, LAST + 1, epochs=2, verbose=0, checkpoint=tmp_path, resume=True)


def test_what_differs_is_told_in_the_words_of_options_and_never_as_hashes(tmp_path):
    def train(units=4, **more):
        net = el.Network(2, [el.GRU(units, return_sequences=False), el.Dense(1)])
        quietly(net.fit, X, LAST, epochs=2, verbose=0, batch_size=4, checkpoint=tmp_path, **more)

    train()
    with pytest.raises(OptionError, match="differs in its accumulate: 1 then, 2 now"):
        train(accumulate=2, resume=True)
    with pytest.raises(OptionError, match="differs in its losses: .*mse.* then, .*mae.* now"):
        train(loss="mae", resume=True)


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ([el.GRU(5), el.Dense(1)], "layer 0 gru: units 4 in the checkpoint, 5 now"),
        ([el.GRU(4), el.GRU(4), el.Dense(1)], "its layers: 2 in the checkpoint, 3 now"),
        ([el.LSTM(4), el.Dense(1)], "layer 0: gru in the checkpoint, lstm now"),
        ([el.GRU(4), el.Dense(1, activation="relu")], "layer 1 dense: its equations (from their operation 5 on)"),
        (
            [el.GRU(4, return_sequences=False), el.Dense(1)],
            "layer 0 gru: return_sequences True in the checkpoint, Fals",
        ),
    ],
)
def test_what_differs_in_the_network_is_told_by_its_layer(tmp_path, layers, told):
    def train(layers, **more):
        net = el.Network(2, layers)
        target = LAST if net(X).ndim == 2 else np.repeat(LAST[:, None], X.shape[1], 1)
        quietly(net.fit, X, target, epochs=2, verbose=0, batch_size=4, checkpoint=tmp_path, **more)

    train([el.GRU(4), el.Dense(1)])
    with pytest.raises(OptionError, match=f"another training, which differs in {re.escape(told)}"):
        train(layers, resume=True)


def test_what_differs_in_a_graph_of_layers_is_told_by_its_layer(tmp_path):
    def train(units, **more):
        net = el.Network(lambda a: el.Dense(1)(el.GRU(units, return_sequences=False)(a)), inputs={"a": 2})
        quietly(net.fit, {"a": X}, LAST, epochs=2, verbose=0, batch_size=4, checkpoint=tmp_path, **more)

    train(4)
    with pytest.raises(OptionError, match="differs in layer 0 gru: units 4 in the checkpoint, 5 now"):
        train(5, resume=True)
    with pytest.raises(OptionError, match="differs in its layers: a function in the checkpoint, a chain now"):
        chain = el.Network(2, [el.GRU(4, return_sequences=False), el.Dense(1)])
        chain.fit(X, LAST, epochs=2, verbose=0, batch_size=4, checkpoint=tmp_path, resume=True)


def test_the_network_of_a_run_that_was_ended_may_go_on_itself(tmp_path):
    whole = el.Network(2, last_step())
    whole.fit(X, LAST, epochs=4, verbose=0, batch_size=5)
    net = el.Network(2, last_step())
    with pytest.raises(ZeroDivisionError):
        net.fit(X, LAST, epochs=4, verbose=0, batch_size=5, checkpoint=tmp_path, callbacks=[Stop(7)])
    net.fit(X, LAST, epochs=4, verbose=0, batch_size=5, checkpoint=tmp_path, resume=True)
    np.testing.assert_array_equal(net.arena, whole.arena)


def test_so_many_checkpoints_stay_and_the_best_network(tmp_path):
    quietly(train, "validation", "adam", 4, PLAIN, checkpoint=tmp_path, every=3, keep=2)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["best.safetensors", "checkpoint-00000018.safetensors", "checkpoint-00000020.safetensors", MANIFEST]
    net, best = el.load(tmp_path / names[-2]), el.load(tmp_path / "best.safetensors")
    assert (net.updates, net.epochs) == (20, 4)
    losses = [float(one.evaluate(X[:8], LAST[:8])) for one in (net, best)]
    assert losses[1] <= losses[0]


def test_the_newest_that_is_whole_counts(tmp_path):
    started(tmp_path, every=2)
    newest = max(tmp_path.glob("checkpoint-*"))
    newest.write_bytes(newest.read_bytes()[:-100])
    with pytest.warns(RuntimeWarning, match="the training goes on from .*, which is older"):
        found = train("validation", "adam", 4, PLAIN, checkpoint=tmp_path, resume=True)
    train("validation", "adam", 4, PLAIN).check(found)


def test_nothing_is_taken_from_a_file_that_is_broken(tmp_path):
    started(tmp_path)
    for file in tmp_path.glob("checkpoint-*"):
        file.write_bytes(file.read_bytes().replace(b"adam", b"eden").replace(b'\\"inside\\"', b'\\"outsid\\"'))
    with pytest.raises(ModelFileError, match="cannot be read|no checkpoint"):
        train("validation", "adam", 4, PLAIN, checkpoint=tmp_path, resume=True)


def test_options_go_together():
    net = el.Network(2, last_step())
    for lone in ({"every": 5}, {"resume": True}, {"keep": 2}):
        with pytest.raises(OptionError, match="there is no folder to save into"):
            net.fit(X, LAST, **lone)
    for every in ("soon", "10 apples", 0, -3, 2.5, ""):
        with pytest.raises(OptionError, match="every is"):
            net.fit(X, LAST, checkpoint="nowhere", every=every)
    for every in (2.5, True, timedelta(minutes=1)):
        with pytest.raises(OptionError, match="expected a time, as '30 s'.* or a whole number of updates"):
            net.fit(X, LAST, checkpoint="nowhere", every=every)
    assert Every.of("90 s") == Every.of("1.5 min") == Every(seconds=90.0)
    assert not os.path.exists("nowhere")


def test_an_error_before_the_training_leaves_no_folder(tmp_path):
    with pytest.raises(el.ElmanError):
        el.Network(2, last_step()).fit(X, LAST[:3], verbose=0, checkpoint=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_another_that_writes_is_refused(tmp_path):
    def inside(training):
        with pytest.raises(OptionError, match="is being written by this process"):
            el.Network(2, last_step()).fit(X, LAST, verbose=0, checkpoint=tmp_path, resume=True)

    watch = el.LambdaCallback(on_epoch_end=inside)
    el.Network(2, last_step()).fit(X, LAST, epochs=1, verbose=0, checkpoint=tmp_path, callbacks=[watch])


class Limits(el.Callback):
    """Remembers numbers that JSON has not."""

    def __init__(self):
        self.seen = {"lowest": np.inf, "all": [-np.inf, 1.5], "none": np.nan}

    def on_epoch_end(self, training):
        self.seen["all"].append(training.logs["loss"])

    def state_dict(self):
        return dict(self.seen)

    def load_state_dict(self, stored):
        self.seen = stored


def test_callbacks_may_remember_what_json_has_not(tmp_path):
    def train(epochs, **more):
        limits = Limits()
        net = el.Network(2, last_step(), seed=1)
        net.fit(X, LAST, epochs=epochs, verbose=0, checkpoint=tmp_path, callbacks=[limits], **more)
        return limits.seen

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = train(2)
        found = train(3, resume=True)
    assert found["lowest"] == np.inf and np.isnan(found["none"]) and found["all"][:4] == first["all"]


def test_a_folder_with_other_files_is_a_note(tmp_path):
    for name in "dcba":
        (tmp_path / f"{name}.txt").touch()
    with pytest.warns(RuntimeWarning, match=r"holds other files, .*: a\.txt, b\.txt, c\.txt and 1 more"):
        el.Network(2, last_step()).fit(X, LAST, epochs=1, verbose=0, checkpoint=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        el.Network(2, last_step()).fit(X, LAST, epochs=1, verbose=0, checkpoint=tmp_path, resume=True)


def test_a_disk_without_room_is_a_note_and_the_training_goes_on(tmp_path, monkeypatch):
    def full(*_):
        raise OptionError("no room")

    monkeypatch.setattr("elman.training.scopes.write_whole", full)
    monkeypatch.setattr("elman.training.run_folder.Run.begin", lambda run: None)
    with pytest.warns(RuntimeWarning, match="no checkpoint after 5 updates: no room"):
        found = train("validation", "adam", 4, PLAIN, checkpoint=tmp_path, every=5)
    train("validation", "adam", 4, PLAIN).check(found)


class Forgets(el.Callback):
    def on_epoch_end(self, training):
        self.seen = getattr(self, "seen", 0) + 1


def test_a_callback_that_remembers_and_does_not_say_so_gets_a_note(tmp_path):
    with pytest.warns(RuntimeWarning, match="the callback Forgets has changed its seen"):
        el.Network(2, last_step()).fit(X, LAST, epochs=2, verbose=0, checkpoint=tmp_path, callbacks=[Forgets()])


def test_lines_of_a_log_come_once(tmp_path):
    def log(name, **more):
        callbacks = [*more.pop("stops", []), el.CSVLogger(tmp_path / name)]
        net = el.Network(2, last_step(), seed=1)
        return net.fit(X, LAST, epochs=5, batch_size=5, verbose=0, callbacks=callbacks, **more)

    log("whole.csv")
    run = {"checkpoint": tmp_path / "run", "every": 7}
    with pytest.raises(ZeroDivisionError):
        log("log.csv", stops=[Stop(18)], **run)
    for file in sorted((tmp_path / "run").glob("checkpoint-*"))[1:]:
        file.unlink()  # as if it had been killed long before
    log("log.csv", resume=True, **run)
    whole, found = ((tmp_path / name).read_text().splitlines() for name in ("whole.csv", "log.csv"))
    assert [line.split(",")[:2] for line in whole] == [line.split(",")[:2] for line in found]


# --- signals --------------------------------------------------------------------------------------------------


class Sends(el.Callback):
    """Sends this process a signal behind an update."""

    def __init__(self, *numbers, update=7):
        self.numbers, self.update, self.sent = numbers, update, False

    def on_progress(self, training):
        if training.net.updates >= self.update and not self.sent:
            self.sent = True
            for number in self.numbers:
                os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_ends_it_where_nothing_is_half_done(tmp_path, number, error):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    net = el.Network(2, last_step(), seed=1)
    how = {"epochs": 4, "batch_size": 5, "verbose": 0, "checkpoint": tmp_path, "every": 2}
    with pytest.raises(error) as found:
        net.fit(X, LAST, callbacks=[Sends(number)], **how)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    if error is Terminated:
        assert found.value.code == 143
    last = max(tmp_path.glob("checkpoint-*"))
    np.testing.assert_array_equal(el.load(last).arena, net.arena)
    whole = el.Network(2, last_step(), seed=1)
    whole.fit(X, LAST, epochs=4, batch_size=5, verbose=0)
    again = el.Network(2, last_step(), seed=1)
    again.fit(X, LAST, resume=True, **how)
    np.testing.assert_array_equal(again.arena, whole.arena)


def test_a_second_ctrl_c_waits_for_nothing_and_leaves_whole_files(tmp_path):
    how = {"epochs": 4, "batch_size": 5, "verbose": 0, "checkpoint": tmp_path, "every": 2}
    with pytest.raises(KeyboardInterrupt):
        el.Network(2, last_step()).fit(X, LAST, callbacks=[Sends(signal.SIGINT, signal.SIGINT)], **how)
    again, whole = (el.Network(2, last_step()) for _ in range(2))
    again.fit(X, LAST, resume=True, **how)
    whole.fit(X, LAST, epochs=4, batch_size=5, verbose=0)
    np.testing.assert_array_equal(again.arena, whole.arena)


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_ends_trainings_side_by_side(tmp_path, number, error):
    def nets():
        return [el.Network(2, last_step(), seed=seed) for seed in range(4)]

    def fit(nets, **more):
        return el.fit_many(nets, X, LAST, epochs=30, batch_size=5, threads=2, verbose=0, **more)

    class Sent(Sends):
        side_by_side = True

    with pytest.raises(error):
        fit(nets(), checkpoint=tmp_path, callbacks=el.each([[Sent(number, update=20 + k)] for k in range(4)]))
    again, whole = nets(), nets()
    fit(again, checkpoint=tmp_path, resume=True)
    fit(whole)
    for one, other in zip(again, whole, strict=True):
        np.testing.assert_array_equal(one.arena, other.arena)


def test_in_a_thread_no_signal_is_taken(tmp_path):
    before, errors = signal.getsignal(signal.SIGTERM), []

    def work():
        try:
            el.Network(2, last_step()).fit(X, LAST, epochs=2, verbose=0, checkpoint=tmp_path)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == [] and signal.getsignal(signal.SIGTERM) == before


def test_ranks_go_on_as_any_number_of_them(tmp_path):
    def run(rank_count, **more):
        def train_as(ranks):
            net, stops = el.Network(2, last_step(), seed=1), [Stop(n) for n in more.get("stops", ())]
            saved = {} if "folder" not in more else {"checkpoint": more["folder"], "every": 3, "resume": True}
            net.fit(X, LAST, epochs=4, batch_size=8, verbose=0, ranks=ranks, callbacks=stops, **saved)
            return net.arena.copy()

        return el.distributed.in_threads(train_as, rank_count)[0]

    whole = run(2)
    with pytest.raises(Exception, match=""):
        quietly(run, 2, folder=tmp_path / "run", stops=[7])
    np.testing.assert_array_equal(quietly(run, 3, folder=tmp_path / "run"), whole)


def test_the_files_own_account(tmp_path):
    started(tmp_path)
    said = json.loads((tmp_path / MANIFEST).read_text())
    assert said["saved"]
