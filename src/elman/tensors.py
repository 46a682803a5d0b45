"""Arrays and texts as the bytes of a safetensors file: the same ones for the same model, each time."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

ALIGNMENT = 8  # of the header, so that arrays can be used where they lie


def to_bytes(tensors: Mapping[str, np.ndarray], texts: Mapping[str, str]) -> bytes:
    """A safetensors file whose texts are in order of their names; the library has them in another order each time.

    Examples
    --------
    >>> to_bytes({"w": np.zeros(2)}, {"b": "1", "a": "2"}) == to_bytes({"w": np.zeros(2)}, {"a": "2", "b": "1"})
    True
    """
    from safetensors.numpy import save

    made = save({name: np.asarray(value, order="C") for name, value in tensors.items()}, dict(texts))
    size = int.from_bytes(made[:8], "little")
    header = json.loads(made[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text + made[8 + size :]
