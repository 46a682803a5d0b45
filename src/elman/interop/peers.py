"""The other frameworks, which are loaded when a conversion asks for one."""

from __future__ import annotations

import importlib
import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from elman.errors import ConversionError

_EXTRAS = {  # of a package, what installs it
    "torch": "elman[torch]",
    "keras": "elman[keras]",
    "jax": "elman[jax]",
    "flax": "elman[flax]",
    "onnx": "elman[onnx]",
    "onnxruntime": "elman[onnx]",
}


def peer(name: str) -> Any:
    """A package of another framework.

    Raises
    ------
    ConversionError
        If it is not installed, or cannot be loaded: why, and what installs it.
    """
    if name == "keras" or name == "tensorflow":
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # else it speaks of the processor
    try:
        return importlib.import_module(name)
    except ImportError as error:
        wanted = _EXTRAS.get(name.split(".")[0], name)
        raise ConversionError(f'this needs {name}, which cannot be loaded ({error}): pip install "{wanted}"') from error


def called(name: str, framework: str) -> str:
    """A framework with the version of its package, as ``PyTorch 2.13.0``."""
    try:
        return f"{framework} {version(name).split('+')[0]}"
    except PackageNotFoundError:
        return framework


OURS = called("elman", "Elman")
