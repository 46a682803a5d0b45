"""A page as data: sections with words, charts, tables and numbers; written as one HTML file and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elman.files import write_whole
from elman.plain import to_json
from elman.plots.page.document import document
from elman.plots.page.section import Section


@dataclass(frozen=True)
class Report:
    """All sections, to be read as a page or as JSON.

    Attributes
    ----------
    title : str
    sections : list of Section
    kind : str
        Which command it is of, as ``forecast``.
    seed : int, optional
        Of what is random in it.
    """

    title: str
    sections: list[Section]
    kind: str = "report"
    seed: int | None = None

    def html(self) -> str:
        """One page with its pictures inside, which answer to the mouse, to fingers and to keys.

        It needs no network and no other file.
        """
        return document(self.title, self.kind, self.sections, self.seed)

    def json(self) -> str:
        """The numbers."""
        plain = {s.title: {"verdict": s.text, **s.numbers} for s in self.sections}
        return to_json({"title": self.title, "sections": plain}, "report", indent=1, undefined_as_null=True) + "\n"

    def write_html(self, path: Path) -> None:
        write_whole(path, self.html().encode())

    def write_json(self, path: Path) -> None:
        write_whole(path, self.json().encode())
