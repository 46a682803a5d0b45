"""Options that come twice: lists become one, of others the last counts, which is said."""

from __future__ import annotations

import functools
from typing import Any

import click

from elman.cli.terminal import say


class Once(click.Command):
    """A command that says which of its options came twice."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        found, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for param in dict.fromkeys(order):
            if isinstance(param, click.Option) and not param.multiple and order.count(param) > 1:
                say(f"elman: {_twice(param, found.get(param.name or ''))}", err=True)
        return super().parse_args(ctx, args)


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
