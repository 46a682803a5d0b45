"""Pages as commands write them, of data that nobody made for them; and of names and numbers that are odd."""

from __future__ import annotations

import numpy as np

from elman import commands, commands_fleet, commands_sequences
from elman.typed import typing

NAMES = ("forecast", "many", "classify", "regress", "inspect", "compare", "sweep")
QUICK = {"methods": ["theta", "network"], "units": 4, "epochs": 1, "members": 1}
SMALL = {"units": 3, "epochs": 3, "members": 1, "convolution": None}
HOSTILE = ("<script>alert(1)</script>", "\"><img src=x onerror='alert(1)'>", "مبيعات المتجر", "🍵 tea", "x" * 300)


def write_pages(folder):
    """A page of each command, in folders that are called as they are."""
    with typing(["forecast", "sunspots", "--horizon", "22"]):
        commands.forecast("sunspots", horizon=22, out=folder / "forecast", **QUICK)
    _many_series(folder)
    _classes(folder)
    _numbers(folder)
    commands.inspect_model(folder / "forecast" / "model.safetensors", out=folder / "inspect")
    commands.compare(
        ["gru", "simple", "lstm"], "adding", steps=8, updates=20, seeds=2, parameters=200, page=folder / "compare.html"
    )
    asked = commands_fleet.Asked(
        lists=("methods=theta,linear,ets", "season=1,11"), file=folder / "s.duckdb", out=folder / "sweep"
    )
    commands_fleet.sweep_forecast("sunspots", asked, horizon=6)
    return {
        "forecast": folder / "forecast" / "report.html",
        "many": folder / "many" / "report.html",
        "classify": folder / "classify" / "report.html",
        "regress": folder / "regress" / "report.html",
        "inspect": folder / "inspect" / "report.html",
        "compare": folder / "compare.html",
        "sweep": folder / "sweep" / "report.html",
    }


def _many_series(folder):
    """Series with hostile names, with gaps, and one that never changes."""
    rng = np.random.default_rng(0)
    days = np.arange("2023-01-01", "2023-04-10", dtype="datetime64[D]").astype(str)
    lines = ["name,day,sold"]
    for number, name in enumerate((*HOSTILE, "gaps", "constant")):
        quoted = '"' + name.replace('"', '""') + '"'
        for k, day in enumerate(days):
            value = 5 if name == "constant" else 10 + number + 3 * np.sin(k * 2 * np.pi / 7) + rng.normal(0, 0.5)
            lines.append(f"{quoted},{day},{'' if name == 'gaps' and 40 < k < 48 else f'{value:.3f}'}")
    (folder / "many.csv").write_text("\n".join(lines))
    commands.forecast(
        folder / "many.csv", horizon=7, group="name", time="day", target="sold", out=folder / "many", **QUICK
    )


def _sequences(folder, name, label):
    rng = np.random.default_rng(1)
    lines = ["case,t,a,b,label"]
    for case in range(40):
        slope = rng.normal()
        for t in range(12):
            gap = "" if case % 7 == 0 and t == 5 else f"{slope * t + rng.normal():.3f}"
            lines.append(f"{case},{t},{gap},{rng.normal():.3f},{label(slope)}")
    (folder / name).write_text("\n".join(lines))
    return folder / name


def _classes(folder):
    source = _sequences(
        folder, "classes.csv", lambda slope: "<b>up</b>" if slope > 0.4 else "down" if slope < -0.4 else "flat"
    )
    commands_sequences.classify(source, out=folder / "classify", group="case", time="t", label="label", **SMALL)


def _numbers(folder):
    source = _sequences(folder, "numbers.csv", lambda slope: f"{slope:.4f}")
    commands_sequences.regress(source, out=folder / "regress", group="case", time="t", label="label", **SMALL)
