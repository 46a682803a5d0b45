"""Checkpoints: all that a training needs to go on where it was, in one file."""

from __future__ import annotations

import json
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
from elman.network.files import checked, describe
from elman.network.parameters import flat
from elman.network.tensors import to_bytes
from elman.plain import to_json
from elman.training.callbacks import Callback
from elman.training.optimizer import Optimizer
from elman.training.state import Training
from elman.untrusted import UNREADABLE, check_tensor, count, held, parsed, read_tensors

ENTRY, PREFIX = "checkpoint", "optimizer/"


class Checkpoint(Callback):
    """Writes the network and what its optimiser remembers, so that a training that was ended goes on, bit for bit.

    The file is replaced as a whole. Of several ranks (`elman.distributed`) rank 0 writes it, and any number of ranks
    may go on from it. What callbacks remember is not in it: `EarlyStopping` counts anew.

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

        Raises
        ------
        ModelFileError
            The file cannot be read, holds no checkpoint, or one of another network or optimiser.
        """
        if not self.path.exists():
            return False
        tensors, header = read_tensors(self.path)
        if ENTRY not in header or "elman" not in header:
            raise ModelFileError(f"{self.path} holds no checkpoint; el.load reads models")
        try:
            said, stored = parsed(header[ENTRY], "the checkpoint"), checked(parsed(header["elman"], "the network"))
            held(said, "the checkpoint", {"optimizer": str, "updates": count})
            self._check(said, stored, net, optimizer)
            mine = {name: value for name, value in tensors.items() if not name.startswith(PREFIX)}
            values = flat(mine, net.params.places, net.dtype)
            optimizer.load_state_dict(_of_optimizer(tensors, said["updates"], values))  # the last that may raise
        except UNREADABLE as error:
            raise ModelFileError(f"{self.path} is broken, and nothing was taken from it: {error}") from error
        net.params.restore(values)
        net.updates, net.epochs = stored["updates"], stored["epochs"]
        self._mine = True
        return True

    def _check(self, said: Mapping[str, Any], stored: Mapping[str, Any], net: Net, optimizer: Optimizer) -> None:
        mine = json.loads(to_json(describe(net), "network"))
        for name in mine | stored:
            if name not in ("updates", "epochs") and mine.get(name) != stored.get(name):
                raise ModelFileError(
                    f"{self.path} is a checkpoint of another network: it differs in its {name}. Make the network as it "
                    "was made then, or choose another file"
                )
        if said["optimizer"] != type(optimizer).__name__:
            raise ModelFileError(
                f"{self.path} was trained by {said['optimizer']} and cannot go on with {type(optimizer).__name__}"
            )

    def check(self, training: Training) -> None:
        check_file(self.path)
        if self.path.exists() and not (self._mine or self.overwrite):
            raise OptionError(
                f"Checkpoint would write over {self.path}, which an earlier training left: go on from it with "
                "resume(net, optimizer) before fit, or give another path, or overwrite=True"
            )

    def on_epoch_end(self, training: Training) -> None:
        if training.net.epochs % self.epochs_apart == 0 or training.stop or training.epoch == training.epochs:
            self._write(training)

    def _write(self, training: Training) -> None:
        net: Any = training.net
        remembered = {f"{PREFIX}{name}": array for name, array in training.optimizer.state.items()}
        said = {"optimizer": type(training.optimizer).__name__, "updates": training.optimizer.updates}
        header = {**net.metadata, "elman": to_json(describe(net), "network"), ENTRY: json.dumps(said)}
        write_whole(self.path, to_bytes({**dict(net.params.items()), **remembered}, header))
        self._mine = True


def _of_optimizer(tensors: Mapping[str, np.ndarray], updates: int, like: np.ndarray) -> dict[str, np.ndarray]:
    """What `Optimizer.state_dict` gave: arrays like that of the parameters."""
    states = {name.removeprefix(PREFIX): a for name, a in tensors.items() if name.startswith(PREFIX)}
    for name, array in states.items():
        check_tensor(array, f"{name} of the optimiser", like.shape, like.dtype)
    return {"updates": np.array(updates), **states}
