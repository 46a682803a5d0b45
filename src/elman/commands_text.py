"""What a user can do with texts, one function each: learn to write, write, judge. The command line is a thin shell."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack, cast

from elman import checks
from elman.cells import as_cell
from elman.errors import ElmanError, OptionError
from elman.files import check_file
from elman.keeping import Interrupted
from elman.language import LanguageModel, TextScore
from elman.language.options import LanguageOptions, SearchedWritingOptions, WritingOptions
from elman.language.texts import text_files
from elman.saved import BESIDE, Saved, saved_in
from elman.training import Callback

ENDING = ".safetensors"


class StoppedLearning(Interrupted):
    """Ctrl-C; `model` is where what was learnt so far is, or None if nothing was."""

    def __init__(self, model: Path | None):
        super().__init__(model, "write")


@dataclass(frozen=True)
class Learnt:
    """What learning to write found.

    Attributes
    ----------
    model : LanguageModel
        Trained.
    score : TextScore or None
        Of the text that was held out; None if none was.
    notes : tuple of str
        What the user should know.
    file : Path
        Where the model is.
    """

    model: LanguageModel
    score: TextScore | None
    notes: tuple[str, ...]
    file: Path

    def plain(self) -> dict[str, Any]:
        """In terms of JSON."""
        model = self.model
        return {
            "model": {"tokens": model.tokens, "cell": as_cell(model.cell).name, "units": model.units},
            "vocabulary": len(model.vocabulary_),
            "parameters": int(model.network_.arena.size),
            "history": model.history_.history,
            "score": None if self.score is None else self.score.plain(),
            "notes": list(self.notes),
            "files": [self.file],
        }


def learn_to_write(
    source: str | Path,
    *,
    out: str | Path | None = None,
    validation_file: str | Path | None = None,
    samples: int = 0,
    callbacks: Iterable[Callback] = (),
    verbose: int = 1,
    saved: Saved | None = None,
    max_seconds: float | None = None,
    **params: Unpack[LanguageOptions],
) -> Learnt:
    """Train a language model on a text, and save it.

    Parameters
    ----------
    source : str or Path
        A file, or a folder of ``*.txt``; it may be larger than memory.
    out : str or Path, optional
        File for the model; by default ``NAME.safetensors`` in the current folder.
    validation_file : str or Path, optional
        A text that judges each epoch, in place of the end of the source.
    samples : int, default 0
        Tokens that the model writes to the standard output after each epoch.
    callbacks : iterable of Callback
        Told how the training goes.
    verbose : int, default 1
        0 for silence, 1 for a line of progress.
    saved : Saved, optional
        How the training is saved in a folder beside the file, ``NAME.safetensors.run``, while it lasts; by default it
        is not.
    max_seconds : float, optional
        Learn no longer.
    **params
        Of `LanguageModel`: ``tokens``, ``cell``, ``units``, ``epochs``, ``seed`` ...

    Returns
    -------
    Learnt

    Raises
    ------
    ElmanError
        If a text or an option cannot be used; nothing is written then, but for a model whose training had begun.
    StoppedLearning
        After Ctrl-C; what was learnt so far is in the file.
    """
    text = checks.path(source, "the text")
    file = _named_after(text) if out is None else checks.model_path(out, "out")
    held = None if validation_file is None else checks.path(validation_file, "validation_file")
    model = LanguageModel().set_params(**params)
    model.check_params()
    for read in [*_files_of(text), *([] if held is None else _files_of(held))]:
        if file.exists() and read.exists() and file.samefile(read):
            raise OptionError(f"the output {file} is a text that is read; give another with --out (out=... in Python)")
    check_file(file)
    with saved_in(file.with_name(file.name + BESIDE), saved):
        try:
            how: dict[str, Any] = {"callbacks": callbacks, "verbose": verbose, "max_seconds": max_seconds}
            model.fit(text, validation_text=held, samples=samples, **how)
            score = None if model.held_out_ is None else model.evaluate()
        except KeyboardInterrupt as error:
            raise StoppedLearning(_kept(model, file)) from error
        except ElmanError as error:
            if (kept := _kept(model, file)) is None:
                raise
            raise type(error)(f"{error}. What was learnt so far is kept: {kept}") from error
        model.save(file)
    stopped = model.history_.stopped
    return Learnt(model, score, (*model.notes_, *([stopped] if stopped else [])), file)


def _named_after(text: Path) -> Path:
    """Where the model of a text goes if nothing is said."""
    place = Path(os.path.abspath(text))  # of "." and ".." it knows the names
    return Path((place.name if place.is_dir() else place.stem) + ENDING)


def _files_of(text: Path) -> list[Path]:
    """The files that are read for a text."""
    return text_files(text) if text.is_dir() else [text]


def _kept(model: LanguageModel, file: Path) -> Path | None:
    """Save what a training that did not end well had learnt; where it is."""
    if not hasattr(model, "network_") or not model.network_.updates:
        return None
    try:
        return model.save(file)
    except OptionError:
        return model.save(Path(tempfile.mkdtemp(prefix="elman-")) / file.name)


def write(
    model: str | Path,
    prompt: str | None = None,
    length: int | None = 500,
    **how: Unpack[SearchedWritingOptions],
) -> Iterator[str]:
    """Have a model write, and hand its text over as it is made.

    Parameters
    ----------
    model : str or Path
        What `learn_to_write`, or `LanguageModel.save`, wrote.
    prompt : str, optional
        What the text goes on from.
    length : int, optional
        Tokens to write; None for no end.
    **how
        As for `LanguageModel.stream`; or ``beam`` and ``length_penalty``, with which the text comes as a whole.

    Returns
    -------
    iterator of str
        The model is read, and all options are checked, before the first is asked for.
    """
    found = LanguageModel.load(checks.path(model, "model"))
    if how.get("beam") is None and "length_penalty" not in how:
        plain = cast(WritingOptions, {name: value for name, value in how.items() if name != "beam"})
        return found.stream(prompt, length, **plain)
    if length is None:
        raise OptionError("a beam searches among texts of a length: give one")
    return iter([found.generate(prompt, length, **how)])


def judge_text(model: str | Path, text: str | Path) -> TextScore:
    """How well a model foretells a text.

    Parameters
    ----------
    model : str or Path
        What `learn_to_write`, or `LanguageModel.save`, wrote.
    text : str or Path
        A file, or a folder of ``*.txt``.
    """
    return LanguageModel.load(checks.path(model, "model")).evaluate(checks.path(text, "the text"))
