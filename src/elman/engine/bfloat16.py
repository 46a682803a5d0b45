"""bfloat16: float32 numbers cut to 8 significant bits, which operands of products may be rounded to."""

from __future__ import annotations

import numpy as np

from elman.errors import OptionError

BFLOAT16 = "bfloat16"
_UPPER, _SIGN, _EXPONENT, _QUIET = (np.uint32(bits) for bits in (0xFFFF0000, 0x80000000, 0x7F800000, 0x00400000))


def rounded(x: np.ndarray) -> np.ndarray:
    """The nearest bfloat16 numbers, ties to even, as float32.

    bfloat16 is the upper half of a float32. What overflows is infinite, NaN stays NaN, and what is too small for a
    normal float32 is zero, as in the processors' own instructions.
    """
    bits = np.asarray(x, np.float32).view(np.uint32)
    with np.errstate(over="ignore"):
        nearest = (bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) & _UPPER
    kept = np.where(bits & ~_SIGN > _EXPONENT, (bits | _QUIET) & _UPPER, nearest)
    return np.where(bits & _EXPONENT == 0, bits & _SIGN, kept).view(np.float32)


def check_products(products: str | None, dtype: np.dtype) -> bool:
    """Whether operands of products are rounded; `OptionError` for what is no choice, or not one for this dtype."""
    if products is None:
        return False
    if not isinstance(products, str) or products != BFLOAT16:
        raise OptionError(f"products must be 'bfloat16', or left out for products in {dtype}; got {products!r}")
    if dtype != np.float32:
        raise OptionError(
            f"products='bfloat16' rounds what a float32 network multiplies; this one is {dtype}: "
            f"use dtype=np.float32, or leave products out"
        )
    return True
