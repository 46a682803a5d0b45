"""Interop: models from other frameworks and for them; each crossing runs both sides and says how far they differ.

Nothing of another framework is loaded before it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from elman.interop.report import Mapped, Report

_HOME: dict[str, str] = {
    "from_onnx": "elman.interop.onnx.load",
    "to_onnx": "elman.interop.onnx.export",
}  # what is loaded when it is first used, by the module that has it

if TYPE_CHECKING:  # the same for editors and type checkers
    from elman.interop.onnx.export import to_onnx as to_onnx
    from elman.interop.onnx.load import from_onnx as from_onnx
else:

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"elman.interop has no {name!r}; it has {', '.join(__all__)}")
        return getattr(importlib.import_module(_HOME[name]), name)


__all__ = ["Mapped", "Report", *_HOME]
