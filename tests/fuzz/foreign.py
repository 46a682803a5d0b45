"""Cases of other frameworks' files: PyTorch's state dicts, Keras' archives and ONNX models, changed and converted."""

from __future__ import annotations

import io
import json
import os
import random
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import elman as el
from elman.errors import ElmanError
from tests.fuzz.bases import Base
from tests.fuzz.judge import refusing, run
from tests.fuzz.mutate import mutated_bytes, mutated_json

os.environ.setdefault("KERAS_BACKEND", "torch")  # which is here anyway; one framework less to load
NUMBERS = (float("nan"), float("inf"), 1e38, 0.0)


def bases(folder: Path) -> list[Base]:
    """A small file of each kind, made where it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, make in _all():
        path = folder / f"foreign-{name}"
        if not path.exists():
            make(path)
        found.append(Base(name, path.suffix, path))
    return found


def _all() -> Iterator[tuple[str, Callable[[Path], Any]]]:
    for layer in ("LSTM", "GRU", "RNN"):
        yield f"{layer}.pt", lambda path, layer=layer: _state_dict(layer, path)
        yield f"{layer}.onnx", lambda path, layer=layer: _exported(layer, path)
        yield f"{layer}.keras", lambda path, layer=layer: _keras(layer, path)
    yield "old.h5", lambda path: _keras("LSTM", path)
    yield "ours.onnx", lambda path: el.interop.to_onnx(el.Network(2, [el.GRU(3), el.Dense(2)], seed=0), path)


def _module(layer: str) -> Any:
    import torch

    torch.manual_seed(0)
    return torch.nn.ModuleDict({"rnn": getattr(torch.nn, layer)(2, 3, batch_first=True), "head": torch.nn.Linear(3, 1)})


def _state_dict(layer: str, path: Path) -> None:
    import torch

    torch.save(_module(layer).state_dict(), path)


def _exported(layer: str, path: Path) -> None:
    import torch

    parts = _module(layer)

    class Model(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.parts = parts

        def forward(self, x: Any) -> Any:
            return self.parts["head"](self.parts["rnn"](x)[0])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        axes = {"x": {0: "batch", 1: "steps"}}
        given = {"input_names": ["x"], "dynamic_axes": axes, "dynamo": False}
        torch.onnx.export(Model().eval(), torch.zeros(1, 4, 2), str(path), **given)


def _keras(layer: str, path: Path) -> None:
    import keras

    keras.utils.set_random_seed(0)
    kind = getattr(keras.layers, "SimpleRNN" if layer == "RNN" else layer)
    around = [keras.Input((None, 2)), kind(3, return_sequences=True), keras.layers.Bidirectional(kind(2))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras.Sequential([*around, keras.layers.Dense(1)]).save(path)


# --- changes --------------------------------------------------------------------------------------------------


def drawn(number: int, every: list[Base], seed: int = 0) -> tuple[Base, random.Random]:
    """Which file case `number` changes, and what draws how."""
    draw = random.Random(f"{seed} {number}")
    return draw.choice(every), draw


def write(base: Base, draw: random.Random, path: Path) -> None:
    """The file of a case: its bytes changed, or what is in it."""
    change = mutated_bytes if draw.random() < 0.25 else CHANGES[base.kind]
    data = change(base.path.read_bytes(), draw)
    path.with_name(f"case{base.kind}").write_bytes(data)
    path.write_bytes(data)  # whose size is looked at


def _other_tensors(data: bytes, draw: random.Random) -> bytes:
    """A state dict with other tensors, or with what is none."""
    import torch

    found = dict(torch.load(io.BytesIO(data), weights_only=True))
    for _ in range(draw.choice((1, 1, 2))):
        name = draw.choice(list(found) or [""])
        tensor, how = found.pop(name, torch.zeros(0)), draw.randrange(7)
        if not hasattr(tensor, "clone"):
            continue
        if how == 0:
            found[draw.choice((f"{name}x", "", "0.weight", "rnn.weight_ih_l1", "é", "a" * 9000, "../x"))] = tensor
        elif how == 1:
            found[name] = draw.choice((tensor[..., :1], tensor[None], tensor.flatten(), tensor[:0], tensor[0]))
        elif how == 2:
            found[name] = tensor.to(draw.choice((torch.int64, torch.bool, torch.complex64, torch.float16)))
        elif how == 3:
            found[name] = draw.choice((1, None, "x", [tensor], {"a": tensor}, {}, np.inf))
        elif how == 4:
            found[name] = torch.full(tensor.shape, draw.choice(NUMBERS))
        elif how == 5:
            found[name] = draw.choice((tensor.to_sparse(), tensor.to("meta"), tensor.expand(4, *tensor.shape)))
    file = io.BytesIO()
    torch.save(draw.choice((found, found, found, {"state_dict": found}, list(found), [found])), file)
    return file.getvalue()


def _other_nodes(data: bytes, draw: random.Random) -> bytes:
    """An ONNX model with another structure, where the format can say it."""
    import onnx
    from google.protobuf import json_format

    model = json_format.MessageToDict(onnx.load_from_string(data), preserving_proto_field_name=True)
    for _ in range(20):
        try:
            changed = json_format.ParseDict(mutated_json(model, draw), onnx.ModelProto(), ignore_unknown_fields=True)
            return bytes(changed.SerializeToString())
        except Exception:  # what the format cannot say
            continue
    return mutated_bytes(data, draw)


def _other_config(data: bytes, draw: random.Random) -> bytes:
    """An archive of Keras with another configuration, or with other bytes among the weights."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        target = draw.choice(("config.json", "config.json", "config.json", "model.weights.h5", "metadata.json"))
        for name in old.namelist():
            inside = old.read(name)
            if name == target and name.endswith(".json"):
                inside = json.dumps(mutated_json(json.loads(inside), draw)).encode("utf-8", "replace")
            elif name == target:
                inside = mutated_bytes(inside, draw)
            new.writestr(name, inside)
    return file.getvalue()


def _other_attributes(data: bytes, draw: random.Random) -> bytes:
    """An HDF5 file with another configuration of the model."""
    import h5py

    file = io.BytesIO(data)
    with h5py.File(file, "r+") as inside:
        config = json.loads(inside.attrs["model_config"])
        inside.attrs["model_config"] = json.dumps(mutated_json(config, draw)).encode("utf-8", "replace")
    return file.getvalue()


CHANGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    ".pt": _other_tensors,
    ".onnx": _other_nodes,
    ".keras": _other_config,
    ".h5": _other_attributes,
}
READERS: dict[str, Callable[[Path], Any]] = {
    ".pt": el.interop.from_torch,
    ".onnx": el.interop.from_onnx,
    ".keras": el.interop.from_keras,
    ".h5": el.interop.from_keras,
}


def judged(name: str, kind: str, path: Path) -> str:
    """ "refused" or "sane"; anything else is raised."""
    case = path.with_name(f"case{kind}")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            net = READERS[kind](case if case.exists() else path)
        except ElmanError as error:
            return refusing(error)
        run(net)
    return "sane"
