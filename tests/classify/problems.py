"""Sequences whose class or number is known, made from a seed."""

import numpy as np


def waves(count=30, classes=("slow", "fast"), seed=0, channels=1, noise=0.1, least=12, most=24):
    """Ragged sequences, whose class is how fast they swing: a list of (T_n, F), and labels."""
    rng = np.random.default_rng(seed)
    labels = np.array([classes[k % len(classes)] for k in range(count)])
    speed = {name: 0.4 + 0.8 * k for k, name in enumerate(classes)}
    cases = []
    for name in labels:
        steps = np.arange(rng.integers(least, most))
        phase = rng.uniform(0, 6, channels)
        cases.append(np.sin(speed[name] * steps[:, None] + phase) + noise * rng.normal(size=(len(steps), channels)))
    return cases, labels


def slopes(count=40, seed=0):
    """Ragged sequences and how fast they rise."""
    rng = np.random.default_rng(seed)
    y = rng.uniform(-1, 1, count)
    return [slope * np.arange(rng.integers(8, 20)) + 0.1 * rng.normal() for slope in y], y


def small(kind, **options):
    """An estimator that learns quickly."""
    return kind(**{"units": 8, "filters": 8, "epochs": 20} | options)
