"""Makes the networks that a `Forecaster` starts from: `python -m benchmarks.pretrain M3.parquet [--holdout]`.

They learn from the training parts of series of the M3 competition (columns `train` and `period`; S. Makridakis and
M. Hibon, International Journal of Forecasting 16, 2000), from mixtures of two of them, and from random series. With
`--holdout` the last horizon of each training part is left out as well, for choices that are judged on it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from elman.cells import gru
from elman.data.random_series import random_series
from elman.forecast.direct import direct_network, pinball
from elman.forecast.pretrained import FILE, HORIZON, UNITS, write
from elman.forecast.rivals.histories import Histories
from elman.forecast.rows import Rows, training_rows
from elman.forecast.views import ABOUT, views_of
from elman.network import Network
from elman.training import Adam
from elman.training.schedules import CosineDecay

SEASONS = {"monthly": 12, "quarterly": 4}
MEMBERS, ROUNDS, EPOCHS, RATE, BATCH = 3, 30, 2, 2e-3, 32
RANDOM, MIXED = 1000, 1000  # series beside the recorded ones, new in each round


def main() -> None:
    """Read, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--holdout", action="store_true")
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    recorded = read(options.data, options.holdout)
    write([train(recorded, seed) for seed in range(MEMBERS)], options.out)


def read(path: Path, holdout: bool) -> list[tuple[np.ndarray, int]]:
    """Series and their seasons."""
    import pandas as pd

    table = pd.read_parquet(path)
    rows = zip(table["train"], table["period"], table["h"], strict=True)
    return [(np.array(y[: -h if holdout else None], float), SEASONS.get(period, 1)) for y, period, h in rows]


def train(recorded: list[tuple[np.ndarray, int]], seed: int) -> Network:
    """One network, on series that are new in each round."""
    net = direct_network(gru, UNITS, HORIZON, len(ABOUT), seed=seed)
    random = np.random.default_rng(seed)
    updates = ROUNDS * EPOCHS * -(-(len(recorded) + RANDOM + MIXED) // BATCH)
    optimizer = Adam(CosineDecay(RATE, updates), clip_norm=1.0)
    for turn in range(ROUNDS):
        drawn = random_series(RANDOM, seed=seed * ROUNDS + turn)
        rows = laid_out([*recorded, *mixed(recorded, MIXED, random), *drawn])
        net.fit(
            {"series": rows.series, "about": rows.about},
            rows.target,
            lengths=rows.lengths,
            sample_weight=rows.weight,
            loss=pinball,
            optimizer=optimizer,
            batch_size=BATCH,
            epochs=EPOCHS,
            verbose=0,
        )
        print(f"network {seed + 1}, round {turn + 1}: {net.history['loss'][-1]:.4f}", flush=True)
    return net


def laid_out(series: list[tuple[np.ndarray, int]]) -> Rows:
    """Series as rows of the network."""
    histories = Histories.of([values for values, _ in series], np.array([season for _, season in series]))
    return training_rows(histories, views_of(histories, 0), HORIZON)


def mixed(series: list[tuple[np.ndarray, int]], count: int, random: np.random.Generator) -> list:
    """Mixtures of the logarithms of two series of the same season, each in units of its steps."""
    found = []
    while len(found) < count:
        (one, season), (other, same) = (series[k] for k in random.integers(len(series), size=2))
        if season != same or min(one.min(), other.min()) <= 0:
            continue
        n, share = min(len(one), len(other)), random.beta(0.4, 0.4)
        start = int(random.integers(0, n - 14)) if n > 16 and random.random() < 0.3 else 0
        logs = [np.log(y[-n:]) for y in (one, other)]
        units = [max(np.abs(np.diff(z)).mean(), 1e-4) for z in logs]
        z = share * logs[0] / units[0] + (1 - share) * logs[1] / units[1]
        z = -z if random.random() < 0.15 else z
        unit = np.exp(share * np.log(units[0]) + (1 - share) * np.log(units[1]))
        found.append((np.exp(np.clip(unit * (z - z[0]), -20, 20))[start:] * 1000.0, season))
    return found


if __name__ == "__main__":
    main()
