"""The reference of the command line, from click's own data: what `--help` says, a page for each command."""

from __future__ import annotations

import click
from docs.builder.stage import Stage

from elman.cli import elman


def write_commands(stage: Stage) -> None:
    context = click.Context(elman, info_name="elman")
    named = {name: elman.get_command(context, name) for name in elman.list_commands(context)}
    shown = {name: command for name, command in named.items() if command and not command.hidden}
    stage.write("cli/index.md", index(context, shown))
    for name, command in shown.items():
        stage.write(f"cli/{name}.md", "\n\n".join(sections(command, context, name, "#")) + "\n")


def index(context: click.Context, commands: dict[str, click.Command]) -> str:
    """What there is, under the headings that `elman --help` has, and the help itself."""
    rows = {
        name: f"- [`elman {name}`]({name}.md): {escaped(command.get_short_help_str(200))}"
        for name, command in commands.items()
    }
    headings = getattr(elman, "headings", None) or {"": commands.values()}
    lists = [
        part
        for heading, under in headings.items()
        for part in (
            f"**{heading}**" if heading else "",
            "\n".join(rows[one.name] for one in under if one.name in rows),
        )
    ]
    tree = "\n".join(["```{toctree}", ":hidden:", "", *commands, "```"])
    text = "What each command says with `--help`; the functions behind them are [in the API](../api/commands.rst)."
    return "\n\n".join(["# Commands", text, *lists, "## `elman --help`", block(elman.get_help(context)), tree])


def sections(command: click.Command, parent: click.Context, name: str, depth: str) -> list[str]:
    """A command: how it is called, what it does, its options; and the same of those that it has itself."""
    context = click.Context(command, info_name=name, parent=parent)
    found = [f"{depth} {context.command_path}", *usage(command, context), *options(command, context)]
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            inner = command.get_command(context, below)
            if inner is not None and not inner.hidden:
                found += sections(inner, context, below, depth + "#")
    return found


def usage(command: click.Command, context: click.Context) -> list[str]:
    """The call and the help's text, whose blocks marked `\\b` keep their lines."""
    call = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [paragraph(part) for part in clean(command.help or "").split("\n\n") if part.strip()]
    return [block(call), *parts]


def clean(text: str) -> str:
    import inspect

    return inspect.cleandoc(text).partition("\f")[0]


def paragraph(part: str) -> str:
    """A paragraph of a help: as it stands where it is marked `\\b`, else as prose."""
    if part.startswith("\b"):
        return block(part.lstrip("\b\n"))
    return escaped(" ".join(part.split()))


def options(command: click.Command, context: click.Context) -> list[str]:
    """All options as lists of definitions, under the headings that the help has."""
    groups: dict[str, list[str]] = {}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and record[1].strip():
            groups.setdefault(getattr(parameter, "heading", "Options"), []).append(definition(*record))
    return [part for heading, found in groups.items() for part in (f"**{heading}**", "\n\n".join(found))]


def definition(names: str, text: str) -> str:
    return f"`{names}`\n: {escaped(' '.join(text.split()))}"


def escaped(text: str) -> str:
    """Prose of a help as Markdown: what would be markup stands as itself; names of commands stay code."""
    for mark in "\\`*_<[$|#":
        text = text.replace(mark, "\\" + mark)
    return text


def block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"
