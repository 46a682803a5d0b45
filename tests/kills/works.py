"""Works that are killed: each writes into the current folder, and says what came out as a digest of its bits."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RUN, EVERY = "run", 3


def digest(*parts: Any) -> str:
    """Of arrays, bytes and what JSON holds."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            part = np.ascontiguousarray(part).tobytes()
        found.update(part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode())
    return found.hexdigest()


def _curves(history: Any) -> dict[str, list[float]]:
    return {name: values for name, values in history.history.items() if name != "seconds"}


def _data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(120, 12, 2))
    return x, np.cumsum(x, axis=1)[..., :1]


def _fit(saved: dict[str, Any], layers: Callable[[Any], list[Any]], **options: Any) -> str:
    import elman as el

    x, y = _data()
    net, adam = el.Network(2, layers(el), seed=1), el.Adam(0.01)
    history = net.fit(x, y, optimizer=adam, epochs=12, batch_size=5, verbose=0, **options, **saved)
    return digest(net.arena, *adam.state.values(), adam.updates, net.epochs, _curves(history))


def plain(saved: dict[str, Any]) -> str:
    """A network with validation, whose best epoch counts."""
    import elman as el

    x, y = _data()
    stop = el.EarlyStopping(patience=50)
    return _fit(
        saved, lambda el: [el.GRU(16), el.Dense(1)], validation_data=(x[:30], y[:30]), callbacks=[stop], metrics=["mae"]
    )


def stateful(saved: dict[str, Any]) -> str:
    return _fit(saved, lambda el: [el.LSTM(16), el.Dense(1)], stateful=True, shuffle=False)


def low_memory(saved: dict[str, Any]) -> str:
    return _fit(saved, lambda el: [el.GRU(16), el.Dropout(0.2), el.Dense(1)], memory="low")


def truncated(saved: dict[str, Any]) -> str:
    return _fit(saved, lambda el: [el.GRU(16), el.BatchNorm(), el.Dense(1)], truncate=5, shuffle=True)


def ragged(saved: dict[str, Any]) -> str:
    lengths = np.random.default_rng(1).integers(1, 13, 120)
    return _fit(saved, lambda el: [el.GRU(16), el.Dense(1)], lengths=lengths)


def many(saved: dict[str, Any]) -> str:
    import elman as el

    x, y = _data()
    nets = [el.Network(2, [el.GRU(8), el.Dense(1)], seed=seed) for seed in range(3)]
    found = el.fit_many(nets, x, y, epochs=el.each([4, 8, 12]), batch_size=5, verbose=0, **saved)
    return digest(*(net.arena for net in nets), *(_curves(history) for history in found))


def language(saved: dict[str, Any]) -> str:
    import elman as el

    text = "whether 'tis nobler in the mind to suffer the slings and arrows; " * 60
    model = el.LanguageModel(units=24, steps=12, streams=4, epochs=6, patience=6, dropout=0.1)
    model.fit(text, verbose=0, **saved)
    return digest(model.network_.arena, _curves(model.history_), model.generate("the ", 30))


def classifier(saved: dict[str, Any]) -> str:
    import elman as el

    x = np.random.default_rng(2).normal(size=(60, 14, 2))
    model = el.SequenceClassifier(units=12, members=3, epochs=12, filters=8, validation=0.2)
    model.fit(x, (x[:, :, 0].sum(1) > 0).astype(int), **saved)
    return digest(model.predict_proba(x), [_without_seconds(curve) for curve in model.history_])


def regressor(saved: dict[str, Any]) -> str:
    import elman as el

    x = np.random.default_rng(2).normal(size=(60, 14, 2))
    model = el.SequenceRegressor(units=12, members=2, epochs=12, filters=8)
    return digest(model.fit(x, x[:, :, 0].sum(1), **saved).predict(x))


def _without_seconds(curve: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: values for name, values in curve.items() if name != "seconds"}


def forecaster(saved: dict[str, Any]) -> str:
    import elman as el

    series = 10 + np.cumsum(np.random.default_rng(3).normal(size=(6, 70)), axis=1)
    model = el.Forecaster(6, methods=["network", "linear"], units=12, members=2, epochs=10)
    return digest(model.fit(series, **saved).predict(), model.epochs_)


# --- commands -------------------------------------------------------------------------------------------------


def _command(*words: str) -> None:
    from elman.cli import main

    sys.argv = ["elman", *words]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise


def _resume(saved: dict[str, Any]) -> list[str]:
    return ["--every", str(EVERY), "--resume"] if saved else []


def _of_files(*names: str) -> str:
    left = sorted(p.name for p in Path.cwd().glob("**/*") if p.name.startswith(".") or p.name.endswith(".run"))
    assert not left and not list(Path.cwd().glob("**/run.json")), f"stray files: {left}"
    return digest(*(Path(name).read_bytes() for name in names))


def elman_forecast(saved: dict[str, Any]) -> str:
    settings = ["--methods", "network,linear", "--units", "12", "--members", "2", "--epochs", "10", "--out", "out"]
    _command("forecast", "sunspots", "--horizon", "6", *settings, *_resume(saved))
    return _of_files("out/forecast.csv", "out/model.safetensors")


def _cases() -> None:
    rng = np.random.default_rng(4)
    lines = ["case,t,value,label"]
    for case in range(40):
        walk = np.cumsum(rng.normal(size=10) + (case % 2) * 0.4)
        lines += [f"{case},{t},{value:.4f},{case % 2}" for t, value in enumerate(walk)]
    if not Path("cases.csv").exists():
        Path("cases.csv").write_text("\n".join(lines))


def elman_classify(saved: dict[str, Any]) -> str:
    _cases()
    settings = ["--group", "case", "--time", "t", "--units", "8", "--members", "2", "--epochs", "10", "--quiet"]
    _command("classify", "cases.csv", "--label", "label", "--out", "out", *settings, *_resume(saved))
    return _of_files("out/predictions.csv", "out/model.safetensors")


def elman_regress(saved: dict[str, Any]) -> str:
    _cases()
    settings = ["--group", "case", "--time", "t", "--units", "8", "--members", "2", "--epochs", "10", "--quiet"]
    _command("regress", "cases.csv", "--label", "label", "--out", "out", *settings, *_resume(saved))
    return _of_files("out/predictions.csv", "out/model.safetensors")


def elman_write(saved: dict[str, Any]) -> str:
    if not Path("text.txt").exists():
        Path("text.txt").write_text(
            "Shall I compare thee to a summer's day? Thou art more lovely and more temperate.\n" * 40
        )
    settings = ["--units", "16", "--steps", "12", "--streams", "4", "--epochs", "5", "--samples", "20"]
    _command("write", "text.txt", "--out", "model.safetensors", *settings, *_resume(saved))
    return _of_files("model.safetensors")


def elman_compare(saved: dict[str, Any]) -> str:
    settings = ["--steps", "12", "--updates", "60", "--seeds", "2", "--parameters", "300", "--json-file", "found.json"]
    _command("compare", "--cells", "gru,simple", "--task", "adding", *settings, *_resume(saved))
    found = json.loads(Path("found.json").read_text())
    _of_files()
    return digest([(one["cell"], run["curve"]) for one in found["results"] for run in one["runs"]])


def elman_sweep(saved: dict[str, Any]) -> str:
    settings = ["--grid", "units=4,8", "--set", "epochs=3", "--set", "members=1", "--out", "best", "--quiet"]
    _cases()
    columns = ["--group", "case", "--time", "t", "--label", "label", "--hold-out", "0.3"]
    _command("sweep", "classify", "cases.csv", *columns, "--file", "sweep.duckdb", *settings)
    return _of_files("best/model.safetensors")


WORKS: dict[str, Callable[[dict[str, Any]], str]] = {
    work.__name__: work
    for work in (
        *(plain, stateful, low_memory, truncated, ragged, many, language, classifier, regressor, forecaster),
        *(elman_forecast, elman_classify, elman_regress, elman_write, elman_compare, elman_sweep),
    )
}
