"""What holds for every rival."""

import numpy as np
import pytest

from elman.errors import DataError, OptionError
from elman.forecast.rivals import RIVALS, Histories
from tests.forecast.rivals.ugly import UGLY, WALK

ORIGINS = np.array([0, 1, 5, 28])
every_rival = pytest.mark.parametrize("rival", RIVALS, ids=lambda rival: rival.name)
seasons = pytest.mark.parametrize("season", [1, 4, 24])


def test_names_differ():
    assert len({rival.name for rival in RIVALS}) == len(RIVALS)


@every_rival
@seasons
def test_forecasts_are_finite_where_a_value_comes_before_the_origin(rival, season):
    forecasts = rival(Histories.of(list(UGLY.values()), season), 7, ORIGINS)
    assert forecasts.shape == (len(UGLY), len(ORIGINS), 7)
    for name, series, made in zip(UGLY, UGLY.values(), forecasts, strict=True):
        for origin, steps in zip(ORIGINS, made, strict=True):
            seen = np.isfinite(np.asarray(series)[: max(len(series) - origin, 0)])
            assert np.isfinite(steps).all() == seen.any(), (name, origin)
            assert np.isnan(steps).all() == (not seen.any()), (name, origin)


@every_rival
@seasons
def test_a_series_alone_gets_the_same_bits(rival, season):
    together = rival(Histories.of(list(UGLY.values()), season), 7, ORIGINS)
    for (name, series), made in zip(UGLY.items(), together, strict=True):
        np.testing.assert_array_equal(rival(Histories.of([series], season), 7, ORIGINS)[0], made, err_msg=name)


@every_rival
@seasons
def test_values_behind_an_origin_change_nothing(rival, season):
    histories = Histories.of([s for s in UGLY.values() if len(s) > 5], season)
    other = histories.values.copy()
    other[:, -5:] = np.random.default_rng(1).normal(size=(len(other), 5)) * 100
    changed = Histories(other, histories.lengths, histories.season)
    at = np.array([5])
    np.testing.assert_array_equal(rival(histories, 7, at), rival(changed, 7, at))


@every_rival
@seasons
def test_later_origins_leave_the_earliest_as_it_is(rival, season):
    histories = Histories.of([s for s in UGLY.values() if len(s) > 9], season)
    several, alone = rival(histories, 7, np.array([9, 5, 0])), rival(histories, 7, np.array([9]))
    np.testing.assert_array_equal(several[:, :1], alone)


@every_rival
@seasons
def test_a_forecast_scales_with_its_series(rival, season):
    at = np.array([0, 6])
    plain, larger = (rival(Histories.of([WALK * scale], season), 9, at) for scale in (1.0, 2.0**700))
    np.testing.assert_array_equal(plain * 2.0**700, larger)


@every_rival
def test_a_constant_stays(rival):
    forecast = rival(Histories.of([np.full(50, 7.25)], 4), 9, np.array([0, 3]))
    np.testing.assert_allclose(forecast, 7.25, rtol=1e-12)


@every_rival
def test_what_cannot_be_is_refused(rival):
    histories = Histories.of([WALK])
    for origins in ([-1], [0.5], []):
        with pytest.raises(DataError, match="origins are"):
            rival(histories, 3, np.array(origins))
    with pytest.raises(OptionError, match="horizon is 0"):
        rival(histories, 0, np.array([0]))


def test_histories_of_wrong_shapes_are_refused():
    with pytest.raises(DataError, match="expected lengths from 0 to T"):
        Histories(np.ones((1, 3)), np.array([4]), np.array([1]))
    with pytest.raises(DataError, match=r"expected \(S, T\)"):
        Histories(np.ones(3), np.array([3]), np.array([1]))
    with pytest.raises(DataError, match="infinite"):
        Histories.of([[1.0, np.inf]])


def test_no_series_have_no_forecasts():
    for rival in RIVALS:
        assert rival(Histories.of([]), 3, np.array([0])).shape == (0, 1, 3)
