"""Model files: safetensors, with the architecture as JSON in the header. Opening one never runs code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elman import checks
from elman.checks import whole
from elman.errors import ModelFileError, OptionError
from elman.files import write_whole
from elman.network.arguments import layers as check_layers
from elman.network.face import Net
from elman.network.kinds import check_unreserved
from elman.network.plain import from_plain, layer_from_plain, layer_to_plain, to_plain
from elman.network.structure import Structure
from elman.network.structure_of_layers import of_layers
from elman.plain import to_json
from elman.tensors import to_bytes
from elman.training.judged_by import in_file
from elman.untrusted import called, count, held, list_of

CHAIN, FORMAT = 1, 2


def save(network: Net, path: str | Path, metadata: dict[str, str] | None = None) -> Path:
    """Write a network to a safetensors file, complete or not at all; see `elman.load`.

    Parameters
    ----------
    path : str or Path
        The file, usually ``.safetensors``.
    metadata : dict of str to str, optional
        Words of the caller's, kept in the header.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    OptionError
        If it cannot be written.
    """
    header = {**network.metadata, **_texts(metadata)}
    check_unreserved(header)
    return write(network, path, header)


def write(network: Net, path: str | Path, header: dict[str, str]) -> Path:
    """Write a network with any entries in the header."""
    path = checks.model_path(path)
    write_whole(path, to_bytes(dict(network.params.items()), {**header, **file_header(network)}))
    return path


def file_header(network: Net) -> dict[str, str]:
    """What the header of a model file says of a network: its metadata, and what it is.

    Returns
    -------
    dict of str to str
    """
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
        **in_file(network.trained_with),
        **({"layers": [layer_to_plain(layer) for layer in network.layers]} if chain else {}),
    }


def checked(description: Any) -> dict[str, Any]:
    """What `describe` described, if that is what it is; its layers are looked at where they are made.

    Raises
    ------
    ModelFileError, OptionError
    """
    known = description.get("format") if isinstance(description, dict) else None
    newest = whole(known, "its format")
    if newest > FORMAT:
        raise ModelFileError(f"its format {newest} is newer than {FORMAT}; install a newer Elman")
    graph = {"graph": dict} if newest == FORMAT else {"inputs": int, "layers": list}
    return held(description, "the network", {**_SCHEMA, **graph}, _OPTIONAL)


_SCHEMA: dict[str, Any] = {"format": int, "dtype": str, "seed": int, "updates": count, "epochs": count}
_OPTIONAL: dict[str, Any] = {
    "products": (str, type(None)),
    "frozen": list_of(called, unique=True),
    "loss": (str, list, dict, type(None)),
}


def structure_of(description: dict[str, Any]) -> Structure:
    """The layers that a description has, and what they read."""
    if "graph" in description:
        return from_plain(description["graph"])
    layers = [layer_from_plain(one) for one in description["layers"]]
    return of_layers(whole(description["inputs"], "inputs"), check_layers(layers))
