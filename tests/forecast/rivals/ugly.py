"""Series as people have them, and worse, for the tests of all rivals."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(0)
WALK = RNG.normal(size=60).cumsum() + 20
GAPS = WALK.copy()
GAPS[[3, 4, 20, 50, 59]] = np.nan

UGLY = {
    "one value": [5.0],
    "two values": [1.0, 2.0],
    "three values": [3.0, 1.0, 2.0],
    "five values": [3.0, 1.0, 2.0, 9.0, 4.0],
    "one value between gaps": [np.nan, 3.0, np.nan],
    "zeros": np.zeros(30),
    "a constant": np.full(30, 7.0),
    "a constant that is not exact": np.full(40, 0.1),
    "huge": WALK * 1e298,
    "tiny": WALK * 1e-302,
    "nearly denormal": WALK * 1e-306,
    "a walk": WALK,
    "negative": -np.abs(WALK),
    "of both signs": WALK - 20,
    "with gaps": GAPS,
    "intermittent": RNG.poisson(0.2, 50) * 1.0,
    "zero but for the last": np.r_[np.zeros(40), 1.0],
    "zero but for the first": np.r_[1.0, np.zeros(40)],
    "growing by 65 % a step": np.exp(np.arange(60) * 0.5),
    "a jump by nine orders": np.r_[np.full(30, 1.0), np.full(30, 1e9)],
    "exactly periodic": np.arange(60.0) % 4,
    "periodic on a high level": np.arange(60.0) % 4 + 1e9,
    "log-normal": np.exp(RNG.normal(size=80) * 5),
    "a line": np.arange(30.0),
    "a line on a high level": 1e15 + np.arange(30.0),
    "gaps but for two": np.r_[np.full(58, np.nan), 1.0, 2.0],
}
