"""`elman convert`: a model from one framework's file to another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from elman.cli.document import tell
from elman.cli.once import command
from elman.cli.terminal import say

if TYPE_CHECKING:
    from elman.commands_interop import Converted


@command()
@click.argument("model", metavar="MODEL")
@click.argument("out", metavar="OUT")
@click.option(
    "--network",
    type=int,
    metavar="N",
    help="Of a forecaster, classifier or language model: its N-th network, from 0, without what is around it.",
)
@click.option("--tolerance", type=float, metavar="X", help="The largest difference of both sides. [default: 1e-5]")
@click.option("--max-steps", type=int, metavar="N", help="To C, of a network that needs whole sequences.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="What MODEL does not tell, as --set nonlinearity=relu; may be repeated.",
)
@click.option("--quiet", is_flag=True, help="Show no report; errors all the same.")
def convert(
    model: str,
    out: str,
    network: int | None,
    tolerance: float | None,
    max_steps: int | None,
    settings: tuple[str, ...],
    quiet: bool,
) -> None:
    """Bring MODEL, a file of PyTorch, Keras, ONNX or Elman, to OUT, a file of another kind.

    Endings say what they are: .safetensors (Elman's, or weights of PyTorch), .pt, .pth, .keras, .onnx, as MODEL also
    .ckpt and .h5, as OUT also .c. Both sides are run on random sequences; if they differ, or something has no
    counterpart, nothing is written and the reason is said.

    \b
    elman convert lstm.pt net.safetensors
    elman convert model.keras model.onnx
    elman convert net.safetensors net.c
    """
    from elman import commands_interop

    found = commands_interop.convert(
        model, out, network=network, tolerance=tolerance, max_steps=max_steps, **_settings(settings)
    )
    tell(found, lambda: None if quiet else _show(found))


def _show(found: Converted) -> None:
    for report in found.reports:
        say(f"{report}\n")
    say(f"{found.network!r}\nWritten to {found.file}")


def _settings(words: tuple[str, ...]) -> dict[str, object]:
    from elman.errors import OptionError

    found: dict[str, object] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name.isidentifier():
            raise OptionError(f"--set is {word}; expected NAME=VALUE, as --set nonlinearity=relu")
        found[name] = _value(value)
    return found


def _value(text: str) -> object:
    """A number, true or false, or a word."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
