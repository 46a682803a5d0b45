"""`--json`: what a command found as one JSON document on the standard output, and nothing else there.

Whatever else a command writes there, progress and the samples of a training, goes to the error stream then. A command
that fails leaves a document with an `error`, beside the line that it writes to the error stream in any case.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TextIO, cast

import click


class Plain(Protocol):
    """What a command found."""

    def plain(self) -> dict[str, Any]:
        """In terms of JSON, under the keys that docs/cli.md tells."""
        ...


class Document:
    """The document of one call of `elman`, and the standard output that it goes to.

    Parameters
    ----------
    words : sequence of str
        What the user typed, which says what is wanted where it cannot be understood.
    """

    def __init__(self, words: Sequence[str]):
        self._typed = "--json" in list(words)[: [*words, "--"].index("--")]
        self._out: TextIO | None = sys.stdout
        self._found: dict[str, Any] = {}
        self._written = False
        self.wanted = False

    def want(self) -> None:
        """Keep the standard output for the document."""
        self.wanted = True
        sys.stdout = sys.stderr

    def add(self, found: Mapping[str, Any]) -> None:
        """Tell what a command found, by its name and the version of Elman."""
        self._found |= {"command": _command(), "version": _version()} | dict(found)

    def fail(self, kind: str, message: str, code: int) -> None:
        """Tell that the command ended with an error, beside what it may have found before."""
        self.wanted = self.wanted or self._typed
        self._found["error"] = {"kind": kind, "message": message, "exit_code": code}

    def write(self) -> None:
        """Write it, once, and give the standard output back."""
        sys.stdout = cast(TextIO, self._out)
        if self.wanted and not self._written and self._found:
            self._written = True
            if self._out is not None:  # None where the caller closed it
                self._out.write(_as_json(self._found, pretty=self._out.isatty()) + "\n")
                self._out.flush()


_document: ContextVar[Document] = ContextVar("_document")


@contextmanager
def documents(words: Sequence[str]) -> Iterator[Document]:
    """The document of what is done in this context; an error that nobody expected is told in it too."""
    document = Document(words)
    mark = _document.set(document)
    try:
        yield document
    except BaseException as error:
        document.fail(type(error).__name__, str(error), 1)
        document.write()
        raise
    finally:
        sys.stdout = cast(TextIO, document._out)
        _document.reset(mark)


def tell(found: Plain | Mapping[str, Any], show: Callable[[], object]) -> None:
    """Tell what a command found: as JSON where that is wanted, else as `show` shows it."""
    document = _document.get(None)
    if document is None or not document.wanted:
        show()
    else:
        document.add(found if isinstance(found, Mapping) else found.plain())


def tell_at_once(found: Mapping[str, Any], show: Callable[[], object]) -> None:
    """The same of a command that has not ended, and tells nothing more."""
    tell(found, show)
    document = _document.get(None)
    if document is not None and document.wanted:
        document.write()
        document.want()


def wants_document() -> bool:
    """Whether the standard output is that of a document."""
    document = _document.get(None)
    return document is not None and document.wanted


def json_option() -> click.Option:
    """The option that asks for it."""
    return click.Option(
        ["--json"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_asked,
        help="Print the result as one JSON document; progress and notes go to the error stream.",
    )


def _asked(context: click.Context, option: click.Parameter, value: bool) -> None:
    document = _document.get(None)
    if value and document is not None and not document.wanted:
        document.want()


def _command() -> str:
    """As ``sweep show``."""
    context = click.get_current_context(silent=True)
    return "" if context is None else context.command_path.partition(" ")[2]


def _version() -> str:
    from importlib.metadata import version

    return version("elman")


def _as_json(found: Mapping[str, Any], *, pretty: bool) -> str:
    """One line, or for a reader several; in ASCII, so that no locale changes it, and without NaN."""
    indent = 2 if pretty else None
    try:  # what is plain already needs no NumPy, which may be what is broken
        return json.dumps(found, indent=indent, allow_nan=False)
    except (TypeError, ValueError):
        from elman.plain import to_json

        return to_json(found, "the result", indent=indent, undefined_as_null=True)
