"""Problems for one cell with all its numbers: what Elman makes of them, and what a reference must.

A `Case` says which cell, with which options and sizes; `draw` gives it numbers, on rows of unequal lengths. The scalar

    loss = sum(output * weight) + sum over states of sum(final state * its weight)

is differentiated with respect to all parameters, inputs and initial states. The references are `tests/parity/cells`.
"""

from __future__ import annotations

import inspect
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import elman as el
from elman.network.freezing import constants

Results = dict[str, np.ndarray]
LENGTHS = (1.0, 0.6, 0.0)  # of rows, as a share of all steps; again from the first one on


@dataclass(frozen=True)
class Case:
    """A cell with options and sizes.

    Attributes
    ----------
    cell : str
        Its name in the catalogue.
    options : dict
        The cell's, where they differ from what it has.
    units, features : int, list of int
        H, and F of each input; one number serves several inputs.
    sizes : dict
        Of states of other widths and of the output beside them, as `elman.Recurrent` takes them.
    ranges : dict
        Lowest and highest number, by the name of a parameter, input or state that must not be near 0 on both sides;
        and the step from the lowest to the next, if it is not 1/256.
    zoneout : dict
        Rates by state, where the cell is one with zoneout.
    free : bool
        Whether the cell would take any H and F.
    note : str
        What tells it from another of the same cell, options and sizes.
    """

    cell: str
    options: dict[str, Any] = field(default_factory=dict)
    units: int = 3
    features: list[int] = field(default_factory=lambda: [2])
    sizes: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, list[float]] = field(default_factory=dict)
    zoneout: dict[str, float] = field(default_factory=dict)
    free: bool = True
    note: str = ""

    @property
    def name(self) -> str:
        said = [f"{key}={value}" for key, value in (self.options | self.sizes).items()]
        held = [f"zoneout {state}={rate}" for state, rate in self.zoneout.items()]
        return " ".join([self.cell, *said, *held, *filter(None, [self.note])])

    def layer(self, **how: Any) -> el.Layer:
        cell = el.cells.catalogue()[self.cell].with_options(**self.options)
        held = el.cells.zoneout(cell, **self.zoneout) if self.zoneout else cell
        return el.Recurrent(held, self.units, sizes=self.sizes, **how)

    def network(self, dtype: Any = np.float64, engine: str | None = None, **how: Any) -> el.Network:
        """The layer alone, with an input for each that its cell takes."""
        layer = self.layer(**how)
        names = layer.cell.inputs
        wide = dict(zip(names, self.features * (len(names) // len(self.features)), strict=True))
        if len(names) == 1:
            return el.Network(wide[names[0]], [layer], dtype=dtype, engine=engine)

        def alone(*values: Any) -> Any:
            return layer(*values)

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        alone.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # type: ignore[attr-defined]
        return el.Network(alone, inputs=wide, dtype=dtype, engine=engine)


@dataclass(frozen=True)
class Problem:
    """Numbers for a case, by the names of its cell: multiples of 1/256, which float32 holds exactly."""

    case: Case
    parameters: Results
    constants: Results  # as the cell has them
    frozen: frozenset[str]  # parameters that training does not change
    inputs: Results  # (B, T, F) each
    states: Results  # (B, S) each
    output_weight: np.ndarray  # (B, T, O)
    state_weights: Results
    lengths: np.ndarray


def draw(case: Case, batch: int = 3, steps: int = 5, seed: int = 0) -> Problem:
    """Numbers of Python's own generator, whose sequence no version changes."""
    source = random.Random(f"{case.name} {seed}")
    net = case.network()

    def numbers(name: str, shape: tuple[int, ...], bound: float = 1.0) -> np.ndarray:
        low, high, *given = case.ranges.get(name, (-bound, bound))
        step = given[0] if given else 1 / 256
        low = low if given else np.round(low / step) * step
        count = np.round((high - low) / step) + 1
        values = [low + step * np.floor(count * source.random()) for _ in range(int(np.prod(shape)))]
        return np.array(values).reshape(shape)

    inner = {name: name.split(".")[-1] for name in net.params}
    fixed = constants(net)
    shapes = {inner[name]: net.params[name].shape for name in net.params if name not in fixed}
    cell = net.layers[0].cell
    wide = dict(zip(cell.states, net.state_sizes()[0], strict=True))
    features = [door.given.width for door in net.doors]
    return Problem(
        case,
        {n: numbers(n, s, 1.5 / np.sqrt(s[-1]) if len(s) == 2 else 0.75) for n, s in shapes.items()},
        {inner[n]: np.float64(net.params[n]) for n in fixed},
        frozenset(inner[n] for n in net.frozen if n not in fixed),
        {n: numbers(n, (batch, steps, f)) for n, f in zip(cell.inputs, features, strict=True)},
        {n: numbers(n, (batch, s)) for n, s in wide.items()},
        numbers("output weight", (batch, steps, net.outputs)),
        {n: numbers(f"weight of {n}", (batch, s)) for n, s in wide.items()},
        np.array([max(1, round(steps * LENGTHS[row % len(LENGTHS)])) for row in range(batch)]),
    )


def network(problem: Problem, dtype: Any, engine: str) -> el.Network:
    """The case's network with the problem's parameters."""
    net = problem.case.network(dtype, engine)
    for name in net.params:
        short = name.split(".")[-1]
        if short in problem.parameters:
            net.params[name] = problem.parameters[short]
    return net


def given(problem: Problem, dtype: Any) -> tuple[Any, Any]:
    """Inputs and initial states as a network takes them."""
    inputs = {name: value.astype(dtype) for name, value in problem.inputs.items()}
    x = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    return x, [tuple(value.astype(dtype) for value in problem.states.values())]


def elman_results(problem: Problem, net: el.Network, *, ragged: bool = True, memory: str = "normal") -> Results:
    """Output, final states and all gradients, in float64; rows end at their lengths, or all at the last step."""
    lengths, dtype = problem.lengths if ragged else None, net.dtype
    x, state = given(problem, dtype)
    weights = [tuple(value.astype(dtype) for value in problem.state_weights.values())]
    output, (finals,) = net(x, state=state, return_state=True, lengths=lengths, memory=memory)
    how: dict[str, Any] = {"state": state, "state_gradients": weights, "lengths": lengths, "memory": memory}
    grads, of_x, (of_states,) = net.backward(x, problem.output_weight.astype(dtype), **how)
    of_inputs = of_x if isinstance(of_x, dict) else dict(zip(problem.inputs, [of_x], strict=True))
    changing = {name: g for name, g in grads.items() if name in net.trainable}
    found = {"output": _in_use(output, lengths)}
    found |= {f"final {n}": s for n, s in zip(problem.states, finals, strict=True)}
    found |= {f"d {name.split('.')[-1]}": g for name, g in changing.items()}
    found |= {f"d {n}": g for n, g in of_inputs.items()}
    found |= {f"d {n}": g for n, g in zip(problem.states, of_states, strict=True)}
    assert {value.dtype for value in found.values()} == {dtype}
    return {name: np.float64(value) for name, value in found.items()}


def _in_use(output: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    """Zeros behind each row's own end."""
    if lengths is None:
        return output
    there = np.arange(output.shape[1]) < lengths[:, None]
    return np.where(there[..., None], output, 0)


def assert_close(found: Results, wanted: Results, tolerance: float, what: str = "") -> None:
    """Each array differs by no more than the tolerance times its largest value, or times 1 if that is more."""
    assert set(found) == set(wanted), f"{what}: {sorted(set(found) ^ set(wanted))}"
    for name, value in wanted.items():
        scale = max(1.0, float(np.abs(value).max(initial=0)))
        np.testing.assert_allclose(found[name], value, rtol=0, atol=tolerance * scale, err_msg=f"{what}: {name}")
