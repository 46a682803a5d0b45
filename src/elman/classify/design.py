"""The network of an estimator of sequences: convolutions and recurrent layers, their pooling, a head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elman.cells import of_one_input
from elman.checks import flag, listed, nearest, real, shown, whole
from elman.equations import Cell
from elman.equations.functions import relu
from elman.equations.vectors import concat, split
from elman.errors import OptionError
from elman.network import BatchNorm, Bidirectional, Conv1D, Dense, Dropout, Network, Recurrent, pool

KERNELS = (8, 5, 3)  # of the fully convolutional branch, and as many of its first ones in front
CONVOLUTIONS = ("front", "beside")
POOLINGS = ("last", "mean", "max", "attention")


@dataclass(frozen=True)
class Design:
    """What users say of the network; see `SequenceClassifier`."""

    cell: str | Cell
    units: int
    layers: int
    bidirectional: bool
    pooling: tuple[str, ...]
    convolution: str | None
    filters: int
    dropout: float

    @property
    def causal(self) -> bool:
        """Whether a step never sees those behind it."""
        return not self.bidirectional

    def network(self, inputs: int, outputs: int, seed: int, threads: int | None) -> Network:
        """A new one, of ``F' = inputs`` features."""
        return Network(lambda x: self._equations(x, outputs), inputs=inputs, seed=seed, threads=threads)

    def _equations(self, x: Any, outputs: int) -> Any:
        beside = None
        if self.convolution == "beside":
            beside = pool(self._convolved(x, (self.filters, 2 * self.filters, self.filters)), "mean")
        elif self.convolution == "front":
            x = self._convolved(x, (self.filters, self.filters))
        found = self._pooled(x)
        found = found if beside is None else concat(found, beside)
        return Dense(outputs)(Dropout(self.dropout)(found) if self.dropout else found)

    def _convolved(self, x: Any, filters: tuple[int, ...]) -> Any:
        for units, kernel in zip(filters, KERNELS, strict=False):
            x = relu(BatchNorm()(Conv1D(units, kernel, causal=self.causal, bias=False)(x)))
        return x

    def _pooled(self, x: Any) -> Any:
        for _ in range(self.layers - 1):
            x = self._recurrent()(x)
            x = Dropout(self.dropout)(x) if self.dropout else x
        every = self._recurrent()(x)
        parts = [self._last(every) if how == "last" else pool(every, how) for how in self.pooling]
        return parts[0] if len(parts) == 1 else concat(*parts)

    def _last(self, every: Any) -> Any:
        """The value where each direction ends."""
        if not self.bidirectional:
            return pool(every, "last")
        there, back = split(every, 2)
        return concat(pool(there, "last"), pool(back, "first"))

    def _recurrent(self) -> Any:
        layer = Recurrent(self.cell, self.units)
        return Bidirectional(layer) if self.bidirectional else layer


def design_of(estimator: Any) -> Design:
    """The design of an estimator's parameters, checked.

    Raises
    ------
    OptionError
        Naming the first parameter that makes no sense.
    """
    of_one_input(estimator.cell)
    return Design(
        estimator.cell,
        whole(estimator.units, "units", most=10**6),
        whole(estimator.layers, "layers", most=1000),
        flag(estimator.bidirectional, "bidirectional"),
        _poolings(estimator.pooling),
        _choice(estimator.convolution, "convolution", CONVOLUTIONS),
        whole(estimator.filters, "filters", most=10**6),
        real(estimator.dropout, "dropout", 0, 1, "in [0, 1), a share of the values", from_low=True),
    )


def _poolings(given: Any) -> tuple[str, ...]:
    several = [given] if isinstance(given, str) else listed(given, "pooling", "names")
    if not several or len(set(map(str, several))) < len(several):
        raise OptionError(
            f"pooling is {shown(given)}; expected one of {', '.join(POOLINGS)}, or several different ones"
        )
    for one in several:
        if one not in POOLINGS:
            raise OptionError(f"pooling is {shown(one)}{nearest(one, POOLINGS)}; expected one of {', '.join(POOLINGS)}")
    return tuple(several)


def _choice(value: Any, what: str, choices: tuple[str, ...]) -> str | None:
    if value is None or (isinstance(value, str) and value in choices):
        return value
    raise OptionError(f"{what} is {shown(value)}{nearest(value, choices)}; expected None, {' or '.join(choices)}")
