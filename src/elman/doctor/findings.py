"""What a doctor finds: facts, each of them good, worth a note, or wrong, with what to do."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "note", "wrong"]
REPORT = "report it, with all that is printed here"


@dataclass(frozen=True)
class Finding:
    """One fact.

    Attributes
    ----------
    name : str
    text : str
        In words.
    state : {"ok", "note", "wrong"}
    advice : str
        What to do about it.
    value : object
        The same in terms of JSON, where words are not enough.
    """

    name: str
    text: str
    state: State = "ok"
    advice: str = ""
    value: Any = None

    def plain(self) -> dict[str, Any]:
        """In terms of JSON."""
        found = {"text": self.text, "state": self.state, "advice": self.advice}
        return found if self.value is None else found | {"value": self.value}


@dataclass(frozen=True)
class Diagnosis:
    """All that was found, by section."""

    sections: dict[str, list[Finding]]

    @property
    def wrong(self) -> list[Finding]:
        """What is wrong."""
        return [one for findings in self.sections.values() for one in findings if one.state == "wrong"]

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong; notes are no faults."""
        return not self.wrong

    @property
    def verdict(self) -> str:
        """In a sentence."""
        if self.healthy:
            return "Nothing is wrong."
        return f"Wrong: {', '.join(one.name for one in self.wrong)}. What to do stands beside it."

    def plain(self) -> dict[str, Any]:
        """In terms of JSON."""
        sections = {title: {one.name: one.plain() for one in findings} for title, findings in self.sections.items()}
        return {"healthy": self.healthy, "wrong": [one.name for one in self.wrong], "sections": sections}


def looked(name: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a look finds; if it fails itself, that is what it finds."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except Exception as error:  # whatever is broken here: the next look goes on
        says = f"{type(error).__name__}: {error}"
        found.append(Finding(name, impersonal(says.replace("\n", " ")), "wrong", REPORT))
    return found


def impersonal(text: str) -> str:
    """A text without the home folder and the name of the user, as people put it into public reports.

    Examples
    --------
    >>> impersonal(os.path.expanduser("~/data"))
    '~/data'
    """
    home = os.path.expanduser("~")
    if home not in ("~", "/"):
        text = re.sub(rf"{re.escape(home)}(?=[/\\\s'\":;,]|$)", "~", text)
    user = _user()
    return re.sub(rf"(?<=[/\\]){re.escape(user)}(?=[/\\]|$)", "USER", text) if user else text


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may have no name for its number
        return ""
