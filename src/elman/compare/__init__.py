"""Compare: cells on one task, with the same data, the same budget and about the same number of parameters."""

from typing import TYPE_CHECKING

from elman.attributes import of_module
from elman.compare.compare import Budget, Interrupted, compare
from elman.compare.results import Comparison, Result, Run
from elman.compare.tasks import TASKS, Task, task_of

__all__ = ["TASKS", "Budget", "Comparison", "Interrupted", "Result", "Run", "Task", "compare", "task_of"]

if not TYPE_CHECKING:  # which would take any name for one of ours
    __getattr__ = of_module("compare", __all__)
