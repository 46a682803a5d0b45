"""Series as rows of a direct network: what it learns from, and what it says at an origin."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.cells import gru
from elman.engine import default_engine
from elman.forecast.direct import MIDDLE, QUANTILES, UNKNOWN, direct_network
from elman.forecast.inputs import Inputs
from elman.forecast.networks import Networks
from elman.forecast.pretrained import pretrained_network
from elman.forecast.rivals import Histories
from elman.forecast.rows import (
    FADES,
    FARTHEST,
    LONGEST,
    Pieces,
    about_of,
    beside_of,
    has_beside,
    held_back,
    inputs_of,
    left,
    quantiles_of,
    training_rows,
)
from elman.forecast.views import ABOUT, views_of
from tests.draws import draws

RNG = np.random.default_rng(0)
RAGGED = [RNG.normal(size=n).cumsum() + 40 for n in (30, 12, 3, 1, 2, 55)]
NOW = np.array([0])

# the native engine computes a row alone and in a batch bit for bit alike; NumPy's matrix products do not
ROUNDING = 0 if default_engine() == "native" else 1e-5


def network(horizon=6, seed=0, **beside):
    """One that says something else at every step."""
    net = direct_network(gru, 5, horizon, len(ABOUT), seed=seed, **beside)
    random = np.random.default_rng(seed)
    for name in net.trainable:
        net.params[name] = random.normal(0, 0.3, net.params[name].shape)
    return net


NETWORKS = [network(seed=0), network(seed=1)]


def rows_of(series, horizon=6, until=0, season=1):
    histories = Histories.of(series, season)
    views = views_of(histories, until)
    return training_rows(histories, views, horizon, until), views, histories


def said(series, horizon=6, origins=NOW, season=1, nets=None):
    histories = Histories.of(series, season)
    return quantiles_of(
        nets or [network()], histories, views_of(histories, int(np.max(origins))), horizon, np.asarray(origins)
    )


# --- what is learnt -----------------------------------------------------------------------------------------


def test_each_row_is_a_series_from_its_beginning():
    rows, views, histories = rows_of(RAGGED)
    np.testing.assert_array_equal(rows.lengths, [30, 12, 3, 55])  # of one or two values nothing is learnt
    z = views.scaled(histories.values)
    np.testing.assert_allclose(rows.series[0, :30, 0], z[0, -30:] - z[0, -30], rtol=1e-6)
    np.testing.assert_allclose(rows.series[0, :, 1], np.log(np.arange(1, 56)) - 3, rtol=1e-5)
    np.testing.assert_array_equal(rows.about, views.about[[0, 1, 2, 5]].astype(np.float32))


def test_targets_are_the_steps_ahead():
    rows, _, _ = rows_of(RAGGED)
    z = rows.series[..., 0]
    for row, length in enumerate(rows.lengths):
        for t in range(rows.target.shape[1]):
            for k in range(6):
                ahead = t + k + 1
                expected = z[row, ahead] if ahead < length else np.float32(UNKNOWN)
                assert rows.target[row, t, k] == pytest.approx(expected, rel=1e-6), (row, t, k)


def test_steps_with_something_ahead_count():
    rows, views, _ = rows_of(RAGGED)
    for weight, length, noise in zip(rows.weight, rows.lengths, views.noise[[0, 1, 2, 5]], strict=True):
        expected = np.zeros(55)
        expected[2 : length - 1] = np.sqrt(noise)
        np.testing.assert_allclose(weight, expected, rtol=1e-6)


def test_gaps_are_held_in_inputs_and_unknown_in_targets():
    gaps = RAGGED[0].copy()
    gaps[[4, 5, 20]] = np.nan
    rows, _, _ = rows_of([gaps])
    z = rows.series[0, :, 0]
    assert z[4] == z[5] == z[3] and z[20] == z[19] and np.isfinite(rows.series).all()
    assert (rows.target[0, [3, 4, 14], [0, 0, 5]] == UNKNOWN).all() and (rows.target[0, 5, :5] != UNKNOWN).all()


@given(st.integers(0, 1800), st.integers(0, 40), st.integers(1, 600))
def test_each_step_of_a_long_series_counts_once(n, until, horizon):
    values = np.arange(float(n + until))
    rows, _, _ = rows_of([values, -np.arange(9.0)], horizon, np.array([until, 0]))
    mine = np.arange(len(rows.lengths)) < len(rows.lengths) - 1
    assert (rows.lengths <= LONGEST).all()
    steps = []
    for target, weight in zip(rows.target[mine], rows.weight[mine], strict=True):
        steps += np.flatnonzero(weight).tolist()
        assert (target[weight > 0, 0] != UNKNOWN).all()
    assert len(steps) == max(n - 3, 0)
    if horizon <= LONGEST // 2 - 2:  # all that is ahead is told, but at the end
        cut = sum((t[w > 0] == UNKNOWN).any(1).sum() for t, w in zip(rows.target[mine], rows.weight[mine], strict=True))
        assert cut == min(horizon - 1, len(steps))


def test_pieces_of_a_long_series_cover_it():
    n = 3 * LONGEST + 17
    rows, views, histories = rows_of([np.arange(float(n))])
    assert (rows.lengths == LONGEST).all()
    unit = views.scaled(histories.values)[0, 1] - views.scaled(histories.values)[0, 0]
    starts = [round(row[0, 0] / unit) for row in rows.series]
    assert starts == [0] * len(starts)  # each begins with its own first value
    assert len(rows.lengths) == -(-(n - LONGEST) // (LONGEST // 2)) + 1


def test_valuesheld_back_are_not_learnt():
    until = np.array([6, 0, 0, 0, 1, 20])
    changed = [v.copy() for v in RAGGED]
    for values, count in zip(changed, until, strict=True):
        values[len(values) - count :] = -1e7
    (first, *_), (other, *_) = rows_of(RAGGED, until=until), rows_of(changed, until=until)
    for name in ("series", "about", "lengths", "target", "weight"):
        np.testing.assert_array_equal(getattr(first, name), getattr(other, name))


def test_nothing_to_learn():
    for series in ([[1.0]], [[1.0, 2.0], [3.0]]):
        rows, _, _ = rows_of(series)
        assert len(rows.series) == len(rows.lengths) == len(rows.target) == 0


def test_left_takes_the_steps_before_an_end():
    values = np.array([[np.nan, 1, 2, 3, 4], [5, 6, 7, 8, 9.0]])
    np.testing.assert_array_equal(left(values, np.array([1, 2]), np.array([2, 3])), [[2, 3, np.nan], [5, 6, 7]])
    assert left(np.zeros((2, 0)), 0, np.zeros(2, int)).shape == (2, 1)


def test_inputs_are_finite_whatever_comes():
    wild = np.array([[np.nan, 1e9, -1e9, np.nan], [np.nan] * 4, [0, 1e100, -1e100, 1.0]])
    made = inputs_of(wild)
    assert np.isfinite(made).all() and np.abs(made[..., 0]).max() == FARTHEST


# --- what is said -------------------------------------------------------------------------------------------


def test_a_ragged_batch_is_its_series_one_by_one():
    together = said(RAGGED)
    assert together.shape == (6, 1, len(QUANTILES), 6) and np.isfinite(together).all()
    for row, values in enumerate(RAGGED):
        np.testing.assert_allclose(together[row], said([values])[0], rtol=ROUNDING, atol=ROUNDING)


def test_many_series_in_small_calls_are_those_in_one(monkeypatch):
    whole = said(RAGGED)
    monkeypatch.setattr("elman.forecast.rows._AT_ONCE", 1)
    monkeypatch.setattr("elman.forecast.reading.AT_ONCE", 1)
    np.testing.assert_allclose(said(RAGGED), whole, rtol=ROUNDING, atol=ROUNDING)


def test_values_behind_an_origin_are_no_matter():
    origins = np.array([1, 3, 8])
    before = said(RAGGED, origins=origins)
    for k, until in enumerate(origins):
        changed = [v.copy() for v in RAGGED]
        for values in changed:
            values[max(len(values) - until, 0) :] *= -3
        after = said(changed, origins=origins)
        np.testing.assert_array_equal(after[:, k:], before[:, k:])
        assert k == 0 or not np.array_equal(after[:, :k], before[:, :k])


def test_an_origin_is_the_end_of_a_shorter_series():
    histories = Histories.of(RAGGED[:1])
    views = views_of(histories, 8)
    rolled = quantiles_of([network()], histories, views, 6, np.array([8, 3]))
    np.testing.assert_allclose(rolled[0, 0], said([RAGGED[0][:-8]])[0, 0], rtol=1e-6)


def test_each_series_may_have_origins_of_its_own():
    histories = Histories.of(RAGGED[:2])
    views = views_of(histories, 5)
    both = quantiles_of([network()], histories, views, 6, np.array([[2, 5], [0, 1]]))
    for row in (0, 1):
        for k, until in enumerate(([2, 5], [0, 1])[row]):
            alone = quantiles_of([network()], histories, views, 6, np.array([until]))
            np.testing.assert_allclose(both[row, k], alone[row, 0], rtol=1e-6)


def one_by_one(nets, histories, views, horizon, origins):
    """Forecasts of each series from each origin, (S, K, Q, H): whole outputs of a row that ends there."""
    steps = nets[0].outputs // len(QUANTILES)
    found = np.full((*origins.shape, len(QUANTILES), horizon), np.nan)
    for s, k in zip(*np.nonzero(histories.lengths[:, None] > origins), strict=True):
        until, which = int(origins[s, k]), np.array([s])
        used = np.minimum(histories.lengths[which] - until, LONGEST)
        z = left(views.take(which).scaled(histories.values[which]), until, used)
        beside = beside_of(histories, which, np.array([until]), used, horizon) if has_beside(histories) else None
        pieces = Pieces(z, used, about_of(histories, views)[which], beside)
        inputs, lengths = pieces.inputs(steps)
        made = np.mean([net(inputs, lengths=lengths) for net in nets], axis=0)[0, used[0] - 1]
        known = z[np.isfinite(z)]
        z = made.reshape(1, len(QUANTILES), steps)[:, :, :horizon] + (known[0] if len(known) else 0.0)
        found[s, k] = views.take(which).values(z, np.arange(horizon) - until)
    return found


@given(st.integers(0, 2**32 - 1), st.booleans())
@draws(15)
def test_origins_are_read_off_one_row_as_each_off_its_own(seed, long):
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 3 * LONGEST if long else 60, 4)
    series = [np.where(random.random(n) < 0.1, np.nan, random.normal(size=n).cumsum() + 9) for n in lengths]
    series[0][: random.integers(0, len(series[0]) + 1)] = np.nan  # an origin may have no value before it
    histories = Histories.of(series, season=7)
    origins = random.integers(0, 40, (4, 3))
    views = views_of(histories, 40)
    made = quantiles_of(NETWORKS, histories, views, 5, origins)
    np.testing.assert_allclose(made, one_by_one(NETWORKS, histories, views, 5, origins), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("known", "past"), [(2, 1), (1, 0), (0, 2)])
@pytest.mark.parametrize("ahead", [0, 3, 6])
def test_covariates_are_read_off_one_row_as_each_off_its_own(known, past, ahead):
    lengths = [30, 12, 3, LONGEST + 40]
    series = [RNG.normal(size=n).cumsum() for n in lengths]
    longest = max(lengths)
    static = np.zeros((4, 0))
    beside = Inputs(RNG.normal(size=(4, longest + ahead, known)), RNG.normal(size=(4, longest, past)), static)
    histories = replace(Histories.of(series), beside=beside)
    net = network(known=known, past=past)
    origins = np.array([[0, 4, 5], [1, 12, 2], [0, 1, 1], [30, 60, 45]])
    views = views_of(histories, 30)
    made = quantiles_of([net], histories, views, 6, origins)
    np.testing.assert_allclose(made, one_by_one([net], histories, views, 6, origins), rtol=1e-6, atol=1e-6)


def test_a_network_that_learns_on_is_read_anew():
    net, before = network(), said(RAGGED[:1], nets=[network()])
    np.testing.assert_array_equal(said(RAGGED[:1], nets=[net]), before)
    net.params["dense.b"] = net.params["dense.b"] + 1
    assert not np.array_equal(said(RAGGED[:1], nets=[net]), before)


def test_before_a_series_begins_there_is_nothing_to_say():
    made = said(RAGGED, origins=np.array([12, 2]))
    np.testing.assert_array_equal(
        np.isnan(made).all((2, 3)).T,
        [[False, True, True, True, True, False]] + [[False, False, False, True, True, False]],
    )
    assert not np.isnan(made[0]).any()


def test_several_networks_are_their_mean():
    nets = [network(seed=0), network(seed=1)]
    series = [-v for v in RAGGED]  # no logarithms, under which the mean is another
    each = [said(series, nets=[net]) for net in nets]
    np.testing.assert_allclose(said(series, nets=nets), np.mean(each, axis=0), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("horizon", [1, 5, 6, 7, 12, 13, 50])
def test_any_horizon_is_the_beginning_of_a_longer_one(horizon):
    longest = said(RAGGED, horizon=60)
    np.testing.assert_array_equal(said(RAGGED, horizon=horizon), longest[..., :horizon])
    assert np.isfinite(longest).all()


def test_quantiles_far_ahead_stay_in_order_and_apart():
    made = said(RAGGED, horizon=60)
    assert (np.diff(made, axis=2) >= 0).all()
    series = [-v for v in RAGGED]
    width = np.ptp(said(series, horizon=60)[:, 0], axis=1)
    starts = np.arange(6, 60, 6)
    assert (width[:, starts] >= width[:, starts - 1] * (1 - 1e-6)).all()


def test_far_ahead_it_goes_on_from_its_own_medians():
    series = [-v for v in RAGGED[:1]]
    histories = Histories.of(series)
    views, net = views_of(histories), network()
    near = quantiles_of([net], histories, views, 6, NOW)[0, 0, MIDDLE]
    far = quantiles_of([net], histories, views, 12, NOW)[0, 0, MIDDLE, 6:]
    longer = Histories.of([np.append(series[0], near)])
    told = quantiles_of([net], longer, views, 6, NOW)[:, 0, MIDDLE]
    held = held_back(told, near[None], series[0][-1:])[0]
    np.testing.assert_allclose(far, held, rtol=1e-4, atol=1e-4)


def test_only_the_newest_steps_of_a_long_series_are_read():
    values = RNG.normal(size=LONGEST + 60).cumsum()
    histories = Histories.of([values])
    views = views_of(histories)
    changed = values.copy()
    changed[:60] += 5
    far = Histories.of([changed])
    made = [quantiles_of([network()], h, views, 6, NOW) for h in (histories, far)]
    np.testing.assert_array_equal(made[0], made[1])
    near = Histories.of([np.append(values[:60], values[60:] + np.linspace(0, 1, LONGEST))])
    assert not np.array_equal(made[0], quantiles_of([network()], near, views, 6, NOW))


def test_seasons_are_put_behind_the_right_steps():
    t = np.arange(120)
    wave = 10 * np.sin(2 * np.pi * t / 12)
    plain = direct_network(gru, 5, 6, len(ABOUT))  # repeats the last value, without season
    made = said([wave, wave[:110]], horizon=15, origins=np.array([12, 5]), season=12, nets=[plain])[:, :, MIDDLE]
    for row, n in enumerate((120, 110)):
        for k, until in enumerate((12, 5)):
            expected = 10 * np.sin(2 * np.pi * (n - until + np.arange(15)) / 12)
            np.testing.assert_allclose(made[row, k], expected, atol=0.7)


def test_a_far_forecast_does_not_run_away():
    """A network that takes its own forecast for a trend used to leave all bounds after a few hundred steps."""
    rng = np.random.default_rng(0)
    days = np.arange(360)
    series = [np.maximum(rng.normal(50 + 8 * np.sin(days * 2 * np.pi / 7), 7) + 0.02 * k * days, 1) for k in range(4)]
    histories = Histories.of(series, 7)
    net = Networks([pretrained_network(k, 24, k) for k in range(2)], [0, 0], ())
    far = net(histories, 400, np.array([0, 100]))
    assert np.isfinite(far).all() and far.max() < 150 and far.min() > 0


def test_further_parts_rise_and_swing_no_more_than_the_part_before():
    rng = np.random.default_rng(1)
    start, before, further = rng.normal(size=5), rng.normal(size=(5, 8)).cumsum(1), rng.normal(size=(5, 8)) * 100
    made = held_back(further, before, start)

    def moves(path, first):
        rose = path[:, -1] - first
        return np.abs(rose), np.abs(path - first[:, None] - rose[:, None] * np.arange(1, 9) / 8).max(1)

    (rose, swung), (rises, swings) = moves(before, start), moves(made, before[:, -1])
    assert (rises <= FADES * rose + 1e-9).all() and (swings <= swung + 1e-9).all()
    calm = before[:, -1:] + 0.1 * (before - start[:, None])
    np.testing.assert_allclose(held_back(calm, before, start), calm)
