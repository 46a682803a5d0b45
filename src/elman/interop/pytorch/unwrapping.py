"""Modules inside of others that only run them."""

from __future__ import annotations

from typing import Any

AROUND = {"OptimizedModule": "_orig_mod", "DataParallel": "module", "DistributedDataParallel": "module"}


def unwrapped(module: Any) -> Any:
    """The module inside of what ``torch.compile`` and data parallelism make of one."""
    name = AROUND.get(type(module).__name__)
    return module if name is None else unwrapped(getattr(module, name))
