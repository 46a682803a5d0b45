"""The command line: thin shells over `elman.commands`. What is slow to load is loaded when a command runs."""

from __future__ import annotations

import sys
import warnings
from importlib.metadata import version

import click

from elman.cli.bench import bench
from elman.cli.cells import cells
from elman.cli.classify import classify, regress
from elman.cli.compare import compare
from elman.cli.convert import convert
from elman.cli.export import export
from elman.cli.forecast import forecast
from elman.cli.inspect import inspect
from elman.cli.lab import lab
from elman.cli.resume import resume
from elman.cli.saving import Words
from elman.cli.sweep import sweep
from elman.cli.terminal import flush, say, streams
from elman.cli.write import write


@click.group(cls=Words, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("elman"), prog_name="elman")
def elman() -> None:
    """Recurrent neural networks from their equations.

    Start with:  elman forecast sunspots --horizon 22
    """


elman.add_command(forecast)
elman.add_command(classify)
elman.add_command(regress)
elman.add_command(cells)
elman.add_command(compare)
elman.add_command(sweep)
elman.add_command(lab)
elman.add_command(resume)
elman.add_command(bench)
elman.add_command(convert)
elman.add_command(inspect)
elman.add_command(write)
elman.add_command(export)


def main() -> None:
    """Run a command. Errors of Elman become one message and exit code 2; Ctrl-C gives 130, SIGTERM 143."""
    with streams():
        sys.exit(_run())


def _run() -> int:
    from elman.errors import ElmanError

    warnings.showwarning = lambda message, *_, **__: say(f"elman: {message}", err=True)
    try:
        code = elman.main(standalone_mode=False)
        flush()
    except ElmanError as error:
        return _fail(_words(error), 2)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort as abort:  # click's name for Ctrl-C
        return _fail(_words(abort.__cause__) or "stopped", 130)
    except SystemExit as end:
        return _fail(_words(end), end.code) if isinstance(end.code, int) and str(end) else end.code  # type: ignore[return-value]
    except MemoryError as error:
        return _fail(f"there is not enough memory for this ({error or 'no more is to be had'}): ask for less", 2)
    except OSError as error:
        what = error.filename or "the output cannot be written"
        return _fail(f"{what}: {error.strerror or error}", 2)
    return code if isinstance(code, int) else 0


def _words(error: BaseException | None) -> str:
    """What an error says, and what was added to it."""
    return "; ".join(part for part in (str(error or ""), *getattr(error, "__notes__", ())) if part)


def _fail(message: str, code: int) -> int:
    say(f"elman: {message}", err=True)
    return code
