"""The command line: thin shells over `elman.commands`. What is slow to load is loaded when a command runs."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from typing import Any

import click

from elman.cli.bench import bench
from elman.cli.cells import cells
from elman.cli.classify import classify, regress
from elman.cli.compare import compare
from elman.cli.completion import completion
from elman.cli.convert import convert
from elman.cli.doctor import doctor
from elman.cli.document import Document, documents
from elman.cli.export import export
from elman.cli.forecast import forecast
from elman.cli.inspect import inspect
from elman.cli.lab import lab
from elman.cli.resume import resume
from elman.cli.saving import Words
from elman.cli.sweep import sweep
from elman.cli.terminal import abandon, flush, say, streams
from elman.cli.termination import terminations
from elman.cli.write import write
from elman.starting import ending_at_once, others_tell

COMMANDS = {
    "Forecast, classify, write": (forecast, classify, regress, write),
    "Look inside": (inspect, lab, cells),
    "Compare and search": (compare, sweep),
    "Convert and export": (convert, export),
    "Go on and check": (resume, bench, doctor, completion),
}
"""All commands, under the headings of `elman --help`."""


INSTEAD = {
    "help": "elman --help, or elman COMMAND --help",
    "version": "elman --version",
    "train": "forecast, classify, regress and write learn from a file; lab trains a cell on a page",
    "fit": "forecast, classify, regress and write learn from a file; lab trains a cell on a page",
    "predict": "forecast, classify and regress judge with --model, and write writes with it",
    "evaluate": "forecast, classify and regress test what they learn; with --model they judge others",
    "list": "elman cells lists the cells",
    "serve": "elman lab opens a page on this computer",
    "tune": "elman sweep tries settings",
}
"""What is asked for as other programs call it."""


class _Elman(Words):
    """All commands; one that other programs have is told what it is called here."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if args[0] not in INSTEAD:
                raise
            raise click.UsageError(f"No such command {args[0]!r}: {INSTEAD[args[0]]}", ctx) from error


@click.group(
    cls=_Elman,
    headings=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="elman", prog_name="elman")
def elman() -> None:
    """Recurrent neural networks from their equations.

    \b
    Start with:       elman forecast sunspots --horizon 22
    Of a command:     elman forecast --help
    Results as JSON:  elman forecast sunspots --horizon 22 --json
    """


@dataclass(frozen=True)
class _Ended:
    """How a command ended: its exit code, and of an error what it is and what it says."""

    code: int
    kind: str = ""
    says: str = ""
    shown: bool = False


def main() -> None:
    """Run a command. Errors of Elman become one message and exit code 2; Ctrl-C gives 130, SIGTERM 143."""
    with ending_at_once(), streams(), documents(sys.argv[1:]) as document:
        others_tell()
        code = _told(_run(), document)
    sys.exit(code)


def _told(ended: _Ended, document: Document) -> int:
    """Tell of an error, write the document if one is wanted, and give the exit code back."""
    if ended.says:
        document.fail(ended.kind, ended.says, ended.code)
        if not ended.shown:
            say(f"elman: {ended.says}", err=True)
    try:
        document.write()
        flush()
    except OSError as error:
        abandon()
        say(f"elman: {_of_system(error)}", err=True)
        return ended.code or 2
    return ended.code


def _run() -> _Ended:
    warnings.showwarning = lambda message, *_, **__: say(f"elman: {message}", err=True)
    try:
        with terminations():
            from elman.errors import ElmanError

            code = elman.main(prog_name="elman", standalone_mode=False)
    except KeyboardInterrupt:  # before click was there
        return _Ended(130, "KeyboardInterrupt", "stopped")
    except SystemExit as end:
        says = _words(end) if isinstance(end.code, int) and str(end) and not str(end).isdecimal() else ""
        return _Ended(end.code if isinstance(end.code, int) else 0, type(end).__name__, says)
    except ElmanError as error:
        return _Ended(2, type(error).__name__, _words(error))
    except click.ClickException as error:
        error.show()
        kind = "UsageError" if isinstance(error, click.UsageError) else type(error).__name__
        return _Ended(error.exit_code, kind, error.format_message(), shown=True)
    except click.Abort as abort:  # click's name for Ctrl-C
        cause = abort.__cause__ or abort
        return _Ended(130, type(cause).__name__, _words(cause) or "stopped")
    except MemoryError as error:
        says = f"there is not enough memory for this ({error or 'no more is to be had'}): ask for less"
        return _Ended(2, "MemoryError", says)
    except OSError as error:
        return _Ended(2, type(error).__name__, _of_system(error))
    return _Ended(code if isinstance(code, int) else 0)


def _of_system(error: OSError) -> str:
    return f"{error.filename or 'the output cannot be written'}: {error.strerror or error}"


def _words(error: BaseException | None) -> str:
    """What an error says, and what was added to it."""
    return "; ".join(part for part in (str(error or ""), *getattr(error, "__notes__", ())) if part)
