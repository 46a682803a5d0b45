import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import load_series
from elman.forecast import autocorrelation, detect_season
from tests.draws import draws


def test_autocorrelation_is_the_mean_product_of_deviations():
    values = np.random.default_rng(0).normal(size=40)
    d = values - values.mean()
    expected = [np.mean(d[: 40 - k] * d[k:]) / np.mean(d * d) for k in range(8)]
    np.testing.assert_allclose(autocorrelation(values, 7), expected, atol=1e-12)


@draws(40)
@given(st.integers(3, 60), st.floats(0, 6.28), st.floats(1e-3, 1e6), st.floats(-3, 3))
def test_the_season_of_a_wave_in_any_units_and_on_any_line(season, phase, size, slope):
    t = np.arange(6 * season)
    wave = np.sin(2 * np.pi * t / season + phase) + slope * t / len(t)
    assert detect_season(size * wave) == season


def test_a_season_under_noise():
    t = np.arange(240)
    wave = np.sin(2 * np.pi * t / 12) + 0.5 * np.random.default_rng(1).normal(size=240)
    assert detect_season(wave) == 12


def test_the_seasons_of_the_series_that_ship():
    assert detect_season(load_series("sunspots").values[:243]) == 11
    assert detect_season(load_series("co2", fill="linear").values) == 52


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_season(seed):
    assert detect_season(np.random.default_rng(seed).normal(size=400)) is None


@pytest.mark.parametrize("values", [np.full(90, 0.1), np.arange(90.0), np.arange(90.0) ** 2, np.ones(4), np.ones(1)])
def test_constants_lines_and_parabolas_have_no_season(values):
    assert detect_season(values) is None


def test_a_season_must_come_three_times():
    wave = np.sin(2 * np.pi * np.arange(90) / 30)
    assert detect_season(wave) == 30 and detect_season(wave[:80]) is None
