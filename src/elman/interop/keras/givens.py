"""The inputs of a model of Keras, and what each is here: a sequence, indices, or one vector a row."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from elman.errors import ConversionError


@dataclass(frozen=True)
class Given:
    """An input of a model of Keras.

    Attributes
    ----------
    name, theirs : str
        As the network's function and as Keras call it.
    shape : tuple of int or None
        Without the rows.
    kind : {"sequence", "indices", "static"}
        (B, T, F), (B, T) of a sequence without features, or one vector a row.
    """

    name: str
    theirs: str
    shape: tuple[int | None, ...]
    kind: str

    @property
    def features(self) -> int:
        return int(self.shape[-1] or 1) if self.kind != "indices" else 1

    @property
    def steps(self) -> int | None:
        return None if self.kind == "static" else self.shape[0]


def givens_of(model: Any) -> Iterator[Given]:
    taken: list[str] = []
    for tensor in model.inputs:
        shape = tuple(tensor.shape)[1:]
        theirs = tensor._keras_history[0].name
        if tensor.dtype in ("string", "bool") or len(shape) not in (1, 2):
            raise ConversionError(
                f"the input {theirs} has the shape (B, {', '.join(map(str, shape))}) of {tensor.dtype}; numbers "
                "(B, T, F) or (B, F) are converted"
            )
        name = named("x" if len(model.inputs) == 1 else theirs, taken)
        taken.append(name)
        yield Given(name, theirs, shape, _kind(model, tensor, shape))


def named(wanted: str, taken: list[str]) -> str:
    """A name that an argument of a function may have."""
    plain = re.sub(r"\W", "_", wanted)
    plain = plain if plain.isidentifier() and not keyword.iskeyword(plain) else f"x_{plain}"
    return next(n for n in (plain, *(f"{plain}_{k}" for k in range(2, 999))) if n not in taken)


def _kind(model: Any, tensor: Any, shape: tuple[int | None, ...]) -> str:
    readers = list(_readers(model, tensor))
    kinds = {type(layer).__name__ for layer, _ in readers}
    if len(shape) == 2:
        return "sequence"
    if "Embedding" in kinds:
        behind = {type(r).__name__ for layer, out in readers for r, _ in _readers(model, out)}
        return (
            "static" if shape == (1,) and behind <= {"Flatten", "Reshape", "SpatialDropout1D", "Dropout"} else "indices"
        )
    turned = [layer for layer, _ in readers if type(layer).__name__ == "Reshape"]
    if turned and all(tuple(layer.target_shape)[-1:] == (1,) and len(layer.target_shape) == 2 for layer in turned):
        return "indices" if len(turned) == len(readers) else "static"
    return "static"


def _readers(model: Any, tensor: Any) -> Iterator[tuple[Any, Any]]:
    """The layers that read a tensor, and what each makes of it."""
    if type(model).__name__ == "Sequential":
        model = model._functional
    for operation in model.operations:
        for node in operation._inbound_nodes:
            if any(one is tensor for one in node.input_tensors):
                yield operation, node.outputs[0]
