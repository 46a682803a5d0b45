"""The proof of a conversion, in double precision where single precision cannot tell rounding from a difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.proof import Trial, prove, trials
from elman.interop.report import Report
from elman.network import Network

Theirs = Callable[[Trial], Sequence[np.ndarray]]


def with_dtype(net: Network, dtype: Any) -> Network:
    """The same network in another precision, whose products are not rounded."""
    found = Network.of_structure(net.structure, dtype=dtype, known=dict(net.params))
    found.params.write(net.arena)
    return found


def proved(
    net: Network,
    theirs: Theirs,
    in_double: Callable[[], tuple[Network, Theirs]],
    report: Report,
    *,
    tolerance: float | None = None,
    fitted: Callable[[Trial], Trial] = lambda trial: trial,
    **takes: Any,
) -> Report:
    """What `prove` says, or, where a network in float32 is refused, what it says of both sides in float64.

    Equations that magnify rounding, such as normalisation over a few features, differ by more than 1e-5 in float32
    though they are the same; in float64 they agree to 1e-10 or are not the same. A `tolerance` that was given holds as
    it is. `fitted` makes of a trial one that the other side takes.
    """
    try:
        return prove(net, theirs, report, map(fitted, trials(net, **takes)), tolerance=tolerance)
    except ConversionError as refused:
        if net.dtype != np.float32 or tolerance is not None:
            raise
        try:
            double, theirs = in_double()
            found = prove(double, theirs, report, map(fitted, trials(double, **takes)))
        except Exception:  # forward may be written for single precision only
            raise refused from None
        apart = str(refused).partition(": ")[2].partition(" where")[0]
        note = f"in float32 the {apart} by rounding; the differences are those in float64"
        return replace(found, notes=(*found.notes, note))
