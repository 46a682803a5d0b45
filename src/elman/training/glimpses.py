"""Glimpses of callbacks that say nothing of what they remember: what changes of them, no checkpoint holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.training.callbacks import Callback
from elman.training.notes import note


class Glimpses:
    """How such callbacks were.

    Parameters
    ----------
    callbacks : sequence of Callback
        Of a training that begins.
    """

    def __init__(self, callbacks: Sequence[Any] = ()):
        self._before = {k: _glimpse(c) for k, c in enumerate(callbacks) if _says_nothing(c)}
        self._noted: set[str] = set()

    def note_changes(self, callbacks: Sequence[Any]) -> None:
        """Tell the user of each kind that has changed, once."""
        for number, before in self._before.items():
            kind, now = type(callbacks[number]).__name__, _glimpse(callbacks[number])
            changed = [name for name in now if now[name] != before.get(name)]
            if changed and kind not in self._noted:
                self._noted.add(kind)
                note(
                    f"the callback {kind} has changed its {', '.join(changed)}, which a checkpoint does not hold: give "
                    "it state_dict and load_state_dict, or a training that goes on does without"
                )


def _says_nothing(callback: Any) -> bool:
    """Whether a callback of a user's own says nothing of what it remembers."""
    kind = type(callback)
    return not kind.__module__.startswith("elman.") and kind.state_dict is Callback.state_dict


def _glimpse(callback: Any) -> dict[str, Any]:
    """Of each attribute what tells whether it has changed."""
    return {name: _glimpse_of(value) for name, value in vars(callback).items()}


def _glimpse_of(value: Any, depth: int = 2) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, list | tuple | set | dict) and depth:
        items = list(value.items() if isinstance(value, dict) else value)
        return type(value).__name__, len(items), [_glimpse_of(item, depth - 1) for item in items[-8:]]
    if isinstance(value, np.ndarray):
        return value.shape, value.ravel()[:64].tobytes()
    return id(value)
