"""Libraries of tables that are there if a user has them."""

from __future__ import annotations

import importlib
from typing import Any

from elman.errors import OptionError


def library(name: str) -> Any:
    """A library that makes tables.

    Raises
    ------
    OptionError
        If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise OptionError(
            f"{name} is not installed, which is asked for a table of its own: pip install {name}"
        ) from error
