"""What a user can do with models of other frameworks, one function each; beside `elman.commands`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman import checks, models
from elman.data.names import listed
from elman.errors import ConversionError, ModelFileError, OptionError
from elman.files import check_file, temporary, temporary_folder, write_whole
from elman.interop.report import Report
from elman.network import Layer, Network
from elman.untrusted import read_header


@dataclass(frozen=True)
class Converted:
    """What a conversion found and where it put it.

    Attributes
    ----------
    network : Network
        What was read, and written.
    reports : tuple of Report
        Of reading and of writing, as far as another framework had a part in it.
    file : Path
        What was written.
    """

    network: Network
    reports: tuple[Report, ...]
    file: Path

    def plain(self) -> dict[str, Any]:
        """In terms of JSON."""
        layers = [{"name": name, "equations": layer.cell.equations()} for name, layer in self._layers()]
        about = {"layers": layers, "parameters": int(self.network.arena.size)}
        return {"network": about, "reports": [report.plain() for report in self.reports], "files": [self.file]}

    def _layers(self) -> Iterable[tuple[str, Layer]]:
        return zip(self.network.layer_names, self.network.layers, strict=True)


def convert(
    model: str | Path,
    out: str | Path,
    *,
    network: int | None = None,
    tolerance: float | None = None,
    max_steps: int | None = None,
    **reading: Any,
) -> Converted:
    """Bring a model from one framework's file to another's; what they are is known by their endings.

    Parameters
    ----------
    model : str or Path
        ``.safetensors`` of Elman or of PyTorch's weights, ``.pt``, ``.pth`` or ``.ckpt``, ``.keras`` or ``.h5``,
        ``.onnx``.
    out : str or Path
        ``.safetensors`` (Elman's), ``.pt`` (weights of `elman.interop.to_torch`'s module), ``.keras``, ``.onnx``, or
        ``.c``, beside which goes its header.
    network : int, optional
        Of a forecaster, classifier, regressor or language model: which of its networks, from 0; what it does around
        them is left behind.
    tolerance : float, optional
        The largest difference between both sides; by default 1e-5, in float64 1e-10.
    max_steps : int, optional
        Of C, of a network that needs whole sequences: how many steps they have at most.
    **reading
        What a file does not tell, for the function that reads it, such as ``nonlinearity="relu"``.

    Returns
    -------
    Converted

    Raises
    ------
    ConversionError
        If something in it has no counterpart, or both sides differ; nothing is written then.
    ModelFileError, OptionError
        If there is no such model, or the endings are not known.
    """
    source, target = checks.path(model, "model"), checks.path(out, "out")
    read, write = _of_ending(source, READERS, "model"), _of_ending(target, WRITERS, "out")
    writing = {} if max_steps is None else {"max_steps": max_steps}
    if writing and write is not _write_c:
        raise OptionError(f"max_steps={max_steps} (--max-steps) is for C, and {target} is none: leave it out")
    if not source.is_file():
        raise ModelFileError(f"there is no model file {source}")
    if target.exists() and target.samefile(source):
        raise OptionError(f"the output {target} is the model that is read; give another")
    check_file(target)
    net, *reports = read(source, network=network, tolerance=tolerance, **reading)
    reports += write(net, target, tolerance, **writing)
    return Converted(net, tuple(reports), target)


def _of_ending(path: Path, table: dict[str, Callable[..., Any]], what: str) -> Callable[..., Any]:
    try:
        return table[path.suffix.lower()]
    except KeyError:
        raise OptionError(f"{what} is {path}, whose kind is not known; expected a file {listed(table)}") from None


# --- reading ----------------------------------------------------------------------------------------------------------


def _read_safetensors(path: Path, network: int | None, tolerance: float | None, **reading: Any) -> Any:
    header = read_header(path)
    if "elman" not in header and "forecaster" not in header:
        return _read_torch(path, network, tolerance, **reading)
    _check_unused(reading, "a model of Elman")
    return (network_of(models.load(path), network, path),)


def network_of(model: Any, number: int | None, path: str | Path) -> Network:
    """The network of whatever was saved.

    Parameters
    ----------
    number : int or None
        Which one of a model that is built on networks.

    Raises
    ------
    ConversionError
        If it is built on networks and no number says that one is wanted without what is around it; or it has none.
    OptionError
        If there is none of this number.
    """
    if isinstance(model, Network):
        if number is not None:
            raise OptionError(f"network={number} is for a model that is built on networks; {path} is a network alone")
        return model
    kind, networks = type(model).__name__, _networks(model)
    if not networks:
        raise ConversionError(f"{path} holds a {kind} without a network: there is nothing to convert")
    if number is None:
        which = "0" if len(networks) == 1 else f"0 to {len(networks) - 1}"
        raise ConversionError(
            f"{path} holds a {kind}, of which only networks can be converted, without what it does before and behind "
            f"them: say which, --network {which} (network=... in Python)"
        )
    return networks[checks.whole(number, "network", least=0, most=len(networks) - 1)]


def _networks(model: Any) -> list[Network]:
    if hasattr(model, "networks_"):
        return list(model.networks_)
    return [model.network_] if getattr(model, "network_", None) is not None else []


def _check_unused(reading: dict[str, Any], what: str) -> None:
    if reading:
        raise OptionError(f"{next(iter(reading))} is for a file that does not tell it; {what} does: leave it out")


def _read_torch(path: Path, network: int | None, tolerance: float | None, **reading: Any) -> Any:
    from elman.interop.pytorch import from_torch

    return _foreign(from_torch, path, network, tolerance, reading)


def _read_keras(path: Path, network: int | None, tolerance: float | None, **reading: Any) -> Any:
    from elman.interop.keras.reading import from_keras

    return _foreign(from_keras, path, network, tolerance, reading)


def _read_onnx(path: Path, network: int | None, tolerance: float | None, **reading: Any) -> Any:
    from elman.interop.onnx.load import from_onnx

    return _foreign(from_onnx, path, network, tolerance, reading)


def _foreign(
    read: Callable[..., Any], path: Path, network: int | None, tolerance: float | None, reading: dict[str, Any]
) -> Any:
    if network is not None:
        raise OptionError(f"network={network} is for a model of Elman that is built on networks; {path} is none")
    known = [name for name in inspect.signature(read).parameters if name not in _OF_PYTHON][1:]
    for name in reading:
        if name not in known:
            raise OptionError(
                f"{name}{checks.nearest(name, known)} is nothing that {read.__name__} takes: {listed(known)}"
            )
    if isinstance(reading.get("order"), str):
        reading["order"] = [name.strip() for name in reading["order"].split(",")]
    return read(path, tolerance=tolerance, return_report=True, **reading)


_OF_PYTHON = ("tolerance", "return_report", "example")  # what a file is not read with

READERS: dict[str, Callable[..., Any]] = {
    ".safetensors": _read_safetensors,
    ".pt": _read_torch,
    ".pth": _read_torch,
    ".ckpt": _read_torch,  # of Lightning
    ".keras": _read_keras,
    ".h5": _read_keras,
    ".onnx": _read_onnx,
}

# --- writing ----------------------------------------------------------------------------------------------------------


def _write_elman(net: Network, path: Path, tolerance: float | None) -> list[Report]:
    net.save(path)
    return []


def _write_torch(net: Network, path: Path, tolerance: float | None) -> list[Report]:
    from io import BytesIO

    from elman.interop.peers import peer
    from elman.interop.pytorch import to_torch

    module, report = to_torch(net, tolerance=tolerance, return_report=True)
    content = BytesIO()
    peer("torch").save(module.state_dict(), content)
    write_whole(path, content.getvalue())
    return [
        report.noting("the file holds weights; a module for them is what elman.interop.to_torch makes of the network")
    ]


def _write_keras(net: Network, path: Path, tolerance: float | None) -> list[Report]:
    from elman.interop.keras.writing import to_keras

    model, report = to_keras(net, tolerance=tolerance, return_report=True)
    with temporary_folder(what := f"the model for {path}") as folder, temporary(what):
        file = folder / "model.keras"  # Keras wants this ending
        model.save(file)
        content = file.read_bytes()
    write_whole(path, content)
    return [report]


def _write_onnx(net: Network, path: Path, tolerance: float | None) -> list[Report]:
    from elman.interop.onnx.export import to_onnx

    _, report = to_onnx(net, path, tolerance=tolerance, return_report=True)
    return [report]


def _write_c(net: Network, path: Path, tolerance: float | None, max_steps: int | None = None) -> list[Report]:
    from elman.interop.c.export import to_c

    _, report = to_c(net, path, main=False, max_steps=max_steps, tolerance=tolerance, return_report=True)
    return [report]


WRITERS: dict[str, Callable[..., list[Report]]] = {
    ".safetensors": _write_elman,
    ".pt": _write_torch,
    ".pth": _write_torch,
    ".keras": _write_keras,
    ".onnx": _write_onnx,
    ".c": _write_c,
}
