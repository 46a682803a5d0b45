"""What a model file holds: a network alone, or the network of something that is built on one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from elman.errors import ModelFileError, OptionError

KINDS = {  # by the entry of the header that only it has
    "forecaster": "Forecaster",
    "language model": "LanguageModel",
    "classifier": "SequenceClassifier",
    "regressor": "SequenceRegressor",
}
COMMANDS = {
    "Forecaster": "forecast",
    "LanguageModel": "write",
    "SequenceClassifier": "classify",
    "SequenceRegressor": "regress",
}


def kind_of(header: Mapping[str, str]) -> str:
    """The name of the class that wrote a file with this header."""
    return next((kind for entry, kind in KINDS.items() if entry in header), "Network")


def expect(kind: str, header: Mapping[str, str], path: str | Path) -> None:
    """Refuse a file of another kind, and name what reads it."""
    if "elman_streams" in header:
        raise ModelFileError(f"{path} holds states of streams, not a {kind}: net.streams().restore(file) reads it")
    if "elman" not in header and "forecaster" not in header:  # a forecaster may have no network
        raise ModelFileError(f"{path} is a safetensors file, but not one that Elman wrote: its header has no equations")
    found = kind_of(header)
    if found != kind:
        shell = f" (`elman {COMMANDS[found]} --model` in the shell)" if found in COMMANDS else ""
        reader = "el.load" if found == "Network" else f"el.{found}.load"
        raise ModelFileError(f"{path} holds a {found}, not a {kind}: read it with {reader}{shell}")


def check_unreserved(metadata: Mapping[str, str]) -> None:
    """Refuse metadata under names by which files of the other kinds are known."""
    for name in ("elman", *KINDS):
        if name in metadata:
            raise OptionError(f"metadata has {name!r}, which is Elman's own entry in model files; choose another name")
