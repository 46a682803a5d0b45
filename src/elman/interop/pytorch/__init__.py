"""PyTorch: modules, state dicts and files become networks, and any network a module."""

from __future__ import annotations

from elman.interop.pytorch.reading import from_torch
from elman.interop.pytorch.writing import to_torch, weights_from_torch

__all__ = ["from_torch", "to_torch", "weights_from_torch"]
