"""Figures of turns: medians, arithmetic a second, the share of the machine's matrix product; and their text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from elman.bench import sgemm
from elman.bench.turns import Turn


@dataclass(frozen=True)
class Figures:
    """What the turns of a contender say.

    Attributes
    ----------
    ms : float
        Milliseconds a unit, the median of the rounds.
    rounds_ms : list of float
        Of each round.
    gflops : float
        Billions of operations a second in matrix products.
    fraction_of_sgemm : float
        The same as a share of what the matrix product did in the same round, the median of the rounds.
    disturbed_rounds : int
        Rounds in which other programs took too much of the processors.
    """

    ms: float
    rounds_ms: list[float]
    gflops: float
    fraction_of_sgemm: float
    disturbed_rounds: int


def figures(turns: Sequence[Turn], product: Sequence[Turn], flops: float) -> Figures:
    """The figures of a contender, beside the turns of the matrix product in the same rounds.

    Parameters
    ----------
    turns, product : list of Turn
    flops : float
        Arithmetic of a unit's matrix products.
    """
    rounds = [turn.ms for turn in turns]
    ms = median(rounds)
    fractions = [flops / sgemm.FLOPS * other.ms / own.ms for own, other in zip(turns, product, strict=True)]
    return Figures(ms, rounds, flops / (ms * 1e6), median(fractions), sum(turn.disturbed for turn in turns))


def time_text(ms: float) -> str:
    """Three digits, in the unit that fits.

    Examples
    --------
    >>> time_text(0.00198), time_text(13.14), time_text(2500.0)
    ('1.98 us', '13.1 ms', '2.5 s')
    """
    return f"{ms * 1e3:.3g} us" if ms < 1 else f"{ms:.3g} ms" if ms < 1000 else f"{ms / 1e3:.3g} s"


def spread_text(rounds_ms: Sequence[float]) -> str:
    """The fastest and the slowest round as multiples of the median.

    Examples
    --------
    >>> spread_text([1.0, 0.97, 1.1])
    '0.97-1.10'
    """
    middle = median(rounds_ms)
    return f"{min(rounds_ms) / middle:.2f}-{max(rounds_ms) / middle:.2f}"
