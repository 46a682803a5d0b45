"""Keepers: what writes where a training stands, now and then and at its end, and what has it go on from there."""

from __future__ import annotations

import json
import re
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from elman.errors import ModelFileError, OptionError
from elman.files import write_whole
from elman.plain import plain, to_json
from elman.tensors import to_bytes
from elman.training.alike import engine_of, named_hashes, what_trains
from elman.training.callbacks import Callback
from elman.training.monitors import KeepBest
from elman.training.notes import note
from elman.training.optimizer import Optimizer
from elman.training.protocol import Trainable
from elman.training.rates import rate_from_data, rate_to_data
from elman.training.scopes import Place, within
from elman.training.standing import (
    CARRIED,
    EPOCH,
    FORMAT,
    HISTORY,
    Standing,
    States,
    check_array,
    check_schema,
    different,
    matched,
    put_callbacks,
    taken_callbacks,
    versions,
)
from elman.training.state import Training
from elman.untrusted import UNREADABLE, check_tensor

OF_EPOCH = ("epoch_losses", "counted")
WORTH_KEEPING = 0.5  # seconds; of several trainings one that took less is done again, as a file costs some 20 ms
_begun: weakref.WeakKeyDictionary[Any, dict[Path, dict[str, Any]]] = weakref.WeakKeyDictionary()
"""How networks were when trainings began, by their places: one that was trained since may go on all the same."""


class Kept(Protocol):
    """A training, as what keeps it sees it; `elman.training.loop.Loop` says what each of these is."""

    inside: bool
    carried: list[np.ndarray] | None
    epoch_losses: np.ndarray
    counted: np.ndarray
    started: float
    epochs_before: int

    def learnt(self) -> dict[str, Any]: ...


class _Told(NamedTuple):
    """What callbacks may change, as it is when they are told of something: where they raise, they are told again."""

    states: States
    changed: dict[str, Any]
    frozen: frozenset[str]
    version: int


class Keeper:
    """Writes where a training stands, if it has a place, and nothing otherwise.

    Attributes
    ----------
    place : Place or None
    whole : bool
        Whether nothing of the training is half done, so that it may be written.
    """

    def __init__(self, place: Place | None):
        self.place: Place | None = place
        self.whole: bool = False
        self._fingerprint: dict[str, Any] = {}
        self._remembered: _Told | None = None
        self._looks: dict[int, Any] = {}  # of callbacks that say nothing of what they remember
        self._noted: set[str] = set()
        self._best_epoch = 0  # of the network that was written as the best

    def __bool__(self) -> bool:
        return self.place is not None

    # --- how a training goes ----------------------------------------------------------------------------------

    @contextmanager
    def open(self) -> Iterator[None]:
        """What a training is done in: Ctrl-C and SIGTERM wait for `look`, and trainings inside are not saved."""
        if self.place is None:
            yield
            return
        with self.place.run.interrupts.waiting(), within(None):
            self._since = self._began = time.monotonic()
            yield

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM need not wait within this."""
        if self.place is None:
            yield
            return
        with self.place.run.interrupts.waiting(False):
            yield

    def left(self, updates: int) -> int | None:
        """How many updates there are to the next that is to be written."""
        return None if self.place is None else self.place.run.every.left(updates)

    def look(self, training: Any) -> None:
        """Where nothing is half done: raise a Ctrl-C that waits, and write what is due."""
        self.whole = True
        if self.place is None:
            return
        self.place.run.interrupts.look()
        if self._is_due(training.net.updates):
            self._write(training)

    def _is_due(self, updates: int) -> bool:
        assert self.place is not None
        every = self.place.run.every
        return (
            every.left(updates) == every.updates if every.updates else time.monotonic() - self._since >= every.seconds
        )

    def begin(self, training: Any) -> None:
        """Before the first epoch, when callbacks were told."""
        if self.place is None:
            return
        self.place.run.begin()
        self._looks = {k: _glimpse(c) for k, c in enumerate(training.callbacks) if _says_nothing(c)}
        self._settings = _settings(training.optimizer)
        self.whole = not training.resumed  # else it stands nowhere yet

    def first(self, training: Any) -> None:
        """Write where a training begins that is alone, so that what callbacks have in files is known from then on."""
        if self.place is not None and self.place.run.alone:
            self._write(training)

    def before_telling(self, training: Any) -> None:
        """Remember how callbacks find everything before they are told of an epoch, as one of them may raise."""
        self.whole = False
        if self.place is not None:
            self._remembered = self._told(training)

    def _told(self, training: Any) -> _Told:
        net = training.net
        return _Told(_states(training), _changed(self._settings, training.optimizer), net.frozen, net.params.version)

    def end(self, training: Any, error: BaseException | None = None) -> None:
        """Write where a training ended: by itself, or by an error that leaves something whole."""
        if self.place is None:
            return
        if error is None:
            if self.place.run.alone or time.monotonic() - self._began > WORTH_KEEPING:
                self._write(training, ended=True)
        elif self.place.run.interrupts.forced:
            return
        elif self.whole:
            self._write(training)
        elif self._remembered is not None and self._remembered.version == training.net.params.version:
            self._write(training, self._remembered)

    # --- writing ----------------------------------------------------------------------------------------------

    def _write(self, training: Any, told: _Told | None = None, *, ended: bool = False) -> None:
        assert self.place is not None
        self._since = time.monotonic()
        if not self.place.run.writes:
            return
        self._note_changes(training)
        try:
            standing = self._standing(training, told or self._told(training), ended)
            self.place.write(training.net.updates, standing.to_bytes())
            self._write_best(training)
        except OptionError as error:  # a full disk is no reason to end a training
            note(f"no checkpoint after {training.net.updates} updates: {error}")

    def _standing(self, training: Any, told: _Told, ended: bool) -> Standing:
        made = Standing.of_network(training.net, training.optimizer)
        if training.inside:
            made.header["elman"] = _with(made.header["elman"], epochs=training.epochs_before)
        if told.frozen != training.net.frozen:
            made.header["elman"] = _with(made.header["elman"], frozen=sorted(told.frozen))
        arrays, batch = made.arrays, training.batch if training.inside else 0
        arrays |= {f"{CARRIED}{k}": a for k, a in enumerate((training.carried or ()) if training.inside else ())}
        arrays |= {f"{EPOCH}{name}": getattr(training, name)[:batch] for name in OF_EPOCH}
        history = training.history.history
        arrays |= {f"{HISTORY}{name}": np.array(values, np.float64) for name, values in history.items()}
        said = {
            "format": FORMAT,
            "changed": told.changed,
            "epoch": training.epoch,
            "batch": batch,
            "inside": training.inside,
            "stopped": training.stop and not training.paused,
            "why_stopped": "" if training.paused else training.history.stopped,
            "ended": ended,
            "skipped": training.skipped,
            "why_skipped": training.why_skipped,
            "seconds": time.perf_counter() - training.started if training.inside else 0.0,
            "callbacks": put_callbacks(told.states, arrays),
            "history": list(history),
            "fingerprint": self._fingerprint,
            "versions": versions(),
            "arithmetic": engine_of(training.net),
        }
        return Standing(arrays, made.said | said, made.header)

    def _write_best(self, training: Any) -> None:
        """The network of the best epoch so far, if that is another one now."""
        assert self.place is not None
        keeps = next((c for c in training.callbacks if isinstance(c, KeepBest)), None)
        path = self.place.best
        if path is None or keeps is None or keeps.best.weights is None or keeps.best.epoch == self._best_epoch:
            return
        net, best, weights = training.net, keeps.best, keeps.best.weights
        parts = {n: weights[p.offset : p.offset + p.size].reshape(p.shape) for n, p in net.params.places.items()}
        header = net.file_header()
        write_whole(path, to_bytes(parts, header | {"elman": _with(header["elman"], **best.counted)}))
        self._best_epoch = best.epoch

    def _note_changes(self, training: Any) -> None:
        for number, before in self._looks.items():
            callback = training.callbacks[number]
            kind, now = type(callback).__name__, _glimpse(callback)
            changed = [name for name in now if now[name] != before.get(name)]
            if changed and kind not in self._noted:
                self._noted.add(kind)
                note(
                    f"the callback {kind} has changed its {', '.join(changed)}, which a checkpoint does not hold: give "
                    "it state_dict and load_state_dict, or a training that goes on does without"
                )

    # --- going on ---------------------------------------------------------------------------------------------

    def may_go_on(self) -> bool:
        """Whether there is something to go on from."""
        return self.place is not None and self.place.run.resume and bool(self.place.files())

    def found(self, training: Any) -> Standing | None:
        """Where the training stood, if it is to go on from there.

        Raises
        ------
        OptionError
            If the file is of another training, saying what differs.
        ModelFileError
            If all files of it are broken.
        """
        if self.place is None:
            return None
        standing = self._newest() if self.place.run.resume and self.place.run.writes else None
        self._fingerprint = _fingerprint(training, self.place, standing is not None)
        if standing is not None:
            _check_same(standing, self._fingerprint, training, self.place)
        return standing

    def _newest(self) -> Standing | None:
        assert self.place is not None
        broken: ModelFileError | None = None
        for file in self.place.files():
            try:
                standing = Standing.read(file)
                check_schema(standing, file)
            except ModelFileError as error:
                broken = broken or error
                continue
            if broken is not None:
                note(f"{broken}; the training goes on from {file}, which is older")
            return standing
        if broken is not None:
            raise broken
        return None

    def go_on(self, training: Any, standing: Standing) -> None:
        """Have a training stand where it stood; nothing is changed if that cannot be."""
        assert self.place is not None
        said, net, optimizer = standing.said, training.net, training.optimizer
        try:
            values, states = standing.values(net), standing.optimizer_states(net, optimizer)
            network = standing.network
            mine = (training.carried or []) if said["inside"] else []
            carried = _arrays_like(mine, standing.named(CARRIED), CARRIED)
            epoch = standing.named(EPOCH)
            size = (said["batch"],)
            of_epoch = {n: check_array(epoch[n], EPOCH + n, size, np.float64) for n in OF_EPOCH}
            history = standing.named(HISTORY)
            epochs = said["epoch"] - said["inside"]
            curves = {n: _curve(history[n], epochs, n) for n in said["history"]}
            changed = {name: _from_data(name, value) for name, value in said["changed"].items()}
            if said["batch"] > training.batches or set(changed) - {f.name for f in fields(optimizer)}:
                raise ModelFileError("it says of batches or settings what this training has not")
            for callback, state in matched(taken_callbacks(standing), list(training.callbacks)):
                callback.load_state_dict(state)
        except OptionError:
            raise
        except UNREADABLE as error:
            raise ModelFileError(f"a checkpoint in {self.place.run.folder} is broken: {error}") from error
        net.params.restore(values)
        net.updates, net.epochs = network["updates"], network["epochs"]
        training.epochs_before = net.epochs
        net.frozen = frozenset(network["frozen"])
        optimizer.put_back(states, said["updates"])
        for name, value in changed.items():
            setattr(optimizer, name, value)
        for array, theirs in zip(mine, carried, strict=True):
            array[...] = theirs
        for name, array in of_epoch.items():
            getattr(training, name)[: len(array)] = array
        training.history.history.update(curves)
        training.history.stopped = said["why_stopped"]
        training.skipped, training.why_skipped = said["skipped"], said["why_skipped"]
        training.epoch, training.batch, training.stop = said["epoch"], said["batch"], said["stopped"]
        training.started = time.perf_counter() - said["seconds"]
        self.whole = True
        if epochs > training.epochs:
            note(f"{self.place.run.folder} holds {epochs} epochs, and epochs={training.epochs}: all of them are kept")


# --- what must be the same ------------------------------------------------------------------------------------


def _fingerprint(training: Any, place: Place, goes_on: bool) -> dict[str, Any]:
    """What makes the training what it is, as texts by name."""
    net, where = training.net, place.run.folder.absolute() / place.name
    known = _begun.setdefault(net, {})
    if not goes_on or where not in known:
        known[where] = _beginning(net, training.optimizer, what_trains(training))
    description = json.loads(net.file_header()["elman"])
    about = {name: value for name, value in description.items() if name not in _CHANGES}
    found = {f"{name} of the network": value for name, value in about.items()}
    found |= {**what_trains(training), **training.learnt(), **known[where]}
    return {name: _as_text(value) for name, value in found.items()}


_CHANGES = ("updates", "epochs", "frozen")  # of a network that is trained


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
    from hashlib import blake2b

    return blake2b(text.encode(), digest_size=16).hexdigest()


def _check_same(standing: Standing, mine: Mapping[str, Any], training: Any, place: Place) -> None:
    theirs = standing.said["fingerprint"]
    name = different(mine, theirs)
    if name is not None:
        told = _change(theirs.get(name), mine.get(name))
        raise OptionError(
            f"{place.run.folder} ({place.name}) holds another training, which differs in its {name}{told}. Give "
            "network, data and options as they were then, or another folder"
        )
    here = engine_of(training.net)
    if standing.said["arithmetic"] != here:
        note(
            f"the run was begun with {standing.said['arithmetic']}, and goes on with {here}: its last digits may be "
            "others than those of one that was never stopped"
        )


def _change(then: str | None, now: str | None) -> str:
    """What a value was and is, in a message; nothing where one is a hash, which tells nobody anything."""
    if any(value is not None and _HASH.fullmatch(value) for value in (then, now)):
        return ""
    values = ["nothing" if value is None else value.replace('"', "") for value in (then, now)]
    return f": {values[0]} then, {values[1]} now"


_HASH = re.compile("[0-9a-f]{32,}")


# --- parts ----------------------------------------------------------------------------------------------------


def _states(training: Training) -> States:
    return [(type(c).__name__, c.state_dict()) for c in training.callbacks]


def _with(text: str, **other: Any) -> str:
    """A network's description that says other things."""
    return to_json({**json.loads(text), **other}, "network")


def _settings(optimizer: Optimizer) -> dict[str, Any]:
    return {field.name: getattr(optimizer, field.name) for field in fields(optimizer) if field.init}


def _changed(before: Mapping[str, Any], optimizer: Optimizer) -> dict[str, Any]:
    """What callbacks have changed of an optimiser's settings.

    Raises
    ------
    OptionError
        If that cannot be written.
    """
    now = _settings(optimizer)
    changed = {name: value for name, value in now.items() if value is not before[name] and value != before[name]}
    return {
        name: rate_to_data(value) if name == "learning_rate" else plain(value, f"the optimizer's {name}")
        for name, value in changed.items()
    }


def _from_data(name: str, value: Any) -> Any:
    return rate_from_data(value) if name == "learning_rate" else value


def _arrays_like(mine: list[np.ndarray], found: Mapping[str, np.ndarray], what: str) -> list[np.ndarray]:
    if set(found) != {str(k) for k in range(len(mine))}:
        raise ModelFileError(f"there are {len(found)} carried states; expected {len(mine)}")
    return [check_tensor(found[str(k)], f"{what}{k}", a.shape, a.dtype) for k, a in enumerate(mine)]


def _curve(values: np.ndarray, epochs: int, name: str) -> list[float]:
    return [float(value) for value in check_array(values, f"{HISTORY}{name}", (epochs,), np.float64)]


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
