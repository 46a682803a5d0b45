"""Histograms count every norm once; a heat map shows every state at its unit and step."""

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, ShapeError


def counts(ax):
    """Bars of each group, without the outlines."""
    bars = [patch for patch in ax.patches if type(patch).__name__ == "Rectangle"]
    return [p.get_height() for p in bars], [p.get_x() for p in bars]


@pytest.mark.parametrize("log", [False, True])
def test_groups_share_their_bins_and_every_norm_is_counted(log):
    rng = np.random.default_rng(0)
    ax = el.plots.norms({"a": rng.random(70), "b": 10 + rng.random((6, 5))}, bins=20, log=log)
    heights, left = counts(ax)
    assert (sum(heights[:20]), sum(heights[20:])) == (70, 30)
    np.testing.assert_array_equal(left[:20], left[20:])
    assert ax.get_xscale() == ("log" if log else "linear")


def test_norms_that_are_zero_are_named_where_the_axis_has_no_place_for_them():
    ax = el.plots.norms({"gradients": [0, 0, 1e-3, 1.0]}, log=True)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["gradients (2 are 0)"]
    assert sum(counts(ax)[0]) == 2


@pytest.mark.parametrize("wrong", [[-1.0, 1.0], [np.nan], [np.inf, 2.0]])
def test_what_is_no_norm_is_refused(wrong):
    with pytest.raises(DataError, match="finite and at least 0"):
        el.plots.norms({"a": wrong})


def test_nothing_to_draw_is_refused():
    with pytest.raises(DataError, match="at least one number"):
        el.plots.norms({"a": []})


def test_states_stand_at_their_unit_and_step():
    h = np.random.default_rng(0).normal(size=(50, 8))
    ax = el.plots.states(h[None], times=np.arange(50) * 0.1)
    image = ax.images[0]
    np.testing.assert_array_equal(image.get_array(), h.T)
    np.testing.assert_allclose(image.get_extent(), [-0.05, 4.95, -0.5, 7.5])
    low, high = image.get_clim()
    assert high == -low == np.abs(h).max()


def test_sorted_units_are_largest_one_after_another():
    h = np.random.default_rng(0).normal(size=(50, 8))
    shown = el.plots.states(h, sort=True).images[0].get_array()
    assert (np.diff(np.argmax(shown, axis=1)) >= 0).all()


def test_states_of_many_sequences_are_refused():
    with pytest.raises(ShapeError, match=r"\(2, 5, 3\)"):
        el.plots.states(np.zeros((2, 5, 3)))
