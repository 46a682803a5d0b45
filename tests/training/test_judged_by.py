"""`evaluate` without a loss: the one that the network was trained with."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

import elman as el
from elman.errors import ModelFileError
from elman.network.network import Network
from tests.training.problems import ENGINES, sums

X, TARGET = sums()
TARGET = TARGET[:, :1]


def net(engine=None):
    return el.Network(X.shape[-1], [el.GRU(3, return_sequences=False), el.Dense(1)], engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("how", ["fit", "fit_many", "train_on_batch"])
def test_it_is_the_one_of_the_last_training(engine, how):
    one = net(engine)
    assert one.evaluate(X, TARGET) == one.evaluate(X, TARGET, "mse")
    if how == "train_on_batch":
        one.train_on_batch(X, TARGET, loss="mae", optimizer=el.SGD(0.1))
    elif how == "fit_many":
        el.fit_many([one, net(engine)], X, TARGET, loss="mae", epochs=1, verbose=0)
    else:
        one.fit(X, TARGET, loss="mae", epochs=1, verbose=0)
    mae, mse = one.evaluate(X, TARGET, "mae"), one.evaluate(X, TARGET, "mse")
    assert one.evaluate(X, TARGET) == mae != mse
    assert one.evaluate(X, TARGET, metrics=["mse"]) == {"loss": mae, "mse": mse}


def test_copies_and_files_know_it(tmp_path):
    one = net()
    one.fit(X, TARGET, loss="mae", epochs=1, verbose=0)
    for other in (pickle.loads(pickle.dumps(one)), el.load(one.save(tmp_path / "net.safetensors"))):
        assert other.evaluate(X, TARGET) == one.evaluate(X, TARGET, "mae")


def test_a_file_that_does_not_say_is_noted(tmp_path, recwarn):
    one = net()
    one.fit(X, TARGET, loss=el.quantile_loss([0.5]), epochs=1, verbose=0)
    assert one.evaluate(X, TARGET) == one.evaluate(X, TARGET, el.quantile_loss([0.5]))
    other = el.load(one.save(tmp_path / "net.safetensors"))
    with pytest.warns(RuntimeWarning, match="does not say which loss it was trained with, and is judged by 'mse'"):
        assert other.evaluate(X, TARGET) == one.evaluate(X, TARGET, "mse")


def test_of_several_outputs_their_weights_are_known_too():
    def two(x):
        h = el.GRU(3)(x)
        return {"a": el.Dense(1)(h), "b": el.Dense(1)(h)}

    x = np.random.default_rng(0).normal(size=(12, 5, 2))
    target = {"a": x[..., :1], "b": x[..., 1:]}
    one, loss, shares = el.Network(two, inputs={"x": 2}), {"a": "mae", "b": "mse"}, {"a": 3.0, "b": 1.0}
    one.fit(x, target, loss=loss, loss_weights=shares, epochs=1, verbose=0)
    assert one.evaluate(x, target) == one.evaluate(x, target, loss, loss_weights=shares)
    assert one.evaluate(x, target, loss_weights={"a": 1.0, "b": 2.0}) == one.evaluate(
        x, target, loss, loss_weights={"a": 1.0, "b": 2.0}
    )


@pytest.mark.parametrize("loss", [[1], {"a": None}, 3])
def test_what_no_file_says_is_refused(loss):
    description = {**json.loads(net().file_header()["elman"]), "loss": loss}
    with pytest.raises(ModelFileError, match="loss"):
        Network.restored(description)
