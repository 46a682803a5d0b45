"""States that roll on: through gaps, through later values, and without a second estimate."""

import numpy as np
import pytest

from elman.forecast.rivals import DAMPED, FORMS, RIVALS, Combination, Ets, Histories, Naive, SeveralSeasons, Theta
from elman.forecast.rivals.ets_fit import fit_forms
from tests.forecast.rivals.ugly import WALK

END = np.array([0])
WAVE = WALK + 3 * np.sin(np.arange(60) * np.pi / 2)


@pytest.mark.parametrize("rival", RIVALS, ids=lambda rival: rival.name)
@pytest.mark.parametrize("season", [1, 4])
def test_missing_values_at_the_end_are_forecast_through(rival, season):
    whole = rival(Histories.of([WAVE], season), 9, END)[0, 0]
    behind_gap = rival(Histories.of([np.r_[WAVE, [np.nan] * 3]], season), 6, END)[0, 0]
    np.testing.assert_allclose(behind_gap, whole[3:], rtol=1e-8)


@pytest.mark.parametrize("rival", [Naive(), Ets(), Ets((DAMPED,), averaged=True), SeveralSeasons()], ids=repr)
@pytest.mark.parametrize("season", [1, 4])
def test_values_that_are_as_forecast_leave_the_forecast_as_it_is(rival, season):
    path = rival(Histories.of([WAVE], season), 11, END)[0, 0]
    later = rival(Histories.of([np.r_[WAVE, path[:5]]], season), 6, np.array([5, 0]))[0, 1]
    if isinstance(rival, Ets) and rival.averaged:  # each form has forecasts of its own
        np.testing.assert_allclose(later, path[5:], atol=0.05 * WAVE.std())
    else:
        np.testing.assert_allclose(later, path[5:], rtol=1e-9)


@pytest.mark.parametrize("rival", RIVALS, ids=lambda rival: rival.name)
def test_a_later_origin_sees_later_values(rival):
    jump = np.r_[WAVE, WAVE.max() + 20 + np.arange(8.0)]
    early, late = rival(Histories.of([jump], 4), 4, np.array([8, 0]))[0]
    assert late.mean() > early.mean() + 10


def test_gaps_cost_little():
    """A season is found and forecast through a tenth of values that are missing, nearly as without them."""
    rng, steps = np.random.default_rng(3), np.arange(132)
    series = 20 + 0.1 * steps + 5 * np.sin(steps * np.pi / 6) + rng.normal(0, 0.5, 132)
    gaps = series[:120].copy()
    gaps[rng.choice(120, 12, replace=False)] = np.nan
    for rival in (Theta(), Theta(dynamic=True), Ets(), Combination()):
        through, complete = (rival(Histories.of([s], 12), 12, END)[0, 0] for s in (gaps, series[:120]))
        assert np.abs(through - complete).mean() < 0.5, rival.name


def test_known_parameters_are_found_again():
    """Of 40 series of one ETS(A,Ad,A) model, the medians of what is estimated are near the truth."""
    rng = np.random.default_rng(5)
    alpha, beta, phi, gamma = 0.4, 0.1, 0.9, 0.2
    level, trend = np.full(40, 100.0), np.full(40, 2.0)
    season, y = np.outer([5.0, -3.0, -4.0, 2.0], np.ones(40)), []
    for t in range(300):
        error = rng.normal(size=40)
        y.append(level + phi * trend + season[t % 4] + error)
        level, trend = level + phi * trend + alpha * error, phi * trend + beta * error
        season[t % 4] += gamma * error
    rates = fit_forms(np.array(y), 4, [form for form in DAMPED if form.name == "AAdA"]).rates
    found = [float(np.median(rate)) for rate in (rates.alpha, rates.beta, rates.phi, rates.gamma)]
    np.testing.assert_allclose(found, [alpha, beta, phi, gamma], atol=0.05)


def test_a_combination_is_the_mean():
    histories, at = Histories.of([WAVE, WALK[:30]], 4), np.array([3, 0])
    rivals = (Naive(), Theta(), Ets())
    mean = np.mean([rival(histories, 5, at) for rival in rivals], axis=0)
    np.testing.assert_allclose(Combination(rivals, (1, 1, 1))(histories, 5, at), mean, rtol=1e-12)


def test_sets_of_forms_are_averaged():
    histories, at = Histories.of([WAVE, WALK[:30]], 4), np.array([3, 0])
    apart = [Ets((some,), averaged=True)(histories, 5, at) for some in (FORMS, DAMPED)]
    together = Ets((FORMS, DAMPED), averaged=True)(histories, 5, at)
    np.testing.assert_allclose(
        together, np.mean(apart, axis=0), rtol=1e-4
    )  # the search ends alike, not at the same bits


def test_forms_that_a_series_cannot_have_give_its_last_value():
    seasonal = Ets((tuple(form for form in FORMS if form.season != "N"),))
    assert (seasonal(Histories.of([WAVE]), 3, END) == WAVE[-1]).all()


def test_series_of_hours_are_combined_otherwise():
    hours = np.random.default_rng(2).normal(size=24 * 16) + np.tile(np.arange(24.0), 16)
    own = Combination(of_hours=(Naive(),))
    assert np.ptp(own(Histories.of([hours], 24), 5, END)) == 0 == np.ptp(own(Histories.of([hours], 168), 5, END))
    assert np.ptp(own(Histories.of([hours], 12), 5, END)) > 0


def test_multiplied_forms_are_for_series_above_zero_alone():
    y = np.random.default_rng(0).normal(size=(60, 2)).cumsum(0) + [[50.0, 0.0]]
    multiplied = [form for form in FORMS if form.error == "M" and form.season == "N"]
    criteria = fit_forms(y, 1, multiplied).criteria
    assert np.isfinite(criteria[:, 0]).all() and np.isinf(criteria[:, 1]).all()
