import numpy as np
import pytest

from elman.errors import DataError, OptionError, ShapeError
from elman.forecast import compare


def random_errors(rng, origins, steps, apart):
    """Of two equal methods: what happens is a random walk that neither foresees, and each adds noise of its own."""
    walk, starts = rng.normal(size=origins * apart + steps), apart * np.arange(origins)

    def one():
        own = np.convolve(rng.normal(size=len(walk) + 3), 0.5 ** np.arange(4), "valid")
        return [np.abs(np.cumsum(walk[o : o + steps]) + 0.7 * own[o : o + steps]) for o in starts]

    return np.array([one()]), np.array([one()]), starts[::-1] + 1


@pytest.mark.parametrize("origins, steps, apart", [(12, 6, 6), (24, 6, 1), (40, 6, 3), (9, 3, 3)])
def test_equal_methods_are_seldom_told_apart(origins, steps, apart):
    rng = np.random.default_rng(0)
    found = [compare(*random_errors(rng, origins, steps, apart)).p < 0.05 for _ in range(500)]
    assert 0.01 < np.mean(found) < 0.085  # 0.05 and three standard errors above


def test_equal_methods_over_many_series_are_told_apart_as_often_as_alpha_says():
    rng = np.random.default_rng(1)
    losses = np.abs(rng.standard_t(4, size=(2, 1000, 20, 3, 4)))
    found = [compare(a, b, [8, 6, 4]).p for a, b in zip(*losses, strict=True)]
    for alpha in (0.05, 0.2):
        assert np.mean(np.array(found) < alpha) == pytest.approx(alpha, abs=3 * np.sqrt(alpha * (1 - alpha) / 1000))


def test_a_difference_is_found_and_said_both_ways():
    rng = np.random.default_rng(2)
    good = rng.gamma(4, 0.25, size=(30, 4, 6))
    bad = good * 1.2 + 0.1 * rng.normal(size=good.shape)
    better, worse = (compare(*pair, [24, 18, 12, 6], names=("a", "b")) for pair in ((good, bad), (bad, good)))
    assert (better.word, worse.word) == ("beats", "does not beat")
    assert better.difference == pytest.approx((good - bad).mean()) == pytest.approx(-worse.difference)
    assert str(better).startswith("a beats b: MASE ") and str(better).endswith("over 30 series)")
    assert compare(good, good + 1e-3 * rng.normal(size=good.shape), [4, 3, 2, 1]).word == "about as good as"


def test_over_series_it_is_a_paired_t_test():
    rng = np.random.default_rng(3)
    a, b = rng.gamma(2, size=(2, 12, 1, 1))
    d = (a - b).ravel()
    found = compare(a, b, [1])
    assert found.error == pytest.approx(d.std(ddof=1) / np.sqrt(12)) and found.pairs == "12 series"
    stats = pytest.importorskip("scipy.stats")
    assert found.p == pytest.approx(stats.ttest_1samp(d, 0).pvalue)


def test_of_one_series_without_overlap_it_is_a_t_test_over_origins():
    rng = np.random.default_rng(4)
    a, b = rng.gamma(2, size=(2, 1, 15, 3))
    found = compare(a, b, 3 * np.arange(15))
    d = (a - b).mean((0, 2))
    assert found.error == pytest.approx(d.std(ddof=1) / np.sqrt(15)) and found.pairs == "15 origins"


def test_the_variance_has_the_covariances_of_overlapping_forecasts():
    rng = np.random.default_rng(5)
    a, b = rng.gamma(2, size=(2, 1, 20, 4))
    a[0, :, 0] += np.convolve(rng.normal(size=22), [1, 1, 1], "valid") + 5  # correlated from origin to origin
    d = (a - b).mean((0, 2))[::-1]  # the origin that is furthest back comes first
    e, n, h = d - d.mean(), 20, 2
    variance = (e @ e + 2 * e[1:] @ e[:-1]) / n / n
    variance /= (n + 1 - 2 * h + h * (h - 1) / n) / n  # Harvey, Leybourne and Newbold (1997), equation 9
    assert compare(a, b, 2 * np.arange(20)).error == pytest.approx(np.sqrt(variance))


def test_what_the_difference_may_be_off_by_is_called_a_standard_error():
    rng = np.random.default_rng(5)
    found = compare(*rng.gamma(2, size=(2, 12, 6, 4)), 4 * np.arange(6))
    assert f"(standard error {found.error:.2g}, over 12 series)" in str(found)


def test_too_few_origins_say_so():
    rng = np.random.default_rng(6)
    a, b = rng.gamma(2, size=(2, 1, 5, 4))
    found = compare(a, b + 10, np.arange(5), names=("gru", "naive"))
    assert found.word == "about as good as" and found.p == 1 and np.isnan(found.error)
    assert str(found).startswith("gru is about as good as naive") and "(too few to tell, over 5 origins)" in str(found)


def test_missing_truths_count_nowhere_and_methods_that_agree_are_alike():
    rng = np.random.default_rng(7)
    a, b = rng.gamma(2, size=(2, 14, 3, 2))
    a[0], b[0] = np.nan, np.nan
    a[5, 1, 1], b[5, 1, 1] = np.nan, np.nan
    assert compare(a, b, [6, 4, 2]).pairs == "13 series"
    assert compare(a[:3], b[:3], [6, 4, 2]).pairs == "3 origins"
    same = compare(a, a, [6, 4, 2])
    assert same.word == "about as good as" and same.difference == 0 == same.error


def test_odd_input_is_refused():
    ones = np.ones((2, 3, 4))
    with pytest.raises(ShapeError, match=r"shapes \(2, 3, 4\) and \(2, 3\)"):
        compare(ones, ones[..., 0], [3, 2, 1])
    with pytest.raises(DataError, match="not known at the same values"):
        compare(ones, np.where(np.arange(4) > 2, np.nan, ones), [3, 2, 1])
    with pytest.raises(DataError, match="no loss is known"):
        compare(np.nan * ones, np.nan * ones, [3, 2, 1])
    with pytest.raises(OptionError, match="alpha is 1"):
        compare(ones, ones, [3, 2, 1], alpha=1)
