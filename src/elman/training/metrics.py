"""Metrics: what a person wants to know of predictions, beside the loss that is minimised.

A metric is a function of predictions (..., O) and targets (..., O') as the engine takes them, with a value for each row
(and step); what is reported is their mean, weighted like the loss: steps that are not in use, whose target is missing
or whose weight is 0 do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import numpy as np

from elman.checks import listed, numbers, shown
from elman.errors import DataError, ElmanError, OptionError, ShapeError
from elman.hints import of_metric
from elman.training.ends import End

Metric = Callable[[np.ndarray, np.ndarray], np.ndarray]
M = TypeVar("M", bound=Metric)


def direction(mode: str) -> Callable[[M], M]:
    """Declare whether a metric should rise (``"max"``) or fall (``"min"``), for callbacks that monitor it."""

    def declared(metric: M) -> M:
        setattr(metric, "mode", mode)  # noqa: B010
        return metric

    return declared


@direction("max")
def accuracy(y: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Whether the largest output is that of the true class; the target is its index, or one-hot.

    With a single output, whether its sign (of a logit) says yes where the target does.
    """
    if y.shape[-1] == 1:
        return (y[..., 0] > 0) == (target[..., 0] > 0.5)
    truth = target[..., 0] if target.shape[-1] == 1 else target.argmax(axis=-1)
    return y.argmax(axis=-1) == truth


@direction("min")
def mse(y: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The mean squared error over the outputs."""
    return np.square(y - target).mean(axis=-1, dtype=np.float64)


@direction("min")
def mae(y: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The mean absolute error over the outputs."""
    return np.abs(y - target).mean(axis=-1, dtype=np.float64)


METRICS: dict[str, Metric] = {"accuracy": accuracy, "mse": mse, "mae": mae}


def resolve_metrics(metrics: Iterable[str | Metric]) -> dict[str, Metric]:
    """Metrics by name, from names of `METRICS` and functions.

    Raises
    ------
    OptionError
        If there is no such metric, or one comes twice.
    """
    found: dict[str, Metric] = {}
    for metric in listed(metrics, "metrics", "names and functions"):
        if not isinstance(metric, str) and not callable(metric):
            raise OptionError(f"a metric is {shown(metric)}; expected a name ({', '.join(METRICS)}) or a function")
        name = metric if isinstance(metric, str) else getattr(metric, "__name__", type(metric).__name__)
        if name in found or name == "loss":
            raise OptionError(f"metrics has {name!r} twice; give a function of another name")
        found[name] = METRICS[_known(name)] if isinstance(metric, str) else metric
    return found


def _known(name: str) -> str:
    if name not in METRICS:
        raise OptionError(
            f"unknown metric {name!r}{of_metric(name, METRICS)}; there are {', '.join(METRICS)}, "
            "or a function of (y, target)"
        )
    return name


def check_metrics(ends: Iterable[End], metrics: Mapping[str, Metric]) -> None:
    """Refuse the accuracy of a lone output that is no logit: its sign would always say yes."""
    squashed = [e.last_op for e in ends if e.outputs == 1 and e.last_op in ("sigmoid", "softmax", "relu")]
    if accuracy in metrics.values() and squashed:
        raise OptionError(
            f"accuracy takes the sign of a lone output, a logit, and the network ends with {squashed[0]}, which is "
            "never negative: leave its last activation out (linear) and train with binary_cross_entropy, or give a "
            "metric of your own, such as lambda y, target: (y[..., 0] > 0.5) == (target[..., 0] > 0.5)"
        )


def check_value(name: str, value: float, when: str = "", whose: str = "", kind: type[ElmanError] = DataError) -> None:
    """Refuse a metric's mean that is no finite number: it would go into logs, files and comparisons unseen."""
    if not np.isfinite(value):
        raise kind(
            f"{when}the metric {name}{whose} is {value}, though the loss is finite; let it give a finite value for "
            "each row and step, also where it divides by nothing or by 0"
        )


def values_of(name: str, metric: Metric, y: np.ndarray, target: np.ndarray) -> np.ndarray:
    """A metric of each row (and step), float64."""
    found = numbers(metric(y, target), f"what the metric {name} returned").astype(np.float64)
    if found.shape != y.shape[:-1]:
        raise ShapeError(
            f"the metric {name} returned shape {found.shape} for predictions of shape {y.shape}; "
            f"expected {y.shape[:-1]}, a value for each row and step"
        )
    return found
