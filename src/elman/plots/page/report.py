"""A page as data: sections with words, charts, tables and numbers; written as one HTML file and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        Of the page.
    sections : list of Section
        What was found.
    kind : str
        Which command it is of, as ``forecast``.
    seed : int, optional
        Of what is random in it.

    Examples
    --------
    >>> report = Report("sunspots", [Section("Data", "Two numbers.", numbers={"mean": 1.5})])
    >>> report.plain()["sections"]["Data"]["mean"], report.html()[:15]
    (1.5, '<!doctype html>')
    """

    title: str
    sections: list[Section]
    kind: str = "report"
    seed: int | None = None

    def html(self) -> str:
        """One page with its pictures inside, which answer to the mouse, to fingers and to keys.

        It needs no network and no other file.

        Returns
        -------
        str
        """
        return document(self.title, self.kind, self.sections, self.seed)

    def json(self) -> str:
        """The numbers.

        Returns
        -------
        str
        """
        return to_json(self.plain(), "report", indent=1, undefined_as_null=True) + "\n"

    def plain(self) -> dict[str, Any]:
        """The numbers, and what they mean in words, by section.

        Returns
        -------
        dict
        """
        return {"title": self.title, "sections": {s.title: {"verdict": s.text, **s.numbers} for s in self.sections}}

    def write_html(self, path: Path) -> None:
        """Write what `html` gives to a file, whole or not at all.

        Parameters
        ----------
        path : Path
            The file.
        """
        write_whole(path, self.html().encode())

    def write_json(self, path: Path) -> None:
        """Write what `json` gives to a file, whole or not at all.

        Parameters
        ----------
        path : Path
            The file.
        """
        write_whole(path, self.json().encode())
