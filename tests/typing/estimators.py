# mypy: warn-unused-ignores
"""Types of forecasters, estimators of sequences and language models, as mypy sees them (`make lint`); not run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np

import elman as el
from elman import commands_sequences, commands_text
from elman.classify.report import ClassificationReport
from elman.commands import ForecastReport
from elman.data import Collection
from elman.forecast import Backtest, Forecast

series = np.zeros(100)
forecaster = el.Forecaster(
    12, season=12, methods=["theta", "network"], learning_rate=el.ConstantRate(1e-3), holidays="DE"
)
assert_type(
    forecaster.fit(series, time="ds", past=["price"], callbacks=[el.EarlyStopping("forecast_error")]), el.Forecaster
)
assert_type(forecaster.predict(level=[80, 95]), Forecast)
assert_type(forecaster.predict(24, quantiles=[0.1, 0.9]), Forecast)
assert_type(forecaster.predict(samples=100), Forecast)
assert_type(forecaster.backtest(series, refit=True, level=80, target="y", n_jobs=2), Backtest)
assert_type(forecaster.score(series), float)
assert_type(forecaster.append(3.0), el.Forecaster)
assert_type(forecaster.save("f.safetensors"), Path)
assert_type(forecaster.set_params(units=32, seed=1), el.Forecaster)
assert_type(forecaster.units, int)
assert_type(forecaster.networks_, list[el.Network])
assert_type(forecaster.notes_, tuple[str, ...])
assert_type(el.data.collect({"a": series}), Collection)
assert_type(el.commands.forecast("sunspots", horizon=22, level=[80], units=16, auto=False), ForecastReport)

classifier = el.SequenceClassifier("lstm", 32, pooling=["last", "max"], random_state=np.random.RandomState(0))
assert_type(classifier.fit([series], ["a"], group="id"), el.SequenceClassifier)
assert_type(classifier.predict_proba([series]), np.ndarray)
assert_type(classifier.report([series], ["a"]), ClassificationReport)
assert_type(classifier.set_params(channels="first", class_weight={"a": 2.0}), el.SequenceClassifier)
assert_type(classifier.temperature_, float)
assert_type(el.SequenceRegressor(loss="mae").fit([series], [1.0]).predict([series]), np.ndarray)
commands_sequences.classify("train.csv", units=16, label_smoothing=0.1)
commands_sequences.regress("train.csv", channels="first", loss="mae")

model = el.LanguageModel(units=64, tokens="words", tied=True, embedding=64)
assert_type(model.fit("to be or not to be", verbose=0), el.LanguageModel)
assert_type(model.generate("to", 10, beam=4), str)
assert_type(model.stream("to", top_k=5), Iterator[str])
assert_type(model.history_, el.History)
commands_text.learn_to_write("text.txt", units=64, epochs=2, weight_drop=0.5)
commands_text.write("model.safetensors", "to", temperature=0.5, beam=3)


def cell_of_my_own(p: Any, x: Any, h: Any) -> Any:
    return el.tanh(p.W @ x + p.U @ h + p.b)


el.Forecaster(cell=el.cell(cell_of_my_own))
