"""Files of Keras: looked at before Keras reads them, so that none runs code."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from elman.checks import path as as_path
from elman.errors import ConversionError, ElmanError
from elman.interop.keras.old_files import old_archive, old_model
from elman.interop.peers import peer


def opened(path: Any) -> tuple[Any, list[str]]:
    """The model of a ``.keras`` or ``.h5`` file, and what was noted on the way.

    Raises
    ------
    ConversionError
        If there is no such file, it holds code or classes that are not Keras' own, or Keras cannot read it.
    """
    file = as_path(path)
    if not file.is_file():
        raise ConversionError(f"there is no file {file}")
    if zipfile.is_zipfile(file):
        return _whole(_of_zip, file)
    if _is_hdf5(file):
        return _whole(_of_hdf5, file)
    if file.read_bytes()[:50].startswith(b"version https://git-lfs"):
        raise ConversionError(f"{file} is a pointer of Git LFS, not the file itself: git lfs pull brings that")
    raise ConversionError(f"{file} is neither a .keras file (a zip archive) nor an .h5 file (HDF5)")


def _whole(read: Callable[[Path], tuple[Any, list[str]]], file: Path) -> tuple[Any, list[str]]:
    """What is read of a file, unless it is damaged."""
    try:
        return read(file)
    except (ElmanError, ImportError):
        raise
    except Exception as error:  # whatever zipfile, json and h5py raise
        said = " ".join(str(error).split())[:300]
        raise ConversionError(f"{file} is damaged ({type(error).__name__}: {said}): save it anew") from error


def _is_hdf5(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(8) == b"\x89HDF\r\n\x1a\n"


def _of_zip(file: Path) -> tuple[Any, list[str]]:
    with zipfile.ZipFile(file) as archive:
        missing = {"config.json", "model.weights.h5"} - set(archive.namelist())
        if missing:
            raise ConversionError(f"{file} is a zip archive without {' and '.join(sorted(missing))}: no .keras file")
        try:
            config = json.loads(archive.read("config.json"))
        except ValueError as error:
            raise ConversionError(f"the config.json of {file} cannot be read: {error}") from error
        about = json.loads(archive.read("metadata.json")) if "metadata.json" in archive.namelist() else {}
    check_config(config, str(file))
    version = str(about.get("keras_version", "3"))
    if version.startswith("2."):
        notes = [f"the file is of Keras {version}"]
        return old_archive(file, config, notes, _explained(file)), notes
    keras = peer("keras")
    peer("elman.interop.keras.layers")
    with _explained(file):
        return keras.saving.load_model(str(file), compile=False, safe_mode=True), []


class _explained:
    """What Keras raises, as `ConversionError`."""

    def __init__(self, file: Path):
        self.file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, ConversionError):
            said = " ".join(str(error).split())[:400]
            raise ConversionError(
                f"Keras cannot read {self.file} ({said}). Load it where it was made, and save it as a .keras file, or "
                "make the model anew and give its weights: model.load_weights(...), then from_keras(model)"
            ) from error


def check_config(config: Any, file: str) -> None:
    """Raise `ConversionError` if a config names what is code, or no class of Keras or of Elman's layers."""
    for one in _objects(config):
        name, module = str(one.get("class_name")), str(one.get("module") or "")
        if name in ("Lambda", "__lambda__"):
            raise ConversionError(
                f"{file} holds a Lambda layer, which is code, and code is not run: build the model without it, load "
                "the weights into that, and write what it does between the layers of an elman network"
            )
        own = module in ("elman.interop.keras.layers",) and str(one.get("registered_name")).startswith("elman>")
        if module and not (own or module.split(".")[0] in ("keras", "builtins") or module == "tensorflow.keras.layers"):
            raise ConversionError(
                f"{file} needs the class {module}.{name}, which is code of its own and is not run: load the model "
                "that class is, and give the model if its layers are Keras', else write the class as an elman.cell"
            )


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Everything in a config that names a class."""
    if isinstance(config, dict):
        if "class_name" in config and "equations" not in config:
            yield config
        for name, one in config.items():
            if name != "equations":
                yield from _objects(one)
    elif isinstance(config, list):
        for one in config:
            yield from _objects(one)


# --- HDF5 -----------------------------------------------------------------------------------------------------


def _of_hdf5(file: Path) -> tuple[Any, list[str]]:
    h5py = peer("h5py")
    with h5py.File(file, "r") as content:
        attributes = dict(content.attrs)
    if "model_config" not in attributes:
        raise ConversionError(
            f"{file} holds weights alone: make the model, as in keras.Sequential([...]), and give it too, "
            "from_keras(model, weights=file)"
        )
    config = json.loads(_text(attributes["model_config"]))
    version = _text(attributes.get("keras_version", "1"))
    check_config(config, str(file))
    notes = [f"the file is of Keras {version}"]
    return old_model(file, config, version, notes, _explained(file)), notes


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
