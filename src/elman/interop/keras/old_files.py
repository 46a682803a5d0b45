"""Files of older versions of Keras, in HDF5: their configs, weights and functions are brought to what Keras 3 reads."""

from __future__ import annotations

import json
import tempfile
import zipfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from elman.interop.peers import peer

_DEAD = (
    "time_major",
    "input_length",
    "implementation",
    "ragged",
    "sparse",
)  # options of older layers that act on nothing
_RECURRENT = ("SimpleRNN", "GRU", "LSTM", "RNN", "Bidirectional")
_FUSED = {"CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU"}


def old_model(file: Path, config: Any, version: str, notes: list[str], explained: AbstractContextManager[None]) -> Any:
    """The model of an ``.h5`` file, by a copy of it that is changed where Keras 3 would not understand it."""
    keras, h5py = peer("keras"), peer("h5py")
    old = version.split(".")[0] in ("1", "2")
    fused = _fused(config)
    with tempfile.TemporaryDirectory() as folder, explained:
        copy = Path(folder) / "model.h5"
        copy.write_bytes(file.read_bytes())
        with h5py.File(copy, "r+") as content:
            content.attrs["model_config"] = json.dumps(_brought(config, old))
            _unfuse(content["model_weights"], fused)
        model = keras.saving.load_model(str(copy), compile=False, safe_mode=True)
    if old:
        _with_old_functions(model, notes)
    return model


def old_archive(file: Path, config: Any, notes: list[str], explained: AbstractContextManager[None]) -> Any:
    """The model of a ``.keras`` file of Keras 2, which on Windows wrote ``layers\\lstm`` for ``layers/lstm``."""
    keras, h5py = peer("keras"), peer("h5py")
    with tempfile.TemporaryDirectory() as folder, explained:
        weights, copy = Path(folder) / "model.weights.h5", Path(folder) / "model.keras"
        with zipfile.ZipFile(file) as archive:
            weights.write_bytes(archive.read("model.weights.h5"))
            about = archive.read("metadata.json")
        with h5py.File(weights, "r+") as content:
            for name in [name for name in content if "\\" in name]:
                content.move(name, name.replace("\\", "/"))
        with zipfile.ZipFile(copy, "w") as archive:
            archive.writestr("metadata.json", about)
            archive.writestr("config.json", json.dumps(_brought(config, old=True)))
            archive.write(weights, "model.weights.h5")
        model = keras.saving.load_model(str(copy), compile=False, safe_mode=True)
    _with_old_functions(model, notes)
    return model


# --- configs --------------------------------------------------------------------------------------------------


def _brought(config: Any, old: bool) -> Any:
    """A config without options that act on nothing, and with those that an old one left to be understood."""
    if isinstance(config, list):
        return [_brought(one, old) for one in config]
    if not isinstance(config, dict):
        return config
    found = {name: _brought(one, old) for name, one in config.items()}
    kind, inner = str(found.get("class_name")), found.get("config")
    if kind == "Sequential":
        found["config"] = _sequential(inner)
    elif isinstance(inner, dict) and "class_name" in found:
        found["class_name"], found["config"] = _FUSED.get(kind, kind), _layer_config(kind, inner, old)
    if kind in (*_RECURRENT, *_FUSED) and "inbound_nodes" in found:
        found["inbound_nodes"] = [_node(one) for one in found["inbound_nodes"]]
    return found


def _sequential(inner: Any) -> dict[str, Any]:
    """Its first layer is its input, with the shape that an older one's first layer had itself."""
    found = {"name": "sequential", **({"layers": inner} if isinstance(inner, list) else inner)}
    layers = [{**one, "config": dict(one["config"])} for one in found["layers"]]
    shapes = [one["config"].pop("batch_input_shape", None) for one in layers if one["class_name"] != "InputLayer"]
    if layers and layers[0]["class_name"] != "InputLayer" and shapes[0] is not None:
        named = {"name": "input", "batch_shape": shapes[0], "dtype": "float32"}
        layers.insert(0, {"class_name": "InputLayer", "config": named})
    return {**found, "layers": layers}


def _layer_config(kind: str, config: dict[str, Any], old: bool) -> dict[str, Any]:
    dead = ("sparse", "ragged") if kind == "InputLayer" else _DEAD
    found = {name: value for name, value in config.items() if name not in dead}
    if kind == "InputLayer" and "batch_input_shape" in found:
        found["batch_shape"] = found.pop("batch_input_shape")
    if kind == "Embedding":
        found.pop("dtype", None)  # that of its input, once
    if kind in _FUSED:
        found |= {"recurrent_activation": "sigmoid"} | ({"reset_after": True} if kind == "CuDNNGRU" else {})
    if kind == "GRU" and old:
        found.setdefault("reset_after", False)
    if kind in ("GRU", "LSTM") and old:
        found.setdefault("recurrent_activation", "hard_sigmoid")
    return found


def _node(node: Any) -> Any:
    """What a recurrent layer is called with: Keras 2 has initial states among its inputs."""
    if not isinstance(node, list) or len(node) < 2:
        return node
    first, *states = (_tensor(one) for one in node)
    return {"args": [first], "kwargs": {"initial_state": states}}


def _tensor(given: Any) -> dict[str, Any]:
    told = {"shape": [None], "dtype": "float32", "keras_history": list(given[:3])}
    return {"class_name": "__keras_tensor__", "config": told}


# --- weights of CuDNN's layers --------------------------------------------------------------------------------


def _fused(config: Any) -> dict[str, str]:
    """The layers that only a GPU ran, by name; within wrappers by that of the wrapper."""
    layers = config["config"] if isinstance(config["config"], list) else config["config"].get("layers", [])
    found: dict[str, str] = {}
    for one in layers:
        inner = one["config"].get("layer", {}).get("class_name", "")
        kind = next((k for k in (one["class_name"], inner) if k in _FUSED), "")
        found |= {one["config"]["name"]: kind} if kind else {}
    return found


def _unfuse(weights: Any, fused: dict[str, str]) -> None:
    """Have the weights of CuDNN's layers as those of `LSTM` and `GRU`, in groups of three."""
    for name, kind in fused.items():
        group = weights[name]
        names = [one.decode() if isinstance(one, bytes) else str(one) for one in group.attrs["weight_names"]]
        for k in range(0, len(names), 3):
            arrays = [np.asarray(group[one]) for one in names[k : k + 3]]
            for one, value in zip(names[k : k + 3], unfused(kind, arrays), strict=True):
                del group[one]
                group[one] = value


def unfused(kind: str, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Weights of a layer of CuDNN as Keras' own has them: each gate's matrices lie turned there, biases come twice."""
    gates = 4 if kind == "CuDNNLSTM" else 3
    kernel = [k.T.reshape(k.shape, order="F") for k in np.hsplit(arrays[0], gates)]
    recurrent = [k.T for k in np.hsplit(arrays[1], gates)]
    biases = arrays[2].reshape(2, -1)
    return [np.hstack(kernel), np.hstack(recurrent), biases.sum(0) if gates == 4 else biases]


# --- functions ------------------------------------------------------------------------------------------------


def hard_sigmoid_of_keras_2(x: Any) -> Any:
    """``clip(0.2 x + 0.5, 0, 1)``, which Keras 3 calls so with a slope of 1/6."""
    return peer("keras").ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def _with_old_functions(model: Any, notes: list[str]) -> None:
    """Give layers the functions that their names stood for when the file was written."""
    for layer in model._flatten_layers():
        for one in getattr(getattr(layer, "cell", layer), "cells", [getattr(layer, "cell", layer)]):
            for name in ("activation", "recurrent_activation"):
                if getattr(getattr(one, name, None), "__name__", "") == "hard_sigmoid":
                    setattr(one, name, hard_sigmoid_of_keras_2)
                    notes.append(
                        f"{layer.name}: hard_sigmoid is clip(0.2 x + 0.5, 0, 1), as in the Keras that wrote the file; "
                        "Keras 3 has another slope"
                    )
