"""Who classifies and regresses: Elman, and the recurrent estimators of sktime and aeon, all with their own defaults.

A contender takes training cases, a list of (T_n, F), and what they are, and gives what predicts test cases. Those that
cannot take sequences of different lengths get them with zeros behind the ends.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Cases = Sequence[np.ndarray]
Predict = Callable[[Cases], np.ndarray]


@dataclass(frozen=True)
class Contender:
    """Who takes part.

    Attributes
    ----------
    name : str
    learn : callable
        ``learn(cases, labels, seed, threads)`` gives a `Predict`.
    module : str
        What is imported before the clock starts.
    most_steps : int
        Of all training cases together: it is left out of larger sets, on which it takes hours.
    """

    name: str
    learn: Callable[[Cases, np.ndarray, int, int], Predict]
    module: str
    most_steps: float = np.inf


def _elman(kind: str, **options: Any) -> Callable[[Cases, np.ndarray, int, int], Predict]:
    def learn(cases: Cases, labels: np.ndarray, seed: int, threads: int) -> Predict:
        import elman as el

        model = getattr(el, kind)(random_state=seed, threads=threads, **options)
        return model.fit(list(cases), labels).predict

    return learn


def padded(cases: Cases, steps: int) -> np.ndarray:
    """Cases as one array (N, F, T), zeros behind the ends, as sktime and aeon take them; longer ones are cut."""
    found = np.zeros((len(cases), cases[0].shape[1], steps))
    for row, case in zip(found, cases, strict=True):
        row[:, : len(case)] = case.T[:, :steps]
    return found


def _peer(module: str, kind: str, **options: Any) -> Callable[[Cases, np.ndarray, int, int], Predict]:
    def learn(cases: Cases, labels: np.ndarray, seed: int, threads: int) -> Predict:
        _keep_to(threads)
        model = getattr(importlib.import_module(module), kind)(random_state=seed, **options)
        steps = max(map(len, cases))
        model.fit(padded(cases, steps), labels)
        return lambda new: np.asarray(model.predict(padded(new, steps)))

    return learn


def _keep_to(threads: int) -> None:
    """So many threads for the libraries behind a peer; TensorFlow's are set before it is imported."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(threads)


CLASSIFY, REGRESS = "sktime.classification.deep_learning", "sktime.regression.deep_learning"
AEON = "aeon.regression.deep_learning"
LONG, LONGER = 5_000, 100_000  # steps of all training cases, beyond which an estimator takes hours
CLASSIFIERS = (
    Contender("Elman", _elman("SequenceClassifier"), "elman.classify"),
    Contender("sktime LSTM-FCN", _peer(CLASSIFY, "LSTMFCNClassifier"), CLASSIFY, 2 * LONG),  # 2000 epochs
    Contender("sktime GRU-FCN", _peer(CLASSIFY, "GRUFCNNClassifier", hidden_dim=64, gru_layers=1), CLASSIFY, LONGER),
    Contender("sktime GRU", _peer(CLASSIFY, "GRUClassifier"), CLASSIFY, LONG),
    Contender("sktime SimpleRNN", _peer(CLASSIFY, "SimpleRNNClassifier"), CLASSIFY, LONG),
)
REGRESSORS = (
    Contender("Elman", _elman("SequenceRegressor"), "elman.classify"),
    Contender("aeon Recurrent", _peer(AEON, "RecurrentRegressor"), AEON),
    Contender("sktime LSTM-FCN", _peer(REGRESS, "LSTMFCNRegressor"), REGRESS, 2 * LONG),
    Contender("sktime SimpleRNN", _peer(REGRESS, "SimpleRNNRegressor"), REGRESS),
)
