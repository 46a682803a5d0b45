"""Descriptions of networks, as their files have them: in which layer two differ, in a user's words."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

_PLAIN = (str, int, float, bool, type(None))


def difference(theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> str | None:
    """The first difference between the layers of a checkpoint's network and those of one that is there now.

    Parameters
    ----------
    theirs, mine : dict
        As ``Network.file_header`` has them.

    Returns
    -------
    str or None
        As ``"layer 0 gru: units 16 in the checkpoint, 32 now"``; None where the layers are alike.
    """
    if ("layers" in theirs) != ("layers" in mine):
        kinds = ("a chain" if "layers" in described else "a function" for described in (theirs, mine))
        return _values("its layers:", *kinds)
    one, two = (_layers(described) for described in (theirs, mine))
    if len(one) != len(two):
        return _values("its layers:", len(one), len(two))
    return next((told for k, pair in enumerate(zip(one, two, strict=True)) if (told := _between(k, *pair))), None)


def _layers(described: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Each layer's fields beside its cell and name."""
    if "layers" in described:
        return list(described["layers"])
    parts = described["graph"]["parts"]
    return [{**part, **(part["layer"] or {}), "layer": None} for part in parts]


def _between(number: int, then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """What differs in a layer."""
    name, other = _name(then), _name(now)
    place = f"layer {number}"
    if name != other:
        return f"{place}: {_values('', name, other)}"
    key = next((key for key in {**then, **now} if then.get(key) != now.get(key)), None)
    if key is None:
        return None
    if key == "cell":
        return f"{place} {name}: {_of_cells(then[key], now[key])}"
    return f"{place} {name}: {_values(key, then.get(key), now.get(key))}"


def _name(layer: Mapping[str, Any]) -> str:
    """What a user calls it: its cell, or what it does."""
    cell = layer.get("cell")
    return str(cell["name"] if cell else layer.get("name", "layer"))


def _of_cells(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Where the equations of two cells part: in the first value that has a name and another rule."""
    key = next(key for key in {**then, **now} if then.get(key) != now.get(key))
    if key != "nodes":
        return _values(key, then.get(key), now.get(key))
    pairs = zip_longest(then[key], now[key])
    number = next(k for k, (one, two) in enumerate(pairs) if one != two)
    return f"its equations (from their operation {number} on)"


def _values(what: str, then: Any, now: Any) -> str:
    """As ``units 16 in the checkpoint, 32 now``; only the name of what is too long to be read."""
    if not all(isinstance(value, _PLAIN) and len(str(value)) < 60 for value in (then, now)):
        return f"its {what}"
    return f"{what} {_shown(then)} in the checkpoint, {_shown(now)} now".strip()


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
