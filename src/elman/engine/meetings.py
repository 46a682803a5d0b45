"""Meetings of the NumPy engine: what all rows of a batch find out together; see `elman.engine.plan.Meeting`."""

from __future__ import annotations

import numpy as np

from elman.engine.plan import MOMENTS, Meeting, Plan


class Moments:
    """What a batch has found out so far, in all segments in which it goes through time.

    Attributes
    ----------
    values : array (plan.moments,)
        In double.
    """

    def __init__(self, plan: Plan):
        self.values = np.zeros(plan.moments)
        self._meetings = plan.meetings
        self._widths = {m: plan.slots[m.source.slot].width for m in plan.meetings}
        self._counts = dict.fromkeys(plan.meetings, 0)  # rows and steps in use
        self._known: set[tuple[Meeting, bool]] = set()

    def knows(self, meeting: Meeting, back: bool) -> bool:
        """Whether all rows have met there."""
        return (meeting, back) in self._known

    @np.errstate(all="ignore")  # what is not finite is found
    def add(self, meeting: Meeting, x: np.ndarray) -> None:
        """Some rows (n, F) of the source; the mean and the sum of squares around it are kept."""
        if not len(x):
            return
        mean, squares, *_ = self._moments(meeting)
        here = x.mean(axis=0, dtype=np.float64)
        before, self._counts[meeting] = self._counts[meeting], self._counts[meeting] + len(x)
        share, apart = len(x) / self._counts[meeting], here - mean
        squares += np.square(x - here).sum(axis=0) + np.square(apart) * (before * share)
        mean += apart * share

    @np.errstate(all="ignore")  # what is not finite is found
    def add_back(self, meeting: Meeting, gradient: np.ndarray, normalised: np.ndarray) -> None:
        """Some rows of dL/d normalised values, and of these."""
        *_, mean, along = self._moments(meeting)
        count = max(1, self._counts[meeting])
        mean += gradient.sum(axis=0, dtype=np.float64) / count
        along += (gradient * normalised).sum(axis=0, dtype=np.float64) / count

    @np.errstate(all="ignore")  # what is not finite is found
    def close(self, meeting: Meeting, back: bool) -> None:
        """All rows have come."""
        self._known.add((meeting, back))
        if not back:
            _, variance, inverse, *_ = self._moments(meeting)
            variance /= max(1, self._counts[meeting])
            inverse[:] = 1 / np.sqrt(variance + meeting.epsilon)

    def keep_running(self, before: np.ndarray, parameters: np.ndarray) -> None:
        """Write the running moments of an update that began with the parameters `before`, whatever it made of them."""
        kept = [
            (m, slice(place, place + self._widths[m]), value)
            for m in self._meetings
            for place, value in zip((m.mean, m.variance), self._moments(m), strict=False)
            if place >= 0
        ]
        for _, here, _ in kept:
            parameters[here] = before[here]
        for m, here, value in kept:
            if self._counts[m]:
                parameters[here] = m.momentum * parameters[here] + (1 - m.momentum) * value

    def _moments(self, meeting: Meeting) -> np.ndarray:
        """All of a meeting, one a row."""
        width = self._widths[meeting]
        return self.values[meeting.place : meeting.place + len(MOMENTS) * width].reshape(-1, width)
