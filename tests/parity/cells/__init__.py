"""Every cell once more, in plain PyTorch from its paper: a file a cell, or a family; `reference` says what it is.

A step is written for one row, of vectors, as papers write it: ``step(p, x, h)`` with parameters `p` under Elman's
names, arranged as the paper has them, and returns what the cell returns. Gradients are autograd's. Constants that the
paper fixes are made in the reference, not taken from `p`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import torch
from tests.cell_problems import Case, Problem, Results

Step = Callable[..., Any]
REFERENCES: dict[str, tuple[Case, Step]] = {}


class Parameters:
    """Tensors by their names; it notes which were looked at. Of a cell without biases those are zero."""

    def __init__(self, case: Case, tensors: dict[str, torch.Tensor]):
        self.case, self.tensors, self.seen = case, tensors, set[str]()

    def __getattr__(self, name: str) -> torch.Tensor:
        if name not in self.tensors and name[0] in "bc" and self.case.options.get("bias") is False:
            return torch.zeros(self.case.units)
        if name not in self.tensors:
            raise AttributeError(f"the cell has no parameter {name!r}; it has {', '.join(self.tensors)}")
        self.seen.add(name)
        return self.tensors[name]


def reference(cell: str, *, options: dict[str, Any] | None = None, **case: Any) -> Callable[[Step], Step]:
    """The decorated step is what a cell of these options must compute; the rest is a `Case`'s."""

    def register(step: Step) -> Step:
        made = Case(cell, options or {}, **case)
        assert made.name not in REFERENCES, made.name
        REFERENCES[made.name] = made, step
        return step

    return register


def load() -> dict[str, tuple[Case, Step]]:
    """All references by the names of their cases."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(REFERENCES.items()))


def results(problem: Problem, step: Step) -> Results:
    """What `tests.cell_problems.elman_results` finds, by the reference, row after row."""
    torch.set_default_dtype(torch.float64)
    try:
        return _results(problem, step)
    finally:
        torch.set_default_dtype(torch.float32)


def _results(problem: Problem, step: Step) -> Results:
    drawn = problem.parameters | problem.inputs | problem.states
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in drawn.items()}
    constants = {name: torch.tensor(value) for name, value in problem.constants.items()}
    p = Parameters(problem.case, {name: leaves[name] for name in problem.parameters} | constants)
    output, loss = torch.zeros(problem.output_weight.shape), torch.zeros(())
    finals: dict[str, list[torch.Tensor]] = {name: [] for name in problem.states}
    for row, length in enumerate(problem.lengths):
        states = [leaves[name][row] for name in problem.states]
        for t in range(length):
            returned = step(p, *(leaves[name][row, t] for name in problem.inputs), *states)
            returned = list(returned) if isinstance(returned, tuple) else [returned]
            assert len(returned) - len(states) in (0, 1), f"{problem.case.name}: {len(returned)} values"
            loss = loss + returned[0] @ torch.tensor(problem.output_weight[row, t])
            output[row, t] = returned[0].detach()
            states = returned[-len(states) :]
        for name, state in zip(finals, states, strict=True):
            loss = loss + state @ torch.tensor(problem.state_weights[name][row])
            finals[name].append(state.detach())
    loss.backward()
    unseen = set(problem.parameters) - p.seen
    assert not unseen, f"{problem.case.name}: the reference has no use for {sorted(unseen)}"
    found = {"output": output} | {f"final {name}": torch.stack(rows) for name, rows in finals.items()}
    changing = {name: leaf for name, leaf in leaves.items() if name not in problem.frozen}
    found |= {f"d {name}": torch.zeros_like(a) if a.grad is None else a.grad for name, a in changing.items()}
    return {name: value.detach().numpy() for name, value in found.items()}
