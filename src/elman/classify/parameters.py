"""The parameters that the estimators of sequences have in common, and which values of them make sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from elman import checks
from elman.classify.design import design_of
from elman.classify.options import Pooling, RandomState
from elman.equations import Cell
from elman.errors import OptionError
from elman.estimator import Estimator
from elman.training.schedules import Rate, check_rate

_DRAWN = np.random.RandomState | np.random.Generator  # seeds are drawn of these


class SequenceParameters(Estimator):
    """What the constructors of `SequenceClassifier` and `SequenceRegressor` both take."""

    cell: str | Cell
    units: int
    layers: int
    bidirectional: bool
    pooling: Pooling
    convolution: str | None
    filters: int
    dropout: float
    members: int
    epochs: int | None
    batch_size: int | None
    learning_rate: Rate
    weight_decay: float
    validation: float
    patience: int | None
    channels: Any  # "last" or "first": whoever reads cases looks
    random_state: RandomState
    threads: int | None
    verbose: int

    def _take(self, given: Mapping[str, Any]) -> None:
        """Have the arguments of a constructor as they are: scikit-learn wants them neither changed nor looked at."""
        for name, value in given.items():
            if name not in ("self", "__class__"):
                setattr(self, name, value)

    def check_params(self) -> None:
        """Refuse parameters that make no sense; `OptionError` names the first."""
        design_of(self)
        checks.whole(self.members, "members", most=1000)
        for name in ("epochs", "batch_size", "patience", "threads"):
            if getattr(self, name) is not None:
                checks.whole(getattr(self, name), name, most=10**7)
        check_rate(self.learning_rate)
        checks.real(self.weight_decay, "weight_decay", 0, from_low=True)
        checks.real(self.validation, "validation", 0, 1, "in [0, 1), a share of the cases", from_low=True)
        if self.patience is not None and self.validation == 0:
            raise OptionError("patience needs cases that judge the training: give validation=0.2, say")
        checks.whole(self.verbose, "verbose", 0, 1)
        self._check_random_state()

    def _seed(self) -> int:
        """The whole number that everything random follows from."""
        given = self.random_state
        if given is None:
            return int(np.random.default_rng().integers(2**31))
        if isinstance(given, np.random.RandomState):
            return int(given.randint(2**31 - 1))
        if isinstance(given, np.random.Generator):
            return int(given.integers(2**31 - 1))
        return int(given)

    def _check_random_state(self) -> None:
        if self.random_state is not None and not isinstance(self.random_state, _DRAWN):
            checks.whole(self.random_state, "random_state", 0, 2**62)

    def _check_saved(self, checkpoint: Any) -> None:
        """Refuse to save what could not go on, as another process would draw other seeds."""
        if checkpoint is not None and (self.random_state is None or isinstance(self.random_state, _DRAWN)):
            raise OptionError(
                f"random_state is {checks.shown(self.random_state)}, and checkpoint is given: what goes on needs the "
                "seeds that it began with; give a number, as random_state=0"
            )
