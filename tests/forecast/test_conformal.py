import numpy as np
import pytest

from elman.errors import DataError, OptionError, ShapeError
from elman.forecast import calibrate, naive_scales

SPACED = 4 * np.arange(6, 0, -1)


def world(rng, series, *, origins=6, steps=4, draw=None, growth=None):
    """Errors of independent origins and those to come: sizes differ by series and grow with the step."""
    draw = draw or rng.normal
    size = rng.gamma(8, 1 / 8, series)[:, None, None] * (np.sqrt(np.arange(1, steps + 1)) if growth is None else growth)
    errors = draw(size=(series, origins + 1, steps)) * size
    scale = np.abs(rng.normal(size=(series, 40))).mean(1) * size[:, 0, 0]
    return errors[:, :origins], errors[:, origins], scale


def coverage(found, truth, level=90):
    low, high = found.around(np.zeros(truth.shape), [level])[level]
    return ((low <= truth) & (truth <= high)).mean()


@pytest.mark.parametrize("level", [50, 80, 90, 95, 99])
@pytest.mark.parametrize("draw", ["normal", "laplace"])
def test_covers_what_it_says(level, draw):
    rng = np.random.default_rng(0)
    errors, truth, scale = world(rng, 3000, draw=getattr(rng, draw))
    found = calibrate(errors, np.zeros(errors.shape), scale, SPACED)
    assert coverage(found, truth, level) == pytest.approx(level / 100, abs=0.025)


def test_covers_one_series_of_few_origins_too():
    rng, inside = np.random.default_rng(1), []
    for _ in range(300):
        errors, truth, scale = world(rng, 1)
        inside.append(coverage(calibrate(errors, np.zeros(errors.shape), scale, SPACED), truth))
    assert 0.88 < np.mean(inside) < 0.95


def test_widths_grow_as_the_errors_do():
    rng = np.random.default_rng(2)
    for growth in (np.ones(8), np.sqrt(np.arange(1, 9)), np.arange(1.0, 9)):
        errors, _, scale = world(rng, 500, steps=8, growth=growth)
        found = calibrate(errors, np.zeros(errors.shape), scale, 8 * np.arange(6, 0, -1))
        low, high = found.around(np.zeros((500, 12)), [80])[80]
        width = (high - low).mean(0)
        longer = growth[-1] + (growth[-1] - growth[-2]) * 4
        assert width[7] / width[0] == pytest.approx(growth[7] / growth[0], rel=0.1)
        assert width[11] / width[0] == pytest.approx(longer / growth[0], rel=0.1)  # beyond what was calibrated


def test_widths_are_those_of_each_series():
    rng = np.random.default_rng(3)
    errors, _, scale = world(rng, 200, origins=30)
    found = calibrate(errors, np.zeros(errors.shape), scale, 4 * np.arange(30, 0, -1))
    own = np.abs(errors).mean((1, 2))
    assert np.corrcoef(found.sigma, own)[0, 1] > 0.99


def test_lopsided_errors_give_lopsided_intervals():
    rng = np.random.default_rng(4)
    errors, truth, scale = world(rng, 2000, draw=lambda size: rng.exponential(size=size))
    found = calibrate(errors, np.zeros(errors.shape), scale, SPACED)
    low, high = found.around(np.zeros(truth.shape), [80])[80]
    assert (high > 5 * -low).all() and coverage(found, truth, 80) == pytest.approx(0.8, abs=0.12)
    q = found.quantiles(np.zeros(truth.shape), [0.1, 0.9])
    assert ((q[..., 0] <= truth) & (truth <= q[..., 1])).mean() == pytest.approx(0.8, abs=0.03)


def test_widths_grow_with_the_level_where_all_is_positive():
    rng = np.random.default_rng(5)
    said = np.full((100, 6, 4), 10.0)
    for actual, more in ((said + rng.normal(size=said.shape), 2.0), (said - 10 + rng.normal(size=said.shape), 1.0)):
        found = calibrate(actual, said, np.ones(100), SPACED)
        (low1, high1), (low4, high4) = (found.around(np.full((100, 4), level), [90])[90] for level in (10.0, 40.0))
        np.testing.assert_allclose((high4 - low4) / (high1 - low1), more)


def test_intervals_are_nested_hold_the_forecast_and_keep_the_bound():
    rng = np.random.default_rng(6)
    points = rng.gamma(1, 2, size=(20, 9))
    found = calibrate(rng.gamma(2, 2, size=(20, 5, 4)), rng.gamma(1, 2, size=(20, 5, 4)), np.ones(20), np.arange(5))
    bands = found.around(points, [99, 80, 95.5, 10], lower=0)
    for low, high in bands.values():
        assert (low <= points).all() and (points <= high).all() and (low >= 0).all()
    for inner, outer in ((10, 80), (80, 95.5), (95.5, 99)):
        assert (bands[outer][0] <= bands[inner][0]).all() and (bands[inner][1] <= bands[outer][1]).all()
    assert list(bands) == [99, 80, 95.5, 10]


def test_overlapping_forecasts_count_once():
    rng = np.random.default_rng(7)
    once = rng.normal(size=(1, 3, 4))
    apart, again = 4 * np.arange(3, 0, -1), np.repeat(4 * np.arange(3, 0, -1), 5)
    a = calibrate(once, np.zeros(once.shape), [1.0], apart)
    b = calibrate(np.repeat(once, 5, 1), np.zeros((1, 15, 4)), [1.0], again)
    assert a.sigma == pytest.approx(b.sigma, rel=0.01)
    np.testing.assert_allclose(a.shape[100:-100], b.shape[100:-100], rtol=0.05, atol=0.05)


def test_a_series_without_errors_has_what_its_scale_lets_expect():
    rng = np.random.default_rng(8)
    errors, truth, scale = world(rng, 400)
    errors[:200] = np.nan
    found = calibrate(errors, np.zeros(errors.shape), scale, SPACED)
    low, high = found.around(np.zeros(truth.shape), [90])[90]
    assert 0.85 < ((low <= truth) & (truth <= high))[:200].mean() < 1
    width = (high - low).mean(1) / scale
    assert width[:200].min() > width[200:].mean()  # nothing is known of their own errors


def test_a_positive_series_without_errors_among_positive_ones_has_a_width():
    actual = np.random.default_rng(8).gamma(5, 2, size=(3, 6, 4))
    actual[0] = np.nan
    low, high = calibrate(actual, np.full((3, 6, 4), 10.0), np.ones(3), SPACED).around(np.full((3, 4), 9.0))[80]
    assert (high > low).all()


def test_constant_series_have_no_width_and_are_named():
    errors = np.zeros((3, 2, 4))
    errors[1] = np.random.default_rng(9).normal(size=(2, 4))
    found = calibrate(errors, np.zeros(errors.shape), [np.nan, 1.0, np.nan], [8, 4])
    low, high = found.around(np.full((3, 4), 5.0))[95]
    assert (low[0] == 5).all() and (high[0] == 5).all() and (high[1] > 5).all()
    assert found.notes == ("intervals without width for 2 of 3 series, constant and always met: 0, 2",)
    named = calibrate(errors, np.zeros(errors.shape), [np.nan, 1.0, np.nan], [8, 4], names=["a", "b", ("c", 1)])
    assert named.notes == ("intervals without width for 2 of 3 series, constant and always met: 'a', ('c', 1)",)
    assert np.isfinite(calibrate(np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), [np.nan], [1]).around([[1.0]])[80]).all()


def test_real_series_are_covered_by_naive_forecasts():
    """Random walks and noise, each cut at rolling origins, as a user would."""
    rng, steps = np.random.default_rng(10), 6
    series = np.cumsum(rng.standard_t(4, size=(400, 60)), 1)
    history, truth, origins = series[:, :-steps], series[:, -steps:], np.arange(18, 0, -1)
    actual = np.full((400, len(origins), steps), np.nan)
    for k, before in enumerate(origins):
        actual[:, k, : min(before, steps)] = history[:, 54 - before : min(54, 54 - before + steps)]
    said = np.repeat(history[:, 53 - origins, None], steps, axis=2)
    found = calibrate(actual, said, naive_scales(history), origins)
    for level in (80, 95):
        low, high = found.around(np.repeat(history[:, -1:], steps, axis=1), [level])[level]
        assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(level / 100, abs=0.03)


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"actual": np.full((2, 3, 4), np.nan)}, DataError, "no known value"),
        ({"actual": np.zeros((3, 4)), "forecast": np.zeros((3, 4))}, ShapeError, r"expected \(S, K, H\)"),
        ({"forecast": np.full((2, 3, 4), np.inf)}, DataError, r"forecast\[0, 0, 0\] is inf"),
        ({"scale": [1.0]}, ShapeError, "a number for each series"),
        ({"origins": [1, 2]}, ShapeError, r"origins has shape \(2,\); expected \(3,\)"),
        ({"season": 0}, OptionError, "season is 0"),
    ],
)
def test_odd_input_is_refused(change, error, message):
    given = {"actual": np.ones((2, 3, 4)), "forecast": np.zeros((2, 3, 4)), "scale": np.ones(2), "origins": [3, 2, 1]}
    with pytest.raises(error, match=message):
        calibrate(**given | change)


def test_odd_forecasts_levels_and_bounds_are_refused():
    found = calibrate(np.ones((2, 3, 4)), np.zeros((2, 3, 4)), np.ones(2), [3, 2, 1])
    with pytest.raises(ShapeError, match=r"expected \(2, H\), a row each series"):
        found.around(np.zeros((3, 4)))
    with pytest.raises(DataError, match="forecast must be finite"):
        found.around(np.full((2, 4), np.nan))
    with pytest.raises(DataError, match="forecast holds -1, below lower=0"):
        found.around(np.full((2, 4), -1.0), lower=0)
    with pytest.raises(OptionError, match="level is 100"):
        found.around(np.zeros((2, 4)), [100])
    with pytest.raises(OptionError, match="lower is 'a'"):
        found.around(np.zeros((2, 4)), lower="a")
