"""Which values and inputs a forecast of the networks rests on, and when: integrated gradients.

``a[i] = (x[i] - b[i])  integral of dF / dx[i] along the line from b to x``: the baseline b is a series that always was
where it is now, with covariates at their means, so that the attributions sum to how far the forecast is from the last
value.

Reference: M. Sundararajan, A. Taly and Q. Yan, Axiomatic attribution for deep networks, ICML 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.checks import whole
from elman.errors import OptionError
from elman.forecast.direct import MIDDLE, QUANTILES
from elman.forecast.effects import effects_of
from elman.forecast.face import Forecasts
from elman.forecast.rivals.histories import Histories
from elman.forecast.rows import LONGEST, Pieces, about_of, beside_of, has_beside, left
from elman.forecast.views import Views, views_of
from elman.network import Network


@dataclass(frozen=True)
class Explanation:
    """What the networks' forecast of one series rests on.

    Attributes
    ----------
    times : ndarray, shape (T,)
        Of the values that were read.
    values : ndarray, shape (T,)
        What each value adds to the forecast, beside a series that always was where it ended.
    inputs : dict of str to ndarray, each (T + H,)
        What each covariate adds, by step; the last H steps are those to come.
    change : float
        How far the forecast is from the last value: about the sum of all, and of `baseline`.
    baseline : float
        How far it would be for a series that never changed, with covariates at their means.
    logged : bool
        Whether all of these are on the scale of logarithms: 0.01 is one per cent.
    """

    times: np.ndarray
    values: np.ndarray
    inputs: dict[str, np.ndarray]
    change: float
    baseline: float
    logged: bool

    @property
    def total(self) -> float:
        """The sum of what all add, without the baseline."""
        return float(self.values.sum() + sum(v.sum() for v in self.inputs.values()))

    def __repr__(self) -> str:
        unit = " (logarithms)" if self.logged else ""
        shares = {
            "a series that never changed": self.baseline,
            "its own values": self.values.sum(),
            **{name: v.sum() for name, v in self.inputs.items()},
        }
        lines = [f"  {name}: {float(value):+.4g}" for name, value in shares.items()]
        newest = f"  of these the newest {len(self.values[-12:])} values: {self.values[-12:].sum():+.4g}"
        return "\n".join(
            [f"<Explanation: {self.change:+.4g}{unit} from the last value>", *lines[:2], newest, *lines[2:]]
        )


def explain(forecaster: Forecasts, name: Any, step: int | None, future: Any, points: int) -> Explanation:
    """What the networks' forecast of a series rests on; see `Forecaster.explain`."""
    if forecaster.family is not None:
        raise OptionError(
            f"explain follows the medians of networks, and these forecast {forecaster.family.name} distributions; fit "
            "without distribution to explain a forecast"
        )
    if not forecaster.networks_:
        raise OptionError(f"methods {forecaster.methods_} have no network to explain; fit with 'network' among them")
    basis, encoder, horizon = forecaster.fitted.basis, forecaster.fitted.encoder, int(forecaster.horizon)
    collection = basis.collection
    number = 0 if name is None else collection.number(name)
    steps = np.arange(horizon) if step is None else np.array([whole(step, "step", 1, horizon) - 1])
    histories = replace(basis.histories, beside=encoder.inputs(collection, horizon, future))
    one, names = histories.rows(np.array([number])), encoder.names(collection)
    effects = effects_of(one)
    plain = one if effects is None else effects.taken_from(one)
    views = views_of(plain, 0, forecaster.seasons_)
    values, inputs, changes = explained(forecaster.networks_, plain, views, names, horizon, steps, points)
    if effects is not None:
        inputs = effects.added_to(inputs, names, one, steps, horizon)
        changes[0] += effects.mean_change(one, steps)
    change, baseline = map(float, changes)
    times, logged = collection.times_of(number)[-len(values) :], bool(views.logged[0])
    return Explanation(times, values, inputs, change, baseline, logged)


def explained(
    networks: Sequence[Network],
    histories: Histories,
    views: Views,
    names: Sequence[str],
    horizon: int,
    steps: np.ndarray,
    points: int,
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Attributions of the mean forecast of some steps ahead, of a single series, in units of its scale.

    Parameters
    ----------
    networks : sequence of Network
    histories, views
        Of one series.
    names : sequence of str
        Of the numbers beside the series, in order; those of one covariate have one name.
    horizon : int
        Steps that are forecast.
    steps : array of int
        Which of them.
    points : int
        At how many points of the line gradients are taken.

    Returns
    -------
    values : ndarray, shape (T,)
    inputs : dict of str to ndarray, each (T + H,)
    changes : ndarray, shape (2,)
        How far the forecast is from the last value, and that of the baseline.
    """
    used = np.minimum(histories.lengths, LONGEST)
    z = left(views.scaled(histories.values), 0, used)
    now = np.zeros(1, np.int64)
    beside = beside_of(histories, now, now, used, horizon) if has_beside(histories) else None
    ahead = networks[0].outputs // len(QUANTILES)
    steps = steps[steps < ahead]
    inputs, lengths = Pieces(z, used, about_of(histories, views), beside).inputs(ahead)
    baseline = {name: np.zeros_like(array) for name, array in inputs.items()} | {"about": inputs["about"]}
    baseline["series"] = inputs["series"].copy()
    baseline["series"][..., 0] = inputs["series"][:, used[0] - 1, 0]
    each = [_integrated(net, baseline, inputs, lengths, int(used[0]), steps, points) for net in networks]
    of_series = np.mean([found["series"][0, :, 0] for found, _ in each], axis=0)
    unit = float(views.unit[0])
    found: dict[str, Any] = {}
    if beside is not None:
        parts = np.mean([made["beside"][0] for made, _ in each], axis=0)
        for k, name in enumerate(names):
            found[name] = found.get(name, 0.0) + parts[:, k] * unit
    values = of_series[: used[0]].copy()
    values[-1] += of_series[used[0] :].sum()  # behind the end the last value is held
    return values * unit, found, np.mean([changes for _, changes in each], axis=0) * unit


def _integrated(
    net: Network,
    baseline: dict[str, np.ndarray],
    inputs: dict[str, np.ndarray],
    lengths: np.ndarray,
    used: int,
    steps: np.ndarray,
    points: int,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Integrated gradients of the mean of some medians at the last step, and how far it is from the last value."""
    shares = (np.arange(points) + 0.5) / points  # the midpoint rule
    between: Any = {
        name: (baseline[name] + shares.reshape(-1, *[1] * (x.ndim - 1)) * (x - baseline[name])).astype(np.float32)
        for name, x in inputs.items()
    }
    ahead = net.outputs // len(QUANTILES)
    asked = np.zeros((points, inputs["series"].shape[1], net.outputs), np.float32)
    asked[:, used - 1, MIDDLE * ahead + steps] = 1.0 / len(steps)
    _, gradients, _ = net.backward(between, asked, lengths=np.repeat(lengths, points))
    found = {name: gradients[name].mean(0, keepdims=True) * (x - baseline[name]) for name, x in inputs.items()}
    both: Any = {name: np.concatenate([x, baseline[name]]) for name, x in inputs.items()}
    said = net(both, lengths=np.repeat(lengths, 2))[:, used - 1, MIDDLE * ahead + steps].mean(1)
    return found, said - inputs["series"][0, used - 1, 0]
