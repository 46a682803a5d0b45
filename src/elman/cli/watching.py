"""`--metrics FILE`: the numbers of a command's trainings as they come, a line of JSON each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from elman.cli.headings import TRAINING, under
from elman.cli.terminal import say

if TYPE_CHECKING:
    from elman.training import Callback

    Watch = Callable[[str, int], Iterable[Callback]]

UPDATES = 10  # from one line to the next
METRICS = under(
    TRAINING,
    click.option("--metrics", metavar="FILE", help="Write losses and rates to FILE as they come, a line of JSON each."),
)


@contextmanager
def metrics_of(options: dict[str, Any]) -> Iterator[list[Callback]]:
    """What writes the file that the options name, which is taken out of them; a note where nothing was trained."""
    path, resumed = options.pop("metrics", None), bool(options.get("resume"))
    if path is None:
        yield []
        return
    from elman.training import MetricsLog

    log = MetricsLog(path, every=UPDATES, append=resumed)
    _refuse_another(log, resumed)
    yield [log]
    if not log.path.exists():
        say(f"elman: there is no {path}: no network was trained", err=True)


def _refuse_another(log: Any, resumed: bool) -> None:
    """Before any data are read: a file that is there already, of a training that does not go on."""
    from elman.errors import OptionError
    from elman.files import check_file

    check_file(log.path)
    if log.path.exists() and not resumed:
        raise OptionError(
            f"--metrics {log.path} is there already, as an earlier training left it: give another file, or remove it; "
            "with --resume its lines go on"
        )


def with_callbacks(watch: Watch | None, callbacks: list[Callback]) -> Watch:
    """What watches the stages of a command, and these callbacks beside it."""
    return lambda stage, networks: [*(watch(stage, networks) if watch else ()), *callbacks]
