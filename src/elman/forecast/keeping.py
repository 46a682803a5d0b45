"""Training costs time: whatever ends a command behind it, the model is kept."""

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
    """Ctrl-C; `model` is where what was learnt so far is, or None if nothing was."""

    def __init__(self, model: Path | None):
        self.model = model
        where = f"what was learnt so far is in {model}; forecast with it by --model" if model else "nothing was learnt"
        super().__init__(f"stopped: {where}")


class Kept:
    """Saves a forecaster that is fitted, if what is done in this context does not end well.

    Parameters
    ----------
    forecaster : Forecaster
        Fitted in the context; Ctrl-C in its training leaves it fitted with what its networks had learnt.
    model : Path
        The file; if it cannot be written, then one in the folder for temporary files.
    """

    def __init__(self, forecaster: Forecaster, model: Path):
        self._forecaster, self._model = forecaster, model

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
        if not self._forecaster.is_fitted:
            return None
        try:
            return self._write(self._model)
        except OptionError:
            return self._write(Path(tempfile.mkdtemp(prefix="elman-")) / MODEL)

    def _write(self, model: Path) -> Path:
        write_folder(model.parent, {model.name: self._forecaster.save})
        return model
