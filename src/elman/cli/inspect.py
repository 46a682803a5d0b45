"""`elman inspect`: a report of a model's insides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from elman.cli.document import tell
from elman.cli.once import command
from elman.cli.reading import of_one_series, reading_options
from elman.cli.terminal import say

if TYPE_CHECKING:
    from elman.commands import Inspection


@command()
@click.argument("model", metavar="MODEL")
@click.option("--data", metavar="FILE", help="Data of the kind it works on. [default: what it kept, or random inputs]")
@reading_options
@click.option("--out", metavar="DIR", help="Folder for the report. [default: inspect-NAME]")
def inspect(model: str, data: str | None, out: str | None, **options: Any) -> None:
    """Look inside MODEL, a network, forecaster, language model, classifier or regressor that was saved.

    Writes report.html, one page with its pictures that opens without a network, and report.json: how its units behave,
    how far gradients and memory reach, fixed points, Lyapunov exponents. The model stays as it is.

    \b
    elman inspect forecast-sunspots/model.safetensors
    elman inspect net.safetensors --data inputs.csv
    """
    import matplotlib

    matplotlib.use("Agg")
    from elman import commands
    from elman.data.reading import Reading

    found = commands.inspect_model(model, data, out=out, reading=Reading(**of_one_series(options)))
    tell(found, lambda: _show(found))


def _show(found: Inspection) -> None:
    for section in found.report.sections:
        say(f"{section.title}: {section.text}")
    say(f"Written to {found.folder}: {', '.join(found.files)}")
