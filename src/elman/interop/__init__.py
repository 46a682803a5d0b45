"""Interop: models from other frameworks and for them; each crossing runs both sides and says how far they differ.

Nothing of another framework is loaded before it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from elman.interop.report import Mapped, Report

_HOME: dict[str, str] = {  # what is loaded when it is first used, by the module that has it
    "from_flax": "elman.interop.jax.from_flax",
    "from_keras": "elman.interop.keras.reading",
    "from_onnx": "elman.interop.onnx.load",
    "from_torch": "elman.interop.pytorch",
    "to_c": "elman.interop.c.export",
    "to_flax": "elman.interop.jax.module",
    "to_jax": "elman.interop.jax.convert",
    "to_keras": "elman.interop.keras.writing",
    "to_onnx": "elman.interop.onnx.export",
    "to_torch": "elman.interop.pytorch",
    "weights_from_jax": "elman.interop.jax.convert",
    "weights_from_keras": "elman.interop.keras.writing",
    "weights_from_torch": "elman.interop.pytorch",
}

if TYPE_CHECKING:  # the same for editors and type checkers
    from elman.interop.c.export import to_c as to_c
    from elman.interop.jax.convert import to_jax as to_jax
    from elman.interop.jax.convert import weights_from_jax as weights_from_jax
    from elman.interop.jax.from_flax import from_flax as from_flax
    from elman.interop.jax.module import to_flax as to_flax
    from elman.interop.keras.reading import from_keras as from_keras
    from elman.interop.keras.writing import to_keras as to_keras
    from elman.interop.keras.writing import weights_from_keras as weights_from_keras
    from elman.interop.onnx.export import to_onnx as to_onnx
    from elman.interop.onnx.load import from_onnx as from_onnx
    from elman.interop.pytorch import from_torch as from_torch
    from elman.interop.pytorch import to_torch as to_torch
    from elman.interop.pytorch import weights_from_torch as weights_from_torch
else:

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"elman.interop has no {name!r}; it has {', '.join(__all__)}")
        return getattr(importlib.import_module(_HOME[name]), name)


__all__ = ["Mapped", "Report", *_HOME]
