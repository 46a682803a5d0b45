"""Models of PyTorch as networks."""

from __future__ import annotations

from typing import Any

from elman.interop.peers import peer


def from_torch(model: Any, *, example: Any = None, tolerance: float | None = None, return_report: bool = False) -> Any:
    peer("torch")
    from elman.interop.pytorch.modules import of_module

    net, report = of_module(model, example, tolerance)
    return (net, report) if return_report else net
