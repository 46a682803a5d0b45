"""What an attribution is: numbers by case, step and channel, as arrays, as a table and as a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.checks import whole
from elman.classify.explained_picture import draw_attribution
from elman.classify.scaling import Scaling, aligned
from elman.data.cases import Cases
from elman.data.libraries import library
from elman.data.names import counted, series_name
from elman.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Attribution:
    """What each step and channel of cases adds to what is said of them.

    Attributes
    ----------
    values : ndarray, shape (N, T, F)
        In units of the output, beside a case of the same length with all channels at their training means; NaN behind
        the ends. What a missing value says by being missing is told of its step and channel.
    gaps : ndarray, shape (N, T), or None
        What adds how long each step took, where that is an input.
    output, baseline_output : ndarray, shape (N,)
        What is said of the cases, and of the baseline.
    residual : ndarray, shape (N,)
        How far `difference` is from the sum of all attributions.
    points : ndarray of int, shape (N,), or None
        Of the line that was integrated along; None of occlusion.
    cases : Cases
        What is explained.
    scaling : Scaling
        The means that the baseline has.
    target : ndarray, shape (N,), or None
        The class of each case that is meant.
    method : str
        ``"integrated"`` or ``"occlusion"``.
    unit : str
        Of the output: ``"probability"``, ``"log-odds"`` or ``"value"``.
    notes : tuple of str
    """

    values: np.ndarray
    gaps: np.ndarray | None
    output: np.ndarray
    baseline_output: np.ndarray
    residual: np.ndarray
    points: np.ndarray | None
    cases: Cases
    scaling: Scaling = field(repr=False)
    target: np.ndarray | None
    method: str
    unit: str
    notes: tuple[str, ...] = ()

    @property
    def difference(self) -> np.ndarray:
        """How far the output is from that of the baseline, (N,)."""
        return self.output - self.baseline_output

    @property
    def channels(self) -> tuple[str, ...]:
        """What the channels are called, F of them."""
        return self.scaling.channels

    @property
    def by_channel(self) -> np.ndarray:
        """What each channel adds over all steps, (N, F)."""
        found: np.ndarray = np.nansum(self.values, axis=1)
        return found

    @property
    def by_step(self) -> np.ndarray:
        """What each step adds over all channels, (N, T), NaN behind the ends."""
        return self.values.sum(axis=2)

    def to_pandas(self) -> Any:
        """A table with a row for each case, step and channel: what was there, and what it adds.

        Returns
        -------
        pandas.DataFrame
            With the columns ``case``, ``step``, ``time`` where there are times, ``channel``, ``value``,
            ``attribution``.
        """
        pandas = library("pandas")
        case, step = np.nonzero(self.cases.inside)
        count = len(self.channels)
        names = np.empty(len(self.cases), object)
        names[:] = self.cases.names
        columns: dict[str, Any] = {"case": np.repeat(names[case], count), "step": np.repeat(step, count)}
        if self.cases.times is not None:
            columns["time"] = np.repeat(self.cases.times[case, step], count)
        columns["channel"] = np.tile(np.array(self.channels, object), len(case))
        columns["value"] = aligned(self.cases, self.channels).values[case, step].ravel()
        columns["attribution"] = self.values[case, step].ravel()
        return pandas.DataFrame(columns)

    def plot(self, case: int = 0, ax: Axes | None = None) -> Axes:
        """Draw the attributions of one case as a heat map, with the course of each channel.

        Parameters
        ----------
        case : int, default 0
            The number of the case.
        ax : matplotlib axes, optional
            By default new ones.
        """
        case = whole(case, "case", 0)
        if case >= len(self.cases):
            raise OptionError(f"case is {case}; there are {counted(len(self.cases), 'cases')}, numbered from 0")
        steps = int(self.cases.lengths[case])
        series = aligned(self.cases, self.channels).values[case, :steps]
        meant = "" if self.target is None else f" of class {self.target.tolist()[case]}"
        title = (
            f"case {series_name(self.cases.names[case])}: {self.unit}{meant} is {self.output[case]:.3g}, that of the "
            f"baseline {self.baseline_output[case]:.3g}"
        )
        values, channels = self.values[case, :steps], self.channels
        if self.gaps is not None:
            times = self.cases.elapsed(self.scaling.unit)[case, :steps]
            values = np.column_stack([values, self.gaps[case, :steps]])
            series = np.column_stack([series, np.diff(times, prepend=np.nan)])
            channels = (*channels, "time since the step before")
        return draw_attribution(values, series, channels, title, self.unit, ax)

    def __repr__(self) -> str:
        what = f"<Attribution: {self.method} of {counted(len(self.cases), 'cases')}, {self.unit}"
        if self.points is None:
            return f"{what}>"
        return f"{what}; the sums are within {np.abs(self.residual).max(initial=0):.2g} of the differences>"
