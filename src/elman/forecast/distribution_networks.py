"""Networks that forecast distributions: of each step ahead the parameters, learnt by their likelihood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.equations import concat, equal, mean, softplus, split, where
from elman.errors import OptionError
from elman.forecast import demand, pretrained
from elman.forecast.demand import Sizes, demand_network, sizes_of
from elman.forecast.demand_rows import demand_rows, seen
from elman.forecast.direct import MIDDLE, QUANTILES, SPREAD, UNKNOWN, Head, direct_network, spreads_of_a_walk
from elman.forecast.distributions import Distribution
from elman.forecast.effects import Effects, effects_of
from elman.forecast.families import FAMILIES, Family
from elman.forecast.networks import (
    FEWEST,
    MOST_EPOCHS,
    Networks,
    Settings,
    ahead_of,
    chosen_series,
    covariates_of,
    knows,
    seed_of,
    taught_steps,
)
from elman.forecast.rivals.histories import Histories
from elman.forecast.rows import (
    LONGEST,
    Pieces,
    Rows,
    about_of,
    beside_of,
    first_of,
    has_beside,
    held_back,
    left,
    newest,
    outputs_of,
    training_rows,
)
from elman.forecast.teaching import judging_series, taught
from elman.forecast.views import ABOUT, LEAST_NOISE, Views, views_of
from elman.network import Network
from elman.training import Callback
from elman.training.likelihoods import FLOOR

NORMAL_80 = 1.2816  # spreads from the median to the quantile of 90 %
FEW_EPOCHS = 20  # of few series of demand: more fit their zeros
FREEDOM = 2.0  # softplus of it and 2 are Student's degrees of freedom at first
Scale = Views | Sizes


def head_of_family(family: Family) -> Head:
    """The head of a network of real values: a place, a spread that is a random walk's at first, and a tail."""

    def made(parts: Any, z: Any, horizon: int) -> Any:
        root = spreads_of_a_walk(horizon)
        location = concat(*[z] * horizon) + root * parts[0]
        spread = root * softplus(parts[1]) * (1 / NORMAL_80) + FLOOR
        return concat(location, spread, *(2 + softplus(part + FREEDOM) for part in parts[2:]))

    count = len(family.parameters)
    biases, moves = (0.0, SPREAD, 0.0)[:count], (True, False, False)[:count]
    return Head(count, made, biases, moves, (MIDDLE, MIDDLE + 1))


@dataclass
class DistributionNetworks(Networks):
    """Trained networks, whose parameters' mean is a distribution's.

    Attributes
    ----------
    family : Family
    """

    family: Family = FAMILIES["normal"]

    def __call__(self, histories: Histories, horizon: int, origins: np.ndarray) -> np.ndarray:
        """Means, (S, K, H), as `Rival` says."""
        return self.distribution(histories, horizon, origins).mean

    def distribution(self, histories: Histories, horizon: int, origins: np.ndarray) -> Distribution:
        """Distributions of the values ahead, (S, K, H); scales are those before the earliest origin."""
        until = int(np.max(origins))
        effects = None if self.family.demand else effects_of(histories, until)
        plain = histories if effects is None else effects.taken_from(histories)
        scale = scale_of(self.family, plain, until, self.seasons)
        places = np.broadcast_to(origins, (len(histories.values), len(origins)))
        found = parameters_of(self.members, self.family, plain, scale, horizon, places)
        factor, shift = _units(scale, places, horizon)
        if effects is not None:
            factor, shift = _put_back(effects, factor, shift, histories, origins)
        return self.family.distribution(found, factor, shift)


def networks_of(family: Family | None, members: list[Network], epochs: list[int], longer: tuple[int, ...]) -> Networks:
    """Networks of a family, or of quantiles where there is none, whose outputs are checked.

    Raises
    ------
    OptionError
    """
    parts = len(QUANTILES) if family is None else len(family.parameters)
    if any(net.outputs % parts for net in members):
        raise OptionError(f"a network of {members[0].outputs} outputs gives no {parts} parameters of each step")
    if family is None:
        return Networks(members, epochs, longer)
    return DistributionNetworks(members, epochs, longer, family=family)


def _put_back(
    effects: Effects, factor: np.ndarray, shift: np.ndarray, histories: Histories, origins: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Factor and shift with the effects of what is known ahead, which are affine."""
    moved = effects.put_into(shift, histories, origins)
    return effects.put_into(factor + shift, histories, origins) - moved, moved


def scale_of(family: Family, histories: Histories, until: np.ndarray | int, seasons: Sequence[int]) -> Scale:
    """What the values of series are measured by, found before an origin."""
    if family.demand:
        return sizes_of(histories, until, seasons)
    return views_of(histories, until, seasons, logs=False)


def _units(scale: Scale, origins: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """What the numbers of networks are multiplied by and what is added, (S, K, H) each."""
    steps = [np.arange(horizon) - ends[:, None] for ends in origins.T]
    if isinstance(scale, Sizes):
        factor = np.stack([scale.at(ahead) for ahead in steps], axis=1)
        return factor, np.zeros(factor.shape)
    zero = np.zeros((len(scale.first), horizon))
    shift = np.stack([scale.values(zero, ahead) for ahead in steps], axis=1)
    return np.broadcast_to(scale.unit[:, None, None], shift.shape), shift


def parameters_of(
    networks: Sequence[Network],
    family: Family,
    histories: Histories,
    scale: Scale,
    horizon: int,
    origins: np.ndarray,
) -> np.ndarray:
    """Parameters of values ahead of origins (S, K), the mean of several networks', (S, K, P, H).

    Networks that forecast fewer steps go on: from their own means, or with demand that is not known.
    """
    values = _scaled(scale, histories)
    about = about_of(histories, scale)
    found = np.full((*origins.shape, len(family.parameters), horizon), np.nan)
    for k, ends in enumerate(origins.T):
        used = np.clip(histories.lengths - ends, 0, LONGEST)
        rows = np.flatnonzero(used > 0)
        if len(rows):
            used, ends = used[rows], ends[rows]
            beside = beside_of(histories, rows, ends, used, horizon) if has_beside(histories) else None
            reading = seen if family.demand else None
            pieces = Pieces(left(values[rows], ends, used), used, about[rows], beside, reading)
            found[rows, k] = _extended(networks, family, pieces, horizon)
    return found


def _scaled(scale: Scale, histories: Histories) -> np.ndarray:
    if isinstance(scale, Views):
        return scale.scaled(histories.values)
    return histories.values / scale.at(np.arange(-histories.values.shape[1], 0))


def _extended(networks: Sequence[Network], family: Family, pieces: Pieces, horizon: int) -> np.ndarray:
    """Parameters ahead of rows, (B, parameters, H); of a location a far part rises no more than `held_back` says."""
    parts, last = [_ahead(networks, family, pieces)], newest(pieces)
    while sum(part.shape[2] for part in parts) < horizon:
        said = family.distribution(parts[-1]).mean
        pieces = pieces.followed_by(np.full(said.shape, np.nan) if family.demand else said)
        further = _ahead(networks, family, pieces)
        if not family.demand:
            further[:, 1] = np.hypot(further[:, 1], parts[-1][:, 1, -1:])  # what was uncertain stays so
            further[:, 0], last = held_back(further[:, 0], said, last), said[:, -1]
        parts.append(further)
    return np.concatenate(parts, axis=2)[:, :, :horizon]


def _ahead(networks: Sequence[Network], family: Family, pieces: Pieces) -> np.ndarray:
    made = outputs_of(networks, pieces, len(family.parameters)).astype(np.float64)
    if not family.demand:
        made[:, 0] += first_of(pieces.z)[:, None]
    return made


@dataclass(frozen=True)
class _Likelihood:
    """The likelihood of what came, as a lesson."""

    settings: Settings
    family: Family
    histories: Histories
    scale: Scale
    horizon: int
    rows: Rows
    until: np.ndarray | None

    @property
    def knows(self) -> bool:
        return not self.family.demand and knows(self.settings, self.rows)

    @property
    def most_epochs(self) -> int:
        if len(self.histories.values) >= FEWEST:
            return MOST_EPOCHS
        if self.knows:
            return 0
        return FEW_EPOCHS if self.family.demand and not has_beside(self.histories) else MOST_EPOCHS

    @property
    def loss(self) -> Any:
        return likelihood(self.family)

    def network(self, member: int) -> Network:
        static, beside = covariates_of(self.histories)
        settings, seed = self.settings, seed_of(self.settings, member)
        cell, units, horizon = settings.cell, settings.units, self.horizon
        if self.family.demand:
            about = len(demand.ABOUT) + static
            return demand_network(self.family, cell, units, horizon, about, seed=seed, **beside)
        head = head_of_family(self.family)
        if settings.pretrained:
            return pretrained.pretrained_network(member, self.horizon, seed, static, head=head, **beside)
        return direct_network(cell, units, horizon, len(ABOUT) + static, seed=seed, head=head, **beside)

    def error(self, net: Network) -> float:
        """Minus the mean log likelihood of the values held back, in units of their series."""
        if self.until is None:
            return np.inf
        chosen = judging_series(
            self.until if self.family.demand else np.where(_changing(self.scale.about), self.until, 0)
        )
        if not len(chosen):
            return np.inf
        held, scale, until = self.histories.rows(chosen), self.scale.take(chosen), self.until[chosen][:, None]
        truth = ahead_of(held, until[:, 0], self.horizon)
        if not np.isfinite(truth).any():
            return np.inf
        found = np.moveaxis(parameters_of([net], self.family, held, scale, self.horizon, until)[:, 0], 1, 0)
        factor, shift = (part[:, 0] for part in _units(scale, until, self.horizon))
        if not self.family.demand:
            truth, factor = (truth - shift) / factor, np.ones(factor.shape)
        losses = self.family.loss(np.nan_to_num(truth), factor, *found)
        return float(np.mean(np.asarray(losses)[np.isfinite(truth)]))


def likelihood(family: Family) -> Any:
    """Minus the log likelihood as a loss of all steps ahead; one whose target is `UNKNOWN` does not count."""

    def loss(y: Any, target: Any) -> Any:
        value, size = split(target, 2) if family.demand else (target, 1.0)
        unknown = equal(value, UNKNOWN)
        parameters = split(y, len(family.parameters)) if len(family.parameters) > 1 else (y,)
        return mean((1 - unknown) * family.loss(where(unknown, 0.0, value), size, *parameters))

    return loss


def learn_distribution(
    settings: Settings,
    family: Family,
    histories: Histories,
    horizon: int,
    until: np.ndarray,
    seasons: tuple[int, ...] = (),
    callbacks: Iterable[Callback] = (),
    epochs: Sequence[int] | None = None,
) -> DistributionNetworks:
    """Train networks on all but the last `until` (S,) values of each series, which say when it is enough.

    Parameters
    ----------
    settings, histories, horizon, until, seasons, callbacks
        As of `elman.forecast.quantile_networks.learn`.
    family : Family
    epochs : sequence of int, optional
        How long each learns; nothing is judged then.
    """
    chosen = chosen_series(len(histories.values), settings.seed)
    some, held = histories.rows(chosen), until[chosen]
    effects = None if family.demand else effects_of(some, held)
    some = some if effects is None else effects.taken_from(some)
    scale = scale_of(family, some, held, seasons)
    lesson = _Likelihood(
        *(settings, family, some, scale, horizon),
        _rows(settings, scale, some, horizon, held),
        held if epochs is None else None,
    )
    found = DistributionNetworks(seasons=seasons, family=family)
    taught(settings, lesson, found, callbacks, epochs)
    return found


def _rows(settings: Settings, scale: Scale, histories: Histories, horizon: int, until: np.ndarray) -> Rows:
    if isinstance(scale, Sizes):
        return demand_rows(histories, scale, horizon, until)
    rows = training_rows(histories, scale, taught_steps(settings, horizon), until)
    rows.weight[:] = (rows.weight > 0) & _changing(rows.about)[:, None]
    return rows


def _changing(about: np.ndarray) -> np.ndarray:
    """Which series have a unit: the likelihood of one that is constant, or was, would outweigh that of all others."""
    return about[:, 0] > np.log(1.01 * LEAST_NOISE) + 3
