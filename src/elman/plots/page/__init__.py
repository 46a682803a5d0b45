"""Pages that commands write: one HTML file with its pictures inside, in one style, that asks for nothing else."""

from elman.plots.page.chart import Axis, Chart, heat
from elman.plots.page.document import SCRIPT_HASH, colours
from elman.plots.page.layers import COLOURS, GREY, INK, Band, Bars, Cells, Dots, Layer, Line, Rule, Spans
from elman.plots.page.report import Report
from elman.plots.page.section import Choice, Section

__all__ = [
    "COLOURS",
    "GREY",
    "INK",
    "SCRIPT_HASH",
    "Axis",
    "Band",
    "Bars",
    "Cells",
    "Chart",
    "Choice",
    "Dots",
    "Layer",
    "Line",
    "Report",
    "Rule",
    "Section",
    "Spans",
    "colours",
    "heat",
]
