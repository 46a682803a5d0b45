import numpy as np
import pytest

from elman.errors import DataError, OptionError, ShapeError
from elman.forecast import mase, naive_scales


def test_by_hand():
    histories = [[0.0, 1.0, 3.0, 6.0], [2.0, 4.0, 2.0, 8.0]]
    np.testing.assert_allclose(naive_scales(histories), [2, 10 / 3])
    np.testing.assert_allclose(naive_scales(histories, 2), [4, 2])
    np.testing.assert_allclose(naive_scales(histories, [1, 2], squared=True), [np.sqrt(14 / 3), np.sqrt(8)])


def test_is_what_mase_divides_by():
    rng = np.random.default_rng(0)
    for season in (1, 4, 7):
        history = rng.normal(size=40).cumsum()
        assert mase([3.0], [1.0], history, season) == pytest.approx(2 / naive_scales([history], season)[0])


def test_changes_with_a_missing_end_do_not_count():
    assert naive_scales([[np.nan, 1.0, 3.0, np.nan, 4.0, 7.0]])[0] == pytest.approx(2.5)


@pytest.mark.parametrize("history, season", [(np.tile([0.1, 0.7, 0.3], 9), 3), ([0.1, 0.7, 0.3], 12)])
def test_falls_back_to_one_step_where_the_season_says_nothing(history, season):
    assert naive_scales([history], season) == naive_scales([history], 1)
    assert np.isfinite(naive_scales([history], season))


@pytest.mark.parametrize("history", [np.full(9, 5.0), np.zeros(4), [1.0], [np.nan, 2.0], [], [0.1 + 0.2, 0.3]])
def test_a_constant_history_has_none(history):
    assert np.isnan(naive_scales([history], 4)).all() and np.isnan(naive_scales([history], 4, squared=True)).all()


def test_huge_changes_stay_in_range():
    assert naive_scales([[0.0, 1e200, 0.0]], squared=True)[0] == pytest.approx(1e200)


def test_odd_input_is_refused():
    with pytest.raises(DataError, match=r"histories\[1\] holds infinity"):
        naive_scales([[1.0, 2.0], [1.0, np.inf]])
    with pytest.raises(ShapeError, match=r"histories\[0\] has shape \(1, 2\)"):
        naive_scales([[[1.0, 2.0]]])
    with pytest.raises(ShapeError, match="season has 3 values and there are 1 histories"):
        naive_scales([[1.0, 2.0]], [1, 2, 3])
    with pytest.raises(OptionError, match="season is 0"):
        naive_scales([[1.0, 2.0]], 0)
