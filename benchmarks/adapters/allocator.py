"""The C library's allocator, tuned as PyTorch's guide advises with another one: freed memory stays with the process.

As installed, large arrays go back to the system when they are freed, and every page of the next one is a fault.
https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html, "Switch memory allocator"
"""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # of mallopt, in malloc.h


def keep_memory() -> None:
    """Where the C library is glibc; elsewhere nothing is changed."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, 2**31 - 1)
