"""Pictures as files, written whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elman.errors import OptionError
from elman.files import check_file, write_whole

ENDINGS = (".png", ".svg", ".pdf")
DOTS = 150  # an inch


def check_picture(file: Path) -> None:
    """Raise `OptionError` unless a picture can be written there."""
    if file.suffix.lower() not in ENDINGS:
        raise OptionError(f"the picture {file} must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    check_file(file)


def write_picture(file: Path, draw: Callable[[], Any]) -> None:
    """Draw a figure and write it, in the form that the file's name says; nothing is drawn where it cannot be written.

    Raises
    ------
    OptionError
        If the name says no form of pictures, or the file cannot be written.
    """
    check_picture(file)
    write_whole(file, rendered(file, draw()))


def rendered(file: Path, figure: Any) -> bytes:
    """A figure in the form that a file's name says."""
    data = io.BytesIO()
    figure.savefig(data, format=file.suffix[1:].lower(), dpi=DOTS, bbox_inches="tight")
    return data.getvalue()
