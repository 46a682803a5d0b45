"""Fingerprints: what must be the same where a training goes on, so that it would have come to the same bits."""

from __future__ import annotations

import json
import re
import weakref
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from elman.errors import OptionError
from elman.plain import to_json
from elman.training.alike import engine_of, named_hashes, what_trains
from elman.training.descriptions import difference
from elman.training.notes import note
from elman.training.optimizer import Optimizer
from elman.training.protocol import Trainable
from elman.training.scopes import Place
from elman.training.standing import Standing, different
from elman.untrusted import UNREADABLE

_CHANGES = ("updates", "epochs", "frozen", "loss")  # of a network that is trained
OF_NETWORK = " of the network"
_HASH = re.compile("[0-9a-f]{32,}")
_begun: weakref.WeakKeyDictionary[Any, dict[Path, dict[str, Any]]] = weakref.WeakKeyDictionary()
"""How networks were when trainings began, by their places: one that was trained since may go on all the same."""


def fingerprint(training: Any, place: Place, goes_on: bool) -> dict[str, str]:
    """What makes the training what it is, as texts by name."""
    net, where = training.net, place.run.folder.absolute() / place.name
    known = _begun.setdefault(net, {})
    if not goes_on or where not in known:
        known[where] = _beginning(net, training.optimizer, what_trains(training))
    about = {name: value for name, value in _described(net).items() if name not in _CHANGES}
    found = {f"{name}{OF_NETWORK}": value for name, value in about.items()}
    found |= {**what_trains(training), **training.learnt(), **known[where]}
    return {name: _as_text(value) for name, value in found.items()}


def _described(net: Trainable) -> dict[str, Any]:
    """A network as its file has it."""
    return dict(json.loads(net.file_header()["elman"]))


def _beginning(net: Trainable, optimizer: Optimizer, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a training changes, as it was at its beginning."""
    changes = "frozen parameters", "updates", "epochs of the network", "updates of the optimizer"
    hashes = b"".join(named_hashes(net, optimizer).values())
    return {name: said[name] for name in changes} | {"parameters at the beginning": hashes}


def _as_text(value: Any) -> str:
    """A value so short that all of them go into the head of a file."""
    text = value.hex() if isinstance(value, bytes) else to_json(_named(value), "what is compared")
    return text if len(text) <= 200 else _digest(text)


def _named(value: Any) -> Any:
    return {str(k): v for k, v in value.items()} if isinstance(value, dict) else value


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def check_same(standing: Standing, mine: Mapping[str, str], training: Any, place: Place) -> None:
    """Refuse to go on with another training; note that its last digits will be others.

    Raises
    ------
    OptionError
        Saying what differs.
    """
    theirs = standing.said["fingerprint"]
    name = different(mine, theirs)
    if name is not None:
        told = (
            name.endswith(OF_NETWORK) and _of_layers(standing, training.net)
        ) or f"its {name}{_change(theirs.get(name), mine.get(name))}"
        raise OptionError(
            f"{place.run.folder} ({place.name}) holds another training, which differs in {told}. Give network, data "
            "and options as they were then, or another folder"
        )
    here = engine_of(training.net)
    if standing.said["arithmetic"] != here:
        note(
            f"the run was begun with {standing.said['arithmetic']}, and goes on with {here}: its last digits may be "
            "others than those of one that was never stopped"
        )


def _of_layers(standing: Standing, net: Trainable) -> str | None:
    """What differs between the layers; nothing where the file says of them what no network does."""
    try:
        return difference(standing.network, _described(net))
    except UNREADABLE:
        return None


def _change(then: str | None, now: str | None) -> str:
    """What a value was and is, in a message; nothing where one is a hash, which tells nobody anything."""
    if any(value is not None and _HASH.fullmatch(value) for value in (then, now)):
        return ""
    values = ["nothing" if value is None else value.replace('"', "") for value in (then, now)]
    return f": {values[0]} then, {values[1]} now"
