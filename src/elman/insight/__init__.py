"""Insight: what a network remembers, how its gradients travel, which dynamics it has."""

from typing import TYPE_CHECKING

from elman.attributes import of_module
from elman.insight.equivalence import Equivalence, equivalence
from elman.insight.fixed_points import FixedPoints, fixed_points
from elman.insight.flow import GradientFlow, gradient_flow
from elman.insight.jacobians import jacobians
from elman.insight.live import GradientFlowCallback
from elman.insight.lyapunov import Spectrum, lyapunov_spectrum
from elman.insight.memory import Capacity, Memory, distances, memory
from elman.insight.report import report
from elman.insight.units import Units, units
from elman.plots.page import Report

__all__ = [
    "Capacity",
    "Equivalence",
    "FixedPoints",
    "GradientFlow",
    "GradientFlowCallback",
    "Memory",
    "Report",
    "Spectrum",
    "Units",
    "distances",
    "equivalence",
    "fixed_points",
    "gradient_flow",
    "jacobians",
    "lyapunov_spectrum",
    "memory",
    "report",
    "units",
]

if not TYPE_CHECKING:  # which would take any name for one of ours
    __getattr__ = of_module("insight", __all__)
