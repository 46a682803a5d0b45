"""Interop: models from other frameworks and for them; each crossing runs both sides and says how far they differ.

Nothing of another framework is loaded before it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from elman.interop.report import Mapped, Report

_HOME: dict[str, str] = {  # what is loaded when it is first used, by the module that has it
    "from_flax": "elman.interop.jax.from_flax",
    "from_jax": "elman.interop.jax.convert",
    "to_flax": "elman.interop.jax.module",
    "to_jax": "elman.interop.jax.convert",
}

if TYPE_CHECKING:  # the same for editors and type checkers
    from elman.interop.jax.convert import from_jax as from_jax
    from elman.interop.jax.convert import to_jax as to_jax
    from elman.interop.jax.from_flax import from_flax as from_flax
    from elman.interop.jax.module import to_flax as to_flax
else:

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"elman.interop has no {name!r}; it has {', '.join(__all__)}")
        return getattr(importlib.import_module(_HOME[name]), name)


__all__ = ["Mapped", "Report", *_HOME]
