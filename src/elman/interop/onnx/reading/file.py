"""ONNX files: the numbers that they hold; nothing is run, and no file beside is opened unless that is asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.peers import peer

_TYPES: dict[int, np.dtype] = {  # how ONNX numbers them
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    4: np.dtype("<u2"),
    5: np.dtype("<i2"),
    6: np.dtype("<i4"),
    7: np.dtype("<i8"),
    9: np.dtype("?"),
    11: np.dtype("<f8"),
}
_FIELDS = {1: "float_data", 7: "int64_data", 11: "double_data"}  # else int32_data
_HALF = {10: "float16", 16: "bfloat16"}


def loaded(source: Any, external_data: bool) -> Any:
    """A model of its own, with all data in it.

    Parameters
    ----------
    source : path, bytes or onnx.ModelProto
    external_data : bool
        Whether data may be read from files beside `source`, in its own folder.

    Raises
    ------
    ConversionError
        If it is no ONNX model.
    """
    onnx = peer("onnx")
    model, folder = onnx.ModelProto(), None
    if isinstance(source, onnx.ModelProto):
        model.CopyFrom(source)
    else:
        content, folder = _content(source)
        _parse(model, content, source)
    if not model.graph.node or not model.opset_import:
        raise ConversionError(f"{_named(source)} is no ONNX model: it has no nodes")
    if not all(isinstance(name, str) for name in _names(model)):
        raise ConversionError(f"{_named(source)} holds names that are no text")
    for tensor in model.graph.initializer:
        _embed(tensor, folder, external_data)
    return model


def _names(model: Any) -> Iterator[Any]:
    """All names; of bytes that are no text protobuf gives bytes."""
    yield from (model.producer_name, model.producer_version, *(o.domain for o in model.opset_import))
    for node in model.graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output, *(a.name for a in node.attribute))
    for one in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        yield one.name


def _named(source: Any) -> str:
    return str(source) if isinstance(source, str | PathLike) else "what was given"


def _content(source: Any) -> tuple[bytes, Path | None]:
    if isinstance(source, bytes):
        return source, None
    if not isinstance(source, str | PathLike):
        raise ConversionError(f"from_onnx takes a file, its bytes or an onnx.ModelProto, got {type(source).__name__}")
    path = Path(source)
    try:
        return path.read_bytes(), path.parent
    except OSError as error:
        raise ConversionError(f"{path} cannot be read: {error.strerror or error}") from error


def _parse(model: Any, content: bytes, source: Any) -> None:
    try:
        model.ParseFromString(content)
    except Exception as error:  # of protobuf, whose exceptions differ by version
        raise ConversionError(f"{_named(source)} is no ONNX model: {error}") from error


# --- data in other files --------------------------------------------------------------------------------------


def _embed(tensor: Any, folder: Path | None, external_data: bool) -> None:
    """Put data that lie in another file into the model."""
    if tensor.data_location != 1:
        return
    where = {entry.key: entry.value for entry in tensor.external_data}
    if not external_data:
        raise ConversionError(
            f"the values of {tensor.name} lie in another file, {where.get('location')!r}: pass external_data=True to "
            "have it read from the model's own folder, or save the model in one file"
        )
    if folder is None:
        raise ConversionError(f"the values of {tensor.name} lie in another file: give the path of the model")
    tensor.raw_data = _external(tensor, where, folder)
    tensor.data_location = 0
    del tensor.external_data[:]


def _external(tensor: Any, where: dict[str, str], folder: Path) -> bytes:
    name = where.get("location", "")
    path = (folder / name).resolve()
    if not name or path.parent != folder.resolve() or (folder / name).is_symlink():
        raise ConversionError(
            f"the values of {tensor.name} lie in {name!r}, which is no file in the model's own folder"
        )
    size = _size(tensor)
    try:
        offset = int(where.get("offset", 0))
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read(size)
    except (OSError, ValueError, OverflowError) as error:
        raise ConversionError(f"the values of {tensor.name} cannot be read from {path}: {error}") from error
    if len(content) != size:
        raise ConversionError(f"{path} is too short for the values of {tensor.name}")
    return content


# --- values ---------------------------------------------------------------------------------------------------


def _size(tensor: Any) -> int:
    """Bytes of a tensor."""
    dims = [int(n) for n in tensor.dims]
    if any(n < 0 for n in dims):
        raise ConversionError(f"{tensor.name or 'a constant'} has the shape {dims}")
    return math.prod(dims) * dtype_of(tensor.data_type, tensor.name or "a constant").itemsize


def dtype_of(number: int, name: str) -> np.dtype:
    """The dtype that ONNX numbers so."""
    if number in _HALF:
        raise ConversionError(
            f"{name} is of {_HALF[number]}, and networks are of float32 or float64: export the model in float32"
        )
    if number not in _TYPES:
        raise ConversionError(f"{name} is of a type that no network has (ONNX's number {number})")
    return _TYPES[number]


def values(tensor: Any) -> np.ndarray:
    """The array of a tensor whose data are in it."""
    name, dims = tensor.name or "a constant", [int(n) for n in tensor.dims]
    if tensor.data_location == 1:
        raise ConversionError(f"the values of {name} lie in another file, which is allowed for weights only")
    size, dtype = _size(tensor), dtype_of(tensor.data_type, name)
    if tensor.raw_data or not size:
        if len(tensor.raw_data) != size:
            raise ConversionError(f"{name} has the shape {dims} and {len(tensor.raw_data)} bytes, not {size}")
        return np.frombuffer(tensor.raw_data, dtype).reshape(dims).astype(dtype.newbyteorder("="))
    given = getattr(tensor, _FIELDS.get(tensor.data_type, "int32_data"))
    if len(given) * dtype.itemsize != size:
        raise ConversionError(f"{name} has the shape {dims} and {len(given)} values")
    return np.array(given).astype(dtype.newbyteorder("=")).reshape(dims)
