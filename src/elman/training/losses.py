"""Losses by their names, and of what users give: a table, and functions that make a `Loss` of equations."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from elman.checks import shown
from elman.equations import Cell
from elman.equations.store import to_data
from elman.errors import EquationError, OptionError
from elman.hints import of_loss
from elman.training import likelihoods
from elman.training.loss import Loss
from elman.training.loss_equations import (
    binary_cross_entropy,
    class_cross_entropy,
    huber,
    mae,
    mse,
    softmax_cross_entropy,
)
from elman.training.quantiles import as_quantiles, pinball

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
