"""`elman completion`: a script with which a shell completes commands, options, names and files at Tab."""

from __future__ import annotations

from dataclasses import dataclass

import click
from click.shell_completion import ShellComplete, get_completion_class

from elman.cli.document import tell
from elman.cli.once import command
from elman.cli.terminal import say

VARIABLE = "_ELMAN_COMPLETE"


@dataclass(frozen=True)
class _Shell:
    """Where a shell looks for such a script, and what makes it there."""

    file: str
    install: str
    also: str = ""


SHELLS = {
    "bash": _Shell(
        "~/.local/share/bash-completion/completions/elman",
        "mkdir -p ~/.local/share/bash-completion/completions && elman completion bash > {file}",
        "Needs the package bash-completion; without it, write the script to a file and source that in ~/.bashrc.",
    ),
    "zsh": _Shell(
        "~/.zfunc/_elman",
        "mkdir -p ~/.zfunc && elman completion zsh > {file}",
        "In ~/.zshrc, before compinit is called: fpath+=~/.zfunc",
    ),
    "fish": _Shell(
        "~/.config/fish/completions/elman.fish",
        "mkdir -p ~/.config/fish/completions && elman completion fish > {file}",
    ),
}


@command()
@click.argument("shell", type=click.Choice(tuple(SHELLS)))
def completion(shell: str) -> None:
    """Print a script with which SHELL completes commands, options, names and files.

    Its first lines say how it is installed; new terminals have it then.

    \b
    elman completion bash
    elman completion zsh > _elman
    elman completion fish | source
    """
    script = script_of(shell)
    plain = {"shell": shell, "script": script, "install": how_to(shell)}
    tell(plain, lambda: say(script, own=True))


def script_of(shell: str) -> str:
    """What the shell reads."""
    kind = get_completion_class(shell)
    assert kind is not None
    script = ShellComplete.source(kind(click.Group("elman"), {}, "elman", VARIABLE))  # without a look for the shell
    first, rest = ("", script) if not script.startswith("#compdef") else script.split("\n", 1)
    comments = [f"# {line}" for line in how_to(shell)]
    return "\n".join([*([first] if first else []), *comments, "", rest.rstrip()])


def how_to(shell: str) -> list[str]:
    """How the script is installed, a line each."""
    one = SHELLS[shell]
    return ["To install it:", f"    {one.install.format(file=one.file)}", *([one.also] if one.also else [])]
