"""Attributes: what those of Keras, PyTorch, scikit-learn and forecasting packages are called here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import FrozenInstanceError
from typing import Any, NoReturn, TypeVar

from elman.checks import nearest

C = TypeVar("C", bound=type)

_TEST = "forecaster.backtest(data, origins=8) forecasts from several places and compares with simple methods"
_WEIGHTS = "weights_ says how much each method counts, and explain() what a forecast rests on"

SERIES = {
    "plot": "el.plots.series(series) draws it",
    "index": "times holds the times",
    "time_index": "times holds the times",
    "head": "values and times are arrays: series.values[:5]",
    "tail": "values and times are arrays: series.values[-5:]",
    "iloc": "values and times are arrays: series.values[-5:]",
    "loc": "values and times are arrays: series.values[series.times > some_time]",
    "shape": "values is an array of shape (n,)",
    "mean": "values is an array: series.values.mean()",
    "numpy": "values is an array",
    "to_numpy": "values is an array",
    "to_pandas": "pandas.Series(series.values, series.times) makes one",
    "to_dataframe": "pandas.Series(series.values, series.times) makes one",
    "pd_series": "pandas.Series(series.values, series.times) makes one",
    "freq": "step says how far apart values are",
    "split_before": "el.Forecaster(12).backtest(series) splits by itself; arrays are sliced",
}
"""Of a series that was read."""

FORECASTER = {
    "forecast": "predict(12) forecasts that many steps",
    "historical_forecasts": _TEST,
    "cross_validation": _TEST,
    "cross_validate": _TEST,
    "evaluate": _TEST,
    "residuals": _TEST,
    "fit_predict": "fit(data).predict() does both",
    "fit_forecast": "fit(data).predict() does both",
    "predict_interval": "predict(level=[80, 95]) has intervals",
    "predict_quantiles": "predict(quantiles=[0.1, 0.9]) has them",
    "predict_proba": "predict(samples=200) draws paths, predict(quantiles=...) has quantiles",
    "summary": "weights_ says how much each method counts, notes_ what was decided",
    "plot": "predict(level=80).plot() draws the forecast, el.plots.series(values) a series",
    "partial_fit": "append(values) goes on with new values, without training",
    "feature_importances_": _WEIGHTS,
    "coef_": _WEIGHTS,
    "history_": "its networks come trained; weights_ and notes_ say what fit found",
    "gridsearch": "Forecaster(auto=True, seconds=60) searches, and so does el.sweep",
    "transform": "no scaler is needed: a series is brought to a scale of its own by itself",
}
"""Of a forecaster."""

LOCAL_FORECASTER = FORECASTER | {
    "save": "forecasters_['tea'].save(path) writes that of a series",
    "append": "forecasters_['tea'].append(values) goes on with that of a series",
    "update": "forecasters_['tea'].update(values) is of that of a series",
    "explain": "forecasters_['tea'].explain() is of that of a series",
    "weights_": "forecasters_['tea'].weights_ is of that of a series",
    "score": "backtest(data) compares with simple methods",
}
"""Of a forecaster of each series by itself."""

FORECAST = {
    "mean": "values holds the forecast, (series, steps)",
    "median": "values holds the forecast, (series, steps)",
    "pred": "values holds the forecast, (series, steps)",
    "predicted_mean": "values holds the forecast, (series, steps)",
    "univariate_values": "values holds the forecast, (series, steps)",
    "all_values": "values holds the forecast, and samples the paths of predict(samples=...)",
    "conf_int": "predict(level=95) has intervals, in levels[95.0]: the lower and the upper ends",
    "interval": "levels[80.0] holds the lower and the upper ends of predict(level=80)",
    "intervals": "levels[80.0] holds the lower and the upper ends of predict(level=80)",
    "lower": "levels[80.0] holds the lower and the upper ends of predict(level=80)",
    "upper": "levels[80.0] holds the lower and the upper ends of predict(level=80)",
    "quantile": "quantiles[0.9] holds that of predict(quantiles=[0.9])",
    "index": "times holds the times, (series, steps)",
    "time_index": "times holds the times, (series, steps)",
    "columns": "to_pandas() and to_polars() make a data frame",
    "head": "to_pandas() and to_polars() make a data frame",
    "iloc": "to_pandas() and to_polars() make a data frame",
    "loc": "to_pandas() and to_polars() make a data frame",
    "to_dataframe": "to_pandas() and to_polars() make a data frame",
    "to_frame": "to_pandas() and to_polars() make a data frame",
    "pd_dataframe": "to_pandas() and to_polars() make a data frame",
    "to_csv": "write('forecast.csv') writes it, .parquet and .json too",
    "to_parquet": "write('forecast.parquet') writes it, .csv and .json too",
    "to_json": "write('forecast.json') writes it, .csv and .parquet too",
    "save": "write('forecast.csv') writes it; the forecaster has save",
    "numpy": "values holds the forecast, (series, steps)",
    "to_numpy": "values holds the forecast, (series, steps)",
}
"""Of a forecast."""

ESTIMATOR = {
    "evaluate": "score(X, y) is the share of cases that are right, report(X, y) tells more",
    "decision_function": "predict_proba(X) has the probability of each class",
    "partial_fit": "fit learns anew from all cases; el.Network has train_on_batch",
    "loss_curve_": "history_ holds the losses, a History for each member",
    "best_loss_": "history_ holds the losses, a History for each member",
    "n_iter_": "history_ holds the epochs, a History for each member",
    "coefs_": "networks_[0].params holds the parameters by name",
    "intercepts_": "networks_[0].params holds the parameters by name",
    "coef_": "networks_[0].params holds the parameters by name; explain(X) says what a judgement rests on",
    "feature_importances_": "explain(X) says what a judgement rests on, step by step",
    "summary": "networks_[0].summary() lists the layers",
    "compile": "losses and rates are arguments of the constructor",
    "transform": "predict, predict_proba and predict_proba_over_time tell what it thinks of a sequence",
    "plot": "report(X, y) tells how good it is; el.plots.losses(history_[0]) draws the training",
}
"""Of a classifier or regressor of sequences."""

HISTORY = {
    "params": "what fit was told is not kept; history['loss'] holds a loss for each epoch",
    "losses": "history['loss'] holds them, a loss for each epoch",
    "to_pandas": "pandas.DataFrame(history.history) makes a data frame",
    "model": "fit changes the network it belongs to: go on with that",
}
"""Of what `Network.fit` returns."""

OPTIMIZER = {
    "step": "net.train_on_batch(x, target, optimizer=...) is one update, net.fit the whole training",
    "zero_grad": "gradients are not kept: net.train_on_batch(x, target, optimizer=...) is one update",
    "apply_gradients": "net.train_on_batch(x, target, optimizer=...) is one update",
    "minimize": "net.fit(x, target, optimizer=...) trains",
    "param_groups": "groups={'0.*': {'learning_rate': 1e-4}} of the constructor is of parts of a network",
    "lr": "learning_rate is its rate",
}
"""Of an optimiser."""

NETWORK = {
    "predict": "net(x) gives the outputs",
    "forward": "net(x) gives the outputs",
    "predict_on_batch": "net(x) gives the outputs",
    "compile": "net.fit(x, target, loss=..., optimizer=...) is told both",
    "zero_grad": "gradients are not kept: net.loss_and_grads(x, target) gives them",
    "parameters": "net.params holds them by name",
    "named_parameters": "net.params holds them by name",
    "state_dict": "net.params holds the parameters by name, and net.save(file) writes them",
    "load_state_dict": "net.params[name] = value sets a parameter, and el.load(file) reads a network",
    "weights": "net.params holds them by name",
    "get_weights": "net.params holds them by name",
    "set_weights": "net.params[name] = value sets a parameter",
    "save_weights": "net.save(file) writes them, with the network",
    "load_weights": "el.load(file) reads a network with its parameters",
    "eval": "net(x) leaves dropout out, and net.fit has it: nothing is to be switched",
    "train": "net.fit(x, target) trains",
    "to": "networks compute on the processor; dtype is an argument of el.Network",
    "add": "el.Network(3, [el.GRU(8), el.Dense(1)]) is given all layers at once",
    "pop": "el.Network(3, net.layers[:-1]) is a network without the last layer, with values of its own",
    "get_layer": "net.layers holds them in order, net.params['0.W_z'] the values",
    "modules": "net.layers holds them in order",
    "children": "net.layers holds them in order",
    "predict_proba": "net(x) gives logits z, of which np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True) is the softmax",
    "predict_classes": "net(x).argmax(axis=-1) gives classes",
    "score": "net.evaluate(x, target, metrics=['accuracy']) measures",
    "test_on_batch": "net.evaluate(x, target) measures",
    "trainable_variables": "net.params holds them by name",
    "trainable_weights": "net.params holds them by name; net.freeze('0.*') keeps some as they are",
    "requires_grad_": "net.freeze('0.*') and net.unfreeze('0.*') say which parameters train",
    "variables": "net.params holds them by name",
    "buffers": "net.params holds parameters by name; running moments of a BatchNorm are among them",
    "count_params": "net.arena.size is the number of parameters",
    "num_parameters": "net.arena.size is the number of parameters",
    "cuda": "networks compute on the processor; el.interop.to_torch(net).to('cuda') is a module for a GPU",
    "device": "networks compute on the processor; el.interop.to_torch(net).to('cuda') is a module for a GPU",
    "double": "el.Network(..., dtype='float64') computes in it",
    "half": "el.Network(..., products='bfloat16') multiplies in fewer bits",
    "register_forward_hook": "net.trace(x) has every value that has a name",
    "fit_generator": "net.fit takes a generator of batches in place of x",
    "reset_states": "net(x, state=...) is given states, and begins at zero without",
    "reset_state": "net(x, state=...) is given states, and begins at zero without",
    "input_shape": "net.inputs is the number of features",
    "output_shape": "net.outputs is the number of outputs",
    "to_json": "net.save(file) writes the network; el.interop has ONNX, C, Keras and PyTorch",
    "export": "el.interop.to_onnx(net, file), to_c, to_keras and to_torch do",
    "clone": "copy.deepcopy(net) is another network with the same values",
    "load": "el.load(path) opens whatever was saved",
}
"""Of a network."""

LAYER = {
    "weight": "layers hold no values: net.params['0.W_z'] does",
    "weights": "layers hold no values: net.params['0.W_z'] does",
    "get_weights": "layers hold no values: net.params['0.W_z'] does",
    "parameters": "layers hold no values: net.params['0.W_z'] does",
    "kernel": "layers hold no values: net.params['0.W'] does",
    "output": "net.trace(x) has every value that has a name",
    "latex": "el.cells.gru.latex() has the equations of a cell",
    "equations": "el.cells.gru.equations() has the equations of a cell",
    "build": "a layer is built where a network, or the function of one, calls it",
    "forward": "net(x) runs a network; a layer is called in the function of one",
}
"""Of a layer."""

PARAMETERS = {
    "update": "net.params[name] = value sets one, net.params.write(array) all of them",
    "pop": "a network has all parameters of its layers, and net.freeze('0.*') keeps some as they are",
    "clear": "a network has all parameters of its layers, and net.freeze('0.*') keeps some as they are",
    "setdefault": "a network has all parameters of its layers",
    "copy": "dict(net.params) holds views; {name: value.copy() for name, value in net.params.items()} copies",
    "numpy": "net.arena has all parameters in one array, net.params[name] one of them",
    "size": "net.arena.size is the number of parameters",
}
"""Of a network's parameters."""

BACKTEST = {
    "mean": "to_pandas() has the measures, by method",
    "metrics": "to_pandas() has the measures, by method",
    "mase": "to_pandas() has MASE, sMAPE, RMSSE, coverage and others, by method",
    "mape": "to_pandas() has MASE, sMAPE, RMSSE, coverage and others, by method",
    "rmse": "to_pandas() has MASE, sMAPE, RMSSE, coverage and others, by method",
    "summary": "print(test) shows the measures, test.verdict() says who won",
    "predictions": "forecasts['elman'] holds them, (series, origins, steps), and actual what happened",
}
"""Of a backtest."""

MODULES = {
    "insight": {
        "lyapunov_exponents": "lyapunov_spectrum(net, steps=300).exponents holds them",
        "jacobian": "jacobians(net, x) has those of all steps",
        "fixed_point": "fixed_points(net, states) finds them",
        "memory_capacity": "memory(net, x) measures it",
        "lyapunov_exponent": "lyapunov_spectrum(net, steps=300).exponents holds them",
        "saliency": "gradient_flow(net, x, target) follows the gradient back in time",
    },
    "data": {
        "load_dataset": "load_series('sunspots') opens a series, collect(file) whatever holds some",
        "load": "load_series('sunspots') opens a series, collect(file) whatever holds some",
        "read_csv": "collect('sales.csv') reads a file, and so does el.Forecaster(12).fit('sales.csv')",
        "DataLoader": "Batches takes one, and so does net.fit; arrays need none",
        "TensorDataset": "net.fit takes arrays as they are",
        "train_test_split": "slice the arrays: later rows are for the test",
        "StandardScaler": "StandardScaler of scikit-learn does; forecasters and classifiers scale by themselves",
        "pad_sequences": "net.fit takes a list of arrays of unequal lengths, or an array and lengths=",
    },
    "forecast": {
        "load": "el.load(path) opens whatever was saved",
    },
    "plots": {
        "plot": "series(values) draws a series, losses(history) a training",
        "history": "losses(history) draws a training",
        "forecast": "forecast.plot() draws a forecast",
        "loss": "losses(history) draws a training",
    },
    "training": {},
    "compare": {},
}
"""Of the package's parts, by part."""


def answering(hints: Mapping[str, str]) -> Callable[[C], C]:
    """Have an object say, of an attribute that it has not, what is its like here.

    Examples
    --------
    >>> @answering({"mean": "values holds it"})
    ... class Found:
    ...     values = 3
    >>> Found().mean
    Traceback (most recent call last):
        ...
    AttributeError: Found has no 'mean': values holds it
    """

    def decorate(made: C) -> C:
        def absent(self: Any, name: str) -> Any:
            kind = type(self)
            held = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
            if held is not None and hasattr(type(held), "__get__"):  # a property that failed: its own error once more
                return held.__get__(self, kind)
            raise AttributeError(
                f"{kind.__name__} has no {name!r}{_said(name, hints, lambda: dir(self))}", name=name, obj=self
            )

        made.__getattr__ = absent  # type: ignore[attr-defined]
        return made

    return decorate


def unchangeable(instead: str) -> Callable[[C], C]:
    """Have an object that cannot be changed say what to do instead.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @unchangeable("make another one")
    ... @dataclass(frozen=True)
    ... class Point:
    ...     x: int
    >>> Point(3).x = 4
    Traceback (most recent call last):
        ...
    dataclasses.FrozenInstanceError: a Point is as it was made, and x cannot be set: make another one
    """

    def decorate(made: C) -> C:
        def refused(self: Any, name: str, _: Any) -> NoReturn:
            raise FrozenInstanceError(f"a {type(self).__name__} is as it was made, and {name} cannot be set: {instead}")

        made.__setattr__ = refused  # type: ignore[assignment,method-assign]
        return made

    return decorate


def of_module(module: str, names: Iterable[str]) -> Callable[[str], NoReturn]:
    """The `__getattr__` of a part of the package, which says so of what it has not.

    Examples
    --------
    >>> of_module("plots", ["series"])("plot")
    Traceback (most recent call last):
        ...
    AttributeError: elman.plots has no 'plot': series(values) draws a series, losses(history) a training
    """

    def absent(name: str) -> NoReturn:
        raise AttributeError(f"elman.{module} has no {name!r}{_said(name, MODULES[module], lambda: names)}")

    return absent


def _said(name: str, hints: Mapping[str, str], names: Callable[[], Iterable[str]]) -> str:
    """What stands behind a name; Python itself asks for `_names` often, and gets no answer."""
    if name.startswith("_"):
        return ""
    return (
        f": {hints[name]}" if name in hints else nearest(name, [each for each in names() if not each.startswith("_")])
    )
