"""Language models in model files."""

from __future__ import annotations

from typing import Any

from elman.errors import ModelFileError
from elman.language.kinds import vocabulary_data, vocabulary_from
from elman.language.vocabulary import Vocabulary
from elman.network import Network
from elman.plain import to_json
from elman.untrusted import UNREADABLE, held, parsed

ENTRY = "language model"
FORMAT = 2
_SCHEMA: dict[str, Any] = {"format": int, "params": dict, "cell": (str, type(None)), "vocabulary": dict}


def entry(params: dict[str, Any], vocabulary: Vocabulary) -> dict[str, str]:
    """What the header of a model file says of a language model, beside its network."""
    named = {name: value for name, value in params.items() if name != "cell"}
    cell = params["cell"] if isinstance(params["cell"], str) else None  # its equations are in the network's description
    stored = {"format": FORMAT, "params": named, "cell": cell, "vocabulary": vocabulary_data(vocabulary)}
    return {ENTRY: to_json(stored, ENTRY)}


def read_entry(network: Network, path: Any) -> tuple[dict[str, Any], Vocabulary]:
    """Parameters and vocabulary, of the network that was in a file.

    Raises
    ------
    ModelFileError
        If they cannot be read, or do not go with the network.
    """
    try:
        stored = parsed(network.metadata.pop(ENTRY), "its entry")
        known = stored.get("format") if isinstance(stored, dict) else None
        if known == FORMAT:
            held(stored, "its entry", _SCHEMA)
            vocabulary = vocabulary_from(stored["vocabulary"])
            params = {**stored["params"], "cell": stored["cell"] or _cell_of(network)}
    except UNREADABLE as error:
        raise ModelFileError(f"{path} holds no language model that this version of Elman can read: {error}") from error
    if known != FORMAT:
        newer = isinstance(known, int) and known > FORMAT
        raise ModelFileError(
            f"{path} holds a language model of {'a newer' if newer else 'an older'} version of Elman, and none that "
            f"this version of Elman can read: {'update Elman' if newer else 'train it again'}"
        )
    if len(network.ends) != 1 or not network.sequence_output or network.indices != len(vocabulary):
        raise ModelFileError(f"{path} has a network that does not read tokens and say at each step which comes next")
    if network.outputs != len(vocabulary):
        raise ModelFileError(
            f"{path} has {network.outputs} outputs for a vocabulary of {len(vocabulary)} {vocabulary.kind}"
        )
    return params, vocabulary


def _cell_of(network: Network) -> Any:
    """A cell of the user's own, as the equations that the network has."""
    found = [layer.cell for layer in network.layers if layer.cell.states]
    if not found:
        raise ModelFileError("its network has no layer with states")
    return found[0]
