"""A training put down: where it stands, as arrays and JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from elman.plain import plain, to_json
from elman.tensors import to_bytes
from elman.training.alike import engine_of
from elman.training.monitors import KeepBest
from elman.training.optimizer import Optimizer
from elman.training.protocol import Trainable
from elman.training.rates import rate_to_data
from elman.training.standing import CARRIED, EPOCH, FORMAT, HISTORY, Standing, States, put_callbacks, versions

OF_EPOCH = ("epoch_losses", "counted")
NORMS = "gradient_norms"  # likewise, where a callback asks for them


class Told(NamedTuple):
    """What callbacks may change, as it is when they are told of something: where they raise, they are told again."""

    states: States
    changed: dict[str, Any]
    frozen: frozenset[str]
    version: int


def told(training: Any, before: Mapping[str, Any]) -> Told:
    """What callbacks may change of a training, whose optimiser had other `settings` before."""
    net, states = training.net, [(type(c).__name__, c.state_dict()) for c in training.callbacks]
    return Told(states, _changed(before, training.optimizer), net.frozen, net.params.version)


def settings(optimizer: Optimizer) -> dict[str, Any]:
    """What a user has said of an optimiser."""
    return {field.name: getattr(optimizer, field.name) for field in fields(optimizer) if field.init}


def _changed(before: Mapping[str, Any], optimizer: Optimizer) -> dict[str, Any]:
    """What callbacks have changed of an optimiser's settings.

    Raises
    ------
    OptionError
        If that cannot be written.
    """
    now = settings(optimizer)
    changed = {name: value for name, value in now.items() if value is not before[name] and value != before[name]}
    return {
        name: rate_to_data(value) if name == "learning_rate" else plain(value, f"the optimizer's {name}")
        for name, value in changed.items()
    }


def put_down(training: Any, known: Told, fingerprint: Mapping[str, str], *, ended: bool) -> Standing:
    """Where a training stands.

    Parameters
    ----------
    training : Loop
    known : Told
        What callbacks had changed when nothing was half done.
    fingerprint : dict of str to str
        What makes the training what it is.
    ended : bool
        Whether there is nothing left to do.
    """
    made = Standing.of_network(training.net, training.optimizer)
    description = {"epochs": training.epochs_before} if training.inside else {}
    if known.frozen != training.net.frozen:
        description["frozen"] = sorted(known.frozen)
    if description:
        made.header["elman"] = _with(made.header["elman"], **description)
    said = _said(training) | {
        "changed": known.changed,
        "ended": ended,
        "callbacks": put_callbacks(known.states, made.arrays),
        "fingerprint": fingerprint,
    }
    return Standing(made.arrays | _arrays(training), made.said | said, made.header)


def _arrays(training: Any) -> dict[str, np.ndarray]:
    carried = (training.carried or ()) if training.inside else ()
    found = {f"{CARRIED}{k}": array for k, array in enumerate(carried)}
    found |= {f"{EPOCH}{name}": getattr(training, name)[: _batch(training)] for name in OF_EPOCH}
    if training.wants_norms:
        found[f"{EPOCH}{NORMS}"] = training.gradient_norms[: _batch(training)]
    curves = training.history.history.items()
    return found | {f"{HISTORY}{name}": np.array(values, np.float64) for name, values in curves}


def _batch(training: Any) -> int:
    """How many batches are done of an epoch that is not over."""
    return training.batch if training.inside else 0


def _said(training: Any) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "epoch": training.epoch,
        "batch": _batch(training),
        "inside": training.inside,
        "stopped": training.stop and not training.paused,
        "why_stopped": "" if training.paused else training.history.stopped,
        "skipped": training.skipped,
        "why_skipped": training.why_skipped,
        "seconds": time.perf_counter() - training.started if training.inside else 0.0,
        "history": list(training.history.history),
        "versions": versions(),
        "arithmetic": engine_of(training.net),
    }


def best_network(net: Trainable, keeps: KeepBest) -> bytes:
    """The network of the best epoch so far, as a model file."""
    best, weights = keeps.best, keeps.best.weights
    assert weights is not None
    parts = {n: weights[p.offset : p.offset + p.size].reshape(p.shape) for n, p in net.params.places.items()}
    header = net.file_header()
    return to_bytes(parts, header | {"elman": _with(header["elman"], **best.counted)})


def _with(text: str, **other: Any) -> str:
    """A network's description that says other things."""
    return to_json({**json.loads(text), **other}, "network")
