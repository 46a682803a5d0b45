"""`elman lab`: a local page to edit, train and look into cells."""

from __future__ import annotations

import click

from elman.cli.document import tell_at_once
from elman.cli.once import command
from elman.cli.terminal import say


@command()
@click.argument("folder", metavar="[FOLDER]", required=False)
@click.option("--equations", metavar="FILE", help="A text of a cell's equations to begin with.")
@click.option("--port", type=click.IntRange(0, 65535), help="Where it is served. [default: 8765, or the next free one]")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
def lab(folder: str | None, equations: str | None, port: int | None, no_browser: bool) -> None:
    """Open a page on this computer: edit a cell's equations, train it, look into it.

    Needs `pip install 'elman[lab]'`. The page is served to this computer only, at an address that holds a token; Ctrl-C
    ends it. With FOLDER, which another command wrote, or a file of a page or a model it shows those too.

    \b
    elman lab
    elman lab --equations mine.txt
    elman lab out/sunspots
    elman lab out/sunspots/model.safetensors
    elman lab compare.html
    """
    from pathlib import Path

    from elman.lab import serve

    def ready(address: str) -> None:
        tell_at_once({"address": address}, lambda: say(f"The lab is at {address}\nCtrl-C ends it."))

    serve(
        port,
        browser=not no_browser,
        folder=None if folder is None else Path(folder),
        equations=None if equations is None else Path(equations),
        ready=ready,
    )
