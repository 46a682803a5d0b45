"""Arguments of any kind, one at a time: each call works or raises an error of the tree, and never gives a NaN."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import elman as el
from elman.training import LOSSES
from tests.draws import draws

numbers = st.one_of(
    st.integers(-3, 6),
    st.sampled_from([-(10**30), 10**30, 2**63, 1e39, -1.5, 0.5, 2.0, np.nan, np.inf, -np.inf, 1e308, True, False]),
    st.sampled_from([np.int8(3), np.uint64(2), np.float16(1), np.float64(np.nan), np.bool_(True), 3j]),
    st.sampled_from([decimal.Decimal(2), datetime.date(2020, 1, 1), np.datetime64("2020-01-01")]),
)
words = st.sampled_from(["", "mse", "auto", "adam", "low", "val_loss", "accuracy", "native", "é", "a" * 300, b"mse"])
arrays = st.builds(
    lambda shape, kind, fill: np.full(shape, fill).astype(kind),
    st.lists(st.integers(0, 5), max_size=4).map(tuple),
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8, bool, object, str, complex]),
    st.sampled_from([0, 1, 2, 7]),
)
odd = st.sampled_from(
    [
        None,
        ...,
        object(),
        int,
        el.GRU,
        el.cells.gru,
        el.SGD,
        el.SGD(),
        el.EarlyStopping(),
        LOSSES["mae"],
        print,
        Path("."),
        {},
    ]
    + [
        lambda: 1,
        lambda y: y,
        lambda y, t: 1 / 0,
        slice(None),
        {"a": 1},
        {1},
        iter(()),
        np.ma.masked,
        memoryview(b"ab"),
    ]
)
plain = st.one_of(numbers, words, arrays, odd)
values = st.one_of(
    plain, st.lists(plain, max_size=4), st.tuples(plain, plain), st.dictionaries(words, plain, max_size=2)
)

X, Y = np.linspace(0, 1, 40).reshape(4, 5, 2), np.linspace(1, 0, 20).reshape(4, 5, 1)
STATE = [(np.zeros((4, 3)),)]
DATA = {"x": X, "target": Y, "loss": "mse", "lengths": [5, 4, 3, 2], "sample_weight": [1, 2, 0, 1], "memory": "normal"}
DATA |= {"class_weight": None, "missing": "refuse"}
TRAINING = {**DATA, "truncate": 3, "verbose": 0, "batch_size": 2, "epochs": 1, "optimizer": "sgd", "shuffle": False}
TRAINING |= {"validation_data": (X, Y), "validation_lengths": [5] * 4, "callbacks": [], "stateful": False}


def network(inputs=2, **options):
    return el.Network(inputs, [el.GRU(3), el.Dense(inputs if inputs == 2 else 1)], **options)


def net(**options):
    return el.Network(2, [el.GRU(3), el.Dense(1)], **options)


def layer(make):
    return lambda **arguments: el.Network(2, [make(**arguments), el.Dense(1)])(X)


RECURRENT = {"units": 3, "activation": "tanh", "return_sequences": True, "reverse": False, "initial": {"b": 0.0}}
CALLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "call": (
        lambda **a: net()(**a),
        {"x": X, "state": STATE, "return_state": True, "lengths": [5] * 4, "memory": "low"},
    ),
    "step": (lambda **a: net().step(**a), {"x": X[:, 0], "state": STATE}),
    "stream": (lambda x, **a: net().stream(**a)(x), {"x": X[:, 0], "rows": 4, "state": STATE}),
    "trace": (lambda **a: net().trace(**a), {"x": X, "state": STATE}),
    "generate": (lambda **a: network().generate(**a), {"context": X, "steps": 2, "temperature": 1.0, "seed": None}),
    "draw": (
        lambda **a: el.Network(1, [el.Embedding(4, 2), el.GRU(3), el.Dense(4)]).generate(**a),
        {"context": [0, 1, 2], "steps": 2, "temperature": 0.5, "top_k": 2, "top_p": 0.5, "seed": 3},
    ),
    "loss_and_grads": (lambda **a: net().loss_and_grads(**a), {**DATA, "state": STATE, "truncate": None}),
    "backward": (
        lambda **a: net().backward(**a),
        {"x": X, "output_gradient": Y, "state": STATE, "state_gradients": STATE},
    ),
    "fit": (lambda **a: net().fit(**a), {**TRAINING, "metrics": ["mse"]}),
    "train_on_batch": (
        lambda **a: net().train_on_batch(**{"optimizer": el.SGD(), **a}),
        {**DATA, "truncate": None},
    ),
    "evaluate": (lambda **a: net().evaluate(**a), {**DATA, "batch_size": 3, "metrics": ["mae"]}),
    "classes": (
        lambda **a: el.Network(1, [el.Embedding(4, 2), el.GRU(3), el.Dense(3)]).fit(**a, verbose=0, epochs=1),
        {"x": [[0, 1], [2, 3]], "target": [[0, 1], [2, 1]], "loss": "softmax_cross_entropy", "metrics": ["accuracy"]},
    ),
    "network": (
        lambda **a: el.Network(**a)(X),
        {
            "inputs": 2,
            "layers": [el.Dense(1)],
            "seed": 1,
            "dtype": "float64",
            "products": None,
            "engine": "numpy",
            "threads": 1,
        },
    ),
    "gru": (layer(el.GRU), {**RECURRENT, "initial": {"b_z": 0.0}, "reset_after": True, "bias": True}),
    "lstm": (layer(el.LSTM), {**RECURRENT, "initial": {"b_i": 0.0}, "bias": True}),
    "simple": (layer(el.SimpleRNN), RECURRENT),
    "recurrent": (
        layer(el.Recurrent),
        {"cell": el.cells.gru, "units": 3, "sizes": {}, "initial": {}},
    ),
    "dense": (layer(el.Dense), {"units": 3, "activation": "relu", "bias": True, "initial": {"W": 1.0}}),
    "dropout": (layer(el.Dropout), {"rate": 0.5, "once": True}),
    "batch norm": (layer(el.BatchNorm), {"momentum": 0.5, "epsilon": 1e-3}),
    "layer norm": (layer(el.LayerNorm), {"epsilon": 1e-3}),
    "activation": (layer(el.Activation), {"activation": "tanh"}),
    "stateless": (layer(el.Stateless), {"cell": el.network.layer_cells.dense, "units": 3, "initial": {}}),
    "embedding": (
        lambda **a: el.Network(1, [el.Embedding(**a)])([[0, 1]]),
        {"vocabulary": 3, "units": 2, "initial": None},
    ),
    "sgd": (
        lambda **a: net().fit(X, Y, optimizer=el.SGD(**a), verbose=0),
        {"learning_rate": 0.1, "momentum": 0.5, "clip_norm": 1.0},
    ),
    "adamw": (
        lambda **a: net().fit(X, Y, optimizer=el.AdamW(**a), verbose=0),
        {"learning_rate": 0.1, "beta_1": 0.5, "epsilon": 1e-7, "weight_decay": 0.1, "clip_value": 1.0},
    ),
    "warm up": (lambda **a: el.WarmUp(**a)(3), {"steps": 3, "then": 0.1}),
    "cosine": (lambda **a: el.CosineDecay(**a)(3), {"initial": 0.1, "steps": 10, "final": 0.0}),
    "stopping": (
        lambda **a: net().fit(X, Y, callbacks=[el.EarlyStopping(**a)], epochs=2, verbose=0),
        {"monitor": "loss", "patience": 1, "min_delta": 0.1, "restore_best": True, "mode": "min"},
    ),
    "huber": (lambda **a: net().evaluate(X, Y, loss=LOSSES["huber"].with_options(**a)), {"delta": 1.0}),
    "parameter": (lambda name, value: net().params.__setitem__(name, value), {"name": "1.b", "value": 1.0}),
}


def nans(found: Any) -> bool:
    """Whether there is a NaN in what a call gave."""
    if isinstance(found, tuple | list):
        return any(nans(f) for f in found)
    if isinstance(found, dict):
        return any(nans(f) for f in found.values())
    return isinstance(found, float | np.ndarray) and not np.isfinite(found).all()


@pytest.mark.parametrize("name", CALLS)
@draws(15)
@given(data=st.data())
def test_any_argument_works_or_is_refused(name, data):
    call, good = CALLS[name]
    argument = data.draw(st.sampled_from(sorted(good)))
    value = data.draw(values)
    assume(
        not (argument in ("activation", "then", "learning_rate") and callable(value))
    )  # a function's own errors are its own
    with warnings.catch_warnings(), contextlib.redirect_stderr(None):
        warnings.simplefilter("ignore")
        try:
            found = call(**{**good, argument: value})
        except el.ElmanError as error:
            assert str(error)
        except ZeroDivisionError:
            pass  # the function's own
        else:
            assert not nans(found), (argument, value, found)


@pytest.mark.parametrize("name", CALLS)
def test_the_good_arguments_are_good(name):
    call, good = CALLS[name]
    if name == "fit":
        good = {**good, "sample_weight": None}
    call(**good)
