"""Families of distributions that a forecaster's networks can learn: their parameters, their likelihood, what they hold.

A network gives the parameters themselves, each for H steps: of a real value its location and spread on the scale of
`views`, of a demand its mean in units of the series' own (`demand`), a dispersion, and the logit of a share of zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import nearest, shown
from elman.data.collection import Collection
from elman.errors import DataError, OptionError
from elman.forecast.distributions import (
    Distribution,
    NegativeBinomial,
    Normal,
    Poisson,
    StudentT,
    ZeroInflated,
    zero_inflated,
)
from elman.forecast.tweedie import Tweedie
from elman.training.likelihoods import (
    inflated_loss,
    negative_binomial_loss,
    normal_loss,
    poisson_loss,
    student_t_loss,
    tweedie_loss,
)

MOST_COUNT = 2.0**24  # beyond, float32 does not tell whole numbers apart


@dataclass(frozen=True)
class Family:
    """What one kind of distribution needs.

    Attributes
    ----------
    name : str
    kind : type
        Its class, which users may give too.
    parameters : tuple of str
        What a network gives for each step: first ``location`` or ``mean``, then what else there is.
    loss : callable
        Of a value, the scale that its mean is in units of, and the parameters: minus the log likelihood.
    made : callable
        Of a factor, a shift and the parameters (numbers): the distribution of ``factor x + shift``.
    counts : bool
        Whether values are whole numbers.
    """

    name: str
    kind: Any
    parameters: tuple[str, ...]
    loss: Callable[..., Any]
    made: Callable[..., Distribution]
    counts: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        return as_family, (self.name,)

    @property
    def demand(self) -> bool:
        """Whether no value is below 0."""
        return self.parameters[0] == "mean"

    @property
    def note(self) -> str:
        """What users should know of its forecasts."""
        called = self.name.replace("_", " ")
        return (
            f"{called} distributions by the networks alone: the forecast is their mean, intervals are their quantiles"
        )

    def distribution(self, found: np.ndarray, factor: Any = 1.0, shift: Any = 0.0) -> Distribution:
        """The distribution of parameters (..., P, H), in units of `factor` from `shift`, each (..., H)."""
        return self.made(factor, shift, *np.moveaxis(found.astype(np.float64), -2, 0))

    def check(self, collection: Collection) -> None:
        """Refuse series that no such distribution could have made.

        Raises
        ------
        DataError
            Naming the series and its value.
        """
        if not self.demand:
            return
        values = collection.values
        with np.errstate(invalid="ignore"):
            below, broken, large = values < 0, values != np.floor(values), values > MOST_COUNT
        _refuse(collection, below, f"{self.name} holds no value below 0; choose 'normal' or 'student_t'")
        if self.counts:
            _refuse(collection, broken & ~np.isnan(values), f"{self.name} counts whole numbers; choose 'tweedie'")
            _refuse(
                collection,
                large,
                f"{self.name} counts to {MOST_COUNT:.0f}; give counts in a larger unit, or choose 'tweedie'",
            )


def _refuse(collection: Collection, wrong: np.ndarray, why: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        number = int(np.searchsorted(collection.borders, row, "right")) - 1
        raise DataError(
            f"series {collection.names[number]!r} is {collection.values[row]:g} at row "
            f"{row - collection.borders[number]}, and distribution={why}"
        )


def _tweedie(factor: Any, shift: Any, mean: Any, dispersion: Any) -> Tweedie:
    return Tweedie(factor * mean, np.sqrt(factor) * dispersion)


FAMILIES = {
    family.name: family
    for family in (
        Family(
            "normal",
            Normal,
            ("location", "spread"),
            lambda y, c, m, s: normal_loss(y, m, s),
            lambda c, b, m, s: Normal(c * m + b, c * s),
        ),
        Family(
            "student_t",
            StudentT,
            ("location", "spread", "freedom"),
            lambda y, c, m, s, v: student_t_loss(y, m, s, v),
            lambda c, b, m, s, v: StudentT(c * m + b, c * s, v),
        ),
        Family(
            "poisson",
            Poisson,
            ("mean",),
            lambda y, c, m: poisson_loss(y, c * m),
            lambda c, b, m: Poisson(c * m),
            counts=True,
        ),
        Family(
            "negative_binomial",
            NegativeBinomial,
            ("mean", "dispersion"),
            lambda y, c, m, a: negative_binomial_loss(y, c * m, a),
            lambda c, b, m, a: NegativeBinomial(c * m, a),
            counts=True,
        ),
        Family(
            "zero_inflated_poisson",
            None,
            ("mean", "zeros"),
            lambda y, c, m, z: inflated_loss(poisson_loss(y, c * m), y, z),
            lambda c, b, m, z: zero_inflated(Poisson(c * m), z),
            counts=True,
        ),
        Family(
            "zero_inflated_negative_binomial",
            None,
            ("mean", "dispersion", "zeros"),
            lambda y, c, m, a, z: inflated_loss(negative_binomial_loss(y, c * m, a), y, z),
            lambda c, b, m, a, z: zero_inflated(NegativeBinomial(c * m, a), z),
            counts=True,
        ),
        Family(
            "tweedie",
            Tweedie,
            ("mean", "dispersion"),
            lambda y, c, m, a: tweedie_loss(y / c, m, a),
            _tweedie,
        ),
    )
}
"""By name; a class of `elman.forecast.distributions` stands for its own."""


_ELSEWHERE = {
    "gaussian": "normal",
    "studentt": "student_t",
    "t": "student_t",
    "negativebinomial": "negative_binomial",
    "nb": "negative_binomial",
    "nbinom": "negative_binomial",
    "zip": "zero_inflated_poisson",
    "zinb": "zero_inflated_negative_binomial",
}
"""What other packages call them."""


def _ours(name: Any) -> str:
    """What to say of the name of a distribution that there is not."""
    found = _ELSEWHERE.get(str(name).lower().removesuffix("likelihood").replace("_", ""))
    return f": give {found!r}" if found else nearest(name, FAMILIES)


def as_family(given: Any) -> Family | None:
    """The family of a name, as ``"negative binomial"``, or of a class of distributions; None for None.

    Raises
    ------
    OptionError
    """
    if given is None:
        return None
    if isinstance(given, type) and issubclass(given, Distribution):
        found: Sequence[Family] = [family for family in FAMILIES.values() if family.kind is given]
        if found:
            return found[0]
    name = given.replace(" ", "_").replace("-", "_").lower() if isinstance(given, str) else given
    if not isinstance(name, str) or name not in FAMILIES:
        several = "; of zero-inflated ones give the name" if given is ZeroInflated else ""
        raise OptionError(
            f"there is no distribution {shown(given)}{_ours(name)}; there are {', '.join(FAMILIES)}{several}"
        )
    return FAMILIES[name]
