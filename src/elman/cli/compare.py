"""`elman compare`: cells on one task."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import click

from elman.cli.choices import Cells, Names
from elman.cli.choices import series as bundled
from elman.cli.document import tell
from elman.cli.once import command
from elman.cli.reading import of_one_series, reading_options
from elman.cli.saving import saved_of, saving_options
from elman.cli.terminal import say

if TYPE_CHECKING:
    from elman.compare import Comparison
    from elman.equations import Cell


NAMES_OF_TASKS = Names("adding", "copy", "flip_flop", "digits", bundled, or_file=True)


@command()
@click.option(
    "--cells",
    required=True,
    type=Cells("all", several=True),
    metavar="NAMES",
    help="Cells to compare, as gru,lstm,mine.txt, with a file of equations; or all that take one input.",
)
@click.option(
    "--task",
    required=True,
    type=NAMES_OF_TASKS,
    metavar="TASK",
    help="adding, copy, flip_flop, digits, or a file with a series.",
)
@click.option("--steps", type=click.IntRange(1), metavar="T", help="Length of the sequences. [default: the task's]")
@click.option("--updates", type=click.IntRange(10), metavar="N", help="Budget of each run. [default: 500]")
@click.option("--seconds", type=float, metavar="S", help="Budget of each run in time of training, instead of updates.")
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, metavar="N", help="Runs of each cell.")
@click.option(
    "--parameters", type=click.IntRange(1), metavar="P",
    help="Units are chosen so that each network has about P. [default: 4000]",
)  # fmt: skip
@click.option("--units", type=click.IntRange(1), metavar="H", help="The same units for all, instead of parameters.")
@click.option(
    "--batch-size", type=click.IntRange(1), default=32, show_default=True, metavar="N", help="Sequences of an update.",
)  # fmt: skip
@click.option("--rate", type=float, default=0.003, show_default=True, help="Adam's learning rate, the same for all.")
@click.option(
    "--jobs", type=int, default=1, show_default=True, metavar="N", help="Runs at a time, -1 for one each core.",
)  # fmt: skip
@reading_options
@saving_options
@click.option("--json-file", metavar="FILE", help="Write everything to FILE, with all curves.")
@click.option("--csv", metavar="FILE", help="Write the table to FILE.")
@click.option("--picture", metavar="FILE", help="Draw the curves to FILE, a .png, .svg or .pdf.")
@click.option("--page", metavar="FILE", help="Write a page with curves, tables and the command to FILE, an .html.")
def compare(cells: str | list[Cell | str], task: str, **options: Any) -> None:
    """Train a network of each cell on one task, and tell what it reached.

    It learns no model to keep, so there is no --out: each file is named by its own option, and nothing else is written.

    Every cell gets the same data, the same budget and about as many parameters, for several seeds. The metric is of
    sequences that were never learnt from, at the end of the run; its standard deviation is over the seeds. The gradient
    horizon says how many steps back the gradient of the last step's loss reaches in the trained network.

    \b
    elman compare --cells gru,lstm,lem --task adding --page cells.html
    elman compare --cells mine.txt,gru --task adding
    elman compare --cells simple,gru --task sunspots --steps 30 --picture both.png
    """
    files = {name.removesuffix("_file"): options.pop(name) for name in ("json_file", "csv", "picture", "page")}
    keys = ("steps", "updates", "seconds", "seeds", "parameters", "units", "batch_size", "rate", "jobs")
    how = {key: options.pop(key) for key in keys} | {"saved": saved_of(options)}
    if files["picture"]:
        import matplotlib

        matplotlib.use("Agg")
    from elman import commands
    from elman.data.reading import Reading

    read = of_one_series(options)
    try:
        found = commands.compare(
            [name.strip() for name in cells.split(",") if name.strip()]
            if cells != "all" and isinstance(cells, str)
            else cells,
            task,
            reading=Reading(**read) if read else None,
            watch=lambda cell, seed, final: say(f"{cell}, seed {seed}: {final:.3g}", err=True),
            **how,
            **files,
        )
    except commands.ComparisonInterrupted as stopped:
        if stopped.found is not None:
            _told(stopped.found, files)
        raise
    _told(found, files)


def _told(found: Comparison, files: dict[str, str | None]) -> None:
    from elman.keeping import is_missing

    written = [file for name, file in files.items() if file and not is_missing(name, found.notes)]
    tell(found.plain() | {"files": written}, lambda: _show(found, written))


def _show(found: Comparison, written: list[str]) -> None:
    say(found.table())
    say()
    words = (
        f"{found.task}: {found.about}", f"Each: {found.budget}.",
        f"{found.simple_about.capitalize()}: {found.metric} {found.simple:.3g}.", *(f"{n}." for n in found.notes),
    )  # fmt: skip
    for text in words:
        say(textwrap.fill(text, 100, break_on_hyphens=False))
    for file in written:
        say(f"Written to {file}")
