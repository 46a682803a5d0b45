"""`TensorBoard`: a training as TensorBoard shows it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from elman import checks
from elman.checks import flag, whole
from elman.errors import OptionError
from elman.files import check_writable
from elman.hints import CALLBACK, hinted_class
from elman.training.callbacks import Callback
from elman.training.event_files import EventFile, histogram, scalar, text
from elman.training.state import Training
from elman.untrusted import count, held

PATTERN = "*tfevents*"


@hinted_class(CALLBACK)
class TensorBoard(Callback):
    """Writes what TensorBoard shows: curves, and if asked histograms; nothing need be installed to write it.

    All numbers are over updates in the life of the network: ``epoch/loss``, ``epoch/val_loss``, ``epoch/learning_rate``
    ... at the end of each epoch, ``update/loss`` (the mean since the last one) and ``update/learning_rate``. The texts
    are the layers of the network and what the engine does for them. To look at it: ``pip install tensorboard``, then
    ``tensorboard --logdir runs``.

    One object goes on with its folder in each further `fit`.

    Parameters
    ----------
    folder : str or Path
        Where to; one folder for each training, side by side in one that they have in common. Made if it is not there.
    every : int, optional
        Updates from one number to the next; by default there are those of epochs only.
    histograms : int, optional
        Epochs from one histogram of each parameter to the next; by default there are none.
    gradients : bool, default False
        Whether histograms are also made of the gradients of one batch, which is run once more for them.
    append : bool, default False
        Whether to go on in a folder that has the curves of a training, as one does that is resumed; of what was written
        there, what is behind the update of the network is no longer shown. If not, a training does not begin then.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import elman as el
    >>> x, folder = np.ones((64, 5, 1)), tempfile.mkdtemp() + "/runs/small"
    >>> board = el.TensorBoard(folder, every=1, histograms=1)
    >>> history = el.Network(1, [el.GRU(4)]).fit(x, np.zeros((64, 5, 4)), epochs=2, callbacks=[board], verbose=0)
    """

    adds_logs = False
    one_network = True
    one_rank = True

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every: int | None = None,
        *,
        histograms: int | None = None,
        gradients: bool = False,
        append: bool = False,
    ):
        self.folder: Path = checks.path(folder, "TensorBoard: folder")
        self.every: int = 1 if every is None else whole(every, "TensorBoard: every")
        self.histograms: int | None = None if histograms is None else whole(histograms, "TensorBoard: histograms")
        self.gradients: bool = flag(gradients, "TensorBoard: gradients")
        self.append: bool = flag(append, "TensorBoard: append")
        if self.gradients and self.histograms is None:
            raise OptionError("TensorBoard: gradients are shown as histograms, and there are none: give histograms=1")
        self._each, self._mine, self._told = every is not None, False, 0
        self._step = 0  # of the last numbers
        self._last: dict[str, float] = {}  # those of an update whose epoch has none yet
        self._file: EventFile | None = None

    @property
    def watches_batches(self) -> bool:
        """Whether `on_batch_end` is to be called."""
        return self._each

    def check(self, training: Training) -> None:
        check_writable(self.folder, option="TensorBoard(folder)")
        if not (self.append or self._mine or training.resumed) and any(self.folder.glob(PATTERN)):
            raise OptionError(
                f"{self.folder} has curves of an earlier training, which TensorBoard would mix with these: give "
                "append=True to go on with them where the network is, or another folder"
            )

    def on_train_begin(self, training: Training) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = EventFile(self.folder, 0 if training.resumed else training.net.updates)
        except OSError as error:
            raise OptionError(f"TensorBoard cannot write to {self.folder}: {error}") from error
        if not (self._mine or training.resumed):
            self._file.add(_texts(training), training.net.updates)
        self._mine, self._step = True, training.net.updates

    def on_epoch_begin(self, training: Training) -> None:
        self._told = 0

    def on_batch_end(self, training: Training) -> None:
        new = training.losses_so_far[self._told :]
        self._told += len(new)
        rate = training.optimizer.rate(training.optimizer.updates - 1)
        self._last = {"update/loss": float(np.mean(new)), "update/learning_rate": rate}
        self._add(self._last, training)

    def on_epoch_end(self, training: Training) -> None:
        self._add({f"epoch/{name}": value for name, value in training.logs.items()}, training)
        self._last = {}
        if self.histograms is not None and training.net.epochs % self.histograms == 0:
            self._add_histograms(training)

    def on_train_end(self, training: Training) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def state_dict(self) -> dict[str, Any]:
        """How far the curves are."""
        return {"step": self._step, "told": self._told, "last": self._last}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        """Go on behind that: what was written later is no longer shown, as it comes once more."""
        held(dict(stored), "a TensorBoard", {"step": count, "told": count, "last": dict})
        self._mine, self._step, self._told, self._last = True, stored["step"], stored["told"], dict(stored["last"])
        if self._file is None:
            return
        self._file.restart(self._step - bool(self._last))
        if self._last:  # the numbers of its epoch may lie at the same step, if a callback raised behind this one
            self._file.add([scalar(name, float(value)) for name, value in self._last.items()], self._step)

    def _add(self, numbers: Mapping[str, float], training: Training) -> None:
        if self._file is not None:
            self._step = training.net.updates
            self._file.add([scalar(name, value) for name, value in numbers.items()], self._step)

    def _add_histograms(self, training: Training) -> None:
        flat = {"parameters": training.net.arena}
        if self.gradients:
            rows = np.arange(min(training.batch_size // training.accumulate, len(training.data)))
            flat["gradients"] = Training.gradient(training, rows, 0)
        names = {"parameters": training.net.params.places, "gradients": training.net.trainable}
        values = [
            histogram(f"{kind}/{name}", array[place.offset : place.offset + place.size])
            for kind, array in flat.items()
            for name, place in training.net.params.places.items()
            if name in names[kind]
        ]
        if self._file is not None:
            self._file.add(values, training.net.updates)


def _texts(training: Training) -> list[bytes]:
    """What the network is, in words."""
    net: Any = training.net
    said = {"network/summary": str(net.summary()), "network/plan": str(net.explain())}
    return [text(name, "\n".join(f"    {line}" for line in value.splitlines())) for name, value in said.items()]
