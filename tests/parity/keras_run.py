"""A `Problem` run by Keras on TensorFlow.

Keras puts the gates side by side in matrices of shape (in, gates x H); a GRU that resets after the product has a
bias for the input and one for the recurrent product, of which Elman keeps the sum but for the candidate.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from problem import Outcome, Problem  # noqa: E402

from elman.interop.keras.arrays import recurrent_to_keras  # noqa: E402

# The gates in the order in which Keras stacks them, by the suffix of their parameters.
GATES = {
    "simple_tanh": ("",),
    "simple_relu": ("",),
    "gru_reset_before": ("_z", "_r", "_n"),
    "gru_reset_after": ("_z", "_r", "_n"),
    "lstm": ("_i", "_f", "_g", "_o"),
}


def make_layer(cell: str, hidden: int) -> keras.layers.Layer:
    options = {"return_sequences": True, "return_state": True, "dtype": "float64"}
    if cell == "lstm":
        return keras.layers.LSTM(hidden, **options)
    if cell.startswith("gru"):
        return keras.layers.GRU(hidden, reset_after=cell == "gru_reset_after", **options)
    return keras.layers.SimpleRNN(hidden, activation=cell.removeprefix("simple_"), **options)


def weights(cell: str, parameters: dict[str, np.ndarray]) -> list[np.ndarray]:
    return recurrent_to_keras(cell.split("_")[0], parameters)


def parameter_gradients(cell: str, gradients: list[np.ndarray]) -> dict[str, np.ndarray]:
    stacked = {"W": gradients[0].T, "U": gradients[1].T, "b": np.atleast_2d(gradients[2])[0]}
    if cell == "gru_reset_after":
        stacked["c"] = gradients[2][1]
    named = {}
    for letter, whole in stacked.items():
        blocks = np.split(whole, len(GATES[cell]))
        named |= {letter + gate: block for gate, block in zip(GATES[cell], blocks, strict=True)}
    return named


def run(problem: Problem) -> Outcome:
    """Outputs and gradients of the problem from `keras.layers`, in float64."""
    layer = make_layer(problem.cell, problem.hidden)
    layer.build(problem.x.shape)
    layer.set_weights(weights(problem.cell, problem.parameters))
    x = tf.constant(problem.x)
    initial = [tf.constant(state) for state in problem.states]
    with tf.GradientTape() as tape:
        tape.watch([x, *initial])
        output, *final = layer(x, initial_state=initial)
        loss = tf.reduce_sum(output * tf.constant(problem.output_weight))
        for state, weight in zip(final, problem.state_weights, strict=True):
            loss += tf.reduce_sum(state * tf.constant(weight))
    of_x, of_states, of_weights = tape.gradient(loss, [x, initial, [weight.value for weight in layer.weights]])
    gradients = parameter_gradients(problem.cell, [gradient.numpy() for gradient in of_weights])
    return Outcome(
        output.numpy(),
        tuple(state.numpy() for state in final),
        {name: gradients[name] for name in problem.parameters},
        of_x.numpy(),
        tuple(gradient.numpy() for gradient in of_states),
    )
