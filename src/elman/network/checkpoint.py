"""Checkpoints: all that a training needs to go on where it was, in one file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from elman import checks
from elman.checks import flag, whole
from elman.errors import ModelFileError, OptionError
from elman.files import check_file, write_whole
from elman.network.face import Net
from elman.network.files import checked
from elman.training.callbacks import Callback
from elman.training.optimizer import Optimizer
from elman.training.standing import Standing, different
from elman.training.state import Training
from elman.untrusted import UNREADABLE, count, parsed


class Checkpoint(Callback):
    """Writes the network and what its optimiser remembers into one file, so that further epochs go on, bit for bit.

    For a training that goes on by itself, in the middle of an epoch and with what its callbacks remember, give `fit` a
    folder: ``net.fit(..., checkpoint="run", resume=True)``. This callback is for loops of one's own around `fit`, which
    say themselves how many epochs are left; `EarlyStopping` counts anew in each.

    The file is replaced as a whole. Of several ranks (`elman.distributed`) rank 0 writes it, and any number of ranks
    may go on from it.

    Parameters
    ----------
    path : str or Path
        The file; `elman.load` reads the network in it.
    every : int, default 1
        Epochs, in the life of the network, from one writing to the next; the last epoch of a training is written too.
    overwrite : bool, default False
        Whether a file that was there before is replaced though the training does not go on from it. If not, such a
        training does not begin.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import elman as el
    >>> x, file = np.ones((16, 5, 1)), tempfile.mkdtemp() + "/run.safetensors"
    >>> def train(epochs):
    ...     net, adam, checkpoint = el.Network(1, [el.GRU(4), el.Dense(1)]), el.Adam(), el.Checkpoint(file)
    ...     checkpoint.resume(net, adam)
    ...     net.fit(x, x, epochs=epochs - net.epochs, optimizer=adam, callbacks=[checkpoint], verbose=0)
    ...     return net.epochs
    >>> train(2), train(5)
    (2, 5)
    """

    adds_logs = False
    one_network = True
    one_rank = True

    def __init__(self, path: str | os.PathLike[str], every: int = 1, *, overwrite: bool = False):
        self.path: Path = checks.path(path, "Checkpoint: path")
        self.epochs_apart: int = whole(every, "Checkpoint: every")
        self.overwrite: bool = flag(overwrite, "Checkpoint: overwrite")
        self._mine = False  # the file is of this training

    def resume(self, net: Net, optimizer: Optimizer) -> bool:
        """Give a network and its optimiser what the file holds; whether there is one.

        Parameters
        ----------
        net : Network
            Of the same layers and seed.
        optimizer : Optimizer
            Of the same kind.

        Returns
        -------
        bool
            Whether there was a file.

        Raises
        ------
        ModelFileError
            The file cannot be read, holds no checkpoint, or one of another network or optimiser.
        """
        if not self.path.exists():
            return False
        stood = Standing.read(self.path)
        try:
            self._check(stood, net, optimizer)
            values, states = stood.values(net), stood.optimizer_states(net, optimizer)
            stored = checked(stood.network)
            optimizer.load_state_dict({"updates": np.array(count(stood.said["updates"], "updates")), **states})
        except UNREADABLE as error:
            raise ModelFileError(f"{self.path} is broken, and nothing was taken from it: {error}") from error
        net.params.restore(values)
        net.updates, net.epochs = stored["updates"], stored["epochs"]
        self._mine = True
        return True

    def _check(self, stood: Standing, net: Net, optimizer: Optimizer) -> None:
        mine = parsed(net.file_header()["elman"], "network")
        if (name := different(parts_that_stay(mine), parts_that_stay(checked(stood.network)))) is not None:
            raise ModelFileError(
                f"it is of another network, which differs in its {name}. Make the network as it was made then, or "
                "choose another file"
            )
        if stood.said["optimizer"] != type(optimizer).__name__:
            raise ModelFileError(
                f"it was trained by {stood.said['optimizer']} and cannot go on with {type(optimizer).__name__}"
            )

    def check(self, training: Training) -> None:
        check_file(self.path)
        if self.path.exists() and not (self._mine or self.overwrite or training.resumed):
            raise OptionError(
                f"Checkpoint would write over {self.path}, which an earlier training left: go on from it with "
                "resume(net, optimizer) before fit, or give another path, or overwrite=True"
            )

    def on_epoch_end(self, training: Training) -> None:
        if training.net.epochs % self.epochs_apart == 0 or training.stop or training.epoch == training.epochs:
            self._write(training)

    def _write(self, training: Training) -> None:
        write_whole(self.path, Standing.of_network(training.net, training.optimizer).to_bytes())
        self._mine = True

    def state_dict(self) -> dict[str, Any]:
        return {"mine": self._mine}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        self._mine = bool(stored.get("mine"))


def parts_that_stay(description: Mapping[str, Any]) -> dict[str, Any]:
    """What a training does not change of a network."""
    return {name: value for name, value in description.items() if name not in ("updates", "epochs", "loss")}
