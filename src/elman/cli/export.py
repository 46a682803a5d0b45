"""`elman export`: a model's network as C."""

from __future__ import annotations

from typing import Any

import click

from elman.cli.document import tell
from elman.cli.once import command
from elman.cli.reading import of_one_series, reading_options
from elman.cli.terminal import say


@command()
@click.argument("model", metavar="MODEL")
@click.option("--c", "out", metavar="DIR", required=True, help="Folder for NAME.h, NAME.c and main.c, or DIR/NAME.c.")
@click.option("--name", metavar="NAME", help="What everything in the files begins with. [default: as the model]")
@click.option(
    "--weights",
    type=click.Choice(("float32", "int8")),
    default="float32",
    show_default=True,
    help="Bit for bit, or matrices in bytes with a scale for each row.",
)
@click.option(
    "--math",
    type=click.Choice(("libm", "own")),
    default="libm",
    show_default=True,
    help="exp, tanh and their like of math.h, or written out.",
)
@click.option("--max-steps", type=int, metavar="N", help="Of a network that needs whole sequences.")
@click.option("--main/--no-main", default=True, show_default=True, help="A main.c that reads and writes CSV.")
@click.option("--data", metavar="FILE", help="With int8: what their loss in accuracy is measured on.")
@reading_options
def export(model: str, out: str, data: str | None, **options: Any) -> None:
    """Write the network of MODEL as C99, for machines without an operating system.

    No heap, no library but math.h. It is compiled and run beside the network where there is a compiler.

    \b
    elman export net.safetensors --c firmware --name pump
    cc -O3 firmware/*.c -lm -o pump && ./pump < inputs.csv
    """
    from elman import commands_export
    from elman.data.reading import Reading

    own = ("name", "weights", "math", "max_steps", "main")
    how = {key: options.pop(key) for key in own}
    found = commands_export.export_c(model, out, data=data, reading=Reading(**of_one_series(options)), **how)
    tell(found, lambda: say(f"{found.report}\nWritten: {', '.join(map(str, found.files))}"))
