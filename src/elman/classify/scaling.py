"""How a network reads cases: channels in their own units, what is missing by a mask, uneven steps by their gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from elman.classify.moments import moments
from elman.data.cases import Cases
from elman.data.casing.arrays import numbered_channels
from elman.data.names import counted, first_of, listed
from elman.errors import DataError, ShapeError

LARGEST = 1e30  # of a scaled value: squares of larger ones leave float32


@dataclass(frozen=True)
class Scaling:
    """What is learnt of the training cases before any network sees them.

    Attributes
    ----------
    channels : tuple of str, length F
    mean, spread : ndarray, shape (F,)
        Of the values that are known; the spread is 1 of a channel that never changes.
    masked : tuple of int
        The channels that have missing values in training: each has one input more, 1 where its value is known.
    gap : float
        The median time between two steps, 0 where steps are even: else one input more says how long each step took.
    unit : str
        Of that time, such as ``"h"``; empty of bare numbers.
    """

    channels: tuple[str, ...]
    mean: np.ndarray
    spread: np.ndarray
    masked: tuple[int, ...] = ()
    gap: float = 0.0
    unit: str = ""

    @property
    def width(self) -> int:
        """F', how many inputs a network has."""
        return len(self.channels) + len(self.masked) + (self.gap > 0)

    def inputs(self, cases: Cases) -> np.ndarray:
        """What a network reads, float32 (N, T, F'): a missing value is its channel's mean, and zero behind the ends.

        Raises
        ------
        DataError, ShapeError
            If the cases have other channels than those that were learnt, no times where they had uneven ones, or values
            far outside of float32.
        """
        cases = aligned(cases, self.channels)
        scaled = (cases.values - self.mean) / self.spread
        known = ~np.isnan(scaled)
        scaled = np.where(known, scaled, 0.0)
        self._check(scaled, cases)
        parts = [scaled, known[:, :, list(self.masked)]]
        if self.gap:
            parts.append(gaps_of(cases, self.gap, self.unit)[:, :, None])
        return np.concatenate(parts, axis=2, dtype=np.float32, casting="unsafe") * cases.inside[:, :, None]

    def _check(self, scaled: np.ndarray, cases: Cases) -> None:
        if not (np.abs(scaled) > LARGEST).any():
            return
        case, step, channel = (int(k[0]) for k in np.nonzero(np.abs(scaled) > LARGEST))
        away, value = abs(scaled[case, step, channel]), cases.values[case, step, channel]
        raise DataError(
            f"channel {self.channels[channel]!r} of case {cases.names[case]!r} is {value:g} at step {step}, {away:.2g} "
            "standard deviations of the training values from their mean; expected values of the same kind"
        )


def learn_scaling(cases: Cases) -> tuple[Scaling, list[str]]:
    """The scaling of training cases, and notes on what it does.

    Raises
    ------
    DataError
        If a channel has no value at all.
    """
    inside = cases.values[cases.inside]  # (steps of all cases, F)
    known = ~np.isnan(inside)
    count = known.sum(0)
    if not count.all():
        raise DataError(f"channel {cases.channels[int(np.argmin(count))]!r} has no value in any case; leave it out")
    mean, spread = moments(inside)
    still = spread == 0
    masked = tuple(np.flatnonzero(count < len(inside)).tolist())
    gap = 0.0 if cases.times is None else _usual_gap(cases)
    notes = []
    if still.any():
        names = [cases.channels[k] for k in np.flatnonzero(still)]
        notes.append(f"{counted(len(names), 'channels')} of the same value everywhere: {first_of(names)}")
    if masked:
        notes.append(
            f"{counted(cases.missing, 'missing values')} told by a mask, an input each for "
            f"{listed([cases.channels[k] for k in masked], 5)}"
        )
    if gap:
        notes.append("steps are uneven in time: how long each took is an input")
    return Scaling(cases.channels, mean, np.where(still, 1.0, spread), masked, gap, cases.unit if gap else ""), notes


def _usual_gap(cases: Cases) -> float:
    """The median time between two steps."""
    assert cases.times is not None
    gaps = np.diff(cases.times, axis=1)
    found = gaps[np.isfinite(gaps)]
    return float(np.median(found)) if len(found) else 0.0


def gaps_of(cases: Cases, usual: float, unit: str) -> np.ndarray:
    """How long each step took, (N, T): the logarithm of its share of the usual one, 0 at the first step.

    Raises
    ------
    DataError
        If the cases have no times, or none that can be told in this unit.
    """
    times = cases.elapsed(unit)
    gaps = np.diff(times, axis=1, prepend=times[:, :1])
    found = np.log(np.maximum(gaps, 1e-6 * usual) / usual)
    found[:, 0] = 0.0
    return np.where(cases.inside, found, 0.0)


def aligned(cases: Cases, channels: tuple[str, ...]) -> Cases:
    """Cases whose channels are in the order that was learnt.

    Raises
    ------
    ShapeError, DataError
        If they have others.
    """
    if cases.channels == channels:
        return cases
    if len(cases.channels) != len(channels):
        raise ShapeError(
            f"the cases have {counted(len(cases.channels), 'channels')} ({first_of(cases.channels)}); expected "
            f"{len(channels)} as in training: {first_of(channels)}{_way_out(cases, channels)}"
        )
    if set(cases.channels) == set(channels):
        order = [cases.channels.index(name) for name in channels]
        return replace(cases, values=cases.values[:, :, order], channels=channels)
    if numbered_channels(len(channels)) in (cases.channels, channels):  # arrays
        return replace(cases, channels=channels)
    raise DataError(
        f"the cases have the channels {listed(cases.channels, 5)}; expected {listed(channels, 5)} as in training"
    )


def _way_out(cases: Cases, channels: tuple[str, ...]) -> str:
    """What to do about cases of another number of channels."""
    mine, learnt = set(cases.channels), set(channels)
    numbered = cases.channels == numbered_channels(len(cases.channels))
    if mine > learnt and not numbered:
        return f"; leave out {listed([repr(name) for name in cases.channels if name not in learnt], 5)}"
    if set(cases.lengths.tolist()) == {len(channels)}:
        return "; they have as many steps: if these are the channels, give channels='first' or transpose the arrays"
    if len(cases.channels) == 1 and len(cases) == len(channels):
        return f"; if these {len(cases)} cases are the channels of one, give X[None]"
    return ""
