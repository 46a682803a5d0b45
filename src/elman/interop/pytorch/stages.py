"""The layers that a state dict tells of, by its names, shapes and order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.pytorch.gates import GATES

Tensors = dict[str, np.ndarray]
_LAYER = re.compile(r"(weight|bias)_(ih|hh|hr)_l(\d+)(_reverse)?")
MOST = 100  # orders that are looked at
_CELL = re.compile(r"(weight|bias)_(ih|hh)")


@dataclass(frozen=True)
class Stage:
    """A layer with parameters.

    Attributes
    ----------
    kind : str
        ``LSTM``, ``GRU``, ``RNN``, ``Embedding``, ``Linear``, ``LayerNorm`` or ``BatchNorm``.
    name : str
        What the module calls it; empty of a layer by itself.
    tensors : dict of str to ndarray
    reads, makes : int
        Features of its input and output; an embedding reads an index.
    layers : int
        Of a recurrent one, and whether there are two directions, biases, a projection, and whether it is a cell class.
    tied : str
        The embedding whose table it is, where a linear layer writes with one.
    """

    kind: str
    name: str
    tensors: Tensors
    reads: int
    makes: int
    layers: int = 1
    both: bool = False
    bias: bool = True
    projection: int = 0
    hidden: int = 0
    is_cell: bool = False
    tied: str = ""

    @property
    def is_recurrent(self) -> bool:
        return self.kind in GATES


@dataclass
class Found:
    """Stages, and what was assumed."""

    stages: list[Stage]
    notes: list[str] = field(default_factory=list)


def stages_of(tensors: Mapping[str, np.ndarray], order: Any = None) -> Found:
    """The layers of a state dict.

    Parameters
    ----------
    tensors : dict of str to ndarray
    order : sequence of str, or "any", optional
        The names of the layers as they follow one another; "any" finds the one order in which they fit. By default that
        of the state dict.

    Raises
    ------
    ConversionError
        If it has parameters whose use it does not tell, or layers that do not fit one another.
    """
    groups: dict[str, Tensors] = {}
    for name, value in tensors.items():
        prefix, _, last = name.rpartition(".")
        groups.setdefault(prefix, {})[last] = value
    plain = {name: _stage(name, group) for name, group in groups.items()}
    if order is None or order == "any":
        return _told_apart(list(plain.values())) if order is None else _fitting(list(plain.values()))
    if sorted(order) != sorted(plain):
        raise ConversionError(f"order is {list(order)}; the layers of the state dict are {', '.join(plain)}")
    return _told_apart([plain[name] for name in order])


def _told_apart(stages: list[Stage]) -> Found:
    found = Found(list(stages))
    _tell_embedding(found)
    return _checked(found)


def _fitting(stages: list[Stage]) -> Found:
    """The only order in which layers fit one another; of those of one shape by their names."""
    found = _orders([], sorted(stages, key=_natural))
    kept = [order for order in found if _keeps_names(order)] or found
    if not kept:
        return _told_apart(stages)  # which says what does not fit
    if len(kept) > 1:
        said = " or ".join(", ".join(s.name for s in order) for order in kept[:2])
        raise ConversionError(f"the layers fit one another in several orders ({said}): give order=")
    made = _told_apart(kept[0])
    made.notes.append(f"the order {', '.join(s.name for s in kept[0])} is that in which the layers fit one another")
    return made


def _orders(before: list[Stage], rest: list[Stage]) -> list[list[Stage]]:
    """Orders in which each layer reads what the one before it makes; at most a few."""
    if not rest:
        return [before]
    found: list[list[Stage]] = []
    for k, stage in enumerate(rest):
        if _follows(before, stage) and len(found) < MOST:
            found += _orders([*before, stage], rest[:k] + rest[k + 1 :])
    return found


def _follows(before: list[Stage], stage: Stage) -> bool:
    """Whether a layer may be the next one; a table stands first, and has as many columns as the next one reads."""
    table = "emb" in stage.name.lower() and stage.kind == "Linear" and not stage.bias
    if not before:
        return True
    last = before[-1]
    could_be_table = len(before) == 1 and last.kind == "Linear" and not last.bias
    columns = last.reads if could_be_table else -1
    return not table and stage.reads in (last.makes, columns)


def _keeps_names(order: list[Stage]) -> bool:
    """Whether layers of one kind and shape stand in the order of their names."""
    keys: dict[Any, list[Any]] = {}
    for stage in order:
        keys.setdefault((stage.kind, stage.reads, stage.makes), []).append(_natural(stage))
    return all(names == sorted(names) for names in keys.values())


def _natural(stage: Stage) -> list[Any]:
    """Names with numbers in the order of these."""
    return [(0, int(p)) if p.isdigit() else (1, p) for p in re.split(r"(\d+)", stage.name) if p]


def _stage(name: str, group: Tensors) -> Stage:
    shown = ", ".join(f"{key} {value.shape}" for key, value in group.items())
    if all(_LAYER.fullmatch(key) for key in group):
        return _recurrent(name, group)
    if all(_CELL.fullmatch(key) for key in group):
        return _recurrent(name, {f"{key}_l0": value for key, value in group.items()}, is_cell=True)
    if set(group) == {"weight", "bias"} and group["weight"].ndim == 2:
        rows, columns = group["weight"].shape
        _check_shapes(name, group, {"bias": (rows,)})
        return Stage("Linear", name, group, columns, rows)
    if set(group) == {"weight"} and group["weight"].ndim == 2:
        rows, columns = group["weight"].shape
        return Stage("Linear", name, group, columns, rows, bias=False)
    if set(group) == {"weight", "bias"} and group["weight"].ndim == 1:
        n = len(group["weight"])
        _check_shapes(name, group, {"bias": (n,)})
        return Stage("LayerNorm", name, group, n, n)
    if {"weight", "bias", "running_mean", "running_var"} <= set(group) and group["weight"].ndim == 1:
        n = len(group["weight"])
        _check_shapes(name, group, dict.fromkeys(("bias", "running_mean", "running_var"), (n,)))
        return Stage("BatchNorm", name, group, n, n)
    raise ConversionError(
        f"the state dict has {name or 'parameters'} ({shown}), and does not tell what forward does with it: give the "
        "module itself, from_torch(module)"
    )


def _check_shapes(name: str, group: Tensors, wanted: Mapping[str, tuple[int, ...]]) -> None:
    """Raise `ConversionError` for a tensor that has not the shape that the others ask for."""
    for key, shape in wanted.items():
        if group[key].shape != shape:
            said = f"{name}.{key}".removeprefix(".")
            raise ConversionError(
                f"{said} has shape {group[key].shape}; expected {shape}, as the layer's others have it"
            )


def _recurrent(name: str, group: Tensors, is_cell: bool = False) -> Stage:
    matches = [_LAYER.fullmatch(key) for key in group]
    layers = 1 + max(int(m[3]) for m in matches if m)
    both = any(m[4] for m in matches if m)
    bias, projection = "bias_ih_l0" in group, "weight_hr_l0" in group
    try:
        rows, features = group["weight_ih_l0"].shape
        units = group["weight_hh_l0"].shape[1]
    except (KeyError, ValueError, IndexError) as error:
        raise ConversionError(f"{name or 'the state dict'} lacks weight_ih_l0 or weight_hh_l0 as matrices") from error
    hidden = group["weight_hr_l0"].shape[1] if projection else units
    kinds = {4 * hidden: "LSTM", 3 * hidden: "GRU", hidden: "RNN"}
    expected = layers * (1 + both) * (2 + 2 * bias + projection)
    if rows not in kinds or len(group) != expected:
        raise ConversionError(
            f"{name or 'the state dict'}: weight_ih_l0 has {rows} rows for {hidden} units and there are {len(group)} "
            f"tensors; expected 4, 3 or 1 times the units (LSTM, GRU, RNN), and {expected} tensors"
        )
    makes = units * (1 + both)
    sizes = {"weight_hh": (rows, units), "weight_hr": (units, hidden), "bias_ih": (rows,), "bias_hh": (rows,)}
    wanted = {key: sizes.get(key.partition("_l")[0], (rows, makes)) for key in group}
    _check_shapes(name, group, wanted | {key: (rows, features) for key in group if key.startswith("weight_ih_l0")})
    return Stage(
        kinds[rows], name, group, features, makes, layers, both, bias, units if projection else 0, hidden, is_cell
    )


def _tell_embedding(found: Found) -> None:
    """A matrix without a bias that stands first may be a table, which an index looks up, or a linear layer."""
    stages = found.stages
    first = stages[0]
    if first.kind == "Linear" and not first.bias:
        rows, columns = first.tensors["weight"].shape
        after = stages[1].reads if len(stages) > 1 else columns
        if "emb" in first.name.lower() or after == columns:
            stages[0] = replace(first, kind="Embedding", reads=1, makes=columns)
            if after == rows == columns and "emb" not in first.name.lower():
                found.notes.append(f"{first.name}.weight is square and has no bias: it is read as an embedding")
    table = stages[0] if stages[0].kind == "Embedding" else None
    for k, stage in enumerate(stages[1:], 1):
        weight = stage.tensors.get("weight")
        same = table is not None and weight is not None and np.array_equal(weight, table.tensors["weight"])
        if stage.kind == "Linear" and same and table is not None:
            stages[k] = replace(stage, tied=table.name)
            found.notes.append(f"{stage.name}.weight is that of {table.name}: they are one parameter")


def _checked(found: Found) -> Found:
    stages = found.stages
    for before, after in zip(stages, stages[1:], strict=False):
        if before.makes != after.reads:
            raise ConversionError(
                f"{before.name} makes {before.makes} features and {after.name} reads {after.reads}: the order of the "
                "state dict is not that of forward, or something is between them. Give the module itself, "
                "from_torch(module)"
            )
        if after.kind == "Embedding":
            raise ConversionError(f"{after.name} is an embedding behind another layer: give the module itself")
    return found
