"""Wrong kinds given to what looks and draws: each call works, or says in an error of Elman what was expected."""

from __future__ import annotations

import importlib
import warnings

import matplotlib
import numpy as np
import pytest

import elman as el

matplotlib.use("Agg")
NET = el.Network(2, [el.SimpleRNN(3), el.Dense(1)])
X, Y = np.random.default_rng(0).normal(size=(2, 6, 2)), np.zeros((2, 6, 1))
MODEL = el.LanguageModel(units=4, steps=8, streams=4, epochs=1, seed=1).fit("to be or not to be\n" * 8, verbose=0)
NONSENSE = {
    "None": None,
    "text": "many",
    "bytes": b"\xff",
    "nan": float("nan"),
    "minus one": -1,
    "large": 10**30,
    "an object": object(),
    "an empty list": [],
    "ragged": [[1.0], [1.0, 2.0]],
    "texts": ["a", "b"],
    "a dict": {"a": 1},
    "a scalar array": np.array(2.0),
    "an empty array": np.empty((0, 2)),
    "NaN in an array": np.full((2, 6, 2), np.nan),
    "dates": np.array(["2001-01-01", "2001-01-02"], "datetime64[D]"),
}
CURVE = np.sin(np.arange(40.0))
WUb = (np.zeros((3, 2)), np.zeros((3, 3)), np.zeros(3))
CALLS = {
    "gradient_flow": (el.insight.gradient_flow, {"net": NET, "x": X, "target": Y, "state": None}),
    "jacobians": (el.insight.jacobians, {"net": NET, "x": X, "state": None, "parameters": False}),
    "memory": (el.insight.memory, {"net": NET, "x": X, "state": None}),
    "capacity": (el.insight.memory(NET, X).capacity, {"delays": 3, "steps": 20, "seed": 0}),
    "to_input": (el.insight.memory(NET, X).to_input, {"lag": 1}),
    "distances": (el.insight.distances, {"net": NET, "x": X, "states": {"a": None, "b": np.ones(3)}, "steps": [0, 3]}),
    "units": (el.insight.units, {"net": NET, "x": X, "margin": 0.05}),
    "equivalence": (
        el.insight.equivalence,
        {"first": NET, "second": NET, "states": None, "inputs": None, "samples": 5, "tolerance": 1e-6, "seed": 0},
    ),
    "fixed_points": (
        el.insight.fixed_points,
        {"net": NET, "states": np.ones((2, 3)), "inputs": 0.0, "tolerance": 1e-9, "slow_tolerance": None}
        | {"apart": 1e-4, "between": 2, "settle": 10, "iterations": 20},
    ),
    "lyapunov_spectrum": (
        el.insight.lyapunov_spectrum,
        {"net": NET, "x": np.zeros((30, 2)), "steps": 20, "state": None, "burn_in": 5},
    ),
    "report": (el.insight.report, {"net": NET, "x": X, "title": "it", "about": ""}),
    "GradientFlowCallback": (el.insight.GradientFlowCallback, {"every": 5, "rows": 2}),
    "series": (el.plots.series, {"values": CURVE, "times": None, "label": "a", "color": "", "ax": None}),
    "window": (
        el.plots.window,
        {"values": CURVE, "start": 3, "steps": 5, "times": None, "horizon": 1, "last_only": False, "zoom": True}
        | {"ax": None},
    ),
    "prediction": (
        el.plots.prediction,
        {"target": CURVE, "predicted": CURVE, "times": None, "inputs": CURVE, "input_times": None, "label": "a"}
        | {"ax": None},
    ),
    "losses": (el.plots.losses, {"history": {"loss": [2.0, 1.0]}, "metrics": (), "log": None, "ax": None}),
    "norms": (el.plots.norms, {"groups": CURVE**2, "bins": 5, "log": False, "xlabel": "norm", "ax": None}),
    "states": (el.plots.states, {"values": X[0], "times": None, "sort": False, "label": "state", "ax": None}),
    "unrolled": (el.plots.unrolled, {"what": NET, "steps": 2, "names": None, "ax": None}),
    "FixedPoints.plot": (el.insight.fixed_points(NET, np.ones((2, 3))).plot, {"ax": None, "dimensions": None}),
    "gru_from_simple": (
        el.cells.gru_from_simple,
        dict(zip("WUb", WUb, strict=True)) | {"reset_after": True, "saturation": 40.0},
    ),
    "gru_holding": (el.cells.gru_holding, {"units": 3, "features": 2, "saturation": 40.0}),
    "LanguageModel.fit": (
        lambda text, **more: el.LanguageModel(units=4, steps=8, streams=4, epochs=1).fit(text, **more),
        {"text": "to be or not to be\n" * 8, "validation_text": "to be\n" * 8, "samples": 0, "callbacks": ()}
        | {"verbose": 0},
    ),
    "LanguageModel": (
        lambda **params: el.LanguageModel(**params).fit("to be or not to be\n" * 8, verbose=0),
        {"cell": "gru", "units": 4, "layers": 1, "embedding": 4, "dropout": 0.0, "steps": 8, "streams": 4, "epochs": 1}
        | {"learning_rate": 0.01, "clip_norm": 1.0, "validation": 0.1, "patience": None, "seed": 0, "threads": None}
        | {"tokens": "characters", "vocabulary": None, "tied": False, "input_dropout": 0.0, "variational": True}
        | {"weight_drop": 0.0, "fresh": 0.0, "warm_up": 0.1, "weight_decay": 0.0, "products": None},
    ),
    "perplexity": (MODEL.perplexity, {"text": "to be"}),
    "LanguageModel.generate": (
        MODEL.generate,
        {"prompt": "to", "length": 3, "temperature": 1.0, "top_k": None, "top_p": None, "seed": None}
        | {"repetition_penalty": 1.2, "repetition_window": 5, "beam": None, "length_penalty": 1.0, "stop": None},
    ),
    "LanguageModel.stream": (
        lambda **how: next(MODEL.stream(**how), ""),
        {"prompt": "to", "length": 3, "temperature": 1.0, "top_k": None, "top_p": None, "seed": None}
        | {"repetition_penalty": 1.2, "repetition_window": 5, "stop": None},
    ),
    "evaluate text": (MODEL.evaluate, {"text": "to be"}),
    "Characters": (el.language.Characters, {"characters": "abc", "limited": False}),
    "Characters.of": (el.language.Characters.of, {"pieces": ["abc"], "most": None}),
    "encode": (el.language.Characters("abc").encode, {"text": "abc"}),
    "decode": (el.language.Characters("abc").decode, {"numbers": [0, 1]}),
    "Words": (el.language.Words, {"words": ["a", "b"]}),
    "Words.of": (el.language.Words.of, {"pieces": ["a b"], "most": 5}),
    "words encode": (el.language.Words(["a"]).encode, {"text": "abc"}),
    "words decode": (el.language.Words(["a"]).decode, {"numbers": [0, 1]}),
    "KneserNey": (lambda **how: el.language.KneserNey(**how).fit([0, 1, 1, 0], 2), {"order": 2, "discount": 0.5}),
    "KneserNey.fit": (el.language.KneserNey().fit, {"numbers": [0, 1, 1, 0], "tokens": 2}),
    "parallel_streams": (el.language.parallel_streams, {"numbers": np.arange(40), "streams": 2, "steps": 3}),
    "fit": (
        el.Network(2, [el.SimpleRNN(3), el.Dense(1)]).fit,
        {"x": X, "target": Y, "loss": "mse", "optimizer": "adam", "metrics": ["mae"], "callbacks": (), "verbose": 0}
        | {"epochs": 1, "batch_size": 2, "validation_data": None, "lengths": None, "sample_weight": None},
    ),
    "evaluate": (NET.evaluate, {"x": X, "target": Y, "loss": "mse", "metrics": ["mae"], "lengths": None}),
    "train_on_batch": (
        el.Network(2, [el.SimpleRNN(3), el.Dense(1)]).train_on_batch,
        {"x": X, "target": Y, "loss": "mse", "optimizer": el.Adam(), "lengths": None},
    ),
    "load": (el.load, {"path": "nothing.safetensors", "engine": None, "threads": None}),
    "LanguageModel.load": (el.LanguageModel.load, {"path": "nothing.safetensors"}),
}
CASES = [(name, argument) for name, (_, good) in CALLS.items() for argument in good]


def tried(function, arguments):
    """Nothing, or what is wrong with how the call ended."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function(**arguments)
        except el.ElmanError as error:
            return "" if len(str(error)) > 12 else f"says too little: {error!r}"
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:90]}"
        finally:
            import matplotlib.pyplot as plt

            plt.close("all")
    return ""


@pytest.mark.parametrize("name, argument", CASES, ids=map(".".join, CASES))
def test_wrong_kinds(name, argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function, good = CALLS[name]
    monkeypatch.setattr(importlib.import_module("elman.insight.report"), "LYAPUNOV_STEPS", 20)
    found = {kind: tried(function, {**good, argument: value}) for kind, value in NONSENSE.items()}
    assert not {kind: wrong for kind, wrong in found.items() if wrong}


@pytest.mark.parametrize("name", [name for name in CALLS if "oad" not in name])
def test_the_right_kinds_work(name):
    function, good = CALLS[name]
    function(**good)


@pytest.mark.parametrize("name", ["fit", "evaluate", "train_on_batch"])
@pytest.mark.parametrize("argument", ["loss", "optimizer"])
def test_nothing_else_is_a_loss_or_an_optimizer(name, argument):
    function, good = CALLS[name]
    wrong = [value for value in NONSENSE.values() if value is not None or name != "evaluate"]  # None: that of `fit`
    for value in wrong if argument in good else ():
        with pytest.raises(
            el.OptionError, match=rf"^(unknown {argument}|train_on_batch needs an optimizer) .*"
        ) as caught:
            function(**{**good, argument: value})
        assert "\n" not in str(caught.value)
