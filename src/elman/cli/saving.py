"""Options of commands that train: where the training stands is saved, and the command goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from elman.cli.headings import GOING_ON, Grouped, under
from elman.typed import typed, typing

if TYPE_CHECKING:
    from elman.saved import Saved

SAVING = ("every", "resume", "keep_run")
_OPTIONS = under(
    GOING_ON,
    click.option(
        "--every", metavar="TIME", help="How often the training is saved: '30 s', or updates. [default: 10 min]"
    ),
    click.option("--resume", is_flag=True, default=None, help="Go on with what was ended before its end."),
    click.option("--keep-run", is_flag=True, default=None, help="Keep what is saved when the command has ended well."),
)


class Words(Grouped):
    """A group of commands that remembers what the user typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.with_resource(typing(args))
        return super().parse_args(ctx, args)


def saving_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def saved_of(options: dict[str, Any]) -> Saved:
    """What the options say, which are taken out of them."""
    from elman.saved import Saved

    every, resume, keep = (options.pop(name, None) for name in SAVING)
    how = {} if every is None else {"every": every}
    return Saved(**how, resume=bool(resume), keep=bool(keep), command=typed())


def saved_anyway() -> Saved:
    """Of a command that goes on by itself."""
    from elman.saved import Saved

    return Saved(anyway=True, command=typed())
