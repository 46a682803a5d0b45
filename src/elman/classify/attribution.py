"""Attribution: what each step and channel of a sequence adds to what an estimator says of it.

Beside a baseline, a sequence of the same length whose channels are at their training means all the time:

- integrated gradients: ``a[t, f] = (x[t, f] - b[t, f])  integral of dF / dx[t, f] along the line from b to x``, which
  add up to ``F(x) - F(b)``;
- occlusion: how much F falls where some steps of a channel are replaced by the baseline.

References
----------
M. Sundararajan, A. Taly and Q. Yan, Axiomatic attribution for deep networks, ICML 2017.
M. D. Zeiler and R. Fergus, Visualizing and understanding convolutional networks, ECCV 2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.checks import nearest, shown, whole
from elman.classify.explained import Attribution
from elman.classify.face import Learner
from elman.classify.heads import Head
from elman.classify.running import run, together
from elman.classify.scaling import Scaling
from elman.data.cases import Cases
from elman.data.names import counted
from elman.errors import OptionError
from elman.network import Network

METHODS = ("integrated", "occlusion")
POINTS = 16  # of the line, at first
MOST_POINTS = 256
STEPS_A_GRADIENT = 2**14  # of all points together: a gradient needs what every step left
NEAR = 0.01  # of the difference, that the sum may be away from it


@dataclass(frozen=True)
class Question:
    """How it is asked, checked.

    Attributes
    ----------
    method : {"integrated", "occlusion"}
    points : int or None
        Of the line that is integrated along; None where they are raised as far as is needed.
    window : int or None
        Steps that are replaced together; None for an eighth of the longest case.
    """

    method: str
    points: int | None = None
    window: int | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise OptionError(
                f"method is {shown(self.method)}{nearest(self.method, METHODS)}; expected one of {', '.join(METHODS)}"
            )
        if self.points is not None and self.method == "occlusion":
            raise OptionError("points are of integrated gradients; leave them out, or give method='integrated'")
        if self.window is not None and self.method == "integrated":
            raise OptionError("window is of occlusion; leave it out, or give method='occlusion'")
        for name, most in (("points", 10**6), ("window", 10**9)):
            if getattr(self, name) is not None:
                whole(getattr(self, name), name, most=most)


def explain(learner: Learner, cases: Cases, head: Head, question: Question, target: np.ndarray | None) -> Attribution:
    """What each step and channel of cases adds.

    Parameters
    ----------
    learner : Learner
    cases : Cases
    head : Head
    question : Question
    target : ndarray, shape (N,), or None
        The classes that are meant, for the user.
    """
    scaling, networks, lengths = learner.scaling_, learner.networks_, cases.lengths
    x = scaling.inputs(cases)
    baseline = _baseline(scaling, cases, x)
    every = np.arange(len(x))
    said, from_baseline = (_value(networks, inputs, lengths, head, every) for inputs in (x, baseline))
    difference = said - from_baseline
    notes: list[str] = []
    if question.method == "occlusion":
        points = None
        window = question.window or max(cases.values.shape[1] // 8, 1)
        parts = _occluded(networks, x, baseline, lengths, head, _places(scaling), window)
        notes.append(f"occlusion of {counted(window, 'steps')} together: what they add need not be the difference")
    else:
        parts, points = _integrated_well(networks, x, baseline, lengths, head, difference, question.points)
    values, gaps = _gathered(parts, scaling, cases)
    residual = difference - np.nansum(values, axis=(1, 2)) - (0.0 if gaps is None else np.nansum(gaps, axis=1))
    if points is not None:
        notes += _notes(residual, difference, head.least)
    return Attribution(
        values,
        gaps,
        said,
        from_baseline,
        residual,
        points,
        cases,
        scaling,
        target,
        question.method,
        head.unit,
        tuple(notes),
    )


def _baseline(scaling: Scaling, cases: Cases, x: np.ndarray) -> np.ndarray:
    """Channels at their means, known, and even steps."""
    found = np.zeros_like(x)
    first = len(scaling.channels)
    found[:, :, first : first + len(scaling.masked)] = cases.inside[:, :, None]
    return found


def _places(scaling: Scaling) -> list[list[int]]:
    """Which inputs belong together: each channel with its mask, and the gap."""
    channels = len(scaling.channels)
    found = [[number] for number in range(channels)]
    for place, number in enumerate(scaling.masked):
        found[number].append(channels + place)
    return [*found, [scaling.width - 1]] if scaling.gap > 0 else found


def _gathered(parts: np.ndarray, scaling: Scaling, cases: Cases) -> tuple[np.ndarray, np.ndarray | None]:
    """Attributions of inputs (N, T, F') as those of channels, and of the gaps; NaN behind the ends."""
    together = np.stack([parts[:, :, places].sum(2) for places in _places(scaling)], axis=2)
    together = np.where(cases.inside[:, :, None], together, np.nan)
    channels = len(scaling.channels)
    return together[:, :, :channels], together[:, :, channels] if scaling.gap > 0 else None


def _value(networks: Sequence[Network], x: np.ndarray, lengths: np.ndarray, head: Head, rows: np.ndarray) -> np.ndarray:
    """What is explained of these rows, averaged over the networks."""
    found: np.ndarray = np.mean([head.value(run(net, x, lengths), rows) for net in networks], axis=0)
    return found


# --- integrated gradients -----------------------------------------------------------------------------------


def _integrated_well(
    networks: Sequence[Network],
    x: np.ndarray,
    baseline: np.ndarray,
    lengths: np.ndarray,
    head: Head,
    difference: np.ndarray,
    points: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Integrated gradients (N, T, F') with as many points as their sum needs to be near the difference, (N,)."""
    used = np.full(len(x), points or POINTS)
    found = _integrated(networks, x, baseline, lengths, head, np.arange(len(x)), int(used.max(initial=1)))
    while points is None:
        poor = _far(difference - found.sum((1, 2)), difference, head.least) & (used < MOST_POINTS)
        rows = np.flatnonzero(poor)
        if not len(rows):
            break
        used[rows] *= 4
        found[rows] = _integrated(networks, x, baseline, lengths, head, rows, int(used[rows[0]]))
    return found, used


def _far(residual: np.ndarray, difference: np.ndarray, least: float) -> np.ndarray:
    found: np.ndarray = np.abs(residual) > np.maximum(NEAR * np.abs(difference), least)
    return found


def _integrated(
    networks: Sequence[Network],
    x: np.ndarray,
    baseline: np.ndarray,
    lengths: np.ndarray,
    head: Head,
    rows: np.ndarray,
    points: int,
) -> np.ndarray:
    """Integrated gradients of some rows, by Gauss and Legendre's points of the line, (R, T, F')."""
    places, weights = np.polynomial.legendre.leggauss(points)
    found = np.zeros((len(rows), *x.shape[1:]))
    every, point_of = np.divmod(np.arange(len(rows) * points), points)
    for some in together(lengths[rows][every], STEPS_A_GRADIENT):
        mine, point = every[some], point_of[some]
        cases = rows[mine]
        steps = lengths[cases].max()
        away = (places[point] + 1)[:, None, None] / 2
        from_, to = baseline[cases, :steps], x[cases, :steps]
        between = (from_ + away * (to - from_)).astype(np.float32)
        for net in networks:
            asked = head.gradient(net(between, lengths=lengths[cases]).astype(np.float64), cases)
            _, gradient, _ = net.backward(between, asked, lengths=lengths[cases])
            np.add.at(found[:, :steps], mine, (weights[point] / 2 / len(networks))[:, None, None] * gradient)
    return head.scale * found * (x[rows] - baseline[rows])


def _notes(residual: np.ndarray, difference: np.ndarray, least: float) -> list[str]:
    far = _far(residual, difference, least)
    if not far.any():
        return []
    worst = int(np.argmax(np.abs(residual) * far))
    return [
        f"of {int(far.sum())} of {counted(len(far), 'cases')} the attributions do not add up to the difference within "
        f"{NEAR:.0%}: they are {residual[worst]:+.2g} away from {difference[worst]:+.2g} at most"
    ]


# --- occlusion ----------------------------------------------------------------------------------------------


def _occluded(
    networks: Sequence[Network],
    x: np.ndarray,
    baseline: np.ndarray,
    lengths: np.ndarray,
    head: Head,
    places: list[list[int]],
    window: int,
) -> np.ndarray:
    """How much is lost without each step, the mean over the windows that hold it, (N, T, F')."""
    found, covered = np.zeros(x.shape), np.zeros(x.shape[:2])
    said = _value(networks, x, lengths, head, np.arange(len(x)))
    for first in _starts(x.shape[1], window):
        steps = slice(max(first, 0), first + window)
        rows = np.flatnonzero(lengths > steps.start)  # of the others nothing is changed
        covered[rows, steps] += 1
        for joint in places:
            without = x[rows]
            without[:, steps, joint] = baseline[rows][:, steps, joint]
            lost = said[rows] - _value(networks, without, lengths[rows], head, rows)
            found[rows, steps, joint[0]] += lost[:, None]
    return found / np.maximum(covered, 1)[:, :, None]


def _starts(steps: int, window: int) -> range:
    """Of windows of which half are new, so that as many hold each step."""
    stride = max(window // 2, 1)
    return range(-(window - stride), steps, stride)
