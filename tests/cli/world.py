"""Files under the names that the examples of the help use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import elman as el

TEXT = "ROMEO: what light through yonder window breaks?\n" * 30


def make_world(folder: Path) -> None:
    """Write all of them."""
    rng = np.random.default_rng(0)
    months = [f"{2015 + k // 12}-{k % 12 + 1:02d}" for k in range(60)]
    rows = [f"{month},{50 + k + 9 * np.sin(k / 2) + rng.normal():.2f}" for k, month in enumerate(months)]
    _write(folder / "sales.csv", "month,units", rows)
    shops = [
        f"{d},{s},{20 + k % 7 + rng.normal():.2f},{k % 2}" for s in ("Leeds", "York") for k, d in enumerate(_days(90))
    ]
    _write(folder / "shops.csv", "day,store,units,promotion", shops)
    ahead = [f"{d},{s},{k % 2}" for s in ("Leeds", "York") for k, d in enumerate(_days(28, 90))]
    _write(folder / "next-month.csv", "day,store,promotion", ahead)
    for name in ("GunPoint", "Covid3Month"):
        for part in ("TRAIN", "TEST"):
            (folder / f"{name}_{part}.ts").write_text(_archive(rng, name == "GunPoint"))
    walk = [(p, t, s) for p in ("ann", "bob", "eve", "joe") for t in range(3) for s in range(6)]
    kinds = ("run", "rest")
    rows = [f"{p},{t},{s},{(s if t % 2 else -s) + rng.normal() / 9:.3f},{kinds[t % 2]}" for p, t, s in walk]
    _write(folder / "walks.csv", "person,trial,t,x,activity", rows)
    _write(folder / "new.csv", "person,trial,t,x", [row.rpartition(",")[0] for row in rows])
    engines = [f"e{e},{c},{c / 9 + rng.normal() / 9:.3f},{20 - e}" for e in range(12) for c in range(6)]
    _write(folder / "engines.csv", "engine,cycle,heat,remaining", engines)
    _write(folder / "new-engines.csv", "engine,cycle,heat", [row.rpartition(",")[0] for row in engines])
    for name in ("shakespeare", "sonnets", "book"):
        (folder / f"{name}.txt").write_text(TEXT)
    _write(folder / "inputs.csv", "a", [f"{np.sin(k):.3f}" for k in range(40)])
    el.Network(1, [el.GRU(3), el.Dense(1)]).save(folder / "net.safetensors")
    (folder / "mine.txt").write_text("def mine(p, x, h):\n    return tanh(p.W @ x + p.U @ h + p.b)\n")


def make_models(folder: Path) -> None:
    """Write what earlier commands would have written."""
    quick: dict[str, Any] = {"units": 3, "members": 1, "epochs": 1, "convolution": None}
    sales = el.Forecaster(horizon=12, methods=["network"], members=1, units=3, epochs=1)
    sales.fit(folder / "sales.csv", time="month", target="units")
    for name in ("sales", "sunspots"):
        _save(sales, folder / f"forecast-{name}")
    walks = el.SequenceClassifier(**quick).fit(
        folder / "walks.csv", group=["person", "trial"], time="t", label="activity"
    )
    walks.remember_columns(group=["person", "trial"], time="t", columns=None, label="activity")
    _save(walks, folder / "classify-walks")
    engines = el.SequenceRegressor(**quick).fit(folder / "engines.csv", group="engine", time="cycle", label="remaining")
    engines.remember_columns(group="engine", time="cycle", columns=None, label="remaining")
    _save(engines, folder / "regress-engines")
    gun = el.SequenceClassifier(**quick).fit(folder / "GunPoint_TRAIN.ts")
    _save(gun, folder / "best")
    language = el.LanguageModel(units=3, epochs=1, steps=20).fit(folder / "book.txt", verbose=0)
    language.save(folder / "bard.safetensors")
    space = {"methods": ["theta", "seasonal naive"]}
    for name in ("sunspots", "GunPoint"):
        el.sweep(el.Forecaster(horizon=3), np.arange(40.0) % 5, space=space, file=folder / f"sweep-{name}.duckdb")


def _save(model: Any, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    model.save(folder / "model.safetensors")


def _write(file: Path, head: str, rows: list[str]) -> None:
    file.write_text("\n".join([head, *rows]) + "\n")


def _days(count: int, first: int = 0) -> list[str]:
    return [str(day) for day in np.datetime64("2024-01-01") + np.arange(first, first + count)]


def _archive(rng: np.random.Generator, classes: bool) -> str:
    head = "@problemName made\n@timeStamps false\n@univariate true\n"
    head += "@classLabel true 1 2\n@data\n" if classes else "@targetLabel true\n@data\n"
    cases = []
    for number in range(16):
        values = ",".join(f"{v:.3f}" for v in rng.normal(size=8) + (number % 2) * np.arange(8))
        cases.append(f"{values}:{1 + number % 2 if classes else number / 4}")
    return head + "\n".join(cases) + "\n"
