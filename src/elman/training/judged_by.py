"""The loss that a network was trained with, which judges it where no other is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from elman.checks import shown
from elman.errors import ModelFileError
from elman.training.notes import note
from elman.training.protocol import Losses, Shares, Trainable

Judge = tuple[Losses, Shares]
"""The losses of the outputs, and what each counts."""

USUAL: Losses = "mse"


def judge_of(net: Trainable, loss: Losses | None, shares: Shares) -> Judge:
    """What a network is judged by: what is named, else what it was trained with, else the squared error."""
    if loss is not None:
        return loss, shares
    if net.trained_with is not None:
        trained, its_shares = net.trained_with
        return trained, its_shares if shares is None else shares
    if net.updates:
        note(f"the network does not say which loss it was trained with, and is judged by {USUAL!r}: name it by loss=")
    return USUAL, shares


def in_file(judge: Judge | None) -> dict[str, Any]:
    """An entry of a file, where names say all of it; equations of a user's own and weights of outputs are left out."""
    if judge is None or judge[1] is not None:
        return {}
    return {"loss": judge[0]} if _named(judge[0]) else {}


def _named(loss: Any) -> bool:
    """Whether it is a name, or one for each output."""
    names = loss.values() if isinstance(loss, Mapping) else [loss] if isinstance(loss, str) else loss
    return isinstance(names, Iterable) and all(isinstance(name, str) for name in names)


def from_file(description: Mapping[str, Any]) -> Judge | None:
    """The same of a file's description.

    Raises
    ------
    ModelFileError
    """
    loss = description.get("loss")
    if loss is None:
        return None
    if not _named(loss):
        raise ModelFileError(f"its loss is {shown(loss)}; expected a name, or one for each output")
    return loss, None
