"""What `elman sweep` shows: a line for each trial, the best settings, what each parameter changed, the files."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from elman.cli.terminal import say
from elman.data.names import counted
from elman.fleet.sweep_options import Progress
from elman.fleet.sweep_results import Sweep, aligned
from elman.fleet.sweep_tried import settings_in_words

if TYPE_CHECKING:
    from elman.commands_fleet import SweepReport

MOST_FAILED = 3  # kinds of failures that are shown
WIDE = 120


def show_progress(progress: Progress) -> None:
    """A line for a trial that has ended."""
    row = progress.row
    what = f"{settings_in_words(row.settings)}, seed {row.seed}"
    found = f"failed: {row.error}" if row.error else f"{row.score:.4g}"
    best = "" if progress.best is None else f" (best {progress.best:.4g})"
    left = f", {_duration(progress.left)} left" if progress.ended < progress.planned else ""
    say(f"{progress.ended}/{progress.planned}  {what}: {found}{best}{left}", err=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def show_report(report: SweepReport, top: int, files: list[str | None]) -> None:
    """The table, the effects, notes and files."""
    found = report.sweep
    for words in found.words():
        _wrapped(f"{words[:1].upper()}{words[1:]}.")
    if found.ranked:
        _shown(found, top)
    _failures(found)
    for note in report.notes:
        _wrapped(f"Note: {note}.")
    say(f"Trials are in {found.path}")
    if report.folder is not None:
        say(f"Written to {report.folder}: {', '.join(report.files)}")
    for file in filter(None, files):
        say(f"Written to {file}")


def _wrapped(text: str) -> None:
    say(textwrap.fill(text, WIDE, break_long_words=False, break_on_hyphens=False))


def _shown(found: Sweep, top: int) -> None:
    for table in [found.table(top), *([found.effects_table()] if len(found.ranked) > 1 else [])]:
        say()
        for line in aligned(table):
            say(line)
    say()


def _failures(found: Sweep) -> None:
    by_error: dict[str, int] = {}
    for row in found.failed:
        by_error[row.error] = by_error.get(row.error, 0) + 1
    for error, count in list(by_error.items())[:MOST_FAILED]:
        _wrapped(f"Failed: {counted(count, 'trials')}: {error}")
    if len(by_error) > MOST_FAILED:
        say(f"... and {len(by_error) - MOST_FAILED} kinds of failures more, in the rows of trials")
