"""Files for a while: what they cannot take is said as of any other file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from elman.errors import DataError
from elman.files.refusals import reason


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
