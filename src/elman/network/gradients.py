"""Gradients of a network for those who want them: of a loss, or of any gradient of the outputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from elman.checks import all_finite, numbers
from elman.engine.interface import Batch, Gradients, How
from elman.errors import ShapeError
from elman.network import arguments
from elman.network.face import Net
from elman.network.parameters import views
from elman.training.ends import End, for_each
from elman.training.examples import examples
from elman.training.finite import check_finite
from elman.training.protocol import Arrays, Losses, Shares
from elman.training.weighing import ClassWeight, Weighting

State = list[tuple[np.ndarray, ...]]


def loss_and_grads(
    net: Net,
    x: Arrays,
    target: Arrays,
    loss: Losses = "mse",
    *,
    lengths: Arrays | None = None,
    state: Any = None,
    sample_weight: Arrays | None = None,
    class_weight: ClassWeight = None,
    missing: str = "refuse",
    memory: str = "normal",
    truncate: int | None = None,
    loss_weights: Shares = None,
) -> tuple[float, dict[str, np.ndarray]]:
    """The loss of one batch and its gradient by parameter name, dropout included (with the mask of key 0).

    Parameters
    ----------
    x : array, shape (B, T, F)
        Input.
    target : array, shape (B, T, O) or (B, O); class indices (B, T) or (B,)
        Target.
    loss, lengths, sample_weight, class_weight, missing, memory, truncate, loss_weights
        As for `fit`; see `elman.training.fit`.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default.

    Returns
    -------
    loss : float
    grads : dict of str to ndarray
        The same names and shapes as `params`.
    """
    weighting = Weighting(sample_weight, class_weight, missing)
    data = examples(net, x, target, loss, lengths, weighting, "", loss_weights)
    batch = data.batch if state is None else replace(data.batch, states=net.flat_state(state, len(data)))
    engine, how = net.trainer(data.aims, whole=True), How(memory, truncate)
    found = net.params.read(lambda version: engine.gradients(net.arena, batch, how, version=version))
    _check(net, found)
    return found.loss, views(net.params.places, found.parameters)


def backward(
    net: Net,
    x: Arrays,
    output_gradient: Arrays,
    *,
    state: Any = None,
    state_gradients: Any = None,
    lengths: Arrays | None = None,
    memory: str = "normal",
) -> tuple[dict[str, np.ndarray], Any, State]:
    """Backpropagate any gradient of the outputs and of the final states.

    Parameters
    ----------
    x : array, shape (B, T, F)
        Input.
    output_gradient : array, of the output's shape
        dL/dy.
    state : list of tuples of arrays, optional
        Initial states.
    state_gradients : list of tuples of arrays, optional
        dL/d final states, those at each row's own end.
    lengths : array of int, shape (B,), optional
        Steps in use of each row; `output_gradient` is not looked at behind them, and `input_gradient` is 0 there.
    memory : {"normal", "low"}, default "normal"
        As for `fit`; see `elman.training.fit`.

    Returns
    -------
    grads : dict of str to ndarray
        dL/d parameters by name.
    input_gradient : ndarray, shape (B, T, F); a dict of them by name, where there are several inputs
    initial_state_gradients : list of tuples of ndarray
    """
    inputs, steps = net.check_batch(x, lengths)
    rows = len(inputs[0])
    given = for_each(output_gradient, net.ends, "output_gradient")
    batch = Batch(
        inputs,
        tuple(_output_gradient(net, g, e, inputs, steps) for g, e in zip(given, net.ends, strict=True)),
        steps,
        states=net.flat_state(state, rows),
        state_gradients=net.flat_state(state_gradients, rows, "state_gradients"),
    )
    how, engine = How(memory), net.differentiator
    found = net.params.read(
        lambda version: engine.gradients(net.arena, batch, how, want_input=True, want_states=True, version=version)
    )
    _check(net, found)
    assert found.initial_states is not None
    by_name = {door.given.name: g for door, g in zip(net.doors, found.inputs, strict=True)}
    of_inputs = by_name if len(by_name) > 1 else found.inputs[0]
    return views(net.params.places, found.parameters), of_inputs, net.nested_state(found.initial_states)


def _check(net: Net, found: Gradients) -> None:
    """Raise `DataError` unless a loss and its gradients are finite: looked at together, and named where one is not."""
    loss, states = np.asarray(found.loss), found.initial_states or []
    if all_finite(loss, found.parameters, *found.inputs, *states):
        return
    named = {"the loss": loss, **_named(views(net.params.places, found.parameters))}
    groups = enumerate(net.nested_state(states) if states else [])
    named |= _named({f"state[{i}][{j}]": s for i, group in groups for j, s in enumerate(group)})
    named |= _named({door.name: g for door, g in zip(net.doors, found.inputs, strict=False)})
    arguments.check_results(net, named)


def _named(gradients: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"the gradient of {name}": value for name, value in gradients.items()}


def _output_gradient(
    net: Net, given: Any, end: End, inputs: tuple[np.ndarray, ...], lengths: tuple[np.ndarray | None, ...]
) -> np.ndarray:
    """A gradient of an output as the engine takes it."""
    array, rows = numbers(given, "output_gradient"), len(inputs[0])
    expected = (rows, end.steps(inputs), end.outputs) if end.sequence_output else (rows, end.outputs)
    if array.shape != expected:
        raise ShapeError(f"output_gradient has shape {array.shape}; expected {expected}, that of the output")
    with np.errstate(over="ignore"):
        found = np.asarray(array, net.dtype)
    check_finite(found, "output_gradient", lengths[end.axis] if end.sequence_output else None)
    return found
