"""Parts of an epoch: batches from any of them on."""

from __future__ import annotations

import numpy as np
import pytest

from elman.training.parts import Part


@pytest.mark.parametrize("first", range(5))
def test_what_is_left_of_a_part_has_the_same_batches(first):
    rows, borders = np.random.default_rng(0).permutation(10), np.array([0, 3, 6, 9, 10])
    batches = np.split(rows, borders[1:-1])
    left = Part(None, rows, borders).behind(first)  # type: ignore[arg-type]
    assert len(left) == 4 - first
    found, ends = left.some(0, len(left))
    assert [b.tolist() for b in np.split(found, ends[1:-1])][: len(left)] == [b.tolist() for b in batches[first:]]
    for number in range(len(left)):
        assert left.some(number, number + 1)[0].tolist() == batches[first + number].tolist()
