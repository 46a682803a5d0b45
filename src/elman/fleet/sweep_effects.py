"""What each parameter of a sweep changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.fleet.sweep_tried import Tried
from elman.fleet.sweep_values import as_label

PARTS = 4  # that a range is cut into, for its effect


@dataclass(frozen=True)
class Group:
    """Settings that have one value of a parameter, or lie in one part of its range."""

    label: str
    settings: int
    mean: float
    best: float


@dataclass(frozen=True)
class Effect:
    """What a parameter changed.

    Attributes
    ----------
    parameter : str
        Its name.
    groups : list of Group
        By value.
    share : float
        Of the variance between settings, what these groups explain beyond what chance would (epsilon squared [1]_);
        NaN where there are too few settings.

    References
    ----------
    .. [1] T. L. Kelley, An unbiased correlation ratio measure, PNAS 21 (1935).

    Examples
    --------
    >>> from elman.fleet import Effect
    >>> Effect("units", [], float("nan")).parameter
    'units'
    """

    parameter: str
    groups: list[Group]
    share: float


def effects_of(space: Mapping[str, Any], settings: Sequence[Tried], best: Callable[..., float]) -> list[Effect]:
    """What each parameter changed, the one that explains most first; `best` picks the best of some scores."""
    found = [_effect(name, values, settings, best) for name, values in space.items()]
    return sorted(found, key=lambda effect: -np.nan_to_num(effect.share, nan=-1.0))


def _effect(name: str, space: Any, settings: Sequence[Tried], best: Callable[..., float]) -> Effect:
    by_label: dict[str, list[float]] = {}
    for label, one in zip(_labels(space, [each.settings[name] for each in settings]), settings, strict=True):
        by_label.setdefault(label, []).append(one.mean)
    order = _order(space, by_label)
    groups = [Group(n, len(by_label[n]), float(np.mean(by_label[n])), best(by_label[n])) for n in order]
    return Effect(name, groups, share_explained([by_label[label] for label in order]))


def _order(space: Any, labels: Iterable[str]) -> list[str]:
    if isinstance(space, list):
        return [label for label in map(as_label, space) if label in labels]
    return sorted(labels, key=lambda label: float(label.partition(" ")[0]))


def _labels(space: Any, values: list[Any]) -> list[str]:
    """Of each value the group that it is in."""
    if isinstance(space, list) or not values:
        return [as_label(value) for value in values]
    return _parts(np.array(values, float))


def share_explained(groups: Sequence[Any]) -> float:
    """Epsilon squared: what groups explain of the variance, less what as many groups would by chance."""
    every = np.concatenate([np.asarray(group, float) for group in groups]) if groups else np.empty(0)
    inner_freedom, most = len(every) - len(groups), float(np.abs(every).max(initial=0.0)) or 1.0
    every, groups = every / most, [np.asarray(group) / most for group in groups]  # squares may leave float64
    total = float(((every - every.mean()) ** 2).sum()) if len(every) else 0.0
    if inner_freedom < 1 or len(groups) < 2 or total <= 0:
        return np.nan
    inside = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    return max(1 - (inside / inner_freedom) / (total / (len(every) - 1)), 0.0)


def _parts(values: np.ndarray) -> list[str]:
    """The part of the values that each lies in, about as many in each and equal ones together, called by its ends."""
    parts = min(PARTS, max(len(values) // 3, 1))
    below = np.searchsorted(np.sort(values), values, side="left")  # the rank of the first of equals
    part = below * parts // len(values)
    names = {p: _ends(values[part == p]) for p in set(part.tolist())}
    return [names[p] for p in part.tolist()]


def _ends(values: np.ndarray) -> str:
    low, high = float(values.min()), float(values.max())
    return as_label(low) if low == high else f"{low:.3g} to {high:.3g}"
