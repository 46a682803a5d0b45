"""Files for a while: what they cannot take is said as of any other file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from elman.errors import DataError
from elman.files.drafts import draft
from elman.files.refusals import reason


def close_quietly(file: IO[Any]) -> None:
    """Close a temporary file, which nobody will read again: whether its end found room is all the same."""
    with suppress(OSError):
        file.close()


@contextmanager
def temporary_folder(what: str) -> Iterator[Path]:
    """A folder for a while, which this user alone may read; what a dead process left of such is swept."""
    with ExitStack() as stack:
        with temporary(what):
            folder = stack.enter_context(draft(Path(tempfile.gettempdir())))
            folder.mkdir(mode=0o700)
        yield folder


@contextmanager
def temporary(what: str) -> Iterator[None]:
    """Have errors of temporary files say what did not find room, and what to do.

    Raises
    ------
    DataError
        In place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        try:
            folder = tempfile.gettempdir()
        except OSError:
            folder = "none of those that there are"
        raise DataError(
            f"{what} cannot be kept in a temporary file: {reason(error)} (in {folder}); make room there, or set TMPDIR "
            "to a folder that has some"
        ) from error
