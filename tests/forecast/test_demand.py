"""The network of demand: what it forecasts before it learns, what it may look at, and rows of demand."""

import numpy as np
import pytest

from elman.cells import gru
from elman.forecast.demand import ABOUT, LEVELS, RATES, demand_network, sizes_of
from elman.forecast.demand_rows import demand_rows, seen
from elman.forecast.direct import UNKNOWN
from elman.forecast.families import FAMILIES
from elman.forecast.inputs import Inputs
from elman.forecast.rivals import Histories

DEMAND = [name for name, family in FAMILIES.items() if family.demand]
RNG = np.random.default_rng(0)
COUNTS = RNG.poisson(0.8, (5, 40)).astype(float)


def outputs(family, x, horizon=3):
    net = demand_network(FAMILIES[family], gru, 4, horizon, len(ABOUT), seed=1)
    made = net({"series": seen(x), "about": np.zeros((len(x), len(ABOUT)), np.float32)})
    return np.asarray(made).reshape(*x.shape, len(FAMILIES[family].parameters), horizon)


@pytest.mark.parametrize("family", DEMAND)
def test_untrained_it_smooths_exponentially(family):
    x = COUNTS / COUNTS.mean()
    found = outputs(family, x)
    rates = 1 / (1 + np.exp(-np.linspace(*RATES, LEVELS)))
    levels = []
    for rate in rates:
        weight = rate * (1 - rate) ** np.arange(x.shape[1])[::-1]
        levels.append(x @ weight / weight.sum())
    mean = found[:, -1, 0] / (2 if "zeros" in FAMILIES[family].parameters else 1)  # zeros of a half
    np.testing.assert_allclose(mean, np.repeat(np.mean(levels, axis=0)[:, None], 3, 1), rtol=0.02, atol=2e-3)


def test_a_missing_step_changes_no_level():
    x = COUNTS[:1] / COUNTS.mean()
    gap = np.insert(x, 20, np.nan, axis=1)
    np.testing.assert_allclose(outputs("poisson", gap)[0, -1], outputs("poisson", x)[0, -1], rtol=1e-5)


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_the_size_of_a_series_is_not_looked_at(family):
    """It is the mean of all values: a network that saw it beside how often there is demand would know the future."""
    net = demand_network(FAMILIES[family], gru, 4, 2, len(ABOUT), seed=1)
    net.params["dense_2.W"] = RNG.normal(size=net.params["dense_2.W"].shape)
    counts = np.tile(COUNTS[:1], (2, 1))
    size = np.array([1.0, 7.0])
    about = np.stack([np.log(size), np.zeros(2)], axis=1).astype(np.float32)
    made = np.asarray(net({"series": seen(counts / size[:, None]), "about": about}))[:, -1].reshape(2, -1, 2)
    np.testing.assert_allclose(made[1, 0] * size[1], made[0, 0], rtol=0.05)  # but for the floor of a level


def test_rows_hold_what_comes_and_its_size():
    values = COUNTS.copy()
    values[0, 10] = np.nan
    histories = Histories.of(values)
    sizes = sizes_of(histories)
    rows = demand_rows(histories, sizes, 4, until=6)
    assert rows.target.shape == (5, 34, 8) and (rows.lengths == 34).all()
    np.testing.assert_array_equal(rows.target[1, 5, :4], values[1, 6:10])
    np.testing.assert_allclose(rows.target[1, 5, 4:], sizes.size[1], rtol=1e-6)
    assert rows.target[0, 9, 0] == UNKNOWN and (rows.target[:, -1, :4] == UNKNOWN).all()
    assert rows.series[0, 10, 2] == 0 and rows.series[0, 9, 2] == 1


def test_nothing_is_learnt_before_there_is_any_demand():
    values = np.concatenate([np.zeros(10), COUNTS[1, :20] + 1])[None]
    rows = demand_rows(Histories.of(values), sizes_of(Histories.of(values)), 3)
    assert (rows.weight[0, :10] == 0).all() and (rows.weight[0, 10:-1] == 1).all() and rows.weight[0, -1] == 0


def test_sizes_are_found_before_an_origin_and_have_a_season():
    season = 5 * (1 + 0.6 * np.sin(np.arange(120) * 2 * np.pi / 12))
    values = RNG.poisson(np.tile(season, (3, 1))).astype(float)
    later = values.copy()
    later[:, -10:] = 500
    a, b = (sizes_of(Histories.of(v, 12), 10) for v in (values, later))
    np.testing.assert_array_equal(a.at(np.arange(12)), b.at(np.arange(12)))
    wanted = 5 * (1 + 0.6 * np.sin(np.arange(120, 132) * 2 * np.pi / 12))
    assert np.abs(a.at(np.arange(12)) / wanted - 1).mean() < 0.15
    np.testing.assert_array_equal(a.take(np.array([2])).at(np.arange(12)), a.at(np.arange(12))[2:])


def test_a_series_of_zeros_has_a_size():
    assert sizes_of(Histories.of([np.zeros(8)])).size[0] == 1


def test_steps_behind_the_end_of_a_row_have_a_size_that_slopes_can_be_taken_of():
    beside = Inputs(np.zeros((5, 43, 1)), np.zeros((5, 40, 0)), np.zeros((5, 0)))
    histories = Histories(COUNTS, np.full(5, 40), np.ones(5, np.int64), beside)
    target = demand_rows(histories, sizes_of(histories), 3).target
    assert target.shape == (5, 43, 6) and (target[..., 3:] > 0).all() and (target[:, 40:, :3] == UNKNOWN).all()
