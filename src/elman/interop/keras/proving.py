"""The proof of a network that came from Keras, on rows with and without masks."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.keras.old_files import hard_sigmoid_of_keras_2
from elman.interop.keras.running import run
from elman.interop.keras.walk import Walk
from elman.interop.peers import peer
from elman.interop.proof import Trial, prove
from elman.interop.report import Report
from elman.network import Network

ROWS, STEPS, RAGGED = 3, 7, (5, 1, 3)


def proven(net: Network, walk: Walk, model: Any, report: Report, tolerance: float | None) -> Report:
    """Run both sides, and complete the report; of a model that is for one number of steps one with any is made."""
    runnable, is_open = _opened(model, walk)
    drawn = list(_trials(net, walk, runnable, is_open))
    if not is_open:
        report = report.noting("the model is for one number of steps, and was run on that alone")
    return prove(net, lambda trial: _theirs(runnable, net, walk, trial), report, drawn, tolerance=tolerance)


def _opened(model: Any, walk: Walk) -> tuple[Any, bool]:
    """A model of any number of steps and rows with the same weights, where there is one; else the model itself."""
    plain = all(t.shape[0] is None and (g.kind == "static" or g.steps is None)
                for t, g in zip(model.inputs, walk.inputs, strict=True))  # fmt: skip
    if walk.fixed:
        return (model if plain or _rows(model) is None else _again(model, walk, steps=False)), False
    if plain:
        return model, True
    try:
        made = _again(model, walk, steps=True)
        _run(
            made,
            [np.zeros((1, walk.least + 1, g.features) if g.kind != "static" else (1, g.features)) for g in walk.inputs],
        )
        return made, True
    except Exception:  # whatever Keras raises at layers that need a number of steps
        return model, False


def _rows(model: Any) -> int | None:
    return model.inputs[0].shape[0]


def _again(model: Any, walk: Walk, steps: bool) -> Any:
    """The model with inputs of any number of rows, and with `steps` of steps."""
    given = {g.theirs: g for g in walk.inputs}
    config = _loose(copy.deepcopy(model.get_config()), given, steps)
    with peer("keras").saving.custom_object_scope({hard_sigmoid_of_keras_2.__name__: hard_sigmoid_of_keras_2}):
        made = type(model).from_config(config)
    made.set_weights([np.asarray(w) for w in model.get_weights()])
    return made


def _loose(config: Any, given: Any, steps: bool) -> Any:
    if isinstance(config, list):
        return [_loose(one, given, steps) for one in config]
    if not isinstance(config, dict):
        return config
    found = {name: _loose(one, given, steps) for name, one in config.items() if name != "build_config"}
    if steps and found.get("target_shape", [0])[1:] == [1]:
        found["target_shape"] = [-1, 1]
    for name in ("stateful", "unroll"):
        found |= {name: False} if name in found else {}
    if "batch_shape" in found and found["batch_shape"] is not None:
        shape = list(found["batch_shape"])
        timed = given[found["name"]].kind != "static" if found.get("name") in given else len(shape) == 3
        found["batch_shape"] = [None, *([None] if steps and timed else shape[1:2]), *shape[2:]]
    return found


# --- what is run ----------------------------------------------------------------------------------------------


def _trials(net: Network, walk: Walk, model: Any, is_open: bool) -> Iterator[Trial]:
    rng = np.random.default_rng(0)
    rows = (None if is_open else _rows(model)) or ROWS
    masks = _mask_values(walk)
    if not is_open:
        yield Trial(f"{rows} rows", _drawn(net, walk, rng, rows, None))
    else:
        for steps in (STEPS + walk.least - 1, walk.least):
            what = f"{rows} rows of {steps} step{'s' * (steps > 1)}"
            inputs = _drawn(net, walk, rng, rows, steps)
            yield Trial(what, _in_use(walk, masks, inputs) if walk.lengths or steps == 1 else inputs)
    if masks and not walk.lengths:
        for where in ("before", "behind", "between"):
            inputs = _drawn(net, walk, rng, rows, STEPS if is_open else None)
            yield Trial(f"masked steps {where} the others", _masked(walk, masks, inputs, where, rng))
    if is_open and not walk.paces and (walk.lengths or not masks):
        yield _ragged(net, walk, masks, rng)


def _mask_values(walk: Walk) -> dict[str, float]:
    """Of the inputs that have one, what a masked step holds."""
    found: dict[str, float] = {}
    for layer in walk.model._flatten_layers():
        kind = type(layer).__name__
        if kind == "Masking" or kind == "Embedding" and layer.mask_zero:
            wanted = "sequence" if kind == "Masking" else "indices"
            value = float(layer.mask_value) if kind == "Masking" else 0.0
            found |= {g.name: value for g in walk.inputs if g.kind == wanted}
    return found


def _drawn(net: Network, walk: Walk, rng: np.random.Generator, rows: int, steps: int | None) -> tuple[np.ndarray, ...]:
    found = []
    for door, name in zip(net.doors, [*(g.name for g in walk.inputs), *walk.paces], strict=True):
        given = next((g for g in walk.inputs if g.name == name), None)
        if given is not None and given.kind == "static":
            shape: tuple[int, ...] = (rows, given.features)
        else:
            own = walk.paces.get(name) or walk.fixed.get(name)
            shape = (rows, own or steps or (given and given.steps) or STEPS, door.given.width)
        if door.whole:
            found.append(rng.integers(0, door.indices or 2, size=shape))
        else:
            found.append(rng.normal(size=shape).astype(net.dtype))
    return tuple(found)


def _in_use(walk: Walk, masks: dict[str, float], inputs: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """The same with no step that is masked by its index."""
    for given, x in zip(walk.inputs, inputs, strict=False):
        if given.name in masks and x.dtype.kind == "i":
            x[x == 0] = 1
    return inputs


def _masked(
    walk: Walk, masks: dict[str, float], inputs: tuple[np.ndarray, ...], where: str, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Some steps hold what is masked, at least one of each row does not."""
    found = []
    for given, x in zip(walk.inputs, inputs, strict=False):
        x = x.copy()
        if given.name in masks:
            rows, steps = x.shape[:2]
            counts = rng.integers(1, steps + 1, size=rows)[:, None]
            order = np.argsort(rng.random((rows, steps)), axis=1)
            at = {"before": np.arange(steps)[::-1][None], "behind": np.arange(steps)[None], "between": order}[where]
            x[at >= counts] = masks[given.name]
            kept = np.broadcast_to(at < counts, (rows, steps))
            if x.dtype.kind == "i":
                x[kept & (x[..., 0] == 0)] = 1
        found.append(x)
    return (*found, *inputs[len(found) :])


def _ragged(net: Network, walk: Walk, masks: dict[str, float], rng: np.random.Generator) -> Trial:
    lengths = np.array(RAGGED) + walk.least - 1
    inputs = _in_use(walk, masks, _drawn(net, walk, rng, len(RAGGED), max(lengths)))
    behind = np.arange(max(lengths)) >= lengths[:, None]
    for given, x in zip(walk.inputs, inputs, strict=False):
        if given.kind != "static":
            x[behind] = masks.get(given.name, 0)
    return Trial(f"ragged rows of {', '.join(map(str, lengths))} steps", inputs, lengths)


def _theirs(model: Any, net: Network, walk: Walk, trial: Trial) -> list[np.ndarray]:
    inputs = trial.inputs[: len(walk.inputs)]
    if trial.lengths is None:
        return _shaped(net, _run(model, inputs))
    if _mask_values(walk):  # which say where rows end
        found = _shaped(net, _run(model, inputs))
        behind = np.arange(max(trial.lengths)) >= trial.lengths[:, None]
        for end, y in zip(net.ends, found, strict=True):
            if end.sequence_output:
                y[behind] = 0
        return found
    rows = [_row(model, net, walk, trial, k) for k in range(len(trial.lengths))]
    return [np.concatenate([row[k] for row in rows]) for k in range(len(rows[0]))]


def _row(model: Any, net: Network, walk: Walk, trial: Trial, k: int) -> list[np.ndarray]:
    """One row, cut where it ends, its outputs with zeros behind."""
    assert trial.lengths is not None
    length = int(trial.lengths[k])
    given = zip(walk.inputs, trial.inputs, strict=False)
    cut = [x[k : k + 1] if g.kind == "static" else x[k : k + 1, :length] for g, x in given]
    found = _shaped(net, _run(model, cut))
    more = max(trial.lengths) - length
    return [
        np.pad(y, [(0, 0), (0, more), (0, 0)]) if end.sequence_output else y
        for end, y in zip(net.ends, found, strict=True)
    ]


def _run(model: Any, inputs: Any) -> list[np.ndarray]:
    shaped = [
        x.reshape(x.shape[: len(t.shape)]) if x.shape[-1] == 1 else x for x, t in zip(inputs, model.inputs, strict=True)
    ]
    tensors = [peer("keras").ops.convert_to_tensor(x, dtype=t.dtype) for x, t in zip(shaped, model.inputs, strict=True)]
    try:
        return run(model, tensors)
    except Exception as error:  # whatever the framework below Keras raises
        said = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split())[:300]
        raise ConversionError(
            f"Keras itself cannot run the model on {peer('keras').backend.backend()}, so that there is no proof: {said}"
        ) from error


def _shaped(net: Network, found: list[np.ndarray]) -> list[np.ndarray]:
    """Keras' outputs as ours are: with a feature axis, without one of a single step."""
    return [
        np.array(y).reshape((*y.shape[:2], -1) if end.sequence_output else (len(y), -1))
        for y, end in zip(found, net.ends, strict=True)
    ]
