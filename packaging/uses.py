"""Uses the installed package, prints its engine and the bits of a training and a forecast: uses.py [ENGINE WANTED]."""

import hashlib
import sys

import numpy as np

import elman as el
from elman.engine import default_engine

x = np.random.default_rng(0).normal(size=(8, 20, 3)).astype("float32")
net = el.Network(3, [el.LSTM(16), el.Dense(1)], seed=0)
net.fit(x, x.sum(axis=2, keepdims=True), epochs=3, verbose=0)
forecast = (
    el.Forecaster(4, methods=["network"]).fit(np.sin(np.arange(90.0))).predict()
)  # by networks that the package brings
bits = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in (net(x), forecast))).hexdigest()

print(default_engine(), bits)
if sys.argv[1:] and sys.argv[1] != default_engine():
    sys.exit(f"the engine is {default_engine()}, wanted {sys.argv[1]}")
