"""Weights in files and state dicts: what is in them, as NumPy arrays by name. No code of a file is ever run."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from elman.checks import shown
from elman.errors import ConversionError, ModelFileError
from elman.interop.peers import peer
from elman.untrusted import read_header, read_tensors

INSIDE = ("state_dict", "model_state_dict", "model_state", "model", "net", "weights", "params")
AROUND = ("_orig_mod.", "module.", "model.", "net.")


def read(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """The tensors of a file, and notes.

    Raises
    ------
    ConversionError
        If there is no such file, or it holds something else than tensors by name.
    """
    if path.is_dir():
        raise ConversionError(f"{path} is a folder; give the file in it")
    if not path.is_file():
        raise ConversionError(f"there is no file {path}")
    if path.suffix == ".safetensors":
        return _safetensors(path)
    torch = peer("torch")
    try:
        with warnings.catch_warnings():  # it warns of TorchScript, which is refused
            warnings.simplefilter("ignore")
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ConversionError(_unreadable(path)) from error
    if not isinstance(found, Mapping):
        raise ConversionError(f"{path} holds {shown(found)}, not a state dict: save module.state_dict()")
    return tensors_of(found)


def _unreadable(path: Path) -> str:
    """Why a file cannot be read as weights, by what it is."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(2)
    if start == b"PK" and zipfile.is_zipfile(path):
        return _with_code(path)
    if start == b"PK":
        return f"{path} ends too early ({size} bytes): copy it, or load it from where it comes from, once more"
    if start[:1] == b"\x80":  # a pickle, as PyTorch before 1.6 wrote them
        return _with_code(path)
    return f"{path} is no file of PyTorch ({size} bytes): expected what torch.save(module.state_dict(), path) writes"


def _with_code(path: Path) -> str:
    return (
        f"{path} cannot be read as weights alone: it is a whole module or a TorchScript program, whose file runs "
        "code, or no file of PyTorch. Where you trust it, load it yourself and give the module, "
        "from_torch(torch.load(path, weights_only=False)), of TorchScript its weights, "
        "from_torch(torch.jit.load(path).state_dict()); or have its owner save module.state_dict()"
    )


def _safetensors(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    try:
        if "elman" in read_header(path):
            raise ConversionError(f"{path} is a model of Elman's own: elman.load opens it")
        found, _ = read_tensors(path)
    except ModelFileError as error:
        hint = (
            ": load it with safetensors.torch and give its tensors as float()" if "NumPy has not" in str(error) else ""
        )
        raise ConversionError(f"{error}{hint}") from error
    return tensors_of(found)


def tensors_of(given: Mapping[Any, Any]) -> tuple[dict[str, np.ndarray], list[str]]:
    """The tensors of a state dict, or of a checkpoint that holds one, without prefixes that all of them have."""
    notes: list[str] = []
    for key in INSIDE:
        inner = given.get(key)
        if isinstance(inner, Mapping) and inner:
            notes.append(f"the weights are those under {key!r}; what else is there ({_others(given, key)}) is left out")
            given = inner
            break
    wrong = [key for key, value in given.items() if not (isinstance(key, str) and _is_tensor(value))]
    if wrong or not given:
        what = f"{wrong[0]!r} is {shown(given[wrong[0]])}" if wrong else "it is empty"
        raise ConversionError(
            f"this is no state dict: {what}; expected tensors by name, as module.state_dict() has them"
        )
    found = {key: _array(key, value) for key, value in given.items()}
    return _unprefixed(found), notes


def _others(given: Mapping[Any, Any], key: str) -> str:
    return ", ".join(str(k) for k in given if k != key) or "nothing"


def _is_tensor(value: Any) -> bool:
    return isinstance(value, np.ndarray) or hasattr(value, "detach")


def _array(name: str, value: Any) -> np.ndarray:
    """Numbers in single precision, or double where they are."""
    if isinstance(value, np.ndarray):
        array = value
    else:
        if value.is_meta or str(value.layout) != "torch.strided":
            kind = "no numbers (it is on the meta device)" if value.is_meta else f"numbers laid out as {value.layout}"
            raise ConversionError(
                f"{name} holds {kind}; expected a dense tensor of numbers, as tensor.to_dense() gives"
            )
        value = value.detach().cpu()
        array = (value.float() if "float16" in str(value.dtype) else value).numpy()
    if array.dtype.kind not in "fiu":
        raise ConversionError(f"{name} holds {array.dtype.name} numbers; expected real ones")
    return array if array.dtype in (np.float32, np.float64) or array.dtype.kind in "iu" else array.astype(np.float32)


def _unprefixed(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    for prefix in AROUND:
        if all(name.startswith(prefix) for name in found):
            return _unprefixed({name.removeprefix(prefix): value for name, value in found.items()})
    return found
