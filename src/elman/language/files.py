"""Language models in model files."""

from __future__ import annotations

import json
from typing import Any

from elman.errors import ElmanError, ModelFileError
from elman.language.kinds import vocabulary_data, vocabulary_from
from elman.language.vocabulary import Vocabulary
from elman.network import Network
from elman.plain import to_json

ENTRY = "language model"
FORMAT = 2


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
        stored = json.loads(network.metadata.pop(ENTRY))
        if not isinstance(stored, dict) or stored.get("format") != FORMAT:
            age = "a newer" if isinstance(stored, dict) and stored.get("format", 0) > FORMAT else "an older"
            raise ModelFileError(
                f"{path} holds a language model of {age} version of Elman, and none that this version of Elman can "
                f"read: {'update Elman' if age == 'a newer' else 'train it again'}"
            )
        vocabulary = vocabulary_from(stored["vocabulary"])
        params = {**stored["params"], "cell": stored["cell"] or _cell_of(network)}
    except ModelFileError:
        raise
    except (ElmanError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ModelFileError(
            f"{path} holds no language model that this version of Elman can read: {error!r}"
        ) from error
    if network.outputs != len(vocabulary):
        raise ModelFileError(
            f"{path} has {network.outputs} outputs for a vocabulary of {len(vocabulary)} {vocabulary.kind}"
        )
    return params, vocabulary


def _cell_of(network: Network) -> Any:
    """A cell of the user's own, as the equations that the network has."""
    return next(layer.cell for layer in network.layers if layer.cell.states)
