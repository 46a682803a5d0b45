"""Training costs time: whatever ends a command behind it, the model is kept, and its page is no reason to lose it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from elman.errors import ElmanError, OptionError, TrainingError
from elman.files import Writing, write_folder

MODEL = "model.safetensors"
NOTHING = "nothing was learnt"

T = TypeVar("T")


class Savable(Protocol):
    """What learns, and is worth keeping then."""

    @property
    def is_fitted(self) -> bool: ...

    def save(self, path: Path) -> Any: ...


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; `model` is where what was learnt so far is, or None if nothing was, or it could not be kept: `why`."""

    def __init__(self, model: Path | None, use: str = "use", why: str = NOTHING):
        self.model: Path | None = model
        where = f"what was learnt so far is in {model}; {use} with it by --model" if model else why
        self._nothing = model is None and why == NOTHING
        super().__init__(f"stopped: {where}")

    def goes_on(self) -> None:
        """What was computed is not lost, though no model was made of it: a run that goes on has it."""
        if self._nothing:
            self.args = ("stopped",)


class Kept:
    """Saves what is fitted, if what is done in this context does not end well.

    Parameters
    ----------
    learner : Savable
        Fitted in the context; Ctrl-C in its training leaves it fitted with what its networks had learnt. A training
        that cannot go on leaves nothing that is worth keeping.
    model : Path
        The file; if it cannot be written, then one in the folder for temporary files.
    use : str
        What the command does with a model, as an imperative.
    folder : Path, optional
        Where all results go: nobody else writes there in the context.
    """

    def __init__(self, learner: Savable, model: Path, use: str, folder: Path | None = None):
        self._learner, self._model, self._use = learner, model, use
        self._lost = ""
        self._alone = None if folder is None else Writing(folder, f"elman {use}")

    def __enter__(self) -> Self:
        if self._alone is not None:
            self._alone.begin()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        try:
            self._keep(error)
        finally:
            if self._alone is not None:
                self._alone.end()

    def _keep(self, error: BaseException | None) -> None:
        if error is None:
            return
        model = None if isinstance(error, TrainingError) else self._save()
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(model, self._use, self._lost or NOTHING) from error
        said = self._lost if model is None else f"The model that was trained is kept: {model}"
        if said and isinstance(error, ElmanError):
            raise type(error)(f"{error}. {said}") from error
        if said:
            error.add_note(said)

    def _save(self) -> Path | None:
        """Where the model is now."""
        if not self._learner.is_fitted:
            return None
        try:
            return self._write(self._model)
        except OptionError as error:
            return self._elsewhere(error)

    def _elsewhere(self, first: OptionError) -> Path | None:
        try:
            return self._write(Path(tempfile.mkdtemp(prefix="elman-")) / MODEL)
        except (OptionError, OSError) as second:
            self._lost = f"The model that was trained is lost: {first}; nor in the folder for temporary files: {second}"
            return None

    def _write(self, model: Path) -> Path:
        write_folder(model.parent, {model.name: self._learner.save})
        return model


def usual_again(model: Path, usual: str) -> str:
    """Where a model's further results go: not over the test of the model itself, which has page and figures there."""
    return f"{usual}-again" if Path(usual).absolute() == model.absolute().parent else usual


def attempted(what: str, make: Callable[[], T]) -> tuple[T | None, list[str]]:
    """What `make` draws or writes, or a note that says why it is not there: results are worth more than their page."""
    try:
        return make(), []
    except Exception as error:  # whatever a drawing library raises
        return None, [f"{_missing(what)}{type(error).__name__}: {error}".replace("\n", " ")]


def is_missing(what: str, notes: Sequence[str]) -> bool:
    """Whether one of the notes says that it could not be made."""
    return any(note.startswith(_missing(what)) for note in notes)


def _missing(what: str) -> str:
    return f"there is no {what}: "
