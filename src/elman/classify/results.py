"""What `elman classify` and `elman regress` leave behind for programs, as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.cells import as_cell
from elman.classify.page import Story
from elman.data.cases import Cases
from elman.plain import to_json

METRICS = "metrics.json"
_OTHERWISE = ("cell", "threads", "verbose")  # told in other words, or of no effect
_PLAIN = (bool, int, float, str, list, tuple, type(None))


def metrics_json(story: Story) -> bytes:
    """Data, model, scores, learning curves and every note as JSON; a score that is undefined is null."""
    judged = story.judged
    found = {
        "name": story.name,
        "trained_on": None if story.learnt is None else describe_cases(story.learnt),
        "model": describe_model(story.model),
        "tested_on": None if judged is None else describe_cases(judged.cases),
        "how": story.how,
        "scores": None if judged is None else judged.scores(),
        "history": list(story.histories),
        "notes": list(story.notes),
    }
    return (to_json(found, "metrics", indent=2, undefined_as_null=True) + "\n").encode()


def describe_cases(cases: Cases) -> dict[str, Any]:
    """Cases in plain data."""
    return {
        "cases": len(cases),
        "steps": [int(cases.lengths.min()), int(cases.lengths.max())],
        "channels": list(map(str, cases.channels)),
        "missing": cases.missing,
        "labels": _describe_labels(cases.labels),
    }


def _describe_labels(labels: np.ndarray | None) -> Any:
    """How many cases each class has, or from where to where numbers go."""
    if labels is None:
        return None
    if labels.dtype.kind == "f":
        return {"least": float(labels.min()), "mean": float(labels.mean()), "greatest": float(labels.max())}
    names, counts = np.unique(labels, return_counts=True)
    return dict(zip(map(str, names.tolist()), counts.tolist(), strict=True))


def describe_model(model: Any) -> dict[str, Any]:
    """An estimator in plain data."""
    found = {"kind": type(model).__name__, "cell": as_cell(model.cell).name}
    params = {name: value for name, value in model.get_params().items() if name not in _OTHERWISE}
    found |= {name: value if isinstance(value, _PLAIN) else str(value) for name, value in params.items()}
    found |= {name: getattr(model, name) for name in ("temperature_",) if hasattr(model, name)}
    return found | {"parameters": sum(int(net.arena.size) for net in model.networks_)}
