"""What a module's forward takes: found by its arguments' names and its layers, or from an example."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from elman.errors import ConversionError
from elman.interop.pytorch.values import FEATURES, ROWS, STEPS

STATES = ("h", "c", "hx", "h0", "c0", "hc", "h_0", "c_0", "hn", "cn")


@dataclass(frozen=True)
class Argument:
    """An argument of forward.

    Attributes
    ----------
    name : str
    kind : str
        ``sequence``, ``index``, ``static``, ``lengths``, ``states`` (as a recurrent layer takes them) or ``state``.
    dims : tuple of str
        Its axes, see `Value`.
    features : int
        Of one with an axis of features.
    """

    name: str
    kind: str
    dims: tuple[str, ...] = ()
    features: int = 1

    def __str__(self) -> str:
        letters = ", ".join(d if d != FEATURES else str(self.features) for d in self.dims)
        return f"{self.name} ({letters})" if self.kind in ("sequence", "index", "static") else self.name


Layout = tuple[Argument, ...]


def layouts(module: Any, example: Any) -> Iterator[Layout]:
    """What forward may take, the likeliest first."""
    names = _required(module, example)
    if example is not None:
        given = list(example) if isinstance(example, tuple | list) else [example]
        named = zip(names, given, strict=False)
        choices = [_of_example(name, one, k == 0) for k, (name, one) in enumerate(named)]
    else:
        plain = _data(module)
        choices = [(k and _by_name(name)) or [Argument(name, *one) for one in plain] for k, name in enumerate(names)]
    found = itertools.product(*choices)
    yield from itertools.islice((one for one in found if _agree(one)), 60)


def _agree(layout: Layout) -> bool:
    """Whether all sequences have their axes in one order."""
    orders = {tuple(d for d in a.dims if d in (ROWS, STEPS)) for a in layout if STEPS in a.dims}
    return len(orders) <= 1


def _required(module: Any, example: Any) -> list[str]:
    """The arguments without a default, as many of the others as an example has."""
    parameters = [q for q in inspect.signature(module.forward).parameters.values() if q.kind not in (q.VAR_KEYWORD,)]
    if any(q.kind == q.VAR_POSITIONAL for q in parameters):
        return [f"x{k}" if k else "x" for k in range(len(example) if isinstance(example, tuple | list) else 1)]
    needed = [q.name for q in parameters if q.default is q.empty or _is_lengths(q.name)]
    if example is None:
        return needed
    count = len(example) if isinstance(example, tuple | list) else 1
    return [q.name for q in parameters][: max(count, 1)]


def _is_lengths(name: str) -> bool:
    return "len" in name.lower()


def _by_name(name: str) -> list[Argument] | None:
    low = name.lower()
    if _is_lengths(low):
        return [Argument(name, "lengths")]
    if "hid" in low or "state" in low or low in STATES:
        return [Argument(name, "states")]
    return None


def _of_example(name: str, one: Any, is_first: bool) -> list[Argument]:
    """What an example can be, by its axes and its numbers; the first one is data."""
    if isinstance(one, tuple | list):
        return [Argument(name, "states")]
    if not is_first and (found := _by_name(name)):
        return found
    if not isinstance(one, torch.Tensor):
        raise ConversionError(f"example has a {type(one).__name__} for {name}; expected tensors, as forward takes them")
    if not one.is_floating_point():
        wanted: list[tuple[str, ...]] = [(ROWS, STEPS), (STEPS, ROWS)] if one.ndim == 2 else [(STEPS,), (ROWS,)]
        wanted = [(ROWS, STEPS, FEATURES), (STEPS, ROWS, FEATURES)] if one.ndim == 3 else wanted
        count = one.shape[-1] if one.ndim == 3 else 1
        return [Argument(name, "index", dims, count) for dims in wanted]
    n = one.shape[-1] if one.ndim else 1
    ranks: dict[int, list[tuple[str, ...]]] = {
        1: [(STEPS,), (ROWS,)],
        2: [(ROWS, STEPS), (STEPS, ROWS), (STEPS, FEATURES), (ROWS, FEATURES)],
        3: [(ROWS, STEPS, FEATURES), (STEPS, ROWS, FEATURES), (ROWS, FEATURES, STEPS)],
    }
    if one.ndim not in ranks:
        raise ConversionError(f"example has a tensor of {one.ndim} axes for {name}: expected rows, steps and features")
    found = []
    for dims in ranks[one.ndim]:
        features = one.shape[1] if dims == (ROWS, FEATURES, STEPS) else n if FEATURES in dims else 1
        found.append(Argument(name, "sequence" if STEPS in dims else "static", dims, features))
    return found


def _data(module: Any) -> list[tuple[str, tuple[str, ...], int]]:
    """What inputs with numbers may be, by the layers that the module has, in the order of their registration."""
    found: list[tuple[str, tuple[str, ...], int]] = []
    for layer in module.modules():
        if isinstance(layer, torch.nn.Embedding):
            found += [("index", dims, 1) for dims in ((ROWS, STEPS), (STEPS, ROWS), (STEPS,))]
        features = _features(layer)
        if features:
            three = [(ROWS, STEPS, FEATURES), (STEPS, ROWS, FEATURES)]
            if getattr(layer, "batch_first", True) is False:
                three = three[::-1]
            found += [("sequence", dims, features) for dims in three]
            if isinstance(layer, torch.nn.Conv1d):
                found.append(("sequence", (ROWS, FEATURES, STEPS), features))
            if features == 1:
                found += [("sequence", dims, 1) for dims in ((ROWS, STEPS), (STEPS, ROWS), (STEPS,))]
            found.append(("sequence", (STEPS, FEATURES), features))
    found += [("index", (ROWS, STEPS), 1), ("index", (STEPS, ROWS), 1)]  # as one_hot takes them
    return list(dict.fromkeys(found))


def _features(layer: Any) -> int:
    for name in ("input_size", "in_features", "in_channels"):
        if isinstance(getattr(layer, name, None), int):
            return int(getattr(layer, name))
    shape: Sequence[int] = getattr(layer, "normalized_shape", ())
    return int(shape[-1]) if len(shape) == 1 else 0


def state_sizes(module: Any) -> tuple[int, list[int]]:
    """How many states of each kind the module's only recurrent layer has, and how wide each kind is."""
    found = [m for m in module.modules() if isinstance(m, torch.nn.RNNBase)]
    if len(found) != 1:
        raise ConversionError(
            f"forward takes states, and the module has {len(found)} recurrent layers: give states a default of None, "
            "or, where forward is one step of a cell that is written out, write its equations as a cell, @elman.cell"
        )
    layer = found[0]
    wide = [layer.proj_size or layer.hidden_size, layer.hidden_size][: 2 if layer.mode == "LSTM" else 1]
    return layer.num_layers * (1 + layer.bidirectional), wide
