"""What people write by habit, coming from Keras, PyTorch or darts: it works, or the error says what does."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import elman as el
from elman import attributes, hints

X = np.random.default_rng(0).normal(size=(12, 5, 3))
CLASSES = np.arange(12) % 2
MONTHS = pd.Series(10.0 + np.arange(40), pd.date_range("2020-01-01", periods=40, freq="MS"), name="sales")


def net(outputs: int = 2) -> el.Network:
    return el.Network(3, [el.GRU(4, return_sequences=False), el.Dense(outputs)], seed=0)


def theta() -> el.Forecaster:
    return el.Forecaster(3, methods=["theta"], members=1)


@pytest.fixture(scope="module")
def forecast():
    return theta().fit(MONTHS).predict()


OBJECTS = {
    "SERIES": lambda: el.data.load_series("sunspots"),
    "FORECASTER": theta,
    "LOCAL_FORECASTER": el.LocalForecaster,
    "FORECAST": lambda: theta().fit(MONTHS).predict(level=80, quantiles=[0.9]),
    "ESTIMATOR": el.SequenceClassifier,
    "HISTORY": el.History,
    "OPTIMIZER": el.Adam,
    "NETWORK": net,
    "LAYER": lambda: el.GRU(4),
    "PARAMETERS": lambda: net().params,
    "BACKTEST": lambda: theta().backtest(MONTHS, origins=2),
}


@pytest.mark.parametrize("table", OBJECTS)
def test_what_an_object_has_not_is_told_by_what_it_has(table):
    hints, found = getattr(attributes, table), OBJECTS[table]()
    assert hints
    for name, hint in hints.items():
        with pytest.raises(AttributeError, match=re.escape(f"{type(found).__name__} has no {name!r}: {hint}")):
            getattr(found, name)


@pytest.mark.parametrize("table", ["FORECAST", "BACKTEST", "HISTORY"])
def test_what_is_told_is_there(table):
    """The names that hints begin with are attributes."""
    found = OBJECTS[table]()
    for hint in getattr(attributes, table).values():
        for name in re.findall(r"(?:^|and )([a-z_]+)(?=[\[(]| holds)", hint):
            assert hasattr(found, name) or name in ("predict", "pandas", "print"), hint


def test_hints_of_networks_and_the_package_are_of_what_is_not_there():
    made = net()
    assert not [name for name in attributes.NETWORK if hasattr(made, name)]
    assert not [name for name in hints.ELSEWHERE if hasattr(el, name)]


@pytest.mark.parametrize("module", attributes.MODULES)
def test_parts_of_the_package_tell_it_too(module):
    part = getattr(el, module)
    for name, hint in attributes.MODULES[module].items():
        with pytest.raises(AttributeError, match=re.escape(f"elman.{module} has no {name!r}: {hint}")):
            getattr(part, name)
        first = re.match(r"([a-zA-Z_]+)[(\[]", hint)
        assert first is None or hasattr(part, first[1]), hint
    with pytest.raises(AttributeError, match=rf"elman.{module} has no 'nothing_like_it'$"):
        part.nothing_like_it  # noqa: B018


def test_a_series_that_is_not_there(forecast):
    with pytest.raises(el.OptionError, match="there is no series 0 in the forecast; there is 'sales'"):
        list(forecast)


def test_misspelt_attributes():
    with pytest.raises(AttributeError, match=r"Forecaster has no 'backtests' \(did you mean 'backtest'\?\)"):
        theta().backtests  # noqa: B018
    with pytest.raises(AttributeError, match=r"Network has no 'parms' \(did you mean 'params'\?\)"):
        net().parms  # noqa: B018
    with pytest.raises(AttributeError, match="Forecaster has no '_backtest'$"):
        theta()._backtest  # noqa: B018


@pytest.mark.parametrize("make", OBJECTS.values())
def test_they_are_copied_and_pickled_all_the_same(make):
    found = make()
    assert not hasattr(found, "__name__")  # as a test's parameter
    assert type(copy.deepcopy(found)) is type(pickle.loads(pickle.dumps(found))) is type(found)


def test_a_layer_cannot_be_changed():
    layer = el.GRU(4)
    with pytest.raises(dataclasses.FrozenInstanceError, match=r"trainable cannot be set: net\.freeze\('0\.\*'\)"):
        layer.trainable = False
    assert dataclasses.replace(layer, units=5).units == 5


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: theta().backtest(MONTHS, metric="mape"), "backtest has no argument 'metric': the measures are all in"),
        (lambda: theta().backtest(MONTHS, stride=6), "backtest has no argument 'stride': give origins"),
        (lambda: el.LocalForecaster(6).fit(MONTHS), "forecaster is 6"),
        (lambda: el.LocalForecaster(members=1), r"no argument 'members': .* LocalForecaster\(Forecaster\(12, ...\)\)"),
        (lambda: el.LocalForecaster().fit(MONTHS, df=1), "no argument 'df': the data are the first argument"),
        (lambda: theta().fit(MONTHS, holidays="DE"), r"no argument 'holidays': el.Forecaster\(holidays=...\) has it"),
        (lambda: el.Forecaster(3, distribution="gaussian").fit(MONTHS), "no distribution 'gaussian': give 'normal'"),
        (lambda: el.SequenceClassifier().fit(X, CLASSES, epochs=3), "no argument 'epochs': the constructor has it"),
        (lambda: el.SequenceRegressor().fit(X, CLASSES, eval_set=[]), "'eval_set': the constructor has validation"),
        (lambda: net().evaluate(X, CLASSES, callbacks=[]), "evaluate has no argument 'callbacks': leave it out"),
        (lambda: net().fit(X, CLASSES, loss="MeanSquaredError"), "unknown loss 'MeanSquaredError': give 'mse'"),
        (lambda: net().stream(batch_size=4), "stream has no argument 'batch_size': give rows"),
        (lambda: net().generate(X[0], length=4), "generate has no argument 'length': give steps"),
        (lambda: net().summary((10, 3)), r"summary takes 0 arguments without a name .*print\(net.summary\(\)\)"),
        (lambda: el.Conv1D(4, 3, padding="same"), "no argument 'padding': give causal"),
        (lambda: el.Network((10, 3), [el.GRU(4)]), r"inputs is \(10, 3\); .* the features at a step"),
        (lambda: el.Network([el.GRU(4)], 3), r"layers came where the features .*Network\(3, \[layers"),
        (lambda: el.Network([el.GRU(4)]), r"the features of the input come first, Network\(3, \[layers"),
    ],
)
def test_arguments(call, said):
    with pytest.raises(el.OptionError, match=said):
        call()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: net()(X[0]), r"x has shape \(5, 3\); .*; one sequence of 5 steps is x\[None\]"),
        (lambda: el.Network(1, [el.GRU(4)])(np.zeros(5)), r"x has shape \(5,\); .*; one sequence is x\[None\]"),
        (lambda: net()(X[:, :, 0]), r"expected \(B, T, F\) = \(batch, time steps, 3 features\)$"),
        (lambda: net().fit(X, CLASSES, epochs=1), "if the targets are classes, give loss='softmax_cross_entropy'"),
        (lambda: net().fit(X, CLASSES + 0.5, epochs=1), r"mse expected \(N, 2\)$"),
    ],
)
def test_shapes(call, said):
    with pytest.raises(el.ShapeError, match=said):
        call()


def test_an_embedding_of_more_features_is_told_at_the_users_line():
    with pytest.raises(el.ShapeError, match=r"of an input with 1 feature.*\n  test_habits.py:\d+: el.Network\(10"):
        el.Network(10, [el.Embedding(10, 4), el.GRU(3)])


def test_a_matrix_that_is_multiplied_value_by_value():
    @el.cell
    def starred(p, x, h):
        return el.tanh(p.W * x + p.U @ h)

    with pytest.raises(el.ShapeError, match=r"`\*` multiplies value by value: the product is `p.W @ x`"):
        el.Network(3, [el.Recurrent(starred, 4)])


def test_two_columns_of_numbers_are_no_one_hot_rows():
    with pytest.raises(el.DataError, match=r"y has shape \(12, 2\); .*; fit a model for each column, as y\[:, 0\]"):
        el.SequenceRegressor(epochs=1).fit(X, X[:, 0, :2])
    with pytest.raises(el.DataError, match=r"of one-hot rows give y.argmax\(axis=1\)"):
        el.SequenceClassifier(epochs=1).fit(X, np.eye(2)[CLASSES])


def twice(name: str = "v") -> pd.DataFrame:
    column = pd.Series(np.arange(12.0), name=name)
    return pd.concat([column, column], axis=1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: theta().fit(twice()),
        lambda: el.data.collect(twice()),
        lambda: el.SequenceClassifier(epochs=1).fit(twice(), CLASSES),
        lambda: el.SequenceClassifier(epochs=1).fit([twice(), twice()], [0, 1]),
    ],
)
def test_columns_of_one_name(call):
    with pytest.raises(el.DataError, match="the frame has several columns 'v'; expected a name of its own for each"):
        call()


@pytest.mark.parametrize("empty", [pd.DataFrame(index=range(12)), pl.DataFrame()])
def test_frames_without_columns(empty):
    with pytest.raises(el.DataError, match="the frame has no (columns|rows); expected"):
        el.SequenceClassifier(epochs=1).fit(empty, CLASSES)
    with pytest.raises(el.DataError, match="the frame has no columns; expected one of values to forecast"):
        theta().fit(empty)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("colleague.pt", r"a file of PyTorch: el.interop.from_torch\(.*elman convert .* colleague.safetensors"),
        ("model.keras", r"a file of Keras: el.interop.from_keras\("),
        ("model.onnx", r"a file of ONNX: el.interop.from_onnx\("),
    ],
)
def test_files_of_other_packages(tmp_path: Path, name, said):
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04 of another kind, and long enough for a header")
    with pytest.raises(el.ModelFileError, match=said):
        el.load(path)


def test_notes_point_at_the_users_line():
    with pytest.warns(UserWarning, match="X was read as") as told:
        el.SequenceClassifier(units=2, members=1, epochs=1).fit(
            np.random.default_rng(0).normal(size=(12, 3, 12)), CLASSES
        )
    assert [each.filename for each in told] == [__file__]


def test_tasks_by_their_names():
    found = el.compare.compare(["simple"], "adding", el.compare.Budget(updates=10, seeds=1), units=2)
    assert found.task == "adding"
    with pytest.raises(el.OptionError, match="task is 3; expected a Task"):
        el.compare.compare(["simple"], 3)
    with pytest.raises(el.OptionError, match=r"budget is 500; expected a Budget, as Budget\(updates=500"):
        el.compare.compare(["simple"], "adding", 500)


def test_what_insight_finds_prints_as_a_sentence():
    network = el.Network(1, [el.GRU(4), el.Dense(1)], seed=0)
    x = X[..., :1]
    for found in (
        el.insight.lyapunov_spectrum(network, steps=50),
        el.insight.fixed_points(network, np.zeros((2, 4))),
        el.insight.gradient_flow(network, x, x),
        el.insight.memory(network, x),
    ):
        assert str(found.verdict) in repr(found)
        assert len(repr(found)) < 500
    assert len(repr(el.compare.task_of("adding", 10))) < 300


def test_networks_and_paths_that_changed_places(tmp_path: Path):
    pytest.importorskip("onnx")
    with pytest.raises(el.ConversionError, match="to_onnx takes a network, got str"):
        el.interop.to_onnx(str(tmp_path / "net.onnx"), net())


def test_nothing_warns_of_itself():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net().fit(X, X[:, 0, :2], epochs=1, verbose=0)


def told(**events) -> el.Callback:
    return type("Mine", (el.Callback,), events)()


@pytest.mark.parametrize(
    "callback",
    [
        told(on_epoch_end=lambda self, epoch, logs=None: None),
        told(on_epoch_end=lambda self, training, logs: None),
        told(on_train_begin=lambda self: None),
        told(on_batch_end=lambda self, batch: None),
        told(on_train_end=staticmethod(lambda: None)),
        el.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
        el.LambdaCallback(on_epoch_end=lambda: None),
    ],
)
def test_methods_of_callbacks_as_keras_has_them(callback):
    with pytest.raises(el.OptionError, match=r"\w+\.on_\w+ takes \(.*\); expected the training alone"):
        net().fit(X, X[:, 0, :2], callbacks=[callback], epochs=1, verbose=0)


@pytest.mark.parametrize(
    "callback",
    [
        told(on_epoch_end=lambda self, training: None),
        told(on_epoch_end=lambda self, state, more=3: None),
        told(on_epoch_end=lambda self, *all: None),
        told(on_epoch_end=print),
        el.LambdaCallback(on_epoch_end=lambda training: None, on_train_end=[].append),
    ],
)
def test_methods_of_callbacks_that_take_the_training(callback):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net().fit(X, X[:, 0, :2], callbacks=[callback], epochs=1, verbose=0)


def test_methods_of_callbacks_that_nothing_calls_are_noted():
    with pytest.warns(RuntimeWarning, match="Mine.on_train_epoch_end is called by nothing: it is on_epoch_end here"):
        net().fit(X, X[:, 0, :2], callbacks=[told(on_train_epoch_end=print)], epochs=1, verbose=0)
    with pytest.warns(RuntimeWarning, match=r"on_epoch_ends is called by nothing \(did you mean 'on_epoch_end'\?\)"):
        net().fit(X, X[:, 0, :2], callbacks=[told(on_epoch_ends=print)], epochs=1, verbose=0)


def test_a_training_prints_as_a_line(capsys):
    net().fit(
        X, X[:, 0, :2], callbacks=[told(on_epoch_end=lambda self, training: print(training))], epochs=1, verbose=0
    )
    assert capsys.readouterr().out.startswith("<Training of Network(inputs=3")
