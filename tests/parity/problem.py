"""One recurrent layer with all its numbers, and what every library must make of it.

A `Problem` holds inputs, initial states, parameters under Elman's names and the weights of a scalar

    loss = sum(output * output_weight) + sum over states of sum(final state * state_weight)

so that the gradient of the loss tests every path through the layer. An `Outcome` holds the results in float64,
again under Elman's names, whichever library computed them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

# A matrix of this many values is stored as its product with one vector: a difference in any value shows in it.
SKETCHED_FROM = 2_000

CELLS: dict[str, tuple[str, ...]] = {
    "simple_tanh": ("W", "U", "b"),
    "simple_relu": ("W", "U", "b"),
    "gru_reset_before": ("W_z", "U_z", "b_z", "W_r", "U_r", "b_r", "W_n", "U_n", "b_n"),
    "gru_reset_after": ("W_z", "U_z", "b_z", "W_r", "U_r", "b_r", "W_n", "U_n", "b_n", "c_n"),
    "lstm": ("W_i", "U_i", "b_i", "W_f", "U_f", "b_f", "W_g", "U_g", "b_g", "W_o", "U_o", "b_o"),
}


@dataclass(frozen=True)
class Problem:
    """A layer and its numbers; float64, batch first, matrices (out, in)."""

    cell: str
    parameters: dict[str, np.ndarray]
    x: np.ndarray  # (B, T, F)
    states: tuple[np.ndarray, ...]  # (B, H): h, or h and c
    output_weight: np.ndarray  # (B, T, H)
    state_weights: tuple[np.ndarray, ...]  # (B, H) each

    @property
    def hidden(self) -> int:
        return self.states[0].shape[1]


@dataclass(frozen=True)
class Outcome:
    """What a library computed for a `Problem`."""

    output: np.ndarray  # (B, T, H)
    states: tuple[np.ndarray, ...]
    parameter_gradients: dict[str, np.ndarray]
    input_gradient: np.ndarray
    state_gradients: tuple[np.ndarray, ...]

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything in one dictionary, for comparing and storing."""
        named = {"output": self.output, "gradient.x": self.input_gradient}
        named |= {f"final.{i}": state for i, state in enumerate(self.states)}
        named |= {f"gradient.state.{i}": gradient for i, gradient in enumerate(self.state_gradients)}
        return named | {f"gradient.{name}": gradient for name, gradient in self.parameter_gradients.items()}


def draw(cell: str, hidden: int, batch: int, steps: int, features: int, seed: int) -> Problem:
    """A random problem; its numbers are multiples of 1/256, exact in float32 and short in files."""
    random = np.random.default_rng(seed)

    def uniform(*shape: int, bound: float = 1.0) -> np.ndarray:
        return np.round(random.uniform(-bound, bound, shape) * 256) / 256

    def parameter(name: str) -> np.ndarray:
        shape = {"W": (hidden, features), "U": (hidden, hidden)}.get(name[0], (hidden,))
        return uniform(*shape, bound=1 / np.sqrt(shape[-1]) if len(shape) == 2 else 0.5)

    n_states = 2 if cell == "lstm" else 1
    return Problem(
        cell,
        {name: parameter(name) for name in CELLS[cell]},
        uniform(batch, steps, features),
        tuple(uniform(batch, hidden) for _ in range(n_states)),
        uniform(batch, steps, hidden),
        tuple(uniform(batch, hidden) for _ in range(n_states)),
    )


@dataclass(frozen=True)
class Stack:
    """Two recurrent layers, of which the second returns its last step only, a dense readout and a target for mse."""

    cell: str
    hidden: int
    upper: int
    parameters: dict[str, np.ndarray]  # "<layer>.<name>"
    x: np.ndarray  # (B, T, F)
    target: np.ndarray  # (B, O)


def draw_stack(
    cell: str, hidden: int, batch: int, steps: int, features: int, *, upper: int, outputs: int, seed: int
) -> Stack:
    """A random stack of `hidden` and `upper` units."""
    first = draw(cell, hidden, batch, steps, features, seed)
    second = draw(cell, upper, 1, 1, hidden, seed + 1)
    readout = draw("simple_tanh", outputs, batch, 1, upper, seed + 2)
    parameters = {f"0.{name}": value for name, value in first.parameters.items()}
    parameters |= {f"1.{name}": value for name, value in second.parameters.items()}
    parameters |= {"2.W": readout.parameters["W"], "2.b": readout.parameters["b"]}
    return Stack(cell, hidden, upper, parameters, first.x, target=readout.states[0])


def near_kink(problem: Problem | Stack) -> bool:
    """Whether rounding to float32 may turn a rectified unit on or off, and so its gradient, anywhere in the layers."""
    if problem.cell != "simple_relu":
        return False
    prefixes = ("",) if isinstance(problem, Problem) else ("0.", "1.")
    sequence, nearest = problem.x, np.inf
    for prefix in prefixes:
        W, U, b = (problem.parameters[prefix + name] for name in "WUb")
        h = problem.states[0] if isinstance(problem, Problem) else np.zeros((len(sequence), len(b)))
        outputs = []
        for t in range(sequence.shape[1]):
            before = sequence[:, t] @ W.T + h @ U.T + b
            nearest = min(nearest, np.abs(before).min())
            h = np.maximum(before, 0)
            outputs.append(h)
        sequence = np.stack(outputs, axis=1)
    return nearest < 1e-6


def save(file: Path, problem: Problem, outcome: Outcome) -> None:
    """Writes a problem and what must come of it."""
    arrays = {f"parameter.{name}": value for name, value in problem.parameters.items()}
    arrays |= {"x": problem.x, "output_weight": problem.output_weight}
    arrays |= {f"state.{i}": state for i, state in enumerate(problem.states)}
    arrays |= {f"state_weight.{i}": weight for i, weight in enumerate(problem.state_weights)}
    arrays |= {f"expected.{name}": sketch(value) for name, value in outcome.arrays().items()}
    np.savez_compressed(file, cell=np.array(problem.cell), **arrays)


def load(file: Path) -> tuple[Problem, dict[str, np.ndarray]]:
    """A problem and its expected arrays, long matrices as their `sketch`."""
    with np.load(file) as stored:
        arrays = dict(stored)

    def group(prefix: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}

    problem = Problem(
        str(arrays["cell"]),
        group("parameter."),
        arrays["x"],
        tuple(group("state.").values()),
        arrays["output_weight"],
        tuple(group("state_weight.").values()),
    )
    return problem, group("expected.")


def sketch(array: np.ndarray) -> np.ndarray:
    """The array itself, or for a matrix of many values its product with a fixed vector of unequal numbers."""
    if array.ndim != 2 or array.size < SKETCHED_FROM:
        return array
    return array @ (0.5 + np.arange(array.shape[1]) * np.sqrt(2) % 1)


def assert_close(
    actual: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float, floor: float = 0.0
) -> None:
    """Every array agrees to `tolerance` times its largest absolute value, or times `floor` if that is more.

    A gradient is a sum over steps and batch whose terms may cancel to almost nothing; the floor is their size.
    """
    assert actual.keys() == expected.keys()
    for name, truth in expected.items():
        assert actual[name].shape == truth.shape, f"{name}: shape {actual[name].shape}, expected {truth.shape}"
        error, allowed = np.abs(actual[name] - truth).max(), tolerance * max(np.abs(truth).max(), floor)
        assert error <= allowed, f"{name}: error {error:.1e}, allowed {allowed:.1e}"
