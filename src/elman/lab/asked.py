"""What a page asks: JSON, whose every field is checked before it is used."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn

from elman import checks
from elman.errors import OptionError


class Asked:
    """The fields of a request.

    Raises
    ------
    OptionError
        If it is no object of JSON, or a field is not as expected.
    """

    def __init__(self, body: bytes | dict[str, Any]):
        found = _read(body) if isinstance(body, bytes) else body
        if not isinstance(found, dict):
            raise OptionError("a request is an object of JSON")
        self.fields: dict[str, Any] = found

    def text(self, name: str, default: str | None = None) -> str:
        value = self.fields.get(name, default)
        if not isinstance(value, str):
            raise OptionError(f"{name} is {checks.shown(value)}; expected a text")
        return value

    def whole(self, name: str, default: int | None = None, least: int = 1, most: int = 2**31) -> int:
        value = self.fields.get(name, default)
        return checks.whole(value, name, least, most)

    def real(self, name: str, default: float | None = None, low: float = 0.0, high: float = 1e9) -> float:
        return checks.real(self.fields.get(name, default), name, low, high)

    def one_of(self, name: str, choices: Iterable[str], default: str | None = None) -> str:
        value, known = self.text(name, default), list(choices)
        if value not in known:
            raise OptionError(f"{name} is {checks.shown(value)}; expected one of {', '.join(known)}")
        return value

    def each(self, name: str, most: int) -> list[Asked]:
        """A list of objects."""
        value = self.fields.get(name)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise OptionError(f"{name} is {checks.shown(value)}; expected a list of 1 to {most} objects")
        return [Asked(one) for one in value]

    def inner(self, name: str) -> Asked | None:
        value = self.fields.get(name)
        return None if value is None else Asked(value)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise OptionError(f"the request is no JSON: {error}") from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
