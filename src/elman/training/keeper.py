"""Keepers: when it is written where a training stands, now and then and at its end, and gone on from there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from elman.errors import OptionError
from elman.files import write_whole
from elman.training.fingerprints import check_same, fingerprint
from elman.training.glimpses import Glimpses
from elman.training.monitors import KeepBest
from elman.training.notes import note
from elman.training.put_down import Told, best_network, put_down, settings, told
from elman.training.scopes import Place, within
from elman.training.standing import Standing
from elman.training.take_up import newest, take_up

WORTH_KEEPING = 0.5  # seconds; of several trainings one that took less is done again, as a file costs some 20 ms


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
        self._fingerprint: dict[str, str] = {}
        self._remembered: Told | None = None
        self._glimpses = Glimpses()
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
        self._glimpses = Glimpses(training.callbacks)
        self._settings = settings(training.optimizer)
        self.whole = not training.resumed  # else it stands nowhere yet

    def first(self, training: Any) -> None:
        """Write where a training begins that is alone, so that what callbacks have in files is known from then on."""
        if self.place is not None and self.place.run.alone:
            self._write(training)

    def before_telling(self, training: Any) -> None:
        """Remember how callbacks find everything before they are told of an epoch, as one of them may raise."""
        self.whole = False
        if self.place is not None:
            self._remembered = told(training, self._settings)

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

    def _write(self, training: Any, known: Told | None = None, *, ended: bool = False) -> None:
        assert self.place is not None
        self._since = time.monotonic()
        if not self.place.run.writes:
            return
        self._glimpses.note_changes(training.callbacks)
        try:
            known = known or told(training, self._settings)
            standing = put_down(training, known, self._fingerprint, ended=ended)
            self.place.write(training.net.updates, standing.to_bytes())
            self._write_best(training)
        except OptionError as error:  # a full disk is no reason to end a training
            note(f"no checkpoint after {training.net.updates} updates: {error}")

    def _write_best(self, training: Any) -> None:
        """The network of the best epoch so far, if that is another one now."""
        assert self.place is not None
        keeps = next((c for c in training.callbacks if isinstance(c, KeepBest)), None)
        path = self.place.best
        if path is None or keeps is None or keeps.best.weights is None or keeps.best.epoch == self._best_epoch:
            return
        write_whole(path, best_network(training.net, keeps))
        self._best_epoch = keeps.best.epoch

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
        standing = newest(self.place) if self.place.run.resume and self.place.run.writes else None
        self._fingerprint = fingerprint(training, self.place, standing is not None)
        if standing is not None:
            check_same(standing, self._fingerprint, training, self.place)
        return standing

    def go_on(self, training: Any, standing: Standing) -> None:
        """Have a training stand where it stood; nothing is changed if that cannot be."""
        assert self.place is not None
        take_up(training, standing, self.place)
        self.whole = True
        epochs = standing.said["epoch"] - standing.said["inside"]
        if epochs > training.epochs:
            note(f"{self.place.run.folder} holds {epochs} epochs, and epochs={training.epochs}: all of them are kept")
