"""The proof of a conversion, in double precision where single precision cannot tell rounding from a difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.proof import TOLERANCE, Trial, prove, trials
from elman.interop.report import Report
from elman.network import Network

Theirs = Callable[[Trial], Sequence[np.ndarray]]
Drawn = Callable[..., Iterator[Trial]]
SIZES = (((2, 600), (2, 150), (2, 40)), ((200, 2), (40, 2)))  # rows and steps: long ones, and many rows


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
    it is. Then both sides are run on long sequences and on many rows, which a forward may treat otherwise, and on the
    first sequences again, as a forward may keep something. `fitted` makes of a trial one that the other side takes.
    """

    def drawn(of: Network, **sizes: Any) -> Iterator[Trial]:
        return map(fitted, trials(of, **sizes))

    try:
        found = prove(net, theirs, report, drawn(net, **takes), tolerance=tolerance)
        return _with_sizes(net, theirs, found, tolerance, drawn)
    except ConversionError as refused:
        if net.dtype != np.float32 or tolerance is not None:
            raise
        try:
            double, theirs = in_double()
            found = prove(double, theirs, report, drawn(double, **takes))
            found = _with_sizes(double, theirs, found, None, drawn)
        except Exception:  # forward may be written for single precision only
            raise refused from None
        apart = str(refused).partition(": ")[2].partition(" where")[0]
        note = f"in float32 the {apart} by rounding; the differences are those in float64"
        return replace(found, notes=(*found.notes, note))


def _with_sizes(net: Network, theirs: Theirs, report: Report, tolerance: float | None, drawn: Drawn) -> Report:
    """The report with what more steps and more rows make, and the first sequences once more."""
    for sizes in SIZES:
        for rows, steps in sizes:
            (trial,) = drawn(net, ragged=False, states=False, rows=rows, steps=steps)
            made = _made(theirs, trial)
            if made is None:
                report = report.noting(f"forward fails on {trial.what}")
                continue
            try:
                report = _joined(report, prove(net, _known(made), report, [trial], tolerance=tolerance))
                break
            except ConversionError:
                if not _magnifies(theirs, trial, made, TOLERANCE[net.dtype] if tolerance is None else tolerance):
                    raise
                report = report.noting(f"{trial.what} tell nothing: forward magnifies rounding")
    report = _with_padding(net, theirs, report, drawn)
    again = replace(next(drawn(net)), what="the first sequences once more")
    return _joined(report, prove(net, theirs, report, [again], tolerance=tolerance))


def _with_padding(net: Network, theirs: Theirs, report: Report, drawn: Drawn) -> Report:
    """The report with a note where a forward reads what lies behind the ends of rows, which a network does not."""
    if not any("ragged" in what for what in report.trials):
        return report
    ragged = next(trial for trial in drawn(net) if trial.lengths is not None)
    lengths = np.array(ragged.lengths)
    behind = np.arange(lengths.max()) >= lengths[:, None]
    inputs = tuple(np.where(behind[..., None], 1, x).astype(x.dtype) if x.ndim == 3 else x for x in ragged.inputs)
    made, other = theirs(ragged), theirs(replace(ragged, inputs=inputs))
    if all(np.allclose(a, b, rtol=0, atol=1e-5) for a, b in zip(made, other, strict=True)):
        return report
    return report.noting("forward reads what lies behind the rows' ends: both sides agree where that is zero")


def _made(theirs: Theirs, trial: Trial) -> Sequence[np.ndarray] | None:
    """What a module makes of a trial; None where its forward fails, as beyond a table of positions."""
    try:
        return theirs(trial)
    except Exception:
        return None


def _known(made: Sequence[np.ndarray]) -> Theirs:
    """What a module has made of a trial, as what makes it."""
    return lambda trial: made


def _magnifies(theirs: Theirs, trial: Trial, made: Sequence[np.ndarray], allowed: float) -> bool:
    """Whether a module's own results move by more than is allowed where its inputs are rounded otherwise."""
    rng = np.random.default_rng(0)
    moved = tuple(
        x if x.dtype.kind != "f" else x * (1 + 4 * np.finfo(x.dtype).eps * rng.uniform(-1, 1, x.shape)).astype(x.dtype)
        for x in trial.inputs
    )
    other = theirs(replace(trial, inputs=moved))
    return any(not np.abs(a - b).max(initial=0) <= allowed / 10 for a, b in zip(made, other, strict=True))


def _joined(report: Report, more: Report) -> Report:
    """A report with the trials and the differences of another one."""
    worst = {name: max(apart, more.differences[name]) for name, apart in report.differences.items()}
    return replace(report, differences=worst, trials=(*report.trials, *more.trials))
