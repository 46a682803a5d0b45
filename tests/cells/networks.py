"""Networks of one cell, in float64 unless something else is said."""

from __future__ import annotations

from typing import Any

import numpy as np

import elman as el


def of(cell: el.Cell, features: int | tuple[int, ...], units: int, **how: Any) -> el.Network:
    """A network of one layer of a cell, called ``0``; of a cell with several inputs called by the cell's name."""
    rest = {name: how.pop(name) for name in ("dtype", "engine", "seed") if name in how}
    layer = el.Recurrent(cell, units, **how)
    rest = {"dtype": np.float64, **rest}
    if isinstance(features, int):
        return el.Network(features, [layer], **rest)
    names = "uvw"[: len(features)]
    function = eval(f"lambda {', '.join(names)}: layer({', '.join(names)})", {"layer": layer})
    return el.Network(function, inputs=dict(zip(names, features, strict=True)), **rest)
