"""All of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elman.interop.pytorch.meanings import arithmetic, gathering, joining, layers, masks, parts, recurrent, shapes

MEANINGS: dict[str, Callable[..., Any]] = {
    **shapes.MEANINGS,
    **parts.MEANINGS,
    **joining.MEANINGS,
    **arithmetic.MEANINGS,
    **gathering.MEANINGS,
    **masks.MEANINGS,
    **layers.MEANINGS,
    **recurrent.MEANINGS,
}
