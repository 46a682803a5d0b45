"""`elman doctor`: what Elman is here, and whether it works: for a report of a fault."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING

import click

from elman.cli.document import tell
from elman.cli.once import command
from elman.cli.terminal import say

if TYPE_CHECKING:
    from elman.doctor.findings import Diagnosis, Finding

WIDE = 100
MARKS = {"ok": "", "note": "note", "wrong": "WRONG"}


@command()
@click.option("--quick", is_flag=True, help="Leave the self-test out.")
def doctor(quick: bool) -> int:
    """Tell what Elman is here and test whether it works, for a report of a fault.

    Version, engine, instruction sets, threads, memory, packages and settings; then a test of about ten seconds: both
    engines beside one another, gradients, the same bits for any number of threads, files, and a training that goes on.
    What it prints names no person and no machine. The exit code is 1 if something is wrong.

    \b
    elman doctor
    elman doctor --json
    """
    from elman.doctor import diagnose

    found = diagnose(quick=quick, told=lambda what: say(f"elman: {what} ...", err=True))
    tell(found, lambda: _show(found))
    return 0 if found.healthy else 1


def _show(found: Diagnosis) -> None:
    for number, (title, findings) in enumerate(found.sections.items()):
        say(("\n" if number else "") + click.style(title, bold=True), own=True)
        wide = max(len(one.name) for one in findings)
        for one in findings:
            _show_one(one, wide)
    say()
    say(found.verdict)


def _show_one(one: Finding, wide: int) -> None:
    mark = f"{MARKS[one.state]}: " if MARKS[one.state] else ""
    text = f"{mark}{one.text}" + (f" -> {one.advice}" if one.advice else "")
    start = f"  {one.name:<{wide}}  "
    room = min(shutil.get_terminal_size((WIDE, 0)).columns, WIDE) - len(start)
    lines = textwrap.wrap(text, max(room, 40), break_long_words=False, break_on_hyphens=False) or [""]
    say(start + f"\n{' ' * len(start)}".join(lines))
