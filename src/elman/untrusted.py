"""Untrusted: files that anybody may have made. What they say is looked at before it is believed.

What reads a model goes through here: its JSON (`parsed`), its arrays (`read_tensors`), schemas of objects (`held`).
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from elman.checks import shown, whole
from elman.errors import ElmanError, ModelFileError, OptionError
from elman.files import settle

MOST_DEPTH = 64
"""Lists and objects in one another; what Elman writes has a dozen."""
MOST_COUNT = 2**53
"""Updates, epochs and what else is counted: as far as a float counts, too."""

UNREADABLE = (
    ElmanError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)
"""What a description that is no model's may raise on its way through the constructors."""

NUMBERS = frozenset("F16 F32 F64 I8 I16 I32 I64 U8 U16 U32 U64 BOOL".split())
"""What a safetensors file may hold for NumPy."""


# --- JSON -----------------------------------------------------------------------------------------------------


def parsed(text: Any, what: str) -> Any:
    """The value of a JSON text, if it is JSON as its standard says, each name once, and not nested without end.

    Parameters
    ----------
    text : str
    what : str
        Its name, for messages.

    Raises
    ------
    ModelFileError
        If it is no such text; it never takes more memory, or a deeper stack, than the text warrants.

    Examples
    --------
    >>> parsed('{"units": [4, 0.5]}', "the description")
    {'units': [4, 0.5]}
    >>> parsed("[" * 1000 + "]" * 1000, "the description")
    Traceback (most recent call last):
    elman.errors.ModelFileError: the description is nested more than 64 deep, which no file of Elman's is
    """
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise _too_deep(what) from None
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"{what} is no JSON: {error}") from error
    if not _is_shallow(found):
        raise _too_deep(what)
    return found


def _too_deep(what: str) -> ModelFileError:
    return ModelFileError(f"{what} is nested more than {MOST_DEPTH} deep, which no file of Elman's is")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"it has the name {shown(_twice(name for name, _ in pairs))} twice")
    return found


def _twice(values: Iterable[Any]) -> Any:
    """The first that was there before."""
    seen: set[Any] = set()
    return next(value for value in values if value in seen or seen.add(value))  # type: ignore[func-returns-value]


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"it holds {text}, which JSON has not")


def _finite(text: str) -> float:
    if math.isinf(found := float(text)):
        raise ValueError(f"it holds the number {text[:20]}, beyond any float")
    return found


def _is_shallow(value: Any) -> bool:
    """Whether no more than `MOST_DEPTH` lists and objects lie in one another."""
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [one for one in level if isinstance(one, dict | list)]
        if not level:
            return True
        level = [part for one in level for part in (one.values() if isinstance(one, dict) else one)]
    return not any(isinstance(one, dict | list) for one in level)


# --- schemas --------------------------------------------------------------------------------------------------


def held(value: Any, what: str, schema: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An object that has these names, and further ones of `optional`, each with a value of its kind.

    Parameters
    ----------
    value : object
        Of JSON.
    what : str
        Its name, for messages.
    schema, optional : mapping of str to type, tuple of types or function
        By name the type of its value, or a function of the value and its name that raises if it is none. True and
        False are no numbers.

    Raises
    ------
    ModelFileError, or what a function raises

    Examples
    --------
    >>> held({"units": 3}, "a layer", {"units": int}, {"reverse": bool})
    {'units': 3}
    >>> held({"units": True}, "a layer", {"units": int})
    Traceback (most recent call last):
    elman.errors.ModelFileError: units of a layer is True; expected int
    """
    if not isinstance(value, dict):
        raise ModelFileError(f"{what} is {shown(value)}; expected an object")
    known = {**(optional or {}), **schema}  # a name in both has the kind that is asked for
    missing = [name for name in schema if name not in value]
    strange = [name for name in value if name not in known]
    if missing or strange:
        raise ModelFileError(
            f"{what} {'says nothing of' if missing else 'says something of'} {(missing or strange)[0]!r}"
        )
    for name, kind in known.items():
        if name in value:
            _check(value[name], f"{name} of {what}", kind)
    return value


def _check(value: Any, what: str, kind: Any) -> None:
    if not isinstance(kind, type | tuple):
        kind(value, what)
    elif not is_a(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        raise ModelFileError(f"{what} is {shown(value)}; expected {' or '.join(each.__name__ for each in kinds)}")


def is_a(value: Any, kind: type | tuple[type, ...]) -> bool:
    """Whether a value of JSON is of a kind; True and False are no numbers."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def list_of(kind: Any, *, unique: bool = False) -> Callable[[Any, str], None]:
    """A check for `held`: a list of such values, each once if it is `unique`."""

    def check(value: Any, what: str) -> None:
        _check(value, what, list)
        for number, one in enumerate(value):
            _check(one, f"{what}[{number}]", kind)
        if unique and len(set(value)) < len(value):
            raise ModelFileError(f"{what} has {shown(_twice(value))} twice")

    return check


def called(value: Any, what: str) -> None:
    """A check for `held`: a name, which is a text and not empty."""
    if not isinstance(value, str) or not value:
        raise ModelFileError(f"{what} is {shown(value)}; expected a name")


def count(value: Any, what: str, least: int = 0) -> int:
    """How many there were of something."""
    return whole(value, what, least, MOST_COUNT)


# --- arrays ---------------------------------------------------------------------------------------------------


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the header of a safetensors file.

    Raises
    ------
    ModelFileError
        If it is none, or holds numbers that NumPy has not. Nothing is read before the file was found to be as long as
        its header says.
    """
    with _opened(path) as file:
        names = list(file.keys())
        for name in names:
            if (kind := file.get_slice(name).get_dtype()) not in NUMBERS:
                raise ModelFileError(f"{path} holds numbers of type {kind} ({shown(name)}), which NumPy has not")
        return {name: file.get_tensor(name) for name in names}, dict(file.metadata() or {})


def read_header(path: Path) -> dict[str, str]:
    """The header alone."""
    with _opened(path) as file:
        return dict(file.metadata() or {})


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A safetensors file; what is wrong with it, as `ModelFileError`."""
    from safetensors import SafetensorError, safe_open

    try:
        settle(path.parent)
    except OptionError as error:
        raise ModelFileError(str(error)) from error
    if path.is_dir():
        there = sorted(file for file in path.glob("*.safetensors"))
        raise ModelFileError(f"{path} is a folder; give the model file in it{f', {there[0]}' if there else ''}")
    if not path.is_file():
        raise ModelFileError(f"there is no model file {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except ElmanError:
        raise
    except (SafetensorError, *UNREADABLE, OSError) as e:
        raise ModelFileError(f"{path} cannot be read as a safetensors file: {e}{_of_others(path)}") from e


_READERS = dict.fromkeys((".pt", ".pth", ".ckpt", ".bin"), ("PyTorch", "from_torch"))
_READERS |= dict.fromkeys((".keras", ".h5", ".hdf5"), ("Keras", "from_keras")) | {".onnx": ("ONNX", "from_onnx")}


def _of_others(path: Path) -> str:
    """What reads a file that another package seems to have written."""
    if path.suffix.lower() not in _READERS:
        return ""
    package, reader = _READERS[path.suffix.lower()]
    return (
        f". By its name it is a file of {package}: el.interop.{reader}({str(path)!r}) makes a network of it, and so "
        f"does `elman convert {shlex.quote(str(path))} {shlex.quote(path.stem + '.safetensors')}`"
    )


def check_tensor(array: np.ndarray, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array of a file, if it has this shape and dtype and is finite.

    Raises
    ------
    ModelFileError
    """
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise ModelFileError(f"{name} is {shown(array)}; expected shape {shape} of {np.dtype(dtype)}")
    if not np.isfinite(array).all():
        raise ModelFileError(f"{name} holds a number that is not finite")
    return array
