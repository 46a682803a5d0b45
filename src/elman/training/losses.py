"""Losses: equations of a prediction ``y`` and a target, one value a row; and targets made ready for them."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.checks import is_number, numbers, real, shown
from elman.equations import Cell, Graph, cell, clip, log_softmax, mean, pick, softplus, square
from elman.equations import sum as total
from elman.equations.store import to_data
from elman.equations.symbols import width
from elman.equations.trace import Option
from elman.errors import DataError, EquationError, OptionError, ShapeError
from elman.hints import of_loss
from elman.training import likelihoods
from elman.training.ends import End
from elman.training.finite import check_finite, first_place
from elman.training.quantiles import as_quantiles, pinball


@cell(inputs=2)
def mse(p, y, target):
    """The mean squared error; its minimiser is the mean. Large errors weigh most."""
    return mean(square(y - target))


@cell(inputs=2)
def mae(p, y, target):
    """The mean absolute error; its minimiser is the median. Robust against outliers."""
    return mean(abs(y - target))


@cell(inputs=2)
def huber(p, y, target, *, delta=1.0):
    """Half the squared error up to ``delta``, linear beyond: smooth at zero, robust against outliers.

    Reference: P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35 (1964).
    """
    if not is_number(delta) or not 0 < delta < np.inf:
        raise OptionError(f"huber: delta is {delta!r}; expected a number above 0")
    error, delta = abs(y - target), float(delta)
    near = clip(error, 0.0, delta)
    return mean(near * (error - 0.5 * near))


def _smoothing(value: Any, name: str) -> float:
    """The share of a target that label smoothing gives to all classes alike (Szegedy et al., CVPR 2016, section 7)."""
    return real(value, f"{name}: smoothing", 0, 1, from_low=True)


def _smoothed(likelihood: Any, logs: Any, smoothing: float) -> Any:
    """Minus the log likelihood of targets of which a share is spread over all classes evenly."""
    return -(((1 - smoothing) * likelihood + smoothing * mean(logs)) if smoothing else likelihood)


@cell(inputs=2)
def softmax_cross_entropy(p, y, target, *, smoothing=0.0):
    """Minus the log likelihood of a distribution over classes (one-hot or probabilities); ``y`` are logits.

    With K classes and `smoothing` s the distribution is ``(1 - s) target + s / K``, as in PyTorch and Keras.
    """
    logs = log_softmax(y)
    return _smoothed(total(target * logs), logs, _smoothing(smoothing, "softmax_cross_entropy"))


@cell(inputs=2)
def class_cross_entropy(p, y, target, *, smoothing=0.0):
    """Minus the log likelihood of a class given by its index; ``y`` are logits."""
    logs = log_softmax(y)
    return _smoothed(pick(logs, target), logs, _smoothing(smoothing, "softmax_cross_entropy"))


@cell(inputs=2)
def binary_cross_entropy(p, y, target, *, smoothing=0.0):
    """Minus the log likelihood of yes/no labels in 0..1, the mean over the features; ``y`` are logits.

    ``softplus(y) - y target`` is ``-target log(s) - (1 - target) log(1 - s)``, ``s = sigmoid(y)``, without overflow.
    With `smoothing` e the labels are ``(1 - e) target + e / 2``, as in Keras.
    """
    share = _smoothing(smoothing, "binary_cross_entropy")
    return mean(softplus(y) - y * ((1 - share) * target + 0.5 * share if share else target))


@dataclass(frozen=True)
class Loss:
    """A loss: its equations, and what it asks of a target.

    Attributes
    ----------
    name : str
        For messages and histories.
    cell : Cell
        Equations of (p, y, target) without parameters or states, one value a row. The loss of a batch is the weighted
        mean of these over rows and time steps.
    root : bool
        Whether the square root of that mean is taken.
    index_target : Cell, optional
        Equations that serve when the target is one class index a row.
    bounds : (float, float), optional
        Least and largest value of a target that makes sense.
    not_after : tuple of str
        Ops that a network for this loss must not end with: what they make is no logit.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> @el.cell(inputs=2)
    ... def cubic(p, y, target):
    ...     return el.mean(el.abs(y - target) ** 3)
    >>> loss = el.Loss("cubic", cubic)
    >>> loss.values(np.array([[1.0], [3.0]]), np.array([[0.0], [1.0]])).tolist()
    [1.0, 8.0]
    """

    name: str
    cell: Cell
    root: bool = False
    index_target: Cell | None = None
    bounds: tuple[float, float] | None = None
    not_after: tuple[str, ...] = ()

    def with_options(self, **options: Option) -> Loss:
        """The same loss with other options of its equations.

        Parameters
        ----------
        **options
            By name, of those that its equations have.

        Returns
        -------
        Loss

        Examples
        --------
        >>> smooth = LOSSES["softmax_cross_entropy"].with_options(smoothing=0.1)
        >>> robust = LOSSES["huber"].with_options(delta=0.5)
        """
        of_classes = None if self.index_target is None else self.index_target.with_options(**options)
        return replace(self, cell=self.cell.with_options(**options), index_target=of_classes)

    def for_classes(self) -> Loss:
        """The loss of class indices.

        Returns
        -------
        Loss
        """
        if self.index_target is None:
            raise OptionError(f"{self.name} has no form for class indices")
        return replace(self, cell=self.index_target, index_target=None, bounds=None)

    def graph(self, outputs: int, target_width: int) -> Graph:
        """The traced equations for a network of so many outputs and a target of so many features.

        Parameters
        ----------
        outputs : int
            Features of the output.
        target_width : int
            Features of the target.

        Returns
        -------
        Graph

        Raises
        ------
        EquationError
            If they have parameters, or more than one value a row.
        ShapeError
            If output and target do not fit together.
        """
        graph = self.cell.trace()
        if graph.parameters:
            raise EquationError(f"the loss {self.name} uses p.{next(iter(graph.parameters))}: a loss has no parameters")
        graph.bind([outputs, target_width], None)
        if width(graph.outputs[0]) != 1:
            raise EquationError(
                f"the loss {self.name} has {width(graph.outputs[0])} values a row; a loss returns one: use el.mean(...)"
            )
        return graph

    def values(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        """The loss of each row (and step): arrays (..., O) and (..., O') to (...).

        Parameters
        ----------
        y : array, shape (..., O)
            What was given.
        target : array, shape (..., O')
            What was wanted.

        Returns
        -------
        ndarray, shape (...)
        """
        with np.errstate(all="ignore"):
            return np.asarray(self.cell(None, y, target))[..., 0]


COUNTS = (0.0, np.inf)

LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("mse", mse),
        Loss("rmse", mse, root=True),
        Loss("mae", mae),
        Loss("huber", huber),
        Loss(
            "softmax_cross_entropy",
            softmax_cross_entropy,
            index_target=class_cross_entropy,
            bounds=(0, 1),
            not_after=("softmax", "sigmoid"),
        ),
        Loss("binary_cross_entropy", binary_cross_entropy, bounds=(0, 1), not_after=("softmax", "sigmoid", "relu")),
        Loss("pinball", pinball),
        Loss("normal", likelihoods.normal),
        Loss("student_t", likelihoods.student_t),
        Loss("poisson", likelihoods.poisson, bounds=COUNTS),
        Loss("negative_binomial", likelihoods.negative_binomial, bounds=COUNTS),
        Loss("zero_inflated_poisson", likelihoods.zero_inflated_poisson, bounds=COUNTS),
        Loss("zero_inflated_negative_binomial", likelihoods.zero_inflated_negative_binomial, bounds=COUNTS),
        Loss("tweedie", likelihoods.tweedie, bounds=COUNTS),
    )
}


def quantile_loss(quantiles: np.typing.ArrayLike) -> Loss:
    """The pinball loss of several quantiles at once.

    Parameters
    ----------
    quantiles : array (Q,)
        Probabilities, increasing, in (0, 1). For O targets the network has O Q outputs, O of the first quantile first;
        `elman.Increasing` keeps them in order.

    Returns
    -------
    Loss

    Examples
    --------
    >>> quantile_loss([0.1, 0.9]).values(np.array([[1.0, 4.0]]), np.array([[3.0]]))
    array([0.15])
    """
    return LOSSES["pinball"].with_options(quantiles=as_quantiles(quantiles))


ALIASES = {"mean_squared_error": "mse", "mean_absolute_error": "mae", "root_mean_squared_error": "rmse"}


def resolve_loss(loss: str | Loss | Cell | Callable[..., Any]) -> Loss:
    """A loss by its name, or of equations.

    Parameters
    ----------
    loss : str, Loss, Cell or function
        A name of `LOSSES`; or a function ``f(y, target)`` or ``f(p, y, target)`` of equations with one value a row.

    Raises
    ------
    OptionError
        If there is no such loss.

    Examples
    --------
    >>> from elman.equations import mean
    >>> def quartic(y, target):
    ...     return mean((y - target) ** 4)
    >>> resolve_loss(quartic).name
    'quartic'
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, Cell):
        return _of_cell(loss)
    if callable(loss):
        return _of_function(loss) if _has_hash(loss) else _of_function.__wrapped__(loss)
    name = ALIASES.get(loss, loss) if isinstance(loss, str) else None
    if name not in LOSSES:
        raise OptionError(
            f"unknown loss {shown(loss)}{of_loss(loss, LOSSES)}; there are {', '.join(LOSSES)}, "
            "or give a function of (y, target)"
        )
    return LOSSES[name]


@functools.lru_cache(maxsize=64)
def equations_key(loss: Loss) -> tuple[str, bool]:
    """What a loss computes, whatever its function is called: equal for losses that one engine can serve."""
    data = to_data(loss.cell)
    nodes = [[op, inputs, repr(first), repr(second)] for op, inputs, first, second, _ in data["nodes"]]
    return json.dumps([nodes, data["outputs"]]), loss.root


@functools.lru_cache(maxsize=64)  # the same cell is the same loss, so that a network finds its plan again
def _of_cell(equations: Cell) -> Loss:
    known = [loss for loss in LOSSES.values() if loss.cell.function is equations.function and not loss.root]
    if known:
        return replace(known[0].with_options(**equations.options), cell=equations)
    if len(equations.inputs) + len(equations.states) != 2:
        raise EquationError(f"a loss takes (p, y, target); {equations.name} takes {equations!r}")
    whole = equations if len(equations.inputs) == 2 else Cell(equations.function, inputs=2, options=equations.options)
    return Loss(equations.name, whole)


def _has_hash(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


@functools.lru_cache(maxsize=64)
def _of_function(function: Callable[..., Any]) -> Loss:
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):  # of a class or of what is written in C
        raise OptionError(f"a loss is {function!r}; expected a function of (y, target)") from None
    positional = [q for q in signature.parameters.values() if q.kind in (q.POSITIONAL_ONLY, q.POSITIONAL_OR_KEYWORD)]
    arguments = [q for q in positional if q.default is q.empty]  # others fix a number, as in lambda y, t, k=k: ...
    name = getattr(function, "__name__", "loss")
    if len(arguments) == 3:
        return Loss(name, Cell(function, inputs=2))
    if len(arguments) != 2:
        raise EquationError(f"a loss takes (y, target) or (p, y, target); {name} takes {signature}")

    def equations(p: Any, y: Any, target: Any) -> Any:
        value = function(y, target)
        if value is None:
            raise EquationError(f"the loss {name} returned nothing: is a `return` missing?")
        return value

    equations.__name__, equations.__doc__ = name, function.__doc__
    return Loss(name, Cell(equations, inputs=2))


# --- targets ------------------------------------------------------------------------------------------------


def prepare_target(
    end: End, loss: Any, target: np.typing.ArrayLike, lengths: np.ndarray | None = None
) -> tuple[Loss, np.ndarray, int]:
    """The loss in the form that this target asks for, the target as the engine takes it, and its width.

    Parameters
    ----------
    end : End
        The output that the target is for.
    loss : str, Loss, Cell or function
        See `resolve_loss`.
    target : array (N, T, O) or (N, O)
        As the network's output; its last axis may be left out where it is 1. For softmax cross entropy either a
        distribution for each row or class indices, (N, T) or (N,).
    lengths : array (N,), optional
        Steps in use of each row; what lies behind is not looked at.

    Returns
    -------
    loss : Loss
    target : array (N, T, O') or (N, O')
        Of the network's dtype; class indices are int64.
    width : int
        O', the number of features of the target; 1 for class indices.

    Raises
    ------
    ShapeError
        If the target does not go with the network's output.
    DataError
        If a value is no class of the network, or outside what the loss makes sense for.
    """
    loss, array = resolve_loss(loss), as_numbers(target)
    check_logits(end, loss)
    shape, axes, dtype = array.shape, 2 if end.sequence_output else 1, end.dtype  # axes before the features
    if array.ndim == axes:
        array = array[..., None]
    if array.ndim != axes + 1:
        raise ShapeError(_mismatch(end, loss, shape))
    if loss.index_target is not None and array.shape[-1] == 1:
        loss = loss.for_classes()
        _check_classes(array, end.outputs, lengths, loss.name)
        dtype = np.dtype(np.int64)
    try:
        _check_graph(loss, end.outputs, array.shape[-1])
    except ShapeError as error:
        raise ShapeError(_mismatch(end, loss, shape) + _of_classes(array, end.outputs)) from error
    if loss.bounds is not None:
        _check_bounds(array, loss, lengths)
    with np.errstate(over="ignore", invalid="ignore"):  # too large is infinite then; past a row's end may be anything
        made = np.asarray(array, dtype)
    check_finite(made, "target", lengths, ", or leave such steps out with missing='skip'")
    return loss, made, array.shape[-1]


def as_numbers(target: Any) -> np.ndarray:
    """A target as an array of numbers."""
    return numbers(target, "target", "; give classes as 0, 1, 2, ...")


def check_logits(end: End, loss: Loss) -> None:
    """Refuse a loss of logits for a network that squashes them first: it would be squashed twice, and learn little."""
    if end.last_op in loss.not_after:
        why = "can never say no" if end.last_op == "relu" else "makes probabilities of them before the loss does"
        raise OptionError(
            f"{loss.name} takes logits, and the network ends with {end.last_op}, which {why}: leave its last "
            "activation out (linear); where you need probabilities, apply it to the network's output"
        )


@functools.lru_cache(maxsize=64)  # tracing takes longer than a small update
def _check_graph(loss: Loss, outputs: int, target_width: int) -> None:
    loss.graph(outputs, target_width)


def _mismatch(end: End, loss: Loss, shape: tuple[int, ...]) -> str:
    wanted = f"(N, T, {end.outputs})" if end.sequence_output else f"(N, {end.outputs})"
    if loss.index_target is not None:
        wanted += f" or class indices {'(N, T)' if end.sequence_output else '(N,)'}"
    if end.sequence_output and len(shape) == 2 or not end.sequence_output and len(shape) == 3:
        returns = "every time step" if end.sequence_output else "the last time step only"
        hint = f"; the network returns {returns}: see return_sequences of its last recurrent layer"
    else:
        hint = ""
    features = shape[-1] if len(shape) == 2 + end.sequence_output else 1
    return (
        f"target has {features} feature{'s' * (features != 1)}, the network outputs {end.outputs}: "
        f"its shape is {shape}, {loss.name} expected {wanted}{hint}"
    )


def _of_classes(target: np.ndarray, outputs: int) -> str:
    """What to say where targets look like classes, and the loss knows none."""
    if target.dtype.kind not in "iu" or target.shape[-1] > 1 or not ((target >= 0) & (target < outputs)).all():
        return ""
    return "; if the targets are classes, give loss='softmax_cross_entropy'"


def _check_classes(target: np.ndarray, classes: int, lengths: np.ndarray | None, name: str) -> None:
    if classes == 1:
        raise OptionError(
            "softmax_cross_entropy needs an output for each class and the network has 1; "
            "for two classes use binary_cross_entropy, or two outputs"
        )
    place = first_place(~((target >= 0) & (target < classes) & (target == np.floor(target))), lengths)
    if place is not None:
        raise DataError.at(
            "target",
            place[:-1],
            f"is {target[place]}: {name} expects class indices 0..{classes - 1}, as the network has {classes} outputs",
        )


def _check_bounds(target: np.ndarray, loss: Loss, lengths: np.ndarray | None) -> None:
    assert loss.bounds is not None
    low, high = loss.bounds
    place = first_place((target < low) | (target > high), lengths)
    if place is not None:
        raise DataError.at("target", place, f"is {target[place]}: {loss.name} expects values in {low}..{high}")
