"""Sections of a page, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from elman.plots.page.chart import Chart


@dataclass(frozen=True)
class Choice:
    """Charts of which one set is seen at a time, as those of a series.

    Attributes
    ----------
    label : str
        What is chosen.
    sets : sequence of (str, sequence of Chart)
        Each with its name, the one first that is seen first.
    """

    label: str
    sets: Sequence[tuple[str, Sequence[Chart]]]


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes
    ----------
    title : str
    text : str
        What was found, in words.
    table : list of rows
        Of words; the first row is the heading.
    charts : sequence of Chart or Choice
    numbers : dict
        The same for programs.
    points : sequence of str
        Sentences one below another.
    """

    title: str
    text: str
    table: list[list[str]] = field(default_factory=list)
    charts: Sequence[Chart | Choice] = ()
    numbers: dict[str, Any] = field(default_factory=dict)
    points: Sequence[str] = ()

    @property
    def drawn(self) -> list[Chart]:
        """All of its charts, those that are chosen from too."""
        found: list[Chart] = []
        for chart in self.charts:
            found += [c for _, charts in chart.sets for c in charts] if isinstance(chart, Choice) else [chart]
        return found
