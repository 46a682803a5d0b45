"""Hints: what names of Keras and PyTorch are called here."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from elman.checks import nearest
from elman.errors import OptionError

F = TypeVar("F", bound=Callable[..., Any])

ELSEWHERE = {
    "Sequential": "el.Network(features, [el.GRU(64), el.Dense(1)]) is a chain of layers",
    "Model": "el.Network(function, inputs={'x': 3}) is a graph of layers",
    "Module": "el.Network holds layers; equations of one's own are a function with @el.cell",
    "Input": "el.Network is told the features of its inputs: el.Network(3, [...]) or inputs={'x': 3}",
    "Linear": "el.Dense(units) is this layer; el.linear is the function",
    "RNN": "el.Recurrent(cell, units) makes a layer of any cell; el.SimpleRNN is the plain one",
    "RNNCell": "el.cells.simple holds its equations, el.SimpleRNN(units) is a layer of it",
    "SimpleRNNCell": "el.cells.simple holds its equations, el.SimpleRNN(units) is a layer of it",
    "GRUCell": "el.cells.gru holds its equations, el.GRU(units) is a layer of it",
    "LSTMCell": "el.cells.lstm holds its equations, el.LSTM(units) is a layer of it",
    "TimeDistributed": "el.Dense and other layers without states act on every step by themselves",
    "LRFinder": "el.find_rate(net, x, target) finds a learning rate",
    "AveragedModel": "el.Adam(average=el.EMA(0.999)) keeps an average of the weights, and el.SWA() a plain one",
    "SwapEMAWeights": "el.Adam(average=el.EMA(0.999)) has epochs judged with averaged weights",
    "SummaryWriter": "el.TensorBoard(folder) is a callback that writes what TensorBoard shows",
    "Masking": "net(x, lengths=...) leaves out what lies behind a row's end, layer(x, mask=...) single steps",
}
"""Of the package."""

FIT = {
    "validation_split": "give validation_data=(x, target): the rows that training must not see, the last ones of a "
    "series",
    "y": "the targets are the second argument, target",
    "initial_epoch": "a second call of fit goes on where the first one ended",
    "generator": "batches are the first argument, x, without a target",
    "use_multiprocessing": "el.Network(..., threads=...) says how many threads it may use",
    "workers": "el.Network(..., threads=...) says how many threads it may use",
    "lr": "give optimizer=el.Adam(learning_rate)",
    "learning_rate": "give optimizer=el.Adam(learning_rate)",
    "gradient_accumulation_steps": "give accumulate, how many batches an update is made from",
    "accumulate_grad_batches": "give accumulate, how many batches an update is made from",
    "max_time": "give max_seconds",
    "max_epochs": "give epochs",
    "ckpt_path": "give checkpoint, a folder, with resume=True to go on from what is there",
    "resume_from_checkpoint": "give checkpoint, a folder, with resume=True to go on from what is there",
    "clip_norm": "give optimizer=el.Adam(clip_norm=1.0)",
    "clipnorm": "give optimizer=el.Adam(clip_norm=1.0)",
    "max_grad_norm": "give optimizer=el.Adam(clip_norm=1.0)",
    "gradient_clip_val": "give optimizer=el.Adam(clip_norm=1.0)",
    "use_ema": "give optimizer=el.Adam(average=el.EMA(0.999))",
    "swa_start": "give optimizer=el.SGD(0.05, average=el.SWA(start, every))",
}
"""Of arguments of `Network.fit`."""

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
}
"""Of attributes of a network."""

CALLBACK = {
    "log_dir": "give folder",
    "histogram_freq": "give histograms",
    "update_freq": "give every",
    "filepath": "give path",
    "filename": "give path",
    "dirpath": "give path, a file's name",
    "save_best_only": "with monitor the best is kept, and monitor=None keeps each epoch",
    "save_top_k": "with monitor the best is kept, and monitor=None keeps each epoch",
    "restore_best_weights": "give restore_best",
    "baseline": "there is none: el.LambdaCallback(on_epoch_end=...) may look at training.logs",
}
"""Of arguments of callbacks."""

OPTIMIZER = {
    "lr": "give learning_rate",
    "betas": "give beta_1 and beta_2",
    "eps": "give epsilon",
    "weight_decay": "el.AdamW decays weights, and groups={'*': {'weight_decay': 0.01}} has any optimizer do so",
    "clipnorm": "give clip_norm",
    "global_clipnorm": "give clip_norm, which is of the whole gradient",
    "max_grad_norm": "give clip_norm",
    "clipvalue": "give clip_value",
    "use_ema": "give average=el.EMA(0.99)",
    "ema_momentum": "give average=el.EMA(0.99)",
    "ema_overwrite_frequency": "give average=el.EMA(0.99): epochs end with averaged weights",
    "gradient_accumulation_steps": "net.fit(accumulate=4) makes an update from 4 batches",
}
"""Of arguments of optimisers."""

LAYERS = {
    "frozen": "give trainable=False; net.freeze('0.*') does so later",
    "hidden_size": "give units",
    "input_size": "el.Network(features, [...]) says how many features the first layer reads",
    "input_shape": "el.Network(features, [...]) says how many features the first layer reads",
    "num_layers": "give a list of layers to el.Network",
    "bidirectional": "el.Bidirectional(layer) runs it both ways",
    "go_backwards": "give reverse=True",
    "dropout": "el.Dropout(rate) is a layer of its own; el.cells.zoneout holds states",
    "recurrent_dropout": "el.cells.zoneout(cell, rate) holds states at random",
    "use_bias": "give bias",
    "kernel_initializer": "give initial={'W': ...} by parameter name",
    "recurrent_initializer": "give initial={'U': ...} by parameter name",
    "bias_initializer": "give initial={'b': ...} by parameter name",
    "stateful": "net.fit(stateful=True) carries states from batch to batch",
    "return_state": "net(x, return_state=True) returns the final states",
    "batch_first": "arrays are (B, T, F) here, the batch first",
}
"""Of arguments of layers."""


def hinted(hints: Mapping[str, str], *more: str) -> Callable[[F], F]:
    """Have a function say, of an argument that it has not, what is to be given here.

    A function that hands others on is told their names: `more`.

    Examples
    --------
    >>> @hinted({"n": "give times"})
    ... def double(value, *, times=1):
    ...     return value * 2**times
    >>> double(3, n=2)
    Traceback (most recent call last):
        ...
    elman.errors.OptionError: double has no argument 'n': give times
    """

    def decorate(function: F) -> F:
        known = {*_named(function), *more}

        @functools.wraps(function)
        def told(*args: Any, **given: Any) -> Any:
            if not known.issuperset(given):
                raise no_argument(function.__name__, given, known, hints)
            return function(*args, **given)

        return told  # type: ignore[return-value]

    return decorate


def _named(function: Callable[..., Any]) -> set[str]:
    """The arguments that have names of their own."""
    parameters = inspect.signature(function).parameters
    return {name for name, parameter in parameters.items() if parameter.kind is not inspect.Parameter.VAR_KEYWORD}


C = TypeVar("C", bound=type)


def hinted_class(hints: Mapping[str, str]) -> Callable[[C], C]:
    """Have a class say so of the arguments of its constructor."""

    def decorate(made: C) -> C:
        init = made.__init__  # type: ignore[misc]
        known = _named(init)

        @functools.wraps(init)
        def told(self: Any, *args: Any, **given: Any) -> None:
            if not known.issuperset(given):
                raise no_argument(made.__name__, given, known - {"self"}, hints)
            init(self, *args, **given)

        made.__init__ = told  # type: ignore[misc]
        return made

    return decorate


def of_network(name: str) -> str:
    """What to say of an attribute that a network has not, behind its name."""
    return f": {NETWORK[name]}" if name in NETWORK else ""


def no_argument(name: str, given: Mapping[str, Any], known: set[str], hints: Mapping[str, str]) -> OptionError:
    """What to say of the first argument that a function has not."""
    wrong = next(argument for argument in given if argument not in known)
    if wrong in hints:
        return OptionError(f"{name} has no argument {wrong!r}: {hints[wrong]}")
    there = ", ".join(sorted(known - {"net", "self"}))
    return OptionError(f"{name} has no argument {wrong!r}{nearest(wrong, known)}; there are {there}")
