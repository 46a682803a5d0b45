"""Compare: cells on one task, with the same data, the same budget and about the same number of parameters."""

from elman.compare.compare import Budget, Interrupted, compare
from elman.compare.results import Comparison, Result, Run
from elman.compare.tasks import TASKS, Task, task_of

__all__ = ["TASKS", "Budget", "Comparison", "Interrupted", "Result", "Run", "Task", "compare", "task_of"]
