"""Check gradients: what was derived against what is measured."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman import checks
from elman.engine import ENGINES, native_available
from elman.engine.interface import Batch
from elman.equations import Cell
from elman.equations.ops import row_of
from elman.errors import EquationError, OptionError, ShapeError, TrainingError
from elman.network.copies import in_float64
from elman.network.drawn import random_inputs
from elman.network.layers import Layer
from elman.network.network import Network
from elman.network.parameters import views
from elman.network.pieces import with_layers_below
from elman.network.recurrent_layers import Recurrent
from elman.network.stateless_layers import Stateless


@dataclass(frozen=True)
class GradientCheck:
    """The largest relative difference for each engine and parameter (``input`` and initial states too).

    Attributes
    ----------
    errors : dict of str to dict of str to float
        By engine and parameter.

    Examples
    --------
    >>> import elman as el
    >>> found = el.check_gradients(el.cells.gru)
    >>> sorted(found.errors["numpy"])[:3], found.worst < 1e-6
    (['0.U_n', '0.U_r', '0.U_z'], True)
    """

    errors: dict[str, dict[str, float]]

    @property
    def worst(self) -> float:
        """The largest of all."""
        return max(float(e) for by_name in self.errors.values() for e in by_name.values())

    def __str__(self) -> str:
        wide = max((len(name) + 2 for by_name in self.errors.values() for name in by_name), default=0)
        rows = [
            f"{engine:<8}{name:<{max(wide, 14)}}{e:.1e}"
            for engine, by_name in self.errors.items()
            for name, e in by_name.items()
        ]
        return "\n".join(rows)


def check_gradients(
    net_or_cell: Network | Cell | Layer,
    x: Any = None,
    target: Any = None,
    *,
    loss: Any = None,
    lengths: Any = None,
    rows: int = 3,
    steps: int = 4,
    features: int | None = None,
    units: int | None = None,
    seed: int = 0,
    tolerance: float = 1e-7,
    samples: int = 40,
) -> GradientCheck:
    """Compare every gradient with central differences, in float64, on every engine that is there.

    A random combination of all outputs and final states is differentiated with respect to every parameter, the inputs
    and the initial states; then the same with a dense layer below, which trains on dL/d input (unless all inputs are
    indices); of a graph of layers the same with rows of unequal lengths, if the input is random; with a `loss`, the
    loss too with respect to every parameter. The differences are those of the first engine's values, the gradients
    each engine's own. What is compared is relative to the largest gradient of that array, or to 1 where all are
    smaller. At a kink, as of relu at 0, any slope between those on both sides will do.

    Parameters
    ----------
    net_or_cell : Network, Cell or Layer
        What to check; a cell or layer is put into a network with random parameters, a network keeps its own.
    x : array, shape (B, T, F), optional
        Input, as the network takes it; random by default.
    target : array, optional
        Target of the loss; of several outputs a tuple of them, or a dict.
    loss : str, Loss or function, optional
        A loss to check as well.
    lengths : array of int, shape (B,), optional
        Steps in use of each row, as the network takes them.
    rows, steps : int
        B and T of a random input; where there are several time axes each has a step more than the one before it.
    features, units : int, optional
        F and H for a cell or layer: 3 and 4, or 4 and 4 for one that adds its input to its state.
    seed : int, default 0
        Of the random numbers.
    tolerance : float, default 1e-7
        Largest difference allowed.
    samples : int, default 40
        At most so many values of each array are measured.

    Returns
    -------
    GradientCheck

    Raises
    ------
    TrainingError
        If a gradient differs by more than the tolerance.
    OptionError
        If the equations hold a gradient that is not the slope on purpose (`elman.spike`, `elman.stop_gradient`).

    Examples
    --------
    >>> from elman.cells import gru
    >>> check_gradients(gru).worst < 1e-7
    True
    """
    _check_sizes(net_or_cell, features, units)
    for name, count in (("rows", rows), ("steps", steps), ("samples", samples)):
        checks.whole(count, name)
    tolerance, seed = checks.real(tolerance, "tolerance", 0), checks.as_seed(seed)
    errors: dict[str, dict[str, float]] = {}
    slopes: dict[str, np.ndarray] = {}
    for engine in ENGINES:
        if engine == "native" and not native_available():
            continue
        net = _in_float64(net_or_cell, features, units, engine, seed)
        _check_slopes(net)
        measuring = _Measuring(np.random.default_rng(seed + 1), samples, tolerance, slopes)
        given = random_inputs(net, measuring.random, rows, steps) if x is None else x
        errors[engine] = _with_and_without_layers_below(net, given, lengths, measuring)
        if x is None and lengths is None and not net.structure.is_chain:
            inputs, used = _copied(net, given, None), _random_lengths(net, given, measuring.random)
            errors[engine] |= _check_outputs(net, inputs, used, measuring, "ragged/")
        if loss is not None:
            errors[engine] |= _check_loss(net, (given, target, loss, lengths), measuring)
    found = GradientCheck(errors)
    if not found.worst <= tolerance:
        raise TrainingError(
            f"gradients differ from central differences by {found.worst:.1e} (> {tolerance:.0e}):\n{found}"
        )
    return found


def _check_slopes(net: Network) -> None:
    """Raise where a gradient differs from the slope on purpose."""
    for layer, graph in zip(net.layers, net.graphs, strict=True):
        for node in graph.nodes():
            if not row_of(node).slope:
                raise OptionError(
                    f"{layer.cell.name} uses {node.op}, whose gradient is not the slope of its value: that is what it "
                    "is for, and central differences cannot check it"
                )


def _check_sizes(given: Any, features: Any, units: Any) -> None:
    checks.instance(given, (Network, Cell, Layer), "net_or_cell", "a cell, a layer or a network")
    for name, size in (("features", features), ("units", units)):
        if size is not None:
            checks.whole(size, name)
            if isinstance(given, Network):
                raise OptionError(f"{name} is {size}, but a network has its sizes already; leave {name} out")


def _in_float64(
    given: Network | Cell | Layer, features: int | None, units: int | None, engine: str, seed: int
) -> Network:
    """The network to check, float64, on one engine."""
    if isinstance(given, Network):
        net = in_float64(given, engine=engine)
        net.params.restore(given.arena)
        return net
    layer, features = _layer(given, features, units)
    net = _alone(layer, features, engine)
    net.params.write(np.random.default_rng(seed).normal(0, 0.6, net.arena.size))
    return net


def _alone(layer: Layer, features: int, engine: str) -> Network:
    """A network of one layer, with an input for each that it takes."""
    names = (*layer.cell.inputs, *layer.cell.memories)
    if names == layer.cell.inputs[:1]:
        return Network(features, [layer], dtype=np.float64, engine=engine)

    def alone(*values: Any) -> Any:
        return layer(*values)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    alone.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # type: ignore[attr-defined]
    return Network(alone, inputs=dict.fromkeys(names, features), dtype=np.float64, engine=engine)


def _layer(given: Cell | Layer, features: int | None, units: int | None) -> tuple[Layer, int]:
    """A cell or layer with sizes, and the features it takes: equal ones where different ones do not fit."""

    def sized(features: int, units: int) -> Layer:
        layer = given
        if isinstance(layer, Cell):
            layer = Recurrent(layer, units) if layer.states else _stateless(layer, features, units)
        layer.graph([features] * len(layer.cell.inputs), [features] * len(layer.cell.memories))
        return layer

    cell = given if isinstance(given, Cell) else given.cell
    wide = given.units if isinstance(given, Layer) and given.units else units or 4
    if features is None:
        features = 1 if cell.trace().takes_index else 3
        try:
            return sized(features, wide), features
        except ShapeError:
            features = wide
    return sized(features, wide), features


def _stateless(cell: Cell, features: int, units: int) -> Layer:
    """A layer of a cell without states, of so many units where nothing else says how wide it is."""
    try:
        Stateless(cell).graph([features] * len(cell.inputs), [features] * len(cell.memories))
    except ShapeError:
        raise
    except EquationError:
        return Stateless(cell, units)
    return Stateless(cell)


def _copied(net: Network, given: Any, lengths: Any) -> tuple[np.ndarray, ...]:
    """Inputs as the engine takes them, which may be changed."""
    return tuple(np.array(array) for array in net.check_batch(given, lengths)[0])


def _with_and_without_layers_below(net: Network, given: Any, lengths: Any, measuring: _Measuring) -> dict[str, float]:
    """Of a network, and of the same upon dense layers."""
    inputs = _copied(net, given, lengths)
    found = _check_outputs(net, inputs, lengths, measuring)
    values = [number for number, array in enumerate(inputs) if array.dtype.kind == "f"]
    if values:
        upon = in_float64(net, with_layers_below(net.structure, values))
        with upon.params.writing() as arena:
            arena[arena.size - net.arena.size :] = net.arena
        found |= _check_outputs(upon, inputs, lengths, measuring, "below/")
    return found


def _random_lengths(net: Network, given: Any, random: np.random.Generator) -> Any:
    """Of each time axis, by one of the inputs that have it."""
    found: dict[str, np.ndarray] = {}
    inputs, _ = net.check_batch(given, None)
    doors = zip(net.doors, inputs, strict=True)
    axes = {door.given.axis: (door.given.name, array) for door, array in doors if door.steps}
    for name, array in axes.values():
        found[name] = random.integers(1, array.shape[1] + 1, len(array))
    return found


def _check_outputs(
    net: Network, inputs: tuple[np.ndarray, ...], lengths: Any, measuring: _Measuring, run: str = ""
) -> dict[str, float]:
    """All gradients of a random combination of the outputs and the final states."""
    random = measuring.random
    x, (_, used) = _only(inputs), net.check_batch(_only(inputs), lengths)
    state = [tuple(random.normal(size=(len(inputs[0]), n)) for n in sizes) for sizes in net.state_sizes()]
    engine, batch = net.differentiator, Batch(inputs, (), used, states=[s for group in state for s in group])
    along = tuple(random.normal(size=y.shape) for y in engine.forward(net.arena, batch)[0])
    along_state = [tuple(random.normal(size=s.shape) for s in group) for group in state]

    def value() -> float:
        outputs, finals = engine.forward(net.arena, batch)
        pairs = [*zip(along, outputs, strict=True), *zip(sum(along_state, ()), finals, strict=True)]
        return float(sum(np.sum(a * y) for a, y in pairs))

    grads, dx, dstate = net.backward(x, _only(along), state=state, state_gradients=along_state, lengths=lengths)
    with net.params.writing() as arena:
        pairs = {name: (array, grads[name]) for name, array in views(net.params.places, arena).items()}
        pairs |= _named_inputs(net, inputs, dx)
        for k, group in enumerate(state):
            pairs.update({f"state {k}.{j}": (s, dstate[k][j]) for j, s in enumerate(group)})
        return {run + name: measuring.error(run + name, value, array, g) for name, (array, g) in pairs.items()}


def _only(several: tuple[np.ndarray, ...]) -> Any:
    """What a network with one input, or output, takes in place of several."""
    return several if len(several) > 1 else several[0]


def _named_inputs(
    net: Network, inputs: tuple[np.ndarray, ...], gradients: Any
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Inputs that are no indices, and their gradients."""
    names = [given.name for given in net.structure.inputs]
    if len(names) == 1:
        found = {"input": (inputs[0], gradients)}
    else:
        found = {f"input {name}": (array, gradients[name]) for name, array in zip(names, inputs, strict=True)}
    return {name: pair for name, pair in found.items() if pair[0].dtype.kind == "f"}


def _check_loss(net: Network, case: tuple[Any, Any, Any, Any], measuring: _Measuring) -> dict[str, float]:
    """The loss's gradient with respect to every parameter."""
    x, target, loss, lengths = case
    _, grads = net.loss_and_grads(x, target, loss, lengths=lengths)

    def value() -> float:
        return net.loss_and_grads(x, target, loss, lengths=lengths)[0]

    with net.params.writing() as arena:
        arrays = views(net.params.places, arena)
        return {f"loss/{n}": measuring.error(f"loss/{n}", value, arrays[n], grads[n]) for n in arrays}


@dataclass(frozen=True)
class _Measuring:
    """Slopes that gradients are compared with: measured once, as all engines compute the same function."""

    random: np.random.Generator
    samples: int
    tolerance: float
    slopes: dict[str, np.ndarray]

    def error(self, name: str, value: Callable[[], float], array: np.ndarray, gradient: np.ndarray) -> float:
        """The largest difference between a gradient and the slopes of `value` along an array's elements."""
        chosen = self.random.choice(array.size, min(array.size, self.samples), replace=False)
        if name not in self.slopes:
            self.slopes[name] = np.array([_slope(value, array, i) for i in chosen])
        scale = max(1.0, float(np.max(np.abs(gradient), initial=0)))
        found = zip(chosen, self.slopes[name], gradient.flat[chosen], strict=True)
        return max((self._difference(value, array, *at, scale) for at in found), default=0.0)

    def _difference(
        self, value: Callable[[], float], array: np.ndarray, index: int, slope: float, gradient: float, scale: float
    ) -> float:
        """Relative to `scale`; where it is large a kink may be near, which nearer values see less of."""
        error = abs(slope - gradient)
        if not error <= self.tolerance * scale:
            nearer = [abs(_slope(value, array, index, step) - gradient) for step in (1e-5, 1e-6)]
            error = min(error, *nearer, _beyond(gradient, _slopes_of_both_sides(value, array, index)))
        return float(error / scale)


def _slope(value: Callable[[], float], array: np.ndarray, index: int, step: float = 1e-4) -> float:
    """A fourth-order central difference."""
    before, a, _, b, behind = _values(value, array, index, step)
    return (8 * (b - a) - (behind - before)) / (12 * step)


def _slopes_of_both_sides(
    value: Callable[[], float], array: np.ndarray, index: int, step: float = 1e-5
) -> tuple[float, float]:
    """Second-order differences, which are the same where the function is smooth."""
    before, a, here, b, behind = _values(value, array, index, step)
    return (3 * here - 4 * a + before) / (2 * step), (4 * b - 3 * here - behind) / (2 * step)


def _values(value: Callable[[], float], array: np.ndarray, index: int, step: float) -> list[float]:
    """At five points around an element; the array is as before afterwards."""
    old, found = array.flat[index], []
    for k in (-2, -1, 0, 1, 2):
        array.flat[index] = old + k * step
        found.append(value())
    array.flat[index] = old
    return found


def _beyond(gradient: float, slopes: tuple[float, float]) -> float:
    """How far a gradient lies outside of two slopes."""
    return max(min(slopes) - gradient, gradient - max(slopes), 0.0)
