"""Resume: a training that was ended anywhere and goes on ends with the bits of one that was never stopped."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import elman as el

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
        self.best = [(c.best_epoch_, c.stopped_epoch_) for c in callbacks if isinstance(c, el.EarlyStopping)]

    def check(self, other):
        np.testing.assert_array_equal(self.bits[0], other.bits[0])
        assert self.bits[1].keys() == other.bits[1].keys()
        for name, array in self.bits[1].items():
            np.testing.assert_array_equal(array, other.bits[1][name])
        assert (self.counts, self.rate, self.best) == (other.counts, other.rate, other.best)
        np.testing.assert_equal(self.history, other.history)


class Halve(el.Callback):
    """A schedule of one's own, that changes the learning rate and freezes something."""

    def on_epoch_begin(self, training):
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


def train(kind, optimizer, epochs, how, *, checkpoint=None, stop=None, **more):
    layers, target, options = KINDS[kind]()
    own, patience = options.pop("own", ()), options.pop("stopping", None)
    made = {"seed": 3, "engine": how["engine"], "dtype": how["dtype"]}
    net = el.Network(two, inputs={"x": 2}, **made) if layers is None else el.Network(2, layers, **made)
    if how["frozen"]:
        net.freeze("*.b")
    adam = OPTIMIZERS["adam" if own else optimizer]()
    callbacks = [callback() for callback in own] + ([el.EarlyStopping(patience=patience)] if patience else [])
    stops = [] if stop is None else [Stop(stop)]
    given = {"batch_size": 5, "optimizer": adam, "epochs": epochs, "verbose": 0, **options}
    history = net.fit(X, target, callbacks=[*callbacks, *stops], checkpoint=checkpoint, **given, **more)
    return Outcome(net, adam, history, callbacks)


HOW = st.fixed_dictionaries(
    {
        "engine": st.sampled_from(["native", "numpy"]),
        "dtype": st.sampled_from([np.float32, np.float64]),
        "frozen": st.booleans(),
    }
)


@settings(max_examples=40, deadline=None)
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
