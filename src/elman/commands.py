"""What a user can do, one function each. The command line and the web page are thin shells over these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman import checks
from elman.bench.measure import Measurement, Watcher, measure
from elman.bench.turns import Options
from elman.bench.workloads import choose
from elman.cells import Entry, as_cell, table
from elman.cells.entry import SORTS, entry
from elman.commands_compare import ComparisonInterrupted as ComparisonInterrupted
from elman.commands_compare import compare as compare
from elman.commands_forecast import forecast as forecast
from elman.commands_forecast import forecast_again as forecast_again
from elman.commands_forecast_files import ForecastReport as ForecastReport
from elman.data.reading import Reading
from elman.engine.threads import default_threads
from elman.errors import OptionError
from elman.files import check_file, check_writable, write_folder, write_whole
from elman.forecast.arguments import as_count
from elman.insight.report import report
from elman.keeping import MODEL
from elman.keeping import Interrupted as Interrupted  # what `forecast` raises
from elman.plain import to_json
from elman.plots import unrolled
from elman.plots.page import Report
from elman.plots.saved import write_picture
from elman.sequences import sequences


def bench(
    *,
    only: Iterable[str] = (),
    quick: bool = False,
    threads: int | None = None,
    rounds: int | None = None,
    json: str | Path | None = None,
    watcher: Watcher | None = None,
) -> Measurement:
    """Time Elman on this machine: training, inference and streaming, beside the machine's matrix product.

    Parameters
    ----------
    only : list of str, optional
        Only workloads whose name holds one of these, as ``["W3", "W6 GRU"]``; all by default.
    quick : bool, default False
        The small workloads, in 3 rounds instead of 9.
    threads : int, optional
        By default ``ELMAN_THREADS`` or the cores that this process may use.
    rounds : int, optional
        Turns of each, of a fifth of a second; a time is their median.
    json : str or Path, optional
        A file for the figures; nothing is written without.
    watcher : Watcher, optional
        Told of each figure as it is measured.

    Returns
    -------
    Measurement

    Raises
    ------
    OptionError
        If no workload has such a name, or the file cannot be written; nothing is measured then.

    Examples
    --------
    >>> import elman as el
    >>> measured = el.commands.bench(only=["W6 GRU"], quick=True)  # doctest: +SKIP
    """
    chosen = choose(only, quick)
    threads = default_threads() if threads is None else as_count(threads, "threads")
    rounds = (3 if quick else 9) if rounds is None else as_count(rounds, "rounds")
    file = None if json is None else checks.path(json, "json")
    if file is not None:
        check_file(file)
    found = measure(chosen, Options(threads, rounds, patience_s=1 if quick else 15), watcher)
    if file is not None:
        write_whole(file, (to_json(found.plain(), "figures", indent=1, undefined_as_null=True) + "\n").encode())
    return found


@dataclass(frozen=True)
class Inspection:
    """What an inspect command found and where it put it.

    Attributes
    ----------
    report : Report
        Sections with words, tables, pictures and numbers.
    folder : Path
        Where the files are.
    files : tuple of str
        Their names.

    Examples
    --------
    >>> import elman as el
    >>> path = el.Network(1, [el.GRU(4), el.Dense(1)]).save("model.safetensors")
    >>> el.commands.inspect_model(path, out="inside").files
    ('report.html', 'report.json')
    """

    report: Report
    folder: Path
    files: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """In terms of JSON.

        Returns
        -------
        dict
        """
        return self.report.plain() | {"files": [self.folder / file for file in self.files]}


def inspect_model(
    model: str | Path,
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    reading: Reading | None = None,
) -> Inspection:
    """Look inside a model: units, gradients, memory, dynamics; written down as a page and as JSON.

    Parameters
    ----------
    model : str or Path
        A network, forecaster, language model, classifier or regressor that was saved.
    data : str or Path, optional
        Data of the kind that it works on; see `elman.sequences.sequences`.
    out : str or Path, optional
        Folder for ``report.html`` and ``report.json``, by default ``inspect-NAME`` in the current one.
    reading : Reading, optional
        How a file of data is read.

    Returns
    -------
    Inspection

    Raises
    ------
    ElmanError
        If a file cannot be read, or the model has no states; nothing is written then.

    Examples
    --------
    >>> import elman as el
    >>> path = el.Network(1, [el.GRU(4), el.Dense(1)]).save("model.safetensors")
    >>> found = el.commands.inspect_model(path, out="inside")
    >>> found.folder.name
    'inside'
    """
    model = checks.path(model, "model")
    folder = Path(f"inspect-{_name_of(model)}") if out is None else checks.path(out, "out")
    check_writable(folder)
    found = sequences(model, data, reading)
    written = report(found.net, found.x, f"Inside {model}", found.about, layer=found.layer)
    write_folder(folder, {"report.html": written.write_html, "report.json": written.write_json})
    return Inspection(written, folder, ("report.html", "report.json"))


def _name_of(model: Path) -> str:
    """Of its folder, where the file is called what every model is called."""
    return model.absolute().parent.name if model.name == MODEL else model.stem


def cells(name: str | None = None, *, sort: str = "year", picture: str | Path | None = None) -> list[Entry]:
    """Every built-in cell with its figures, equations and reference; or the one of that name, and a picture of it.

    Parameters
    ----------
    name : str, optional
        Of a cell; all of them by default.
    sort : {"year", "name", "states", "parameters", "multiply-adds"}, default "year"
        As for `elman.cells.table`.
    picture : str or Path, optional
        A file ``.png``, ``.svg`` or ``.pdf`` for one step of the cell, as blocks and wires.

    Returns
    -------
    list of Entry

    Raises
    ------
    OptionError
        If there is no such cell or order, or the picture cannot be written.

    Examples
    --------
    >>> import elman as el
    >>> [entry.name for entry in el.commands.cells()][:3]
    ['simple', 'ctrnn', 'lstm']
    >>> el.commands.cells("gru", picture="gru.svg")[0].year
    2014
    """
    if name is None:
        if picture is not None:
            raise OptionError("a picture is of one cell: say which")
        return table(sort=sort)
    cell = as_cell(name)
    if sort != SORTS[0]:
        raise OptionError("sort is of all cells; leave it out, or the name")
    if picture is not None:
        write_picture(checks.path(picture, "picture"), lambda: unrolled(cell, 1).figure)
    return [entry(cell.name, cell)]
