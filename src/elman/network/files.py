"""Model files: safetensors, with the architecture as JSON in the header. Opening one never runs code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from elman import checks
from elman.checks import whole
from elman.errors import ModelFileError, OptionError
from elman.files import write_whole
from elman.network.arguments import layers as check_layers
from elman.network.face import Net
from elman.network.kinds import check_unreserved
from elman.network.plain import from_plain, layer_from_plain, layer_to_plain, to_plain
from elman.network.structure import Structure, of_layers
from elman.plain import to_json
from elman.tensors import to_bytes

CHAIN, FORMAT = 1, 2


def save(network: Net, path: str | Path, metadata: dict[str, str] | None = None) -> Path:
    """Write a network to a safetensors file, complete or not at all; see `elman.load`."""
    header = {**network.metadata, **_texts(metadata)}
    check_unreserved(header)
    return write(network, path, header)


def write(network: Net, path: str | Path, header: dict[str, str]) -> Path:
    """Write a network with any entries in the header."""
    path = checks.path(path)
    write_whole(path, to_bytes(dict(network.params.items()), {**header, **file_header(network)}))
    return path


def file_header(network: Net) -> dict[str, str]:
    """What the header of a model file says of a network: its metadata, and what it is."""
    return {**network.metadata, "elman": to_json(describe(network), "network")}


def _texts(metadata: Any) -> dict[str, str]:
    """Metadata as a header holds it: texts by name, so that what is read is what was written."""
    if metadata is None:
        return {}
    if not isinstance(metadata, dict):
        raise OptionError(f"metadata is {metadata!r}; expected a dict of texts by name")
    for name, value in metadata.items():
        if not isinstance(name, str):
            raise OptionError(f"metadata has the name {name!r}; expected a text")
        if not isinstance(value, str):
            raise OptionError(f"metadata[{name!r}] is {value!r}; expected a text: give str(...) or json.dumps(...)")
    return metadata


def describe(network: Net) -> dict[str, Any]:
    """A network's architecture as plain data; a chain's is what older versions read."""
    chain = network.structure.is_chain
    return {
        "format": CHAIN if chain else FORMAT,
        **({"inputs": network.inputs} if chain else {"graph": to_plain(network.structure)}),
        "dtype": network.dtype.name,
        "products": network.products,
        "seed": network.seed,
        "updates": network.updates,
        "epochs": network.epochs,
        "frozen": sorted(network.frozen),
        **({"layers": [layer_to_plain(layer) for layer in network.layers]} if chain else {}),
    }


def structure_of(description: dict[str, Any]) -> Structure:
    """The layers that `describe` described, and what they read."""
    if description["format"] > FORMAT:
        raise ModelFileError(f"its format {description['format']} is newer than {FORMAT}; install a newer Elman")
    if "graph" in description:
        return from_plain(description["graph"])
    layers = [layer_from_plain(one) for one in description["layers"]]
    return of_layers(whole(description["inputs"], "inputs"), check_layers(layers))


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the header of a safetensors file; `ModelFileError` if it is none."""
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118


def read_header(path: Path) -> dict[str, str]:
    """The header alone."""
    with _opened(path) as file:
        return dict(file.metadata() or {})


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A safetensors file; what is wrong with it, as `ModelFileError`."""
    from safetensors import SafetensorError, safe_open

    if path.is_dir():
        raise ModelFileError(f"{path} is a folder; give the model file in it")
    if not path.is_file():
        raise ModelFileError(f"there is no model file {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (SafetensorError, OSError) as e:
        raise ModelFileError(f"{path} cannot be read as a safetensors file: {e}") from e
