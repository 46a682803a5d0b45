"""Comparing cells on a task; beside `elman.commands`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from elman import checks
from elman.cells import table
from elman.compare.compare import Budget, Watch
from elman.compare.compare import Interrupted as ComparisonInterrupted
from elman.compare.compare import compare as compared
from elman.compare.page import page as page_of_comparison
from elman.compare.picture import draw
from elman.compare.results import Comparison
from elman.compare.tasks import task_of
from elman.data.reading import Reading
from elman.equations import Cell
from elman.errors import OptionError
from elman.files import check_file, write_whole
from elman.keeping import attempted
from elman.plots.saved import check_picture, rendered
from elman.saved import BESIDE, Saved, saved_in

PAGES = (".html", ".htm")  # endings of a page's name, where the user gives it


def compare(
    cells: Sequence[Cell | str] | str,
    task: str | Path,
    *,
    steps: int | None = None,
    updates: int | None = None,
    seconds: float | None = None,
    seeds: int = 3,
    parameters: int | None = None,
    units: int | None = None,
    batch_size: int = 32,
    rate: float = 0.003,
    reading: Reading | None = None,
    json: str | Path | None = None,
    csv: str | Path | None = None,
    picture: str | Path | None = None,
    page: str | Path | None = None,
    jobs: int = 1,
    watch: Watch = lambda cell, seed, final: None,
    saved: Saved | None = None,
) -> Comparison:
    """Train a network of each cell on one task, with the same data and the same budget.

    Parameters
    ----------
    cells : list of str or Cell, or "all"
        "all" are the built-in ones that take one input.
    task : str or Path
        ``adding``, ``copy``, ``flip_flop`` or ``digits`` (needs scikit-learn); a CSV or Parquet file or the name of a
        series that ships with Elman, whose next value is to be foretold.
    steps : int, optional
        T of the sequences.
    updates, seconds : int, float, optional
        The budget of a run, one or the other: 500 updates by default. Seconds are those of training.
    seeds : int, default 3
        Runs of each cell.
    parameters : int, optional
        Units are chosen so that each network has about so many: 4,000 by default.
    units : int, optional
        The same number of units for all instead.
    batch_size, rate : int, float
        Sequences of an update, and Adam's learning rate: the same for all, so not the best one of any.
    reading : Reading, optional
        How a file is read.
    json, csv, picture, page : str or Path, optional
        Files for all that was found, for the table, for curves and for a page ``.html`` with all of it; nothing is
        written without.
    jobs : int, default 1
        Runs at a time, in processes of their own; -1 for one each core.
    watch : function of (str, int, float), optional
        Told of each run: cell, seed and metric.
    saved : Saved, optional
        How runs are saved while the comparison lasts, in a folder beside the first file, or ``compare-TASK.run``; by
        default they are not. With a budget of seconds a run that was ended begins anew.

    Returns
    -------
    Comparison
        The best first; ``print(found.table())``.

    Raises
    ------
    ElmanError
        If a cell, the task, an option or a file cannot be used; nothing is trained then.
    elman.compare.Interrupted
        After Ctrl-C; what was found until then is in the files.

    Examples
    --------
    >>> import elman as el
    >>> found = el.commands.compare(["simple", "gru"], "adding", updates=10, seeds=1, units=4)
    >>> found.task, len(found.results)
    ('adding', 2)
    """
    budget = Budget(updates, seconds, seeds, batch_size, rate)
    given = (("json", json), ("csv", csv), ("page", page))
    files = {name: checks.path(file, name) for name, file in given if file is not None}
    _check_files(files)
    drawn = None if picture is None else checks.path(picture, "picture")
    if drawn is not None:
        check_picture(drawn)
    chosen: Sequence[Cell | str] = [e.name for e in table() if len(e.inputs) == 1] if cells == "all" else cells
    made = task_of(task, steps, reading)
    with saved_in(_beside([*files.values(), *([] if drawn is None else [drawn])], made.name), saved):
        try:
            found = compared(chosen, made, budget, parameters=parameters, units=units, n_jobs=jobs, watch=watch)
        except ComparisonInterrupted as stopped:
            if stopped.found is not None:
                stopped.found = _write_comparison(stopped.found, files, drawn)
            raise
        return _write_comparison(found, files, drawn)


def _beside(files: Sequence[Path], task: str) -> Path:
    """Where the runs of a comparison are saved."""
    return files[0].with_name(files[0].name + BESIDE) if files else Path(f"compare-{Path(task).name}{BESIDE}")


def _check_files(files: dict[str, Path]) -> None:
    """Files that can be written, each for one thing."""
    for name, file in files.items():
        check_file(file)
        if name == "page" and file.suffix.lower() not in PAGES:
            raise OptionError(f"page {file} must end in {' or '.join(PAGES)}")
        other = next((o for o in files if o != name and files[o].absolute() == file.absolute()), None)
        if other is not None:
            raise OptionError(f"{name} and {other} are both {file}: give each a file of its own")


def _write_comparison(found: Comparison, files: dict[str, Path], drawn: Path | None) -> Comparison:
    """Write what was found, and give it back with a note for what could not be drawn."""
    made: dict[str, bytes | None] = {}
    if drawn is not None:
        made["picture"], why_not = attempted("picture", lambda: rendered(drawn, draw(found)))
        found = replace(found, notes=[*found.notes, *why_not])
    if "page" in files:
        made["page"], why_not = attempted("page", lambda: page_of_comparison(found).html().encode())
        found = replace(found, notes=[*found.notes, *why_not])
    content = made | {"json": found.json(), "csv": found.csv()}
    for name, file in {**files, **({} if drawn is None else {"picture": drawn})}.items():
        if (data := content[name]) is not None:
            write_whole(file, data)
    return found
