"""Random series: of the lengths asked for, of every kind, the same for one seed."""

from __future__ import annotations

import numpy as np
import pytest

from elman.data.random_series import SEASONS, random_series
from elman.errors import OptionError


def test_they_are_finite_of_the_lengths_asked_for_and_of_every_season():
    drawn = random_series(300, length=(10, 40), seed=1)
    assert all(10 <= len(values) <= 40 and np.isfinite(values).all() and values.std() > 0 for values, _ in drawn)
    assert {season for _, season in drawn} == set(SEASONS)
    assert 0.6 < np.mean([values.min() > 0 for values, _ in drawn]) < 0.98


def test_one_seed_draws_the_same_and_another_does_not():
    first, again, other = (random_series(5, seed=seed) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) and m == n for (a, m), (b, n) in zip(first, again, strict=True))
    assert not np.array_equal(first[0][0], other[0][0])


@pytest.mark.parametrize("count", [0, 1.5, "many"])
def test_what_is_no_count_is_refused(count):
    with pytest.raises(OptionError, match="count"):
        random_series(count)
