"""Small estimators and the sequences that they learnt from."""

from __future__ import annotations

import numpy as np

import elman as el


def sequences(count=24, channels=2, seed=0, shortest=6, longest=12):
    """Sequences of different lengths that rise or fall, and which of both each does."""
    rng = np.random.default_rng(seed)
    rises = np.arange(count) % 2 == 0
    X = []
    for up, steps in zip(rises, rng.integers(shortest, longest + 1, count), strict=True):
        slope = (1 if up else -1) * np.linspace(0, 2, steps)[:, None]
        X.append(slope + 0.3 * rng.normal(size=(steps, channels)))
    return X, np.where(rises, "up", "down")


def with_gaps(X, share=0.2, seed=0):
    """The same with values missing."""
    rng = np.random.default_rng(seed)
    return [np.where(rng.random(x.shape) < share, np.nan, x) for x in X]


def classifier(**options):
    return el.SequenceClassifier(**{"units": 5, "filters": 4, "epochs": 3, "members": 1, **options})


def regressor(**options):
    return el.SequenceRegressor(**{"units": 5, "filters": 4, "epochs": 3, "members": 1, **options})
