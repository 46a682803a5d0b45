"""A `Problem` and a `Stack` run by Elman."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from problem import Outcome, Problem, Stack

import elman as el

LAYERS = {
    "simple_tanh": el.SimpleRNN,
    "simple_relu": partial(el.SimpleRNN, activation="relu"),
    "gru_reset_before": partial(el.GRU, reset_after=False),
    "gru_reset_after": el.GRU,
    "lstm": el.LSTM,
}


def layer_network(problem: Problem, dtype: type, engine: str, **options: Any) -> el.Network:
    layer = LAYERS[problem.cell](problem.hidden, **options)
    net = el.Network(inputs=problem.x.shape[-1], layers=[layer], dtype=dtype, engine=engine)
    assert set(net.params) == {f"0.{name}" for name in problem.parameters}
    for name, value in problem.parameters.items():
        net.params[f"0.{name}"] = value
    return net


def run(problem: Problem, dtype: type, engine: str) -> Outcome:
    """Outputs and gradients of the problem from `elman.Network`."""
    net = layer_network(problem, dtype, engine)
    x = problem.x.astype(dtype)
    initial = [tuple(state.astype(dtype) for state in problem.states)]
    output, final = net(x, state=initial, return_state=True)
    gradients, of_x, of_initial = net.backward(
        x,
        problem.output_weight.astype(dtype),
        state=initial,
        state_gradients=[tuple(weight.astype(dtype) for weight in problem.state_weights)],
    )
    assert {array.dtype for array in (output, of_x, *final[0], *of_initial[0])} == {np.dtype(dtype)}
    return Outcome(
        np.float64(output),
        tuple(np.float64(state) for state in final[0]),
        {name: np.float64(gradients[f"0.{name}"]) for name in problem.parameters},
        np.float64(of_x),
        tuple(np.float64(gradient) for gradient in of_initial[0]),
    )


def run_ragged(problem: Problem, lengths: np.ndarray, reverse: bool, engine: str) -> dict[str, np.ndarray]:
    """Rows of different lengths, from zero states; the loss is the mean squared distance to `output_weight`."""
    net = layer_network(problem, np.float64, engine, reverse=reverse)
    output, (final,) = net(problem.x, lengths=lengths, return_state=True)
    loss, gradients = net.loss_and_grads(problem.x, problem.output_weight, loss="mse", lengths=lengths)
    return (
        {"output": output, "loss": np.array(loss)}
        | {f"final.{i}": state for i, state in enumerate(final)}
        | {f"gradient.{name}": gradients[f"0.{name}"] for name in problem.parameters}
    )


def stack_network(stack: Stack, dtype: type, engine: str) -> el.Network:
    make = LAYERS[stack.cell]
    layers = [make(stack.hidden), make(stack.upper, return_sequences=False), el.Dense(stack.target.shape[1])]
    net = el.Network(inputs=stack.x.shape[-1], layers=layers, dtype=dtype, engine=engine)
    for name, value in stack.parameters.items():
        net.params[name] = value
    return net


def run_stack(stack: Stack, dtype: type, engine: str) -> dict[str, np.ndarray]:
    """Loss and gradients of the stack from `Network.loss_and_grads`."""
    net = stack_network(stack, dtype, engine)
    loss, gradients = net.loss_and_grads(stack.x.astype(dtype), stack.target.astype(dtype), loss="mse")
    return {"loss": np.array(float(loss))} | {name: np.float64(value) for name, value in gradients.items()}


def train_stack(stack: Stack, updates: int, learning_rate: float, dtype: type, engine: str) -> np.ndarray:
    """The loss before each of some Adam updates, from `Network.fit`."""
    net = stack_network(stack, dtype, engine)
    optimizer = el.Adam(learning_rate, epsilon=1e-8)
    options = {"batch_size": len(stack.x), "epochs": updates, "shuffle": False, "verbose": 0}
    history = net.fit(stack.x.astype(dtype), stack.target.astype(dtype), loss="mse", optimizer=optimizer, **options)
    return np.array(history["loss"])
