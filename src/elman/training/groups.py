"""Groups: parameters that an optimiser treats in a manner of their own, found by patterns of their names.

A group is a dict of settings, such as ``{"learning_rate": 1e-4}``:

- ``learning_rate``: a number, schedule or function in place of the optimiser's, as in PyTorch's groups;
- ``rate_factor``: a number that multiplies the learning rate, so that the group follows the optimiser's schedule;
- ``weight_decay``: decoupled (Loshchilov and Hutter 2019): each update begins with
  ``w = (1 - learning_rate * weight_decay) w``, with any optimiser;
- ``l1`` and ``l2``: penalties as in Keras: what ``l1 sum |w| + l2 sum w^2`` adds to the gradient, behind clipping
  (``l2`` is half of the weight decay of PyTorch's SGD and Adam). The losses that are reported are without it. Those on
  what layers return are layers, `elman.ActivityPenalty`.

A parameter that several patterns fit has the settings of all of them, a later one before an earlier one's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from elman.checks import instance, nearest, real, shown
from elman.engine.interface import Span
from elman.errors import OptionError
from elman.training.patterns import matching
from elman.training.protocol import Trainable
from elman.training.schedules import as_schedule, plain

Groups = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Settings:
    """How an optimiser treats a group of parameters; see the head of this file.

    `learning_rate` is None where it is the optimiser's.
    """

    learning_rate: Any = None
    rate_factor: float = 1.0
    weight_decay: float = 0.0
    l1: float = 0.0
    l2: float = 0.0


class Grouping(NamedTuple):
    """Which parameters of a network an optimiser changes, and how; without spans all of them, as one group."""

    spans: list[Span] | None
    settings: list[Settings]


def checked(groups: Any, whose: str) -> dict[str, dict[str, Any]]:
    """Groups as they are used.

    Raises
    ------
    OptionError
    """
    expected = "a dict of settings by pattern, such as {'*.E': {'rate_factor': 0.1}}"
    instance(groups, Mapping, f"{whose}: groups", expected)
    found = {}
    for pattern, settings in groups.items():
        instance(settings, Mapping, f"{whose}: groups[{shown(pattern)}]", "a dict such as {'rate_factor': 0.1}")
        found[pattern] = {name: _setting(name, value, pattern, whose) for name, value in settings.items()}
    return found


def _setting(name: Any, value: Any, pattern: Any, whose: str) -> Any:
    known, what = [field.name for field in fields(Settings)], f"{whose}: {name} of groups[{shown(pattern)}]"
    if name not in known:
        raise OptionError(
            f"{whose}: groups[{shown(pattern)}] has {shown(name)}{nearest(name, known)}; there are {', '.join(known)}"
        )
    if name == "learning_rate":
        as_schedule(value, what)
        return plain(value)
    return real(value, what, 0, from_low=True)


def group(net: Trainable, groups: Groups, begin: Callable[[tuple[int, ...]], Settings]) -> Grouping:
    """The parameters of a network that are not frozen, in groups of the same settings.

    Parameters
    ----------
    net : Trainable
        The network.
    groups : dict of dict
        Settings by pattern.
    begin : function
        The settings of a parameter, from its shape, where no group has others.

    Raises
    ------
    OptionError
        If a pattern fits no parameter, or all parameters are frozen.
    """
    places, trained = net.params.places, net.trainable
    if not trained and net.frozen:
        raise OptionError("every parameter of the network is frozen: unfreeze some of them to train it")
    changes: dict[str, dict[str, Any]] = {name: {} for name in places}
    for pattern, settings in groups.items():
        for name in matching(pattern, places, "groups"):
            changes[name] |= settings
    kinds: list[Settings] = []
    spans: list[Span] = []
    for name in trained:
        mine = replace(begin(places[name].shape), **changes[name])
        if mine not in kinds:
            kinds.append(mine)
        _append(spans, Span(places[name].offset, places[name].size, kinds.index(mine)))
    return Grouping(spans, kinds)


def _append(spans: list[Span], span: Span) -> None:
    """Add a span, as a part of the last one where that goes on into it."""
    last = spans[-1] if spans else None
    if last and last.first + last.size == span.first and last.group == span.group:
        spans[-1] = last._replace(size=last.size + span.size)
    else:
        spans.append(span)
