"""Series as rows of a direct network: its inputs, its targets, and what it forecasts from any step of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.forecast.direct import MIDDLE, QUANTILES, UNKNOWN
from elman.forecast.rivals.histories import Histories, held
from elman.forecast.views import Views
from elman.network import Network

FARTHEST = 1e4  # of a scaled value: what lies beyond is as good as there
LONGEST = 512  # steps of a row: a longer series is several rows, and is forecast from its last steps
_AT_ONCE = 4_000_000  # numbers that the network may make in one call


@dataclass(frozen=True)
class Rows:
    """Series as a batch to learn from.

    Attributes
    ----------
    series : ndarray, shape (B, T, 2)
        z from the row's first value, held over gaps, and the logarithm of how many steps there were.
    about : ndarray, shape (B, F)
    lengths : ndarray of int, shape (B,)
    target : ndarray, shape (B, T, H)
        z of the steps ahead, a view; `UNKNOWN` behind the end and where a value is missing.
    weight : ndarray, shape (B, T)
        0 where nothing ahead is known.
    """

    series: np.ndarray
    about: np.ndarray
    lengths: np.ndarray
    target: np.ndarray
    weight: np.ndarray


def training_rows(histories: Histories, views: Views, horizon: int, until: np.ndarray | int = 0) -> Rows:
    """All series but the last `until` values of each; long ones in pieces that overlap by half.

    Each step is once what is forecast from: where pieces overlap, in the one that holds all that is ahead of it.
    """
    lengths = np.maximum(histories.lengths - until, 0)
    z = left(views.scaled(histories.values), until, lengths)
    which, start = _pieces(lengths)
    steps = np.arange(min(z.shape[1], LONGEST))
    places = np.minimum(start[:, None] + steps, z.shape[1] - 1)
    used = np.minimum(lengths[which] - start, len(steps))
    inside = steps < used[:, None]
    pieces = np.where(inside, z[which[:, None], places], np.nan)
    series = inputs_of(pieces)
    padded = np.full((len(pieces), len(steps) + horizon), UNKNOWN, np.float32)
    relative = np.clip(pieces - _first(pieces)[:, None], -FARTHEST, FARTHEST)
    padded[:, : len(steps)] = np.where(np.isnan(pieces), UNKNOWN, relative)
    target = np.lib.stride_tricks.sliding_window_view(padded, horizon, axis=1)[:, 1:]
    known = np.isfinite(pieces)
    ahead = np.cumsum(known[:, ::-1], axis=1)[:, ::-1] - known  # values behind each step
    begin, end = _counted(which, start, lengths, horizon)
    own = (steps >= (begin - start)[:, None]) & (steps < (end - start)[:, None])
    weight = np.sqrt(views.noise[which])[:, None] * ((ahead > 0) & (steps >= 2) & own)
    return Rows(series, views.about[which].astype(np.float32), used, target, weight.astype(np.float32))


def _pieces(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which series each row is of, and where it starts in it, (B,) each."""
    half = LONGEST // 2
    counts = np.where(lengths > LONGEST, -(-(lengths - LONGEST) // half) + 1, (lengths > 2).astype(int))
    which = np.repeat(np.arange(len(lengths)), counts)
    order = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return which, np.maximum(np.minimum(order * half, lengths[which] - LONGEST), 0)


def _counted(
    which: np.ndarray, start: np.ndarray, lengths: np.ndarray, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    """From which step of its series on each row counts, and up to which, (B,) each."""
    before = np.append(-1, which)
    first, last = which != before[:-1], np.append(which[1:], -1) != which
    end = np.where(last, lengths[which], start + LONGEST - min(horizon, LONGEST // 2 - 2))
    return np.where(first, 0, np.append(0, end)[:-1]), end


def left(values: np.ndarray, until: np.ndarray | int, used: np.ndarray) -> np.ndarray:
    """Of right-aligned series (S, T) the `used` steps before the last `until`, from the first column on; NaN behind."""
    steps = np.arange(max(int(used.max(initial=0)), 1))
    if not values.shape[1]:
        return np.full((len(values), len(steps)), np.nan)
    columns = (values.shape[1] - until - used)[:, None] + steps
    found = np.take_along_axis(values, np.clip(columns, 0, values.shape[1] - 1), 1)
    return np.where(steps < used[:, None], found, np.nan)


def inputs_of(pieces: np.ndarray) -> np.ndarray:
    """Rows of z (B, T), NaN where one is missing, as the network reads them, (B, T, 2)."""
    z = np.nan_to_num(held(pieces - _first(pieces)[:, None]))
    age = np.broadcast_to(np.log(np.arange(1.0, z.shape[1] + 1)) - 3, z.shape)
    return np.stack([np.clip(z, -FARTHEST, FARTHEST), age], axis=2).astype(np.float32)


def _first(pieces: np.ndarray) -> np.ndarray:
    """The first value of each row; 0 where it has none."""
    places = np.argmax(np.isfinite(pieces), axis=1)
    return np.nan_to_num(np.take_along_axis(pieces, places[:, None], 1)[:, 0])


def quantiles_of(
    networks: Sequence[Network], histories: Histories, views: Views, horizon: int, origins: np.ndarray
) -> np.ndarray:
    """Quantiles of values ahead of origins (K,), or (S, K) of each series, the mean of several networks, (S, K, Q, H).

    Networks that forecast fewer steps go on from their own medians.
    """
    z = views.scaled(histories.values)
    origins = np.broadcast_to(origins, (len(z), np.shape(origins)[-1]))
    found = np.full((*origins.shape, len(QUANTILES), horizon), np.nan)
    for k, until in enumerate(origins.T):
        lengths = np.clip(histories.lengths - until, 0, LONGEST)
        rows = np.flatnonzero(lengths > 0)
        pieces = left(z[rows], until[rows], lengths[rows])
        ahead = _extended(networks, pieces, lengths[rows], views.about[rows], horizon)
        steps = np.arange(horizon) - until[rows, None]
        found[rows, k] = views.take(rows).values(ahead, steps)
    return found


def _extended(
    networks: Sequence[Network], pieces: np.ndarray, lengths: np.ndarray, about: np.ndarray, horizon: int
) -> np.ndarray:
    """z of quantiles ahead of rows, (B, Q, H)."""
    parts = [_ahead(networks, pieces, lengths, about)]
    while sum(part.shape[2] for part in parts) < horizon:
        last = parts[-1][:, MIDDLE]
        pieces = np.concatenate([pieces, np.full(last.shape, np.nan)], axis=1)
        places = lengths[:, None] + np.arange(last.shape[1])
        np.put_along_axis(pieces, places, last, 1)
        lengths = lengths + last.shape[1]
        further = _ahead(networks, pieces, lengths, about)
        spread = parts[-1][:, :, -1:] - parts[-1][:, MIDDLE : MIDDLE + 1, -1:]  # what was uncertain stays so
        wider = np.hypot(further - further[:, MIDDLE : MIDDLE + 1], spread) * np.sign(_SIDES)[:, None]
        parts.append(further[:, MIDDLE : MIDDLE + 1] + wider)
    return np.concatenate(parts, axis=2)[:, :, :horizon]


_SIDES = np.array(QUANTILES) - 0.5


def _ahead(networks: Sequence[Network], pieces: np.ndarray, lengths: np.ndarray, about: np.ndarray) -> np.ndarray:
    """z of the quantiles that networks make at the last step of rows, (B, Q, H)."""
    series, first = inputs_of(pieces), _first(pieces)
    per = max(_AT_ONCE // (series.shape[1] * networks[0].outputs), 1)
    made = []
    for start in range(0, len(series), per):
        some = slice(start, start + per)
        inputs = {"series": series[some], "about": about[some].astype(np.float32)}
        each = [net(inputs, lengths=lengths[some]) for net in networks]
        last = np.mean(each, axis=0)[np.arange(len(lengths[some])), lengths[some] - 1]
        made.append(last.reshape(len(last), len(QUANTILES), -1))
    return np.concatenate(made) + first[:, None, None]
