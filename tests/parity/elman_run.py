"""A `Problem` run by Elman."""

from __future__ import annotations

import numpy as np
from problem import Outcome, Problem

import elman as el

LAYERS = {
    "simple_tanh": lambda hidden: el.SimpleRNN(hidden),
    "simple_relu": lambda hidden: el.SimpleRNN(hidden, activation="relu"),
    "gru_reset_before": lambda hidden: el.GRU(hidden, reset_after=False),
    "gru_reset_after": lambda hidden: el.GRU(hidden),
    "lstm": lambda hidden: el.LSTM(hidden),
}


def run(problem: Problem, dtype: type = np.float64, engine: str = "numpy") -> Outcome:
    """Outputs and gradients of the problem from `elman.Network`."""
    layer = LAYERS[problem.cell](problem.hidden)
    net = el.Network(inputs=problem.x.shape[-1], layers=[layer], dtype=dtype, engine=engine)
    assert set(net.params) == {f"0.{name}" for name in problem.parameters}
    for name, value in problem.parameters.items():
        net.params[f"0.{name}"][...] = value
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
