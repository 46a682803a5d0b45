"""Which kinds of numbers this machine multiplies by instructions of their own."""

from __future__ import annotations

import os

from elman.engine import native

OF_BFLOAT16 = ("avx512bf16", "amx")  # kernels; all others round, and multiply in float32


def kernels() -> str:
    """The instruction set that the native engine runs; nothing without one."""
    return os.environ.get("ELMAN_ISA") or next(iter(native.instruction_sets()), "")


def multiplies_bfloat16() -> bool:
    """Whether bfloat16 numbers are multiplied by instructions of their own."""
    return kernels() in OF_BFLOAT16
