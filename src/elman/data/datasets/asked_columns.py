"""Files and columns that a user names."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elman import checks
from elman.errors import DataError, OptionError

Names = str | Sequence[str] | Mapping[str, Any] | None


def plain(named: dict[str, Any]) -> Any:
    """By name, or the only one where that has none."""
    return named.get("", named or None)


def flat(named: Mapping[str, str | list[str]]) -> list[str]:
    return [name for one in named.values() for name in ([one] if isinstance(one, str) else one)]


def by_name(given: Any, what: str) -> dict[str, str | list[str]]:
    """Columns by input or output, whose name is empty where there is one."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(name): _columns(columns, what) for name, columns in given.items()}
    return {"": _columns(given, what)}


def _columns(given: Any, what: str) -> str | list[str]:
    found = [given] if isinstance(given, str) else checks.listed(given, what, "columns")
    if not found or not all(isinstance(name, str) and name for name in found):
        raise OptionError(f"{what} is {checks.shown(given)}; expected names of columns")
    if len(set(found)) < len(found):
        raise OptionError(f"{what} names {next(n for n in found if found.count(n) > 1)!r} twice")
    return given if isinstance(given, str) and what == "target" else found


def files_of(given: Any) -> list[Path]:
    """Files of names and patterns, which must be there."""
    several = (
        [given]
        if isinstance(given, str | Path) or hasattr(given, "__fspath__")
        else checks.listed(given, "files", "files")
    )
    found: list[Path] = []
    for one in several:
        path = checks.path(one, "files")
        matches = [path] if path.exists() else [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]
        if not matches:
            raise DataError(f"there is no file {path}")
        found += matches
    for path in found:
        if not path.is_file():
            raise DataError(f"{path} is no file; give its files, as {path}/*.parquet")
    if not found:
        raise OptionError("files is empty; expected at least one file")
    return found
