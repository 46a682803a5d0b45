"""Events: whether the methods of a user's callback can be called as they will be."""

from __future__ import annotations

import inspect
from typing import Any

from elman.checks import nearest
from elman.errors import OptionError
from elman.training.notes import note

EVENTS = ("on_train_begin", "on_epoch_begin", "on_batch_end", "on_progress", "on_epoch_end", "on_train_end")

ELSEWHERE = {
    "on_fit_start": "on_train_begin",
    "on_fit_end": "on_train_end",
    "on_train_start": "on_train_begin",
    "on_train_epoch_start": "on_epoch_begin",
    "on_train_epoch_end": "on_epoch_end",
    "on_train_batch_end": "on_batch_end",
    "on_validation_end": "on_epoch_end",
    "on_validation_epoch_end": "on_epoch_end",
    "on_test_end": "on_epoch_end",
}
"""What Keras and Lightning call them."""

_OTHERS = {"epoch", "batch", "logs", "trainer", "pl_module"}
"""First arguments of methods of Keras and Lightning, which are given other things than a training."""


def check_events(callback: Any, base: type) -> None:
    """Refuse methods that cannot be called with the training, and note those that nothing calls.

    Parameters
    ----------
    callback : Callback
    base : type
        Whose methods of these names do nothing.

    Raises
    ------
    OptionError
    """
    kind = type(callback)
    for event in EVENTS:
        if getattr(kind, event) is not getattr(base, event) or event in vars(callback):
            _check_one(getattr(callback, event), event, kind.__name__)
    for name in dir(kind):
        if name.startswith("on_") and not hasattr(base, name) and callable(getattr(kind, name)):
            meant = f": it is {ELSEWHERE[name]} here" if name in ELSEWHERE else nearest(name, EVENTS)
            note(f"{kind.__name__}.{name} is called by nothing{meant}; callbacks are told {', '.join(EVENTS)}")


def _check_one(method: Any, event: str, of: str) -> None:
    try:
        takes = inspect.signature(method)
    except (TypeError, ValueError):  # of what is written in C nothing is known before it is called
        return
    names = [name for name, each in takes.parameters.items() if each.kind is each.POSITIONAL_OR_KEYWORD]
    try:
        takes.bind("training")
    except TypeError:
        pass
    else:
        if not names or names[0] not in _OTHERS:
            return
    raise OptionError(
        f"{of}.{event} takes {takes}; expected the training alone, {event}(training): the epoch is training.epoch, its "
        "numbers are training.logs, the network is training.net"
    )
