"""`elman cells`: the catalogue."""

from __future__ import annotations

import click

from elman.cli.terminal import say


@click.command()
@click.argument("name", required=False)
def cells(name: str | None) -> None:
    """List the built-in cells with their equations, or show the one called NAME."""
    from elman import commands

    for entry in commands.cells(name):
        say(click.style(entry.name, bold=True) + f"  {entry.about}")
        for line in entry.equations:
            say(f"    {line}")
        say()
