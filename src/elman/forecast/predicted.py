"""What was predicted of one or many series, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from elman.data.collection import Collection, Form
from elman.data.read_times import Notation
from elman.errors import ShapeError

Band = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, repr=False, eq=False)
class Predicted:
    """What follows each of some series: the arrays of a `Forecast`, which says what each of them is."""

    names: tuple[Any, ...]
    times: np.ndarray
    values: np.ndarray
    levels: Mapping[float, Band] = field(default_factory=dict)
    quantiles: Mapping[float, np.ndarray] = field(default_factory=dict)
    samples: np.ndarray | None = None
    form: Form = field(default_factory=lambda: Form("arrays"))
    notation: Notation = field(default_factory=Notation)
    history: Collection | None = None
    notes: tuple[str, ...] = ()
    errors: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Refuse parts that do not go together.

        Raises
        ------
        ShapeError
        """
        shape = (len(self.names), *self.values.shape[1:])
        parts = {"values": self.values, "times": self.times}
        parts |= {f"level {level:g}": np.stack(band)[0] for level, band in self.levels.items()}
        parts |= {f"quantile {q:g}": found for q, found in self.quantiles.items()}
        for what, part in parts.items():
            if part.shape != shape or part.ndim != 2:
                raise ShapeError(f"{what} of a forecast has shape {part.shape}; expected (S, H) = {shape}")
        if self.errors is not None and (self.errors.ndim != 2 or len(self.errors) != len(self)):
            raise ShapeError(f"errors of a forecast have shape {self.errors.shape}; expected (S, N), S = {len(self)}")
        if self.samples is not None and (self.samples.ndim != 3 or self.samples.shape[::2] != shape):
            raise ShapeError(f"samples of a forecast have shape {self.samples.shape}; expected (S, M, H) of {shape}")

    @property
    def horizon(self) -> int:
        """H, the steps that were forecast."""
        return int(self.values.shape[1])

    def __len__(self) -> int:
        """S, the number of series."""
        return len(self.names)

    def take(self, numbers: Any) -> Self:
        """The forecasts of some of the series, by their numbers.

        Parameters
        ----------
        numbers : array of int or bool
            Which series.

        Returns
        -------
        Forecast
        """
        chosen = np.arange(len(self))[numbers]
        return replace(
            self,
            names=tuple(self.names[i] for i in chosen),
            times=self.times[chosen],
            values=self.values[chosen],
            levels={level: (low[chosen], high[chosen]) for level, (low, high) in self.levels.items()},
            quantiles={q: found[chosen] for q, found in self.quantiles.items()},
            samples=None if self.samples is None else self.samples[chosen],
            history=None if self.history is None else self.history.take(chosen),
            errors=None if self.errors is None else self.errors[chosen],
        )

    def labels(self) -> list[list[str]]:
        """The times as texts, written as those of the data are: a list of H for each series.

        Returns
        -------
        list of list of str
        """
        different, where = np.unique(self.times, return_inverse=True)
        texts = self.notation.labels(different)
        steps = self.horizon
        every = [texts[i] for i in where.ravel()]
        return [every[start : start + steps] for start in range(0, len(every), max(steps, 1))]
