"""Series as rows of a direct network: its inputs, its targets, and what it forecasts from any step of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.forecast.direct import MIDDLE, QUANTILES, UNKNOWN
from elman.forecast.reading import outputs_at
from elman.forecast.rivals.histories import Histories, held
from elman.forecast.views import Views
from elman.network import Network

FADES = 0.7  # what is left of a rise from one part of a far forecast to the next
FARTHEST = 1e4  # of a scaled value: what lies beyond is as good as there
LONGEST = 512  # steps of a row: a longer series is several rows, and is forecast from its last steps
_AT_ONCE = 500_000  # steps of rows that are laid out at once


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
    beside : ndarray, shape (B, T, F), or None
        Covariates of each step; then there are horizon steps behind the series, of weight 0.
    """

    series: np.ndarray
    about: np.ndarray
    lengths: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    beside: np.ndarray | None = None

    @property
    def inputs(self) -> Any:
        """As the network takes them."""
        inputs = {"series": self.series, "about": self.about}
        return inputs if self.beside is None else inputs | {"beside": self.beside}


def training_rows(histories: Histories, views: Views, horizon: int, until: np.ndarray | int = 0) -> Rows:
    """All series but the last `until` values of each; long ones in pieces that overlap by half.

    Each step is once what is forecast from: where pieces overlap, in the one that holds all that is ahead of it.
    """
    lengths = np.maximum(histories.lengths - until, 0)
    z = left(views.scaled(histories.values), until, lengths)
    which, start = pieces_of(lengths)
    steps = np.arange(min(z.shape[1], LONGEST))
    used = np.minimum(lengths[which] - start, len(steps))
    places = np.minimum(start[:, None] + steps, z.shape[1] - 1)
    pieces = np.where(steps < used[:, None], z[which[:, None], places], np.nan)
    target, told = _targets(pieces, horizon)
    begin, end = counted_steps(which, start, lengths, horizon)
    own = (steps >= (begin - start)[:, None]) & (steps < (end - start)[:, None])
    weight = np.where(told & own, np.sqrt(views.noise[which])[:, None], 0.0).astype(np.float32)
    rows = Rows(inputs_of(pieces), about_of(histories, views)[which], used, target, weight)
    if not has_beside(histories) or not len(which):
        return rows
    ends = histories.lengths[which] - start - used  # steps of the series behind each piece
    return longer(rows, beside_of(histories, which, ends, used, horizon), horizon)


def _targets(pieces: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """z of the steps ahead of each step, (B, T, H), and whether any is known, (B, T)."""
    padded = np.full((len(pieces), pieces.shape[1] + horizon), UNKNOWN, np.float32)
    relative = np.clip(pieces - first_of(pieces)[:, None], -FARTHEST, FARTHEST)
    padded[:, : pieces.shape[1]] = np.where(np.isnan(pieces), UNKNOWN, relative)
    known = np.isfinite(pieces)
    ahead = np.cumsum(known[:, ::-1], axis=1)[:, ::-1] - known  # values behind each step
    told = (ahead > 0) & (np.arange(pieces.shape[1]) >= 2)
    return np.lib.stride_tricks.sliding_window_view(padded, horizon, axis=1)[:, 1:], told


def about_of(histories: Histories, views: Any) -> np.ndarray:
    """What the network is told of each series, (S, F)."""
    static = [] if histories.beside is None else [histories.beside.static]
    return np.concatenate([views.about, *static], axis=1).astype(np.float32)


def has_beside(histories: Histories) -> bool:
    """Whether there are covariates of each step."""
    return histories.beside is not None and histories.beside.width > 0


def beside_of(histories: Histories, which: np.ndarray, ends: np.ndarray, used: np.ndarray, horizon: int) -> np.ndarray:
    """Covariates of rows, (B, T + H, F): of `used` steps that lie `ends` steps before the end of their series.

    Those that are known ahead go on for the horizon, as far as they are known; all are 0 behind that.
    """
    inputs, steps = histories.beside, np.arange(int(used.max()) + horizon)
    length = inputs.past.shape[1]
    columns = (length - ends - used)[:, None] + steps
    later = steps >= np.minimum(used + horizon, used + ends + inputs.ahead)[:, None]
    known = _gathered(inputs.known, which, columns, ~later)
    past = _gathered(inputs.past, which, columns, steps < used[:, None])
    return np.concatenate([known, past], axis=2).astype(np.float32)


def _gathered(values: np.ndarray, which: np.ndarray, columns: np.ndarray, there: np.ndarray) -> np.ndarray:
    if not values.shape[2]:
        return np.zeros((*columns.shape, 0))
    found = values[which[:, None], np.clip(columns, 0, values.shape[1] - 1)]
    return np.where((there & (columns >= 0))[..., None], found, 0.0)


def longer(rows: Rows, beside: np.ndarray, horizon: int) -> Rows:
    """Rows that go on for the horizon, their last value held, so that what is known ahead can be read."""
    series = _held_on(rows.series, rows.lengths, horizon)
    more = ((0, 0), (0, horizon))
    target = np.pad(rows.target, (*more, (0, 0)), constant_values=UNKNOWN)
    return Rows(series, rows.about, rows.lengths + horizon, target, np.pad(rows.weight, more), beside)


def _held_on(series: np.ndarray, lengths: np.ndarray, horizon: int) -> np.ndarray:
    """Rows (B, T, F) with their last step again and again behind their ends, (B, T + horizon, F)."""
    places = np.minimum(np.arange(series.shape[1] + horizon), lengths[:, None] - 1)
    return np.take_along_axis(series, places[..., None], 1)


def pieces_of(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which series each row is of, and where it starts in it, (B,) each."""
    half = LONGEST // 2
    counts = np.where(lengths > LONGEST, -(-(lengths - LONGEST) // half) + 1, (lengths > 2).astype(int))
    which = np.repeat(np.arange(len(lengths)), counts)
    order = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return which, np.maximum(np.minimum(order * half, lengths[which] - LONGEST), 0)


def counted_steps(
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
    z = np.nan_to_num(held(pieces - first_of(pieces)[:, None]))
    age = np.broadcast_to(np.log(np.arange(1.0, z.shape[1] + 1)) - 3, z.shape)
    return np.stack([np.clip(z, -FARTHEST, FARTHEST), age], axis=2).astype(np.float32)


def first_of(pieces: np.ndarray) -> np.ndarray:
    """The first value of each row; 0 where it has none."""
    return _first_known(pieces)[1]


def _first_known(pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the first value of each row is, and the value, (B,) each; 0 where it has none."""
    places = np.argmax(np.isfinite(pieces), axis=1)
    return places, np.nan_to_num(np.take_along_axis(pieces, places[:, None], 1)[:, 0])


def quantiles_of(
    networks: Sequence[Network], histories: Histories, views: Views, horizon: int, origins: np.ndarray
) -> np.ndarray:
    """Quantiles of values ahead of origins (K,), or (S, K) of each series, the mean of several networks, (S, K, Q, H).

    Networks that forecast fewer steps go on from their own medians.
    """
    origins = np.broadcast_to(origins, (len(histories.values), np.shape(origins)[-1]))
    found = np.full((*origins.shape, len(QUANTILES), horizon), np.nan)
    for rows in _blocks(histories, origins.shape[1]):
        some = views.take(rows)
        z = _ahead_of(networks, histories.rows(rows), some, horizon, origins[rows])
        for k, until in enumerate(origins[rows].T):
            found[rows, k] = some.values(z[:, k], np.arange(horizon) - until[:, None])
    return found


def _blocks(histories: Histories, count: int) -> Iterator[np.ndarray]:
    """Numbers of series whose rows, `count` of each at most, are laid out at once."""
    steps = max(min(histories.values.shape[1], LONGEST), 1)
    each = max(_AT_ONCE // (steps * max(count, 1)), 1)
    for start in range(0, len(histories.values), each):
        yield np.arange(start, min(start + each, len(histories.values)))


def _ahead_of(
    networks: Sequence[Network], histories: Histories, views: Views, horizon: int, origins: np.ndarray
) -> np.ndarray:
    """z of quantiles ahead of origins (S, K), (S, K, Q, H); NaN before a series begins."""
    found = np.full((*origins.shape, len(QUANTILES), horizon), np.nan)
    asked = _asked(histories.lengths, origins)
    if not len(asked.series):
        return found
    z, about = views.scaled(histories.values), about_of(histories, views)

    def pieces(which: np.ndarray, ends: np.ndarray, used: np.ndarray) -> Pieces:
        beside = beside_of(histories, which, ends, used, horizon) if has_beside(histories) else None
        return Pieces(left(z[which], ends, used), used, about[which], beside)

    which, lengths = asked.series[asked.first], asked.lengths
    shared = pieces(which, histories.lengths[which] - asked.start[asked.first] - lengths, lengths)
    parts = [_read(networks, shared, asked.row, asked.used)]
    if parts[0].shape[2] < horizon:
        until = origins[asked.series, asked.origin]
        parts = _extended(networks, pieces(asked.series, until, asked.used), parts, horizon)
    found[asked.series, asked.origin] = np.concatenate(parts, axis=2)[:, :, :horizon]
    return found


@dataclass(frozen=True)
class _Asked:
    """Which origins of which series are forecast from, (A,) each, and the rows that are read for it, (R,) each.

    A network says something at every step, and what it says rests on nothing behind. So all origins whose rows begin at
    one step of their series, which is its first unless it is longer than `LONGEST`, are read off one row.

    Attributes
    ----------
    series, origin, start, used : ndarray of int, shape (A,)
        Numbers of series and of origins, where their rows start in the series, and how many steps those have behind
        them at the origin.
    row : ndarray of int, shape (A,)
        Which row each is read off, rising.
    first, lengths : ndarray of int, shape (R,)
        The first that is read off each row, and the row's steps.
    """

    series: np.ndarray
    origin: np.ndarray
    start: np.ndarray
    used: np.ndarray
    row: np.ndarray
    first: np.ndarray
    lengths: np.ndarray


def _asked(lengths: np.ndarray, origins: np.ndarray) -> _Asked:
    """The origins (S, K) that some of a series lies before, sorted by their rows."""
    ends = lengths[:, None] - origins
    series, origin = np.nonzero(ends > 0)
    start = np.maximum(ends[series, origin] - LONGEST, 0)
    order = np.lexsort((start, series))
    series, origin, start = series[order], origin[order], start[order]
    used = ends[series, origin] - start
    new = np.append(True, (np.diff(series) > 0) | (np.diff(start) > 0))[: len(series)]
    row, first = np.cumsum(new) - 1, np.flatnonzero(new)
    longest = np.maximum.reduceat(used, first) if len(first) else first
    return _Asked(series, origin, start, used, row, first, longest)


@dataclass(frozen=True)
class Pieces:
    """Rows to forecast from: z (B, T), how many steps of it are used, what they are about, and covariates."""

    z: np.ndarray
    lengths: np.ndarray
    about: np.ndarray
    beside: np.ndarray | None
    seen: Callable[[np.ndarray], np.ndarray] | None = None  # in place of `inputs_of`

    def followed_by(self, values: np.ndarray) -> Pieces:
        """The same rows, and values (B, H) behind their ends."""
        z = np.concatenate([self.z, np.full(values.shape, np.nan)], axis=1)
        np.put_along_axis(z, self.lengths[:, None] + np.arange(values.shape[1]), values, 1)
        return replace(self, z=z, lengths=self.lengths + values.shape[1])

    def inputs(self, ahead: int) -> tuple[dict[str, Any], np.ndarray]:
        """What a network reads that looks so many steps ahead, and the lengths of its rows."""
        series, found = (self.seen or inputs_of)(self.z), {"about": self.about}
        if self.beside is None:
            return found | {"series": series}, self.lengths
        series = _held_on(series, self.lengths, ahead)
        return found | {"series": series, "beside": _fitting(self.beside, series.shape[1])}, self.lengths + ahead


def _extended(networks: Sequence[Network], pieces: Pieces, parts: list[np.ndarray], horizon: int) -> list[np.ndarray]:
    """z of quantiles ahead of rows, in parts (B, Q, H) of which the first is there, for so many steps or more.

    Every further part is what the networks make of the medians before it, and rises (or falls) on the whole by no more
    than `FADES` times as much as the part before, however long they take their own forecast for a trend; it moves about
    that line by no more than the part before did.
    """
    each = np.arange(len(pieces.z))
    last = newest(pieces)
    while sum(part.shape[2] for part in parts) < horizon:
        before = parts[-1][:, MIDDLE]
        pieces = pieces.followed_by(before)
        further = _read(networks, pieces, each, pieces.lengths)
        middle = held_back(further[:, MIDDLE], before, last)[:, None]
        spread = parts[-1][:, :, -1:] - parts[-1][:, MIDDLE : MIDDLE + 1, -1:]  # what was uncertain stays so
        around = np.hypot(further - further[:, MIDDLE : MIDDLE + 1], spread) * np.sign(_SIDES)[:, None]
        parts, last = [*parts, middle + around], before[:, -1]
    return parts


def newest(pieces: Pieces) -> np.ndarray:
    """The last value of each row, (B,)."""
    return held(pieces.z)[np.arange(len(pieces.z)), pieces.lengths - 1]


def held_back(further: np.ndarray, before: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Medians of a further part, (B, H), behind those of the part before it, which began behind `start` (B,)."""
    share = np.arange(1.0, further.shape[1] + 1) / further.shape[1]
    rise, rose = further[:, -1] - before[:, -1], before[:, -1] - start
    most = FADES * np.abs(rose)
    around = further - before[:, -1:] - rise[:, None] * share
    swung = np.abs(before - start[:, None] - rose[:, None] * share).max(1)
    swings = np.abs(around).max(1)
    around = around * np.where(swings > swung, swung / np.where(swings > 0, swings, 1.0), 1.0)[:, None]
    return before[:, -1:] + np.clip(rise, -most, most)[:, None] * share + around


_SIDES = np.array(QUANTILES) - 0.5


def _read(networks: Sequence[Network], pieces: Pieces, row: np.ndarray, used: np.ndarray) -> np.ndarray:
    """z of the quantiles that networks make of some rows (A,), rising, after so many steps (A,), (A, Q, H)."""
    inputs, lengths = pieces.inputs(networks[0].outputs // len(QUANTILES))
    made = np.mean([outputs_at(net, inputs, lengths, row, used - 1) for net in networks], axis=0)
    place, value = _first_known(pieces.z)
    first = np.where(place[row] < used, value[row], 0.0)
    return made.reshape(len(row), len(QUANTILES), -1) + first[:, None, None]


def outputs_of(networks: Sequence[Network], pieces: Pieces, parts: int) -> np.ndarray:
    """What networks make at the last step of rows, their mean, (B, parts, H)."""
    inputs, lengths = pieces.inputs(networks[0].outputs // parts)
    each = np.arange(len(lengths))
    made = np.mean([outputs_at(net, inputs, lengths, each, pieces.lengths - 1) for net in networks], axis=0)
    return made.reshape(len(each), parts, -1)


def _fitting(beside: np.ndarray, steps: int) -> np.ndarray:
    """Covariates of so many steps; 0 where none are known."""
    missing = max(steps - beside.shape[1], 0)
    return np.pad(beside[:, :steps], ((0, 0), (0, missing), (0, 0)))
