"""Model files: safetensors, with the architecture as JSON in the header. Opening one never runs code."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.equations.store import from_data, to_data
from elman.errors import ElmanError, ModelFileError
from elman.network.layers import Layer

if TYPE_CHECKING:
    from elman.network.network import Network

FORMAT = 1


def save(network: Network, path: str | Path, metadata: dict[str, str] | None = None) -> Path:
    """Write a network to a file, complete or not at all."""
    from safetensors.numpy import save as to_bytes

    path = Path(path)
    tensors = {name: np.ascontiguousarray(value) for name, value in network.params.items()}
    header = {**network.metadata, **(metadata or {}), "elman": json.dumps(describe(network))}
    write_whole(path, to_bytes(tensors, metadata=header))
    return path


def load(path: str | Path, *, engine: str | None = None, threads: int | None = None) -> Network:
    """Read a network from a file that `Network.save` wrote.

    Parameters
    ----------
    path : str or Path
        The file.
    engine, threads
        As for `Network`.

    Returns
    -------
    Network
        With the same parameters, bit for bit; cells are rebuilt from their graphs, no code is run.

    Raises
    ------
    ModelFileError
        If there is no such file, or it is not one of ours.
    """
    path = Path(path)
    tensors, header = read_tensors(path)
    tensors = {name: value for name, value in tensors.items() if "/" not in name}  # the others are not this network's
    try:
        description = json.loads(header["elman"])
        network = _build(description, engine, threads)
        network.metadata = {k: v for k, v in header.items() if k != "elman"}
        if set(tensors) != set(network.params):
            raise ModelFileError(f"holds parameters {sorted(tensors)}, its layers have {sorted(network.params)}")
        for name, value in tensors.items():
            network.params[name] = value
    except (ElmanError, KeyError, TypeError, ValueError, AttributeError) as e:
        raise ModelFileError(f"{path} is not a model file that this version of Elman can read: {e}") from e
    return network


def describe(network: Network) -> dict[str, Any]:
    """A network's architecture as plain data."""
    return {
        "format": FORMAT,
        "inputs": network.inputs,
        "dtype": network.dtype.name,
        "seed": network.seed,
        "updates": network.updates,
        "epochs": network.epochs,
        "layers": [_describe_layer(layer) for layer in network.layers],
    }


def rebuild(
    description: dict[str, Any], engine: str, threads: int | None, metadata: dict[str, str], arena: np.ndarray
) -> Network:
    """A network from its description and parameters."""
    network = _build(description, engine, threads)
    network.metadata = metadata
    network.arena[:] = arena
    return network


def _describe_layer(layer: Layer) -> dict[str, Any]:
    return {
        "cell": to_data(layer.cell),
        "units": layer.units,
        "return_sequences": layer.return_sequences,
        "reverse": layer.reverse,
        "sizes": layer.sizes,
    }


def _build(description: dict[str, Any], engine: str | None, threads: int | None) -> Network:
    from elman.network.network import Network

    if description["format"] > FORMAT:
        raise ModelFileError(f"its format {description['format']} is newer than {FORMAT}; install a newer Elman")
    layers = [
        Layer(from_data(d["cell"]), d["units"], d["return_sequences"], d["reverse"], d["sizes"])
        for d in description["layers"]
    ]
    network = Network(
        description["inputs"],
        layers,
        seed=description["seed"],
        dtype=description["dtype"],
        engine=engine,
        threads=threads,
    )
    network.updates, network.epochs = description["updates"], description["epochs"]
    return network


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the header of a safetensors file; `ModelFileError` if it is none."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise ModelFileError(f"there is no model file {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (SafetensorError, OSError) as e:
        raise ModelFileError(f"{path} cannot be read as a safetensors file: {e}") from e


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the target and rename: a reader finds the old file or the new one, never half of one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
