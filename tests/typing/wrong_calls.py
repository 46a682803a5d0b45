# mypy: warn-unused-ignores
"""Calls that a type checker must refuse; an ignore that is not needed is an error, so that none can rot. Not run."""

from __future__ import annotations

import numpy as np

import elman as el
from elman import commands_sequences, commands_text
from elman.equations.symbols import Symbol

x, y = np.zeros((4, 5, 3)), np.zeros((4, 5, 1))
net = el.Network(3, [el.GRU(8), el.Dense(1)])

el.GRU("8")  # type: ignore[arg-type]
el.GRU(8, reset=True)  # type: ignore[call-arg]
el.LSTM(8, hidden_size=8)  # type: ignore[call-arg]
el.Dense()  # type: ignore[call-arg]
el.Network(3, [8])  # type: ignore[list-item]
net.fit(x, y, epoch=3)  # type: ignore[call-arg]
net.fit(x, y, epochs="3")  # type: ignore[arg-type]
net.fit(x, y, loss=0.5)  # type: ignore[arg-type]
net.fit(x, y, optimizer=0.001)  # type: ignore[arg-type]
net.fit(x, y, callbacks=[print])  # type: ignore[list-item]
net(x, return_states=True)  # type: ignore[call-overload]
el.Adam(lr=0.1)  # type: ignore[call-arg]
el.EarlyStopping(patience="3")  # type: ignore[arg-type]
el.LambdaCallback(on_epoch=print)  # type: ignore[call-arg]
el.Forecaster(sesaon=12)  # type: ignore[call-arg]
el.Forecaster(distribution=0.5)  # type: ignore[arg-type]
el.Forecaster().set_params(unit=8)  # type: ignore[call-arg]
el.Forecaster().set_params(units="8")  # type: ignore[arg-type]
el.Forecaster().fit(x, times="ds")  # type: ignore[call-arg]
el.Forecaster().predict(levels=[80])  # type: ignore[call-overload]
_ = el.Forecaster().predict(level=[80]).value  # type: ignore[attr-defined]
el.Forecaster().backtest(x, refits=True)  # type: ignore[call-arg]
el.Forecaster().backtest(x, n_jobs="2")  # type: ignore[arg-type]
el.commands.forecast("sunspots", horizon=22, unit=8)  # type: ignore[call-arg]
el.SequenceClassifier().set_params(loss="mae")  # type: ignore[call-arg]
commands_sequences.regress("train.csv", label_smoothing=0.1)  # type: ignore[call-arg]
el.LanguageModel(token="words")  # type: ignore[call-arg]
commands_text.write("model.safetensors", heat=0.5)  # type: ignore[call-arg]
el.insight.memory(net)  # type: ignore[call-arg]
el.insight.gradient_flow(net, x, y, loss=3)  # type: ignore[arg-type]
el.data.collect(x, time=3)  # type: ignore[arg-type]
el.tanh(x, x)  # type: ignore[call-arg]


def equations(symbol: Symbol) -> None:
    len(symbol)  # type: ignore[arg-type]
    int(symbol)  # type: ignore[call-overload]
    for _ in symbol:  # type: ignore[attr-defined]
        pass
