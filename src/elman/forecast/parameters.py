"""The parameters of a forecaster, and which values of them make sense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, Unpack

from elman.cells import of_one_input
from elman.checks import as_seed, flag, real, shown, whole
from elman.equations import Cell
from elman.errors import OptionError
from elman.estimator import Estimator
from elman.forecast.arguments import as_choice, as_count
from elman.forecast.families import as_family
from elman.forecast.methods import chosen_methods
from elman.forecast.options import ForecasterParameters, Holidays
from elman.jobs import as_jobs
from elman.training.schedules import Rate, check_rate


class Parameters(Estimator):
    """The parameters that `Forecaster` describes."""

    def __init__(
        self,
        horizon: int = 12,
        *,
        season: int | None = None,
        cell: str | Cell = "gru",
        units: int = 64,
        methods: str | Sequence[str] | None = None,
        distribution: str | type | None = None,
        members: int = 3,
        epochs: int | None = None,
        batch_size: int = 32,
        learning_rate: Rate | None = None,
        nonnegative: bool | None = None,
        holidays: Holidays | None = None,
        calendar: bool = False,
        auto: bool = False,
        seconds: float | None = None,
        n_jobs: int | None = None,
        seed: int = 0,
    ):
        self.horizon: int = horizon
        self.season: int | None = season
        self.cell: str | Cell = cell
        self.units: int = units
        self.methods: str | Sequence[str] | None = methods
        self.distribution: str | type | None = distribution
        self.members: int = members
        self.epochs: int | None = epochs
        self.batch_size: int = batch_size
        self.learning_rate: Rate | None = learning_rate
        self.nonnegative: bool | None = nonnegative
        self.holidays: Holidays | None = holidays
        self.calendar: bool = calendar
        self.auto: bool = auto
        self.seconds: float | None = seconds
        self.n_jobs: int | None = n_jobs
        self.seed: int = seed

    def set_params(self, **params: Unpack[ForecasterParameters]) -> Self:
        """Set parameters by name.

        Parameters
        ----------
        **params
            By name, as the constructor has them.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        OptionError
            If there is no such parameter.
        """
        return self._set_params(params)

    def check_params(self) -> None:
        """Refuse parameters that make no sense, before any data is looked at.

        Raises
        ------
        OptionError
        """
        of_one_input(self.cell)
        for name in ("horizon", "units", "members", "batch_size"):
            as_count(getattr(self, name), name)
        if self.season is not None:
            as_count(self.season, "season")
        if self.epochs is not None:
            whole(self.epochs, "epochs", 0)
        as_seed(self.seed)
        as_choice(self.nonnegative, "nonnegative")
        chosen = chosen_methods(self.methods)
        family = as_family(self.distribution)
        if family is not None and self.methods is not None and chosen != ("network",):
            raise OptionError(
                f"methods is {shown(self.methods)}, and distribution={family.name!r} is forecast by networks alone, as "
                "no other method knows its parameters; leave methods out"
            )
        if family is not None and self.auto:
            raise OptionError("auto=True searches methods of point forecasts; with distribution leave it out")
        flag(self.calendar, "calendar")
        as_jobs(self.n_jobs)
        for name in ("seconds", "n_jobs"):
            value = getattr(self, name)
            if not flag(self.auto, "auto") and value is not None:
                raise OptionError(f"{name}={value!r} is for a search; give auto=True as well, or leave it out")
        if self.seconds is not None:
            real(self.seconds, "seconds", 0)
        if self.learning_rate is not None:
            check_rate(self.learning_rate)
