"""A training taken up: it stands where a file says that it stood, or nothing of it is changed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from elman.errors import ModelFileError, OptionError
from elman.training.notes import note
from elman.training.put_down import NORMS, OF_EPOCH
from elman.training.rates import rate_from_data
from elman.training.scopes import Place
from elman.training.standing import (
    CARRIED,
    EPOCH,
    HISTORY,
    Standing,
    check_array,
    check_schema,
    matched,
    taken_callbacks,
)
from elman.untrusted import UNREADABLE, check_tensor


def newest(place: Place) -> Standing | None:
    """What the newest checkpoint that can be read says; None where there is none.

    Raises
    ------
    ModelFileError
        If all files are broken.
    """
    broken: ModelFileError | None = None
    for file in place.files():
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


def take_up(training: Any, standing: Standing, place: Place) -> None:
    """Have a training stand where it stood; nothing is changed if that cannot be.

    Raises
    ------
    ModelFileError
        If the file says what cannot be of this training.
    """
    try:
        found = _Found.of(training, standing)
        for callback, state in matched(taken_callbacks(standing), list(training.callbacks)):
            callback.load_state_dict(state)
    except OptionError:
        raise
    except UNREADABLE as error:
        raise ModelFileError(f"a checkpoint in {place.run.folder} is broken: {error}") from error
    found.into_network(training, standing)
    found.into_epoch(training, standing.said)


@dataclass(frozen=True)
class _Found:
    """What a file holds, looked at."""

    values: np.ndarray
    states: dict[str, np.ndarray]
    network: dict[str, Any]
    changed: dict[str, Any]
    mine: list[np.ndarray]
    carried: list[np.ndarray]
    of_epoch: dict[str, np.ndarray]
    curves: dict[str, list[float]]

    @classmethod
    def of(cls, training: Any, standing: Standing) -> _Found:
        said, net, optimizer = standing.said, training.net, training.optimizer
        values, states = standing.values(net), standing.optimizer_states(net, optimizer)
        network = standing.network
        mine = (training.carried or []) if said["inside"] else []
        carried = _arrays_like(mine, standing.named(CARRIED), CARRIED)
        epoch, size = standing.named(EPOCH), (said["batch"],)
        kept = [*OF_EPOCH, *([NORMS] if training.wants_norms and NORMS in epoch else [])]
        of_epoch = {n: check_array(epoch[n], EPOCH + n, size, np.float64) for n in kept}
        history, epochs = standing.named(HISTORY), said["epoch"] - said["inside"]
        curves = {n: _curve(history[n], epochs, n) for n in said["history"]}
        changed = {name: _from_data(name, value) for name, value in said["changed"].items()}
        if said["batch"] > training.batches or set(changed) - {f.name for f in fields(optimizer)}:
            raise ModelFileError("it says of batches or settings what this training has not")
        return cls(values, states, network, changed, mine, carried, of_epoch, curves)

    def into_network(self, training: Any, standing: Standing) -> None:
        """Have the network and the optimiser as they were."""
        net, optimizer = training.net, training.optimizer
        net.params.restore(self.values)
        net.updates, net.epochs = self.network["updates"], self.network["epochs"]
        training.epochs_before = net.epochs
        net.frozen = frozenset(self.network["frozen"])
        optimizer.put_back(self.states, standing.said["updates"])
        for name, value in self.changed.items():
            setattr(optimizer, name, value)

    def into_epoch(self, training: Any, said: Mapping[str, Any]) -> None:
        """Have the epoch and the history as they were."""
        for array, theirs in zip(self.mine, self.carried, strict=True):
            array[...] = theirs
        for name, array in self.of_epoch.items():
            getattr(training, name)[: len(array)] = array
        training.history.history.update(self.curves)
        training.history.stopped = said["why_stopped"]
        training.skipped, training.why_skipped = said["skipped"], said["why_skipped"]
        training.epoch, training.batch, training.stop = said["epoch"], said["batch"], said["stopped"]
        training.started = time.perf_counter() - said["seconds"]


def _from_data(name: str, value: Any) -> Any:
    return rate_from_data(value) if name == "learning_rate" else value


def _arrays_like(mine: list[np.ndarray], found: Mapping[str, np.ndarray], what: str) -> list[np.ndarray]:
    if set(found) != {str(k) for k in range(len(mine))}:
        raise ModelFileError(f"there are {len(found)} carried states; expected {len(mine)}")
    return [check_tensor(found[str(k)], f"{what}{k}", a.shape, a.dtype) for k, a in enumerate(mine)]


def _curve(values: np.ndarray, epochs: int, name: str) -> list[float]:
    return [float(value) for value in check_array(values, f"{HISTORY}{name}", (epochs,), np.float64)]
