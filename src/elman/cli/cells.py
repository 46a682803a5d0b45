"""`elman cells`: the collection of cells, as a table, and each of them."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

import click

from elman.cli.choices import Names
from elman.cli.choices import cells as names_of_cells
from elman.cli.document import tell
from elman.cli.once import command
from elman.cli.terminal import say

if TYPE_CHECKING:
    from elman.cells import Entry

SORTS = ("year", "name", "states", "parameters", "multiply-adds")
NARROWEST = 40  # of the last column, where lines are broken


@command()
@click.argument("name", required=False, type=Names(names_of_cells))
@click.option("--sort", type=click.Choice(SORTS), default="year", show_default=True, help="What orders the table.")
@click.option("--picture", metavar="FILE", help="Draw a step of the cell NAME: a file .png, .svg or .pdf.")
def cells(name: str | None, sort: str, picture: str | None) -> None:
    """List the built-in cells; or show the one called NAME: equations, parameters, options, reference.

    Parameters and multiply-adds of a step are those of 64 units and 64 features at each input. Multiply-adds are those
    of products with matrices, as they make up a step's time.

    \b
    elman cells --sort parameters
    elman cells lstm --picture lstm.png
    """
    if picture:
        import matplotlib

        matplotlib.use("Agg")
    from elman import commands

    found = commands.cells(name, sort=sort, picture=picture)
    plain = {"cells": [entry.plain() for entry in found], "files": [picture] if picture else []}
    tell(plain, lambda: _show(found, name, picture))


def _show(found: list[Entry], name: str | None, picture: str | None) -> None:
    for line in _table(found) if name is None else _page(found[0]):
        say(line, own=True)
    if picture:
        say(f"Drawn to {picture}")


def _table(entries: list[Entry]) -> list[str]:
    """A line a cell; on a terminal the last column is broken to its width."""
    rows = [("cell", "year", "states", "parameters", "multiply-adds", "when"), *map(_row, entries)]
    wide = [max(len(row[k]) for row in rows) for k in range(5)]
    left = sum(wide) + 2 * len(wide)
    room = max(shutil.get_terminal_size((120, 0)).columns - left, NARROWEST) if sys.stdout.isatty() else 10**6
    lines = []
    for number, (cell, year, states, *numbers, when) in enumerate(rows):
        start = f"{cell:<{wide[0]}}  {year:<{wide[1]}}  {states:<{wide[2]}}  "
        start += "".join(f"{n:>{w}}  " for n, w in zip(numbers, wide[3:], strict=True))
        first, *others = textwrap.wrap(when, room)
        lines.append(click.style(start + first, bold=True) if not number else start + first)
        lines += [" " * left + line for line in others]
    return [*lines, "", "H = 64 units, F = 64 features at each input. One of them: elman cells NAME"]


def _row(e: Entry) -> tuple[str, ...]:
    trained = "" if e.trained == e.parameters else f" ({e.trained:,} trained)"
    return e.name, str(e.year), states_text(e), f"{e.parameters:,}{trained}", f"{e.multiply_adds:,}", plain(e.when)


def states_text(e: Entry) -> str:
    """As ``h, past 320``: the sizes that are not H."""
    return ", ".join(name if size == 64 else f"{name} {size:,}" for name, size in e.states.items())


def plain(text: str) -> str:
    """Of a docstring, without its marks."""
    return text.replace("`", "")


def _page(e: Entry) -> list[str]:
    lines = [click.style(e.name, bold=True) + f"  {plain(e.about)}", ""]
    lines += [f"    {line}" for line in e.equations]
    for paragraph in e.text:
        lines += ["", *_wrapped(plain(paragraph))]
    numbers = f"With 64 units and 64 features at each input: states {states_text(e)}; {e.parameters:,} parameters"
    if e.trained != e.parameters:
        numbers += f", {e.trained:,} of them trained"
    lines += ["", *_wrapped(f"{numbers}; {e.multiply_adds:,} multiply-adds a step in products with matrices.")]
    if len(e.inputs) > 1:
        lines += _wrapped(f"Inputs at each step: {', '.join(e.inputs)}.")
    if e.options:
        lines += _wrapped("Options: " + ", ".join(f"{key}={value!r}" for key, value in e.options.items()) + ".")
    if e.initial:
        lines += _wrapped("Initial values: " + ", ".join(f"{key}={value}" for key, value in e.initial.items()) + ".")
    return [*lines, "", *_wrapped(f"Reference: {e.reference}")]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, min(shutil.get_terminal_size((100, 0)).columns, 120), break_long_words=False)
