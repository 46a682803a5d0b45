"""A training that fails or is stopped: an estimator is as it was, or holds what was learnt, and nothing in between."""

import threading
import time

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, ElmanError, OptionError, TrainingError
from tests.classify.problems import slopes, small, waves

X, Y = waves(12)
WIDE, THREE = waves(12, classes=("a", "b", "c"), channels=2)


class Raises(el.Callback):
    """Raises behind an epoch."""

    def __init__(self, error, epoch=1):
        self.error, self.epoch = error, epoch

    def on_epoch_end(self, training):
        if training.epoch == self.epoch:
            raise self.error


class Wild(el.Callback):
    """Makes the weights useless, so that the training cannot go on."""

    def on_epoch_end(self, training):
        training.net.arena[:] = 1e30


@pytest.mark.parametrize(
    ("kind", "options", "fit", "error"),
    [
        (el.SequenceClassifier, {"class_weight": {"z": 1}}, {"y": THREE}, OptionError),
        (el.SequenceClassifier, {}, {"y": ["a"] * 12}, DataError),
        (el.SequenceClassifier, {}, {"y": THREE, "sample_weight": [1, 2]}, DataError),
        (el.SequenceClassifier, {"validation": 0.5}, {"y": list("abcdefghijkl")}, DataError),
        (el.SequenceClassifier, {}, {"y": THREE, "callbacks": [Raises(RuntimeError("mine"))]}, RuntimeError),
        (el.SequenceClassifier, {}, {"y": THREE, "callbacks": [Wild()]}, TrainingError),
        (el.SequenceClassifier, {"members": 2}, {"y": THREE, "callbacks": [Wild()]}, TrainingError),
        (el.SequenceRegressor, {}, {"y": np.arange(12.0), "sample_weight": [-1.0] * 12}, DataError),
        (el.SequenceRegressor, {}, {"y": ["x"] * 12}, ElmanError),
    ],
)
def test_a_training_that_fails_leaves_an_estimator_as_it_was(kind, options, fit, error):
    first = (X, Y) if kind is el.SequenceClassifier else slopes(12)
    model = small(kind).fit(*first)
    before, said = dict(vars(model)), model.predict(X)
    new = small(kind, **options)
    for learner in (model.set_params(**options), new):
        with pytest.raises(error):
            learner.fit(WIDE, **fit)
    assert vars(model).keys() == before.keys()
    assert all(vars(model)[name] is before[name] for name in before if name not in options)
    assert np.array_equal(model.predict(X), said)
    assert not new.is_fitted


def test_ctrl_c_before_the_first_update_leaves_an_estimator_as_it_was():
    class Early(el.Callback):
        def on_train_begin(self, training):
            raise KeyboardInterrupt

    model = small(el.SequenceClassifier).fit(X, Y)
    said = model.predict_proba(X)
    with pytest.raises(KeyboardInterrupt):
        model.fit(WIDE, THREE, callbacks=[Early()])
    assert np.array_equal(model.predict_proba(X), said) and model.classes_.tolist() == ["fast", "slow"]


def test_ctrl_c_leaves_no_network_that_has_learnt_nothing():
    model = small(el.SequenceClassifier, members=3, threads=1)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, callbacks=[Raises(KeyboardInterrupt(), epoch=2)])
    assert [net.epochs > 0 for net in model.networks_] == [True]
    assert any("2 of 3 networks had learnt nothing" in note for note in model.notes_)


def test_an_error_of_one_network_ends_the_others_at_once():
    class Second(el.Callback):
        """Raises in the network of the second seed, while the first one has long to go."""

        side_by_side = True

        def on_epoch_end(self, training):
            if training.net.seed == 1:
                raise RuntimeError("mine")
            told.wait(0.01)

    told = threading.Event()
    model = small(el.SequenceClassifier, members=2, threads=2, epochs=2000)
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(X, Y, callbacks=[Second()])
    assert not model.is_fitted


def test_a_new_fit_forgets_the_shape_of_the_array_before():
    array = np.zeros((4, 6, 2)) + np.arange(4)[:, None, None]
    y = list("abab")
    model = small(el.SequenceClassifier, epochs=1).fit(array, y)
    assert model.n_features_in_ == 2
    assert not hasattr(model.fit(list(array), y), "n_features_in_")
    assert model.set_params(channels="first").fit(array, y).n_features_in_ == 6


def test_a_callback_that_knows_one_training_is_told_of_members_one_after_the_other():
    class OfOne(el.Callback):
        mixed = False

        def on_train_begin(self, training):
            self.net = training.net

        def on_epoch_end(self, training):
            time.sleep(0.003)
            self.mixed |= training.net is not self.net

    told = OfOne()
    small(el.SequenceClassifier, members=4, threads=2, epochs=4).fit(X, Y, callbacks=[told])
    assert not told.mixed


def test_early_stopping_of_the_user_stops_each_member_as_it_would_alone():
    def fit(seed, **options):
        options |= {"learning_rate": 0.05, "epochs": 60, "threads": 2, "random_state": seed}
        stop = el.EarlyStopping(patience=1, monitor="loss", restore_best=True)
        return small(el.SequenceClassifier, **options).fit(X, Y, callbacks=[stop]).networks_

    for seed, net in enumerate(fit(0, members=4)):
        (alone,) = fit(seed, members=1)
        assert np.array_equal(net.arena, alone.arena) and net.history["loss"] == alone.history["loss"]


def test_callbacks_that_know_no_training_leave_members_side_by_side():
    class Names(el.Callback):
        side_by_side = True
        threads = set()

        def on_train_begin(self, training):
            self.threads.add(threading.current_thread().name)

    small(el.SequenceClassifier, members=2, threads=2, epochs=2).fit(X, Y, callbacks=[Names()])
    assert threading.main_thread().name not in Names.threads
