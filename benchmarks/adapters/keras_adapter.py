"""Keras on TensorFlow: `Model.fit`."""

from __future__ import annotations

import os
from functools import partial

import numpy as np
from benchmarks.adapters.allocator import keep_memory
from benchmarks.adapters.trials import fastest

from elman.bench.turns import Run
from elman.bench.weights import Weights, weights
from elman.bench.workload import Workload

os.environ["KERAS_BACKEND"], os.environ["TF_CPP_MIN_LOG_LEVEL"] = "tensorflow", "3"

import keras  # noqa: E402
import tensorflow  # noqa: E402
from keras import layers, optimizers  # noqa: E402


def version() -> str:
    return f"{keras.__version__} on TensorFlow {tensorflow.__version__}"


LAYERS = {
    "relu": lambda units, **options: layers.SimpleRNN(units, activation="relu", **options),
    "tanh": layers.SimpleRNN,
    "gru": layers.GRU,
    "lstm": layers.LSTM,
}
OPTIMIZERS = {
    "sgd": optimizers.SGD,
    # Keras adds epsilon before v is corrected, by a root of about 1/25 in the first updates: 1e-7 elsewhere.
    "adam": partial(optimizers.Adam, epsilon=4e-9),
    "rmsprop": partial(optimizers.RMSprop, epsilon=1e-14),
}
LOSSES = {"mse": "mse", "softmax_cross_entropy": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}


def prepare(workload: Workload, variant: str, threads: int) -> Run:
    """What an epoch does: a call of `fit` with all its updates in one execution, compiled by XLA if that is faster."""
    use_threads(threads)
    keep_memory()
    batches = tensorflow.data.Dataset.from_tensor_slices(workload.data()).batch(workload.batch).cache().prefetch(2)

    def begin(jit_compile: bool) -> Run:
        model = new_model(workload)
        optimizer, loss = OPTIMIZERS[workload.optimizer](workload.learning_rate), LOSSES[workload.loss]
        model.compile(optimizer, loss, jit_compile=jit_compile, steps_per_execution=workload.updates)
        return Run(lambda: model.fit(batches, epochs=1, shuffle=False, verbose=0).history["loss"][-1])

    return fastest([partial(begin, jit_compile) for jit_compile in (True, False)])


def use_threads(threads: int) -> None:
    """A process can choose them once, before TensorFlow's first operation."""
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)


def new_model(workload: Workload) -> keras.Model:
    """With the weights that everyone begins with."""
    options = {"bias_constraint": only_the_candidates} if workload.cell == "gru" else {}
    recurrent = LAYERS[workload.cell](workload.hidden, return_sequences=workload.every_step, **options)
    recurrent = layers.Bidirectional(recurrent) if workload.bidirectional else recurrent
    shape = (workload.steps, workload.features)
    model = keras.Sequential([keras.Input(shape), recurrent, layers.Dense(workload.outputs)])
    set_weights(workload, recurrent, model.layers[-1])
    return model


def only_the_candidates(bias):
    """Keras' GRU has each bias twice; the second is held at zero save that of the candidate, as in the equations."""
    units = bias.shape[1] // 3
    zeros, ones = keras.ops.zeros(2 * units), keras.ops.ones(units)
    return bias * keras.ops.stack([keras.ops.ones(3 * units), keras.ops.concatenate([zeros, ones])])


def set_weights(workload: Workload, recurrent, readout) -> None:
    """The weights that everyone begins with; Keras' gates stand in the same order, its matrices the other way."""
    parts = [weights(workload, part) for part in range(workload.directions)]
    recurrent.set_weights([array for part in parts for array in of_layer(workload, part)])
    readout.set_weights([parts[0].readout.T, parts[0].readout_bias])


def of_layer(workload: Workload, given: Weights) -> list[np.ndarray]:
    bias = given.bias.ravel()
    if workload.cell == "gru":
        bias = np.stack([bias, np.zeros_like(bias)])
    return [given.input.reshape(-1, workload.features).T, given.state.reshape(-1, workload.hidden).T, bias]
