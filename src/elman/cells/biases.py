"""Sums with a bias or without one."""

from __future__ import annotations

from typing import Any


def plus(total: Any, b: Any) -> Any:
    """``plus(p.W @ x, bias and p.b)``: the sum with its bias; without one where `bias` is False."""
    return total if b is False else total + b
