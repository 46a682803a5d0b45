"""Options and commands under headings of the help: what belongs together is declared together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

Decorator = Callable[..., Any]
DATA = "Data"
READING = "How the data are written"
NETWORK = "Model"
TRAINING = "Training"
TESTING = "Test"
GOING_ON = "Saving and going on"
SHOWING = "Output"
LONGEST = 200  # sentence that tells of a command; lines are broken to the terminal


def under(heading: str, *options: Decorator) -> tuple[Decorator, ...]:
    """Options that a command's help shows under a heading of their own; the same as without it for all else."""
    return tuple(_marked(heading, option) for option in options)


def _marked(heading: str, option: Decorator) -> Decorator:
    def add(function: Any) -> Any:
        function = option(function)
        params: list[Any] = function.params if isinstance(function, click.Command) else function.__click_params__
        params[-1].heading = heading
        return function

    return add


def write_options(params: Iterable[click.Parameter], context: click.Context, formatter: click.HelpFormatter) -> None:
    """The sections of a command's help: options without a heading first, then each heading in order."""
    sections: dict[str, list[tuple[str, str]]] = {"Options": []}
    for param in params:
        record = param.get_help_record(context)
        if record is not None and isinstance(param, click.Option):
            sections.setdefault(getattr(param, "heading", "Options"), []).append(record)
    for heading, records in sections.items():
        if records:
            with formatter.section(heading):
                formatter.write_dl(records)


class Grouped(click.Group):
    """A group that shows its commands under headings.

    Parameters
    ----------
    headings : dict of str to sequence of Command, optional
        All of its commands; without it they are under one heading.
    """

    def __init__(self, *args: Any, headings: Mapping[str, Sequence[click.Command]] | None = None, **more: Any):
        super().__init__(*args, **more)
        self.headings = dict(headings or {})
        for command in (one for several in self.headings.values() for one in several):
            self.add_command(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        wide = max(len(name) for name in self.commands)  # all headings have their texts below one another
        for heading, commands in (self.headings or {"Commands": list(self.commands.values())}).items():
            with formatter.section(heading):
                formatter.write_dl([(f"{one.name:<{wide}}", one.get_short_help_str(LONGEST)) for one in commands])
