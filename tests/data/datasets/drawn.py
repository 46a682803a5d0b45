"""What a dataset gives, batch after batch, for the tests of all of them."""

from __future__ import annotations

import numpy as np

from elman.data.datasets import Asked, Dataset, Raw


def batches(dataset: Dataset, first: int = 0, **asked) -> list[Raw]:
    """The batches of an epoch from one on."""
    found = []
    for drawn in dataset.draw(Asked(**{"batch_size": 4, **asked}), first):
        found += [drawn.raw[a:b] for a, b in zip(drawn.borders[:-1], drawn.borders[1:], strict=True)]
    return found


def same(one: Raw, other: Raw) -> bool:
    """Whether two batches are the same, but for steps behind all ends."""
    for a, b in ((one.x, other.x), (one.target, other.target), (one.lengths, other.lengths)):
        if (a is None) != (b is None):
            return False
        if a is not None:
            steps = min(a.shape[1], b.shape[1]) if a.ndim > 2 else None
            if not np.array_equal(a[:, :steps] if steps else a, b[:, :steps] if steps else b):
                return False
    return True
