"""What all commands have in common: `--json`, help under headings, files that Tab completes, and options that come
twice: lists become one, of others the last counts, which is said."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

import click

from elman.cli.choices import with_places
from elman.cli.document import json_option
from elman.cli.headings import write_options
from elman.cli.terminal import say

_ARGUMENT = re.compile(r"(?<![\w-])([a-z_]+)=")


class Once(click.Command):
    """A command as all of Elman's are; it says which of its options came twice."""

    def __init__(self, *args: Any, **more: Any):
        super().__init__(*args, **more)
        self.params.append(json_option())
        with_places(self.params)

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """Of any context: click keeps what the first one said."""
        return ["-h", "--help"]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = list(args)
        try:
            self._tell_twice(ctx, words)
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise self._no_such(error) from error
        except click.UsageError as error:
            raise self._explained(error, words) from error

    def _tell_twice(self, ctx: click.Context, words: list[str]) -> None:
        """Say which options came twice."""
        found, _, order = self.make_parser(ctx).parse_args(args=list(words))
        for param in dict.fromkeys(order):
            if isinstance(param, click.Option) and not param.multiple and order.count(param) > 1:
                say(f"elman: {_twice(param, found.get(param.name or ''))}", err=True)

    def _no_such(self, error: click.NoSuchOption) -> click.NoSuchOption:
        """With the options that are near, of those that the help shows; and where a sweep's parameters go."""
        shown = [
            o for p in self.params if isinstance(p, click.Option) and not p.hidden for o in (*p.opts, *p.secondary_opts)
        ]
        message = error.message
        if "--grid" in shown:
            name = error.option_name.lstrip("-").replace("-", "_")
            message += f" A parameter of all trials is given as --set {name}=..., and tried as --grid {name}=..."
        return click.NoSuchOption(error.option_name, message, shown, error.ctx)

    def invoke(self, ctx: click.Context) -> Any:
        from elman.errors import ElmanError

        try:
            return super().invoke(ctx)
        except ElmanError as error:
            if told := in_shell(str(error), self.params):
                error.add_note(told)
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_options(self.get_params(ctx), ctx, formatter)

    def _explained(self, error: click.UsageError, words: list[str]) -> click.UsageError:
        """Say where a file of JSON goes, which --json took before it was of the standard output."""
        takes_file = any(param.name == "json_file" for param in self.params)
        if "--json" not in words or "extra argument" not in error.message or not takes_file:
            return error
        more = "--json prints the result and takes no file: --json-file FILE writes one"
        return click.UsageError(f"{error.message} {more}", error.ctx)


def in_shell(message: str, params: Iterable[click.Parameter]) -> str:
    """The options of arguments that a message names as Python has them, and not as the shell does."""
    options = {param.name: param.opts[-1] for param in params if isinstance(param, click.Option)}
    named = (options.get(name) for name in dict.fromkeys(_ARGUMENT.findall(message)))
    left = [option for option in named if option and option not in message]
    return f"in the shell: {', '.join(left)}" if left else ""


def _twice(option: click.Option, last: Any) -> str:
    flag = option.is_flag and bool(option.secondary_opts)
    name = "/".join((*option.opts[-1:], *option.secondary_opts))
    what = (option.opts if last else option.secondary_opts)[-1] if flag else last
    return f"{name} was given more than once; the last one, {what}, counts"


class Listed(click.Option):
    """Names with commas between them, or the option once for each."""

    def __init__(self, *names: Any, **more: Any):
        more["multiple"] = True
        super().__init__(*names, **more)

    def process_value(self, ctx: click.Context, value: Any) -> str | None:
        given = super().process_value(ctx, value)
        return ",".join(given) if given else None


command = functools.partial(click.command, cls=Once)
