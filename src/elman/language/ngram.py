"""Kneser-Ney: foretelling a token from the few before it, by counts. What a network of words has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from elman import checks
from elman.errors import DataError, OptionError


@dataclass(frozen=True)
class _Order:
    """Counts of the sequences of k tokens.

    A sequence is known by its number, its place among `codes`; its code is the number of its first k - 1 tokens times
    V, plus its last token.
    """

    codes: np.ndarray  # of the sequences, sorted
    counts: np.ndarray  # of each; below the highest order, how many tokens it follows
    totals: np.ndarray  # by the number of the first k - 1 tokens: the sum of counts
    kinds: np.ndarray  # by the same: how many different tokens follow
    discount: float

    def numbers(self, codes: np.ndarray) -> np.ndarray:
        """The numbers of sequences, -1 of those that never came."""
        places = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[places] == codes, places, -1)


class KneserNey:
    """An n-gram model of tokens with interpolated Kneser-Ney smoothing.

    ``p(w | h) = (max(c(h w) - D, 0) + D N(h) p(w | h')) / c(h)``: counts lose a discount D, and what is taken goes to
    the history without its first token, h', by how many different tokens N(h) followed h. In lower orders c counts
    different tokens before, and not how often; below the lowest all tokens are alike, 1 / V.

    Parameters
    ----------
    order : int, default 3
        Tokens n of a sequence, so that n - 1 before a token are looked at.
    discount : float, optional
        D in [0, 1); by default n1 / (n1 + 2 n2) of each order, where n1 and n2 are how many sequences have a count of 1
        and of 2.

    References
    ----------
    R. Kneser and H. Ney, Improved backing-off for m-gram language modeling, ICASSP 1995; interpolated by S. F. Chen and
    J. Goodman, An empirical study of smoothing techniques for language modeling, Computer Speech and Language 1999.

    Examples
    --------
    >>> import numpy as np
    >>> text = np.array([0, 1, 2, 0, 1, 2, 0, 1, 3] * 20)
    >>> model = KneserNey(order=2).fit(text, tokens=4)
    >>> float(np.exp(-model.log_probabilities(np.array([0, 1]))[0]).round(2))
    1.01
    """

    tokens_: int

    def __init__(self, order: int = 3, *, discount: float | None = None):
        self.order: int = order
        self.discount: float | None = discount

    def fit(self, numbers: np.ndarray, tokens: int) -> Self:
        """Count.

        Parameters
        ----------
        numbers : array of int, shape (n,)
            The text.
        tokens : int
            How many kinds V there are.

        Returns
        -------
        KneserNey
            Itself.
        """
        checks.whole(self.order, "order", most=16)
        if self.discount is not None:
            checks.real(self.discount, "discount", 0, 1, from_low=True)
        self.tokens_ = checks.whole(tokens, "tokens")
        text = self._checked(numbers)
        if len(text) < self.order:
            raise DataError(f"the text has {len(text)} tokens; an order of {self.order} needs as many at least")
        found: list[tuple[np.ndarray, np.ndarray]] = []
        prefixes = np.zeros(len(text) + 1, np.int64)  # the number of what ends before each place
        for k in range(1, self.order + 1):
            codes = prefixes[:-1][k - 1 :] * tokens + text[k - 1 :]
            unique, first, inverse, counts = np.unique(
                codes, return_index=True, return_inverse=True, return_counts=True
            )
            if found:  # the sequences of k - 1 tokens at the ends of those of k, each with one kind of token before
                lower = found[-1]
                found[-1] = (lower[0], np.bincount(prefixes[1:][k - 1 :][first], minlength=len(lower[0])))
            found.append((unique, counts))
            prefixes = np.concatenate([np.full(k, -1), inverse])
        self.orders_ = [self._order(found, k) for k in range(self.order)]
        return self

    def _order(self, found: list[tuple[np.ndarray, np.ndarray]], k: int) -> _Order:
        codes, counts = found[k]
        before = len(found[k - 1][0]) if k else 1
        prefixes = codes // self.tokens_
        once, twice = (int((counts == n).sum()) for n in (1, 2))
        usual = once / (once + 2 * twice) if once else 0.5
        return _Order(
            codes,
            counts,
            np.bincount(prefixes, weights=counts, minlength=before),
            np.bincount(prefixes[counts > 0], minlength=before),
            usual if self.discount is None else self.discount,
        )

    def log_probabilities(self, numbers: np.ndarray) -> np.ndarray:
        """``ln p`` of each token but the first, given those before it (n - 1,).

        Parameters
        ----------
        numbers : array of int, shape (n,)
            A text.

        Returns
        -------
        ndarray, shape (n - 1,)
        """
        if not hasattr(self, "orders_"):
            raise OptionError("this n-gram model has counted nothing yet: call fit(numbers, tokens) first")
        text = self._checked(numbers)
        chance = np.full(len(text), 1 / self.tokens_)
        prefixes = np.zeros(len(text), np.int64)  # the number of the k - 1 tokens before each place, -1 if never seen
        for k, order in enumerate(self.orders_):
            codes = np.maximum(prefixes, 0) * self.tokens_ + text
            numbers_of = np.where(prefixes >= 0, order.numbers(codes), -1)
            told = np.flatnonzero((prefixes >= 0) & (order.totals[np.maximum(prefixes, 0)] > 0))
            at, seen = prefixes[told], numbers_of[told]
            count = np.where(seen >= 0, order.counts[np.maximum(seen, 0)], 0)
            left = np.maximum(count - order.discount, 0)
            chance[told] = (left + order.discount * order.kinds[at] * chance[told]) / order.totals[at]
            prefixes = np.concatenate([[-1], numbers_of[:-1]])
            prefixes[: k + 1] = -1
        with np.errstate(divide="ignore"):  # without a discount what never came has no chance
            return np.log(chance[1:])

    def _checked(self, numbers: np.ndarray) -> np.ndarray:
        found = checks.floats(numbers, "numbers")
        if found.ndim != 1 or not ((found >= 0) & (found < self.tokens_) & (found == np.trunc(found))).all():
            raise DataError(
                f"numbers must be whole numbers (n,) in 0 .. {self.tokens_ - 1}, got {checks.shown(numbers)}"
            )
        return found.astype(np.int64)
