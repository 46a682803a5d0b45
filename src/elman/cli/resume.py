"""`elman resume`: go on with a command that was ended before its end."""

from __future__ import annotations

import click

from elman.cli.once import command
from elman.cli.terminal import say

COMMANDS = ("forecast", "classify", "regress", "write", "compare", "sweep")  # that train


@command()
@click.argument("place", metavar="DIR")
def resume(place: str) -> None:
    """Go on with a command that was ended before its end, as by Ctrl-C, a signal or a loss of power.

    DIR is the folder of its results, or of its run; for a command that writes a file, that file. The command is given
    again, in the folder in which it was, with --resume: what it writes is what it would have written without a break.

    \b
    elman resume forecast-sunspots
    elman resume bard.safetensors
    elman resume sweep-GunPoint.duckdb
    """
    import os
    import shlex

    from elman import checks
    from elman.errors import OptionError
    from elman.saved import left_in

    left = left_in(checks.path(place, "DIR"))
    if left.command[0] not in COMMANDS:
        raise OptionError(f"the run in {place} is of `elman {left.command[0]}`; expected one of {', '.join(COMMANDS)}")
    say(f"elman: {left.folder}$ elman {shlex.join(left.command)}", err=True)
    os.chdir(left.folder)
    root = click.get_current_context().find_root().command
    root.main(list(left.command), prog_name="elman", standalone_mode=False)  # type: ignore[attr-defined]
