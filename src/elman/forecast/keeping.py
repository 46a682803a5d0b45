"""Training costs minutes: whatever ends a command behind it, the model is kept."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from elman.errors import ElmanError, OptionError
from elman.files import write_folder
from elman.forecast.forecaster import Forecaster

MODEL = "model.safetensors"


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; `model` is where the best weights so far are, or None if no epoch was finished."""

    def __init__(self, model: Path | None):
        self.model = model
        where = f"the best model so far is {model}; forecast with it by --model" if model else "no epoch was finished"
        super().__init__(f"stopped: {where}")


class Kept:
    """Saves the last model that was offered and has weights, if what is done in this context does not end well.

    Parameters
    ----------
    folder : Path
        Where to; if it cannot be written, then the folder for temporary files.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._offered: list[Forecaster] = []

    def offer(self, forecaster: Forecaster) -> None:
        """A forecaster whose training begins."""
        self._offered.insert(0, forecaster)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        if error is None:
            return
        model = self._save()
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(model) from error
        if model is not None and isinstance(error, ElmanError):
            raise type(error)(f"{error}. The model that was trained is kept: {model}") from error
        if model is not None:
            error.add_note(f"The model that was trained is kept: {model}")

    def _save(self) -> Path | None:
        """Where the model is now."""
        best = next((f for f in self._offered if getattr(f, "networks_", None)), None)
        if best is None:
            return None
        try:
            write_folder(self._folder, {MODEL: best.save})
            return self._folder / MODEL
        except OptionError:
            folder = Path(tempfile.mkdtemp(prefix="elman-"))
            write_folder(folder, {MODEL: best.save})
            return folder / MODEL
