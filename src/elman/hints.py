"""Hints: what names of Keras and PyTorch are called here."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
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
    "StackedRNNCells": "el.Network(features, [el.GRU(64), el.GRU(64)]) puts layers above one another",
    "Concatenate": "el.concat(a, b) puts values beside one another in a network's function",
    "cat": "el.concat(a, b) puts values beside one another",
    "Add": "a + b in the function of an el.Network",
    "Multiply": "a * b in the function of an el.Network",
    "Lambda": "el.Stateless(cell) is a layer of equations without states",
    "RepeatVector": "el.repeat(vector, like) has it at each step of another sequence",
    "GlobalAveragePooling1D": "el.pool(x, 'mean') in the function of a network",
    "GlobalMaxPooling1D": "el.pool(x, 'max') in the function of a network",
    "SpatialDropout1D": "el.Dropout(rate, once=True) drops a feature at all steps of a sequence",
    "Attention": "el.attend(query, keys) looks at all steps of a sequence",
    "MultiheadAttention": "el.attend(query, keys) looks at all steps of a sequence, with one head",
    "MultiHeadAttention": "el.attend(query, keys) looks at all steps of a sequence, with one head",
    "LayerNormalization": "el.LayerNorm() is this layer",
    "BatchNormalization": "el.BatchNorm() is this layer",
    "BatchNorm1d": "el.BatchNorm() is this layer",
    "Parameter": "p.name in the equations of a cell is a parameter: el.cell",
    "Trainer": "el.Network has fit: the loop, validation, callbacks and checkpoints",
    "DataLoader": "el.data.Batches takes one, and so does net.fit; arrays need none",
    "pack_padded_sequence": "net(x, lengths=...) takes rows of unequal lengths in any order: el.Network",
    "no_grad": "el.Network keeps no gradients where it is called",
    "manual_seed": "el.Network(..., seed=0) fixes all that is random in a network",
    "set_random_seed": "el.Network(..., seed=0) fixes all that is random in a network",
    "load_model": "el.load(path) opens whatever was saved",
    "save": "net.save(path) writes a model, el.load(path) opens it",
    "MSELoss": "net.fit(loss='mse') has it: el.Network",
    "CrossEntropyLoss": "net.fit(loss='softmax_cross_entropy') has it, of logits: el.Network",
    "BCEWithLogitsLoss": "net.fit(loss='binary_cross_entropy') has it, of logits: el.Network",
    "RMSprop": "el.RMSProp(rate) is this optimiser",
    "ReduceLROnPlateau": "el.CosineDecay(...) in place of the rate lowers it by updates; a callback may set "
    "optimizer.learning_rate",
    "LearningRateScheduler": "el.CosineDecay(...), or another schedule, is given in place of the rate",
    "CosineAnnealingLR": "el.CosineDecay(initial, steps) is given in place of the rate",
    "BackupAndRestore": "net.fit(checkpoint='run', resume=True) goes on in the middle of an epoch: el.Network",
    "TerminateOnNaN": "el.Network stops before an update that is not finite, and says where it began",
    "TimeSeries": "el.Forecaster takes arrays, data frames and files as they are",
    "RNNModel": "el.Forecaster(horizon, cell='gru') forecasts with recurrent networks",
    "BlockRNNModel": "el.Forecaster(horizon, cell='gru') forecasts with recurrent networks",
    "nn": "el.GRU, el.Dense and the other layers are in the package itself",
    "layers": "el.GRU, el.Dense and the other layers are in the package itself",
    "optim": "el.Adam, el.SGD and the other optimisers are in the package itself",
    "optimizers": "el.Adam, el.SGD and the other optimisers are in the package itself",
    "callbacks": "el.EarlyStopping and the other callbacks are in the package itself",
    "losses": "el.training.LOSSES holds them by name",
    "metrics": "net.fit(metrics=['accuracy']) is told their names, or functions: el.Network",
    "utils": "el.data.one_hot, el.data.windows and others are in el.data",
    "datasets": "el.data.load_series('sunspots'), el.data.digits() and el.data.tasks are in el.data",
    "load_dataset": "el.data.load_series('sunspots') opens a series, el.data.digits() images",
    "from_torch": "el.interop.from_torch(module) does",
    "from_keras": "el.interop.from_keras(model) does",
    "from_onnx": "el.interop.from_onnx(path) does",
    "to_onnx": "el.interop.to_onnx(net, path) does",
    "to_c": "el.interop.to_c(net, folder) does",
    "to_torch": "el.interop.to_torch(net) does",
    "to_keras": "el.interop.to_keras(net, path) does",
    "StepLR": "el.StepDecay(...) is given in place of the rate",
    "ExponentialLR": "el.ExponentialDecay(...) is given in place of the rate",
    "OneCycleLR": "el.WarmUp(...) and el.CosineDecay(...) are given in place of the rate",
    "ReLU": "el.Activation('relu') is a layer, el.relu the function, and most layers have activation=",
    "Tanh": "el.Activation('tanh') is a layer, el.tanh the function, and most layers have activation=",
    "Sigmoid": "el.Activation('sigmoid') is a layer, el.sigmoid the function, and most layers have activation=",
    "Softmax": "el.Activation('softmax') is a layer, el.softmax the function; losses take logits, without it",
    "Flatten": "the number of steps is open here: el.pool(x, 'mean') or return_sequences=False makes them one vector",
    "Reshape": "the number of steps is open here; what a batch looks like is made with NumPy before",
    "MaxPooling1D": "el.pool(x, 'max') is of all steps; el.Conv1D of fewer is not there",
    "AveragePooling1D": "el.pool(x, 'mean') is of all steps; el.Conv1D of fewer is not there",
    "Conv2D": "networks here read sequences of vectors, no images: el.Conv1D is along the steps",
    "ConvLSTM2D": "networks here read sequences of vectors, no images",
    "Transformer": "networks here are recurrent: el.attend(query, keys) is attention of one head",
    "TransformerEncoderLayer": "networks here are recurrent: el.attend(query, keys) is attention of one head",
    "to_categorical": "el.data.one_hot(classes, n) does; 'softmax_cross_entropy' takes classes as they are",
    "one_hot": "el.data.one_hot(classes, n) does; 'softmax_cross_entropy' takes classes as they are",
    "pad_sequences": "el.Network takes a list of arrays of unequal lengths, or an array and lengths=",
    "pad_sequence": "el.Network takes a list of arrays of unequal lengths, or an array and lengths=",
    "pad_packed_sequence": "net(x, lengths=...) takes rows of unequal lengths in any order: el.Network",
    "clone_model": "copy.deepcopy(net) is another el.Network with the same values",
    "NeuralForecast": "el.Forecaster(horizon) forecasts one or many series",
    "StatsForecast": "el.Forecaster(horizon, methods=['theta', 'ets', 'arima']) combines such methods",
    "AutoARIMA": "el.Forecaster(horizon, methods=['arima']) has such models",
    "AutoETS": "el.Forecaster(horizon, methods=['ets']) has such models",
    "Theta": "el.Forecaster(horizon, methods=['theta']) has it",
    "Prophet": "el.Forecaster(horizon, holidays='DE', calendar=True) reads dates",
    "Scaler": "el.Forecaster and el.SequenceClassifier scale by themselves; of a network scale its arrays",
    "StandardScaler": "el.Forecaster and el.SequenceClassifier scale by themselves; of a network scale its arrays",
    "mape": "el.forecast.smape, mase, rmse and others measure forecasts",
    "mase": "el.forecast.mase measures forecasts",
    "smape": "el.forecast.smape measures forecasts",
    "dot": "p.W @ x is a product, el.sum(a * b) one of two vectors",
    "matmul": "p.W @ x is a product, el.matvec and el.vecmat are of matrices among the values",
    "transpose": "p.W.T @ x multiplies with the other side of a matrix: el.matvec is of values",
    "einsum": "p.W @ x is a product; el.outer, el.matvec and el.vecmat are of matrices among the values",
    "tensor": "el.Network takes NumPy's arrays, and tensors of PyTorch as they are",
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
    "num_epochs": "give epochs",
    "n_epochs": "give epochs",
    "validation_batch_size": "validation data are judged in parts of Elman's choosing",
    "validation_freq": "validation data are judged after each epoch",
    "lr_scheduler": "give optimizer=el.Adam(el.CosineDecay(...)), a schedule in place of the rate",
    "device": "Elman computes on the CPU; el.interop.to_torch(net) is a module for a GPU",
    "seed": "el.Network(..., seed=0) fixes all that is random",
}
"""Of arguments of `Network.fit`."""

_SOFTMAX = "give 'softmax_cross_entropy', of logits, with classes or their probabilities"
_BINARY = "give 'binary_cross_entropy', of logits"

LOSSES = {
    "crossentropy": _SOFTMAX,
    "categoricalcrossentropy": _SOFTMAX,
    "sparsecategoricalcrossentropy": _SOFTMAX,
    "nll": _SOFTMAX,
    "softmax": _SOFTMAX,
    "bce": _BINARY,
    "bcewithlogits": _BINARY,
    "binarycrossentropy": _BINARY,
    "binarycrossentropywithlogits": _BINARY,
    "log": _BINARY,
    "l1": "give 'mae'",
    "l2": "give 'mse'",
    "mse": "give 'mse'",
    "smoothl1": "give 'huber'",
    "gaussiannll": "give 'normal'",
    "poissonnll": "give 'poisson'",
    "quantile": "give 'pinball'",
    "meansquarederror": "give 'mse'",
    "meansquared": "give 'mse'",
    "rootmeansquarederror": "give 'rmse'",
    "meanabsoluteerror": "give 'mae'",
    "gaussian": "give 'normal'",
    "negativebinomial": "give 'negative_binomial'",
}
"""Of losses, as `plain_name` has them without `loss` at the end."""

METRICS = {
    "acc": "give 'accuracy'",
    "binaryaccuracy": "give 'accuracy'",
    "categoricalaccuracy": "give 'accuracy'",
    "sparsecategoricalaccuracy": "give 'accuracy'",
    "multiclassaccuracy": "give 'accuracy'",
    "meansquarederror": "give 'mse'",
    "meanabsoluteerror": "give 'mae'",
}
"""Of metrics, as `plain_name` has them."""

NETWORK_MADE = {
    "*": "el.Network(features, [el.GRU(64), el.Dense(1)]) is given its layers in a list",
    "input_size": "give inputs",
    "input_shape": "give inputs, the features alone: el.Network(3, [...])",
    "input_dim": "give inputs",
    "features": "give inputs",
    "outputs": "the last layer says it: el.Dense(outputs)",
    "random_state": "give seed",
    "device": "Elman computes on the CPU; el.interop.to_torch(net) is a module for a GPU",
}
"""Of arguments of `Network`; "*" is said of more arguments without a name than it takes."""

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
    "clipnorm": "give clip_norm, which is of the whole gradient and not of each parameter",
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
    "*": "el.Network(features, [...]) says how many features the first layer reads, the others find it",
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
    "time_major": "arrays are (B, T, F) here, the batch first",
    "nonlinearity": "give activation",
    "recurrent_activation": "gates are sigmoids; other ones are a cell of your own, el.cell",
    "unit_forget_bias": "give initial={'b_f': 1.0}, which an LSTM begins with by itself",
    "kernel_regularizer": "give an optimizer groups={'*.W*': {'l2': 0.01}}, by parameter name",
    "recurrent_regularizer": "give an optimizer groups={'*.U*': {'l2': 0.01}}, by parameter name",
    "bias_regularizer": "give an optimizer groups={'*.b*': {'l2': 0.01}}, by parameter name",
    "activity_regularizer": "el.ActivityPenalty is a layer of its own",
    "proj_size": "el.cells.projected_lstm has a projection",
    "unroll": "leave it out: how a layer is run is no choice here",
    "implementation": "leave it out: how a layer is run is no choice here",
    "in_features": "el.Network(features, [...]) says how many features the first layer reads",
    "out_features": "give units",
    "num_embeddings": "give vocabulary",
    "embedding_dim": "give units",
    "input_dim": "give vocabulary",
    "output_dim": "give units",
    "padding_idx": "net(x, lengths=...) leaves out what lies behind a row's end",
    "mask_zero": "net(x, lengths=...) leaves out what lies behind a row's end",
    "p": "give rate",
    "filters": "give units",
    "padding": "give causal: True looks back alone, False to both sides, which is 'same'",
    "strides": "leave it out: an output for each step",
    "stride": "leave it out: an output for each step",
    "dilation_rate": "give dilation",
    "kernel_size": "give kernel",
    "device": "Elman computes on the CPU; el.interop.to_torch(net) is a module for a GPU",
    "dtype": "el.Network(..., dtype='float64') is of all layers",
    "merge_mode": "give merge",
}
"""Of arguments of layers; "*" is said of more of them without a name than a layer takes."""

_SEEN = "leave it out: a series is read from its beginning"

FORECASTER = {
    "input_chunk_length": _SEEN,
    "input_size": _SEEN,
    "lookback": _SEEN,
    "lags": _SEEN,
    "output_chunk_length": "give horizon",
    "h": "give horizon",
    "fh": "give horizon",
    "n_epochs": "give epochs",
    "max_steps": "give epochs",
    "hidden_dim": "give units",
    "hidden_size": "give units",
    "encoder_hidden_size": "give units",
    "model": "give cell",
    "n_rnn_layers": "leave it out: its networks have one recurrent layer",
    "random_state": "give seed",
    "random_seed": "give seed",
    "likelihood": "give distribution; quantiles are always there: predict(level=80)",
    "loss": "give distribution; quantiles are always there: predict(level=80)",
    "sp": "give season",
    "season_length": "give season",
    "freq": "leave it out: the times of the data say it",
    "lr": "give learning_rate",
    "add_encoders": "give calendar=True or holidays='DE'",
    "futr_exog_list": "fit(future=[...]) names these columns",
    "hist_exog_list": "fit(past=[...]) names these columns",
    "stat_exog_list": "fit(static=[...]) names these columns",
    "target": "fit(target=...) names this column",
    "time": "fit(time=...) names this column",
    "group": "fit(group=...) names these columns",
}
"""Of arguments of `Forecaster`: what darts, neuralforecast and sktime call them."""

LOCAL_FORECASTER = dict.fromkeys(
    [
        "horizon",
        "members",
        "epochs",
        "season",
        "cell",
        "units",
        "methods",
        "distribution",
        "holidays",
        "calendar",
        "seed",
    ],
    "give a forecaster that has it: LocalForecaster(Forecaster(12, ...))",
)
"""Of arguments of `LocalForecaster`, which has those of its `Forecaster`."""

FORECASTER_FIT = {
    "series": "the data are the first argument",
    "df": "the data are the first argument",
    "past_covariates": "give past, names of columns of the data",
    "future_covariates": "give future, names of columns of the data",
    "static_covariates": "give static, names of columns of the data",
    "val_series": "leave it out: the newest values are held back by themselves",
    "val_size": "leave it out: the newest values are held back by themselves",
    "horizon": "el.Forecaster(horizon=...) has it",
    "season": "el.Forecaster(season=...) has it",
    "epochs": "el.Forecaster(epochs=...) has it",
    "seed": "el.Forecaster(seed=...) has it",
    "holidays": "el.Forecaster(holidays=...) has it",
    "calendar": "el.Forecaster(calendar=...) has it",
    "distribution": "el.Forecaster(distribution=...) has it",
    "methods": "el.Forecaster(methods=...) has it",
    "learning_rate": "el.Forecaster(learning_rate=...) has it",
    "members": "el.Forecaster(members=...) has it",
    "freq": "leave it out: the times of the data say it",
    "X": "give future or past, names of columns of the data",
    "exog": "give future or past, names of columns of the data",
    "verbose": "leave it out: in Python nothing is printed; callbacks see the training",
    "level": "predict(level=...) has it",
    "time_col": "give time",
    "id_col": "give group",
    "target_col": "give target",
}
"""Of arguments of `Forecaster.fit`."""

BACKTEST = {
    "forecast_horizon": "give horizon",
    "h": "give horizon",
    "fh": "give horizon",
    "n_windows": "give origins, how many forecasts",
    "n_splits": "give origins, how many forecasts",
    "cv": "give origins, how many forecasts",
    "start": "give origins, how many forecasts, the last of them a horizon before the end",
    "stride": "give origins, how many forecasts, the last of them a horizon before the end",
    "step_size": "give origins, how many forecasts, the last of them a horizon before the end",
    "retrain": "give refit",
    "metric": "the measures are all in to_pandas() of what comes back",
    "metrics": "the measures are all in to_pandas() of what comes back",
    "scoring": "the measures are all in to_pandas() of what comes back",
    "series": "the data are the first argument",
    "df": "the data are the first argument",
    "last_points_only": "leave it out: all steps of all forecasts come back, in forecasts",
}
"""Of arguments of `Forecaster.backtest`."""

PREDICT = {
    "n": "give horizon",
    "h": "give horizon",
    "fh": "give horizon",
    "steps": "give horizon",
    "num_samples": "give samples",
    "series": "give data",
    "df": "give data",
    "coverage": "give level, in per cent",
    "alpha": "give level, in per cent",
    "future_covariates": "give future, a table",
    "futr_df": "give future, a table",
    "X_df": "give future, a table",
}
"""Of arguments of `Forecaster.predict`."""

CLASSIFIER = {
    "hidden_layer_sizes": "give units and layers",
    "hidden_size": "give units",
    "hidden_dim": "give units",
    "n_layers": "give layers",
    "num_layers": "give layers",
    "max_iter": "give epochs",
    "n_epochs": "give epochs",
    "num_epochs": "give epochs",
    "learning_rate_init": "give learning_rate",
    "lr": "give learning_rate",
    "alpha": "give weight_decay",
    "early_stopping": "give validation, a share, and patience",
    "validation_fraction": "give validation",
    "validation_split": "give validation",
    "n_iter_no_change": "give patience",
    "seed": "give random_state",
    "n_jobs": "give threads; searches of scikit-learn have n_jobs",
    "activation": "give cell, equations with another activation: el.cells.gru.with_options(activation='relu')",
    "n_estimators": "give members",
}
"""Of arguments of `SequenceClassifier` and `SequenceRegressor`: what scikit-learn and others call them."""


CLASSIFIER_FIT = {
    "epochs": "the constructor has it",
    "batch_size": "the constructor has it",
    "learning_rate": "the constructor has it",
    "class_weight": "the constructor has it",
    "verbose": "the constructor has it",
    "units": "the constructor has it",
    "cell": "the constructor has it",
    "validation": "the constructor has it",
    "patience": "the constructor has it",
    "channels": "the constructor has it",
    "validation_data": "the constructor has validation, the share of the cases that is kept for it",
    "validation_split": "the constructor has validation, the share of the cases that is kept for it",
    "eval_set": "the constructor has validation, the share of the cases that is kept for it",
    "lengths": "X is a list of arrays where sequences have different lengths",
}
"""Of arguments of `fit` of a classifier or regressor of sequences."""

STREAM = {
    "batch_size": "give rows, the first argument: how many sequences at a time",
    "batch": "give rows, the first argument: how many sequences at a time",
    "stateful": "leave it out: a stream keeps its states, and reset() makes them zero",
}
"""Of arguments of `Network.stream`."""

GENERATE = {
    "n": "give steps",
    "length": "give steps",
    "max_length": "give steps",
    "max_new_tokens": "give steps",
    "num_samples": "net.generate_each(...) writes on from each of several beginnings",
    "prompt": "the beginning is the first argument",
    "x": "the beginning is the first argument",
}
"""Of arguments of `Network.generate`."""

SUMMARY = dict.fromkeys(
    ["input_size", "input_shape", "line_length", "expand_nested", "print_fn", "show_trainable"],
    "leave it out: print(net.summary()) shows layers, shapes and parameters",
)
SUMMARY["*"] = "print(net.summary()) shows layers, shapes and parameters; sizes are known without data"
"""Of arguments of `Network.summary`."""

EVALUATE = {
    "verbose": "leave it out: nothing is printed",
    "y": "the targets are the second argument, target",
    "callbacks": "leave it out: nothing is trained",
    "return_dict": "give metrics: what comes back is a dict then",
}
"""Of arguments of `Network.evaluate`."""


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
        known, nameless = {*_named(function), *more}, _nameless(function)

        @functools.wraps(function)
        def told(*args: Any, **given: Any) -> Any:
            check_nameless(function.__name__, args, nameless, hints)
            if not known.issuperset(given):
                raise no_argument(function.__name__, given, known, hints)
            return function(*args, **given)

        return told  # type: ignore[return-value]

    return decorate


def _named(function: Callable[..., Any]) -> set[str]:
    """The arguments that have names of their own."""
    parameters = inspect.signature(function).parameters
    return {name for name, parameter in parameters.items() if parameter.kind is not inspect.Parameter.VAR_KEYWORD}


def _nameless(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """The arguments that may be given without their names, in order; None where any number may."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    return tuple(parameter.name for parameter in parameters if parameter.kind in _WITHOUT_NAMES)


_WITHOUT_NAMES = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def check_nameless(
    name: str, args: tuple[Any, ...], nameless: tuple[str, ...] | None, hints: Mapping[str, str]
) -> None:
    """Refuse more arguments without a name than a function takes."""
    if nameless is None or len(args) <= len(nameless):
        return
    own = [each for each in nameless if each not in ("net", "self")]
    more = f": {hints['*']}" if "*" in hints else ""
    raise OptionError(
        f"{name} takes {len(own)} argument{'s' * (len(own) != 1)} without a name ({', '.join(own)}), and was given "
        f"{len(args) - len(nameless) + len(own)}{more}"
    )


C = TypeVar("C", bound=type)


def hinted_class(hints: Mapping[str, str]) -> Callable[[C], C]:
    """Have a class say so of the arguments of its constructor."""

    def decorate(made: C) -> C:
        init = made.__init__  # type: ignore[misc]
        known, nameless = _named(init), _nameless(init)

        @functools.wraps(init)
        def told(self: Any, *args: Any, **given: Any) -> None:
            check_nameless(made.__name__, (self, *args), nameless, hints)
            if not known.issuperset(given):
                raise no_argument(made.__name__, given, known - {"self"}, hints)
            init(self, *args, **given)

        made.__init__ = told  # type: ignore[misc]
        return made

    return decorate


def plain_name(name: Any) -> str:
    """A name as the tables here have it, however a package writes it.

    Examples
    --------
    >>> plain_name("nn.CrossEntropyLoss"), plain_name("l1_loss")
    ('crossentropyloss', 'l1loss')
    """
    return str(name).rpartition(".")[2].lower().replace("_", "")


def of_loss(name: Any, losses: Iterable[str]) -> str:
    """What to say of a loss that there is not, behind its name."""
    hint = LOSSES.get(plain_name(name).removesuffix("loss"))
    return f": {hint}" if hint else nearest(name, losses)


def of_metric(name: Any, metrics: Iterable[str]) -> str:
    """What to say of a metric that there is not, behind its name."""
    hint = METRICS.get(plain_name(name))
    return f": {hint}" if hint else nearest(name, metrics)


def no_argument(name: str, given: Mapping[str, Any], known: set[str], hints: Mapping[str, str]) -> OptionError:
    """What to say of the first argument that a function has not."""
    wrong = next(argument for argument in given if argument not in known)
    if wrong in hints:
        return OptionError(f"{name} has no argument {wrong!r}: {hints[wrong]}")
    there = ", ".join(sorted(known - {"net", "self"}))
    return OptionError(f"{name} has no argument {wrong!r}{nearest(wrong, known)}; there are {there}")
