"""The command line: thin shells over `elman.commands`. What is slow to load is loaded when a command runs."""

from __future__ import annotations

import sys
import warnings
from importlib.metadata import version

import click

from elman.cli.bench import bench
from elman.cli.cells import cells
from elman.cli.forecast import forecast
from elman.cli.inspect import inspect


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("elman"), prog_name="elman")
def elman() -> None:
    """Recurrent neural networks from their equations.

    Start with:  elman forecast sunspots --horizon 22
    """


elman.add_command(forecast)
elman.add_command(cells)
elman.add_command(bench)
elman.add_command(inspect)


def main() -> None:
    """Run a command. Errors of Elman become one message and exit code 2; Ctrl-C gives 130."""
    from elman.errors import ElmanError

    warnings.showwarning = lambda message, *_, **__: click.echo(f"elman: {message}", err=True)
    try:
        code = elman.main(standalone_mode=False)
    except ElmanError as error:
        sys.exit(_fail(str(error), 2))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort as abort:  # click's name for Ctrl-C
        sys.exit(_fail(str(abort.__cause__ or "") or "stopped", 130))
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> int:
    click.echo(f"elman: {message}", err=True)
    return code
