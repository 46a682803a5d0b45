"""Covariates: numbers, or categories as codes of which one stands for what was never seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.data.sheets import Sheet
from elman.errors import DataError

UNSEEN = 0  # the code of a category that the table does not have, and of a missing one


@dataclass(frozen=True)
class Covariate:
    """A covariate of many series.

    Attributes
    ----------
    values : ndarray, shape (N,), or (S,) where it is static, or (S, H)
        float64 with NaN where a number is missing; int64 codes of categories, 0 for one that is missing or was never
        seen, k + 1 for ``categories[k]``.
    categories : tuple, or None
        What the codes stand for; None for numbers.

    Examples
    --------
    >>> import numpy as np
    >>> new = Covariate(np.array([1, 2, 1]), ("red", "blue"))
    >>> new.recoded(("blue", "green")).values        # red was never seen
    array([0, 1, 0])
    """

    values: np.ndarray
    categories: tuple[Any, ...] | None = None

    @property
    def missing(self) -> float:
        """What stands for no value."""
        return np.nan if self.categories is None else UNSEEN

    @property
    def absent(self) -> np.ndarray:
        """Where there is no value, or one that was never seen."""
        return np.isnan(self.values) if self.categories is None else self.values == UNSEEN

    def recoded(self, categories: Sequence[Any]) -> Covariate:
        """The same categories as codes of another table, which keeps `UNSEEN` for those that it does not have.

        Parameters
        ----------
        categories : sequence
            The other table.

        Returns
        -------
        Covariate
        """
        assert self.categories is not None
        known = {category: code for code, category in enumerate(categories, start=1)}
        table = np.array([UNSEEN, *(known.get(category, UNSEEN) for category in self.categories)], np.int64)
        return replace(self, values=table[self.values], categories=tuple(categories))

    def with_values(self, values: np.ndarray) -> Covariate:
        """Other values of the same covariate.

        Parameters
        ----------
        values : ndarray
            As many as are wanted.

        Returns
        -------
        Covariate
        """
        return replace(self, values=values)


def read_covariate(sheet: Sheet, name: str) -> Covariate:
    """A column as a covariate: numbers, and booleans as 0 and 1; whatever else as categories.

    Raises
    ------
    DataError
        If it holds infinite numbers.
    """
    if sheet.holds(name) in ("number", "flag", "empty"):
        values = sheet.numbers(name, flags=True)[0]
        wrong = np.isinf(values)
        if wrong.any():
            row = sheet.row(int(np.argmax(wrong)))
            raise DataError(
                f"column {sheet.own(name)!r} of {sheet.called} is infinite in {row}; expected finite numbers"
            )
        return Covariate(values)
    codes, labels = sheet.codes(name)
    return Covariate(codes + 1, labels)
