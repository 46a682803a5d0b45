"""What a fitted forecaster says of itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.data.collection import Collection
from elman.data.names import counted
from elman.errors import OptionError
from elman.forecast.basis import Basis
from elman.forecast.families import Family, as_family
from elman.forecast.fitted import Fitted
from elman.forecast.methods import NO_WEEK, chosen_methods
from elman.forecast.parameters import Parameters
from elman.forecast.search import Trial, note_of
from elman.forecast.seasonality import Seasons
from elman.forecast.suggesting import distribution_for
from elman.network import Network

_ROLES = ("past", "future", "static")


class Found(Parameters):
    """What `Forecaster` found, as its attributes say."""

    _fitted: Fitted
    trials_: list[Trial]
    best_params_: dict[str, Any]

    @property
    def covariates_(self) -> dict[str, Any]:
        """Names of the covariates that were learnt, by role."""
        learnt = self._fitted.basis.collection
        parts = zip(_ROLES, (learnt.past, learnt.future, learnt.static), strict=True)
        return {role: list(part) or None for role, part in parts}

    @property
    def methods_(self) -> tuple[str, ...]:
        """What is combined."""
        return chosen_methods(("network",) if self.family is not None else self.used_params["methods"])

    @property
    def family(self) -> Family | None:
        """The family of distributions that is forecast; None where quantiles are."""
        return as_family(self.distribution)

    @property
    def knows_widths(self) -> bool:
        """Whether there is something to know intervals from."""
        return self.family is not None or self._fitted.basis.calibration is not None

    @property
    def networks_(self) -> list[Network]:
        """The networks."""
        return self._fitted.networks.members

    @property
    def epochs_(self) -> list[int]:
        """After how many epochs each network was best."""
        return self._fitted.networks.epochs

    @property
    def season_(self) -> np.ndarray:
        """The season of each series, in steps; 1 for none."""
        return self._fitted.basis.histories.season

    @property
    def seasons_(self) -> tuple[int, ...]:
        """Longer seasons, which all series have."""
        return self._fitted.seasons.longer

    @property
    def weights_(self) -> dict[str, np.ndarray]:
        """How much each method counts, by its name: a number a series."""
        return dict(zip(self._fitted.methods(self.methods_), self._fitted.basis.weights.T, strict=True))

    @property
    def notes_(self) -> tuple[str, ...]:
        """What was found, assumed or left out, in sentences."""
        basis = self._fitted.basis
        searched = (note_of(self.trials_),) if self.trials_ else ()
        widths = basis.calibration.notes if basis.calibration else ()
        told = (
            distribution_for(basis.collection, basis.histories.season) if self.family is None else (self.family.note,)
        )
        asked = self.methods_ if self.used_params["methods"] is not None else ()
        named = "several seasons" in asked and "several seasons" not in self.weights_
        omitted = (f"several seasons is left out: {NO_WEEK}",) * named
        unable = int(np.sum(basis.weights.sum(1) == 0))
        which = "the series is" if len(basis.weights) == 1 else f"{unable} of the {len(basis.weights)} series are"
        held = f"{which} too short for the methods that were named, and forecast by the last value"
        steps = counted(basis.appended, "steps" if basis.appended > 1 else "step")
        since = f"weights and widths were found {steps} before the end; update(data) finds them anew"
        return (
            *searched,
            *basis.collection.notes,
            *self._fitted.seasons.notes,
            *widths,
            *told,
            *omitted,
            *(held,) * bool(unable),
            *(since,) * bool(basis.appended),
        )

    @property
    def used_params(self) -> dict[str, Any]:
        """The parameters, and what a search found in place of them."""
        return self.get_params() | getattr(self, "best_params_", {})

    @property
    def fitted(self) -> Fitted:
        """What was learnt, for the modules that serve a forecaster."""
        return self._fitted

    @property
    def fitted_basis(self) -> Basis:
        """What forecasts start from."""
        return self._fitted.basis

    def seasons_for(self, collection: Collection) -> Seasons:
        """The seasons that were found, for the same series.

        Parameters
        ----------
        collection : Collection
            The series.

        Returns
        -------
        Seasons
        """
        self._check_fitted()
        seasons = self._fitted.seasons
        if len(collection) != len(seasons.first):
            raise OptionError(
                f"like= learnt {len(seasons.first)} series, and there are {len(collection)}; leave it out"
            )
        return seasons

    def restore(self, fitted: Fitted) -> None:
        """Become fitted, with what a file holds.

        Parameters
        ----------
        fitted : Fitted
            From a file.
        """
        self._fitted = fitted

    @property
    def is_fitted(self) -> bool:
        """Whether there is something to forecast with."""
        return hasattr(self, "_fitted")

    def _check_fitted(self) -> None:
        if not self.is_fitted:
            raise OptionError("this forecaster is not fitted yet; call fit(data) first")
