"""Groups that are held out as a whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from elman.classify.splitting import groups_held_out

CASES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3)), min_size=2, max_size=60)


def numbered(values):
    return np.unique(values, return_inverse=True)[1]


@given(CASES, st.floats(0.05, 0.9), st.integers(0, 99))
def test_groups_are_held_out_as_a_whole(pairs, share, seed):
    groups, strata = (numbered(column) for column in zip(*pairs, strict=True))
    held = groups_held_out(groups, strata, share, seed)
    assert all(len(set(held[groups == group])) == 1 for group in set(groups))
    assert held.any() == (len(set(groups)) > 1) and not held.all()
    assert (held == groups_held_out(groups, strata, share, seed)).all()


def test_the_share_and_the_classes_are_kept_where_groups_allow_it():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 10)
    strata = (rng.random(400) < 0.3).astype(int)
    held = groups_held_out(groups, strata, 0.25, 0)
    assert held.sum() == 100 and abs(strata[held].mean() - strata.mean()) < 0.02


def test_a_class_of_several_groups_stays_on_the_side_that_is_learnt_from():
    groups, strata = np.arange(8), np.array([0, 0, 0, 0, 0, 0, 1, 1])
    for seed in range(20):
        held = groups_held_out(groups, strata, 0.5, seed)
        assert set(strata[~held]) == {0, 1}
