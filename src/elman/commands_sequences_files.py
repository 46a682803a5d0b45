"""What commands found that judge sequences as a whole, and where they put it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from elman import checks
from elman.classify.judging import Judged, write_predictions
from elman.classify.page import Story, page
from elman.classify.results import METRICS, describe_cases, describe_model, metrics_json
from elman.commands_cases import Learner
from elman.data.cases import Cases
from elman.errors import OptionError
from elman.files import check_alone, check_writable, write_folder
from elman.keeping import MODEL, attempted

PREDICTIONS, PAGE = "predictions.csv", "report.html"
NO_FOLDERS = (".csv", ".tsv", ".parquet", ".json", ".html", ".safetensors")  # endings that mean a file


@dataclass(frozen=True)
class SequenceReport:
    """What a command found and where it put it.

    Attributes
    ----------
    name : str
        Of the data.
    model : SequenceClassifier or SequenceRegressor
        The one that is written, or was read.
    learnt : Cases or None
        What it learnt from; None where the model was read from a file.
    judged : JudgedClasses, JudgedNumbers or None
        Cases with what was said of them; None where none were to be judged.
    how : str
        On what cases it was judged, in words.
    notes : tuple of str
        What the user should know.
    folder : Path
        Where the files are.
    files : tuple of str
        Their names.
    """

    name: str
    model: Learner
    learnt: Cases | None
    judged: Judged | None
    how: str
    notes: tuple[str, ...]
    folder: Path
    files: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """In terms of JSON."""
        judged = self.judged
        return {
            "name": self.name,
            "how": self.how,
            "trained_on": None if self.learnt is None else describe_cases(self.learnt),
            "tested_on": None if judged is None else describe_cases(judged.cases),
            "model": describe_model(self.model),
            "scores": None if judged is None else judged.scores(),
            "predictions": [] if judged is None else judged.plain(),
            "notes": list(self.notes),
            "files": [self.folder / file for file in self.files],
        }


def folder_of(out: str | Path | None, usual: str, *, trained: bool) -> Path:
    """Where results go, checked to be writable."""
    folder = Path(usual) if out is None else checks.path(out, "out")
    if folder.suffix.lower() in NO_FOLDERS and not folder.is_dir():
        raise OptionError(
            f"the output {folder} is called as a file is, and {PREDICTIONS}, {METRICS} and {PAGE} are written into a "
            "folder; give its name with --out (out=... in Python)"
        )
    check_writable(folder, (PREDICTIONS, PAGE, METRICS, *((MODEL,) if trained else ())))
    check_alone(folder, "elman")
    return folder


def finish(
    name: str,
    learner: Learner,
    learnt: Cases | None,
    judged: Judged | None,
    how: str,
    histories: list[dict[str, list[float]]],
    notes: tuple[str, ...],
    folder: Path,
) -> SequenceReport:
    """Write everything to its folder."""
    notes = (*(learner.notes_ if learnt is not None else ()), *notes)
    story = Story(name, judged, how, learnt, learner, histories, notes)
    written, why_not = attempted("page", lambda: page(story).html().encode())
    notes = (*notes, *why_not)
    metrics = metrics_json(replace(story, notes=notes))
    files: dict[str, Callable[[Path], Any] | None] = {
        PREDICTIONS: None if judged is None else lambda path: write_predictions(judged, path),
        PAGE: None if written is None else lambda path: path.write_bytes(written),
        METRICS: lambda path: path.write_bytes(metrics),
    }
    if learnt is not None:
        files[MODEL] = learner.save
    write_folder(folder, files)
    names = tuple(file for file, write in files.items() if write is not None)
    return SequenceReport(name, learner, learnt, judged, how, notes, folder, names)
