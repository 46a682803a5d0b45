"""Alike: whether all ranks train the same network with the same options and data; what differs is named."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np

from elman.checks import shown
from elman.engine import native
from elman.errors import OptionError, TrainingError
from elman.training.optimizer import Optimizer
from elman.training.protocol import Trainable
from elman.training.ranks import Ranks
from elman.training.state import Training

SAMPLE = 64  # rows that are compared


def named_hashes(net: Trainable, optimizer: Optimizer) -> dict[str, bytes]:
    """A hash of each parameter, and of what the optimiser remembers of it."""
    found = {}
    for name, place in net.params.places.items():
        here = slice(place.offset, place.offset + place.size)
        found[name] = _hash(net.arena[here])
        found |= {f"{state} of {name}": _hash(array[here]) for state, array in optimizer.state.items()}
    return found


def check_alike(hashes: dict[str, bytes], ranks: Ranks) -> None:
    """Raise `TrainingError` unless all ranks have the same bits."""
    whole = hashlib.blake2b(b"".join(hashes.values()), digest_size=16).digest()
    if len(set(ranks.gather(whole))) == 1:
        return
    every = ranks.gather(hashes)
    first, rank, name = next(
        (place, rank, name)
        for rank, other in enumerate(every)
        for place, name in enumerate(every[0])
        if other.get(name) != every[0][name]
    )
    raise TrainingError(
        f"{name} of rank {rank} differs from that of rank 0: all ranks must begin with one network and one optimiser, "
        "and change them alike. Make the network with the same seed, or give all ranks those of rank 0: "
        "el.distributed.share(net, optimizer, ranks)"
    )


def what_trains(training: Training, own_rows: bool) -> dict[str, Any]:
    """What must be the same on all ranks, by name."""
    net, data = training.net, training.data
    engine = net.engine().name
    arrays = {f"input {k}": x for k, x in enumerate(data.inputs)}
    arrays |= {f"target {j.name}".strip(): j.target for j in data.judged}
    arrays |= {f"length {k}": a for k, a in enumerate(data.lengths) if a is not None}
    arrays |= {f"weight {j.name}".strip(): j.weights for j in data.judged if j.weights is not None}
    return {
        "engine": f"{engine} with {native.instruction_set()}" if engine == "native" else engine,
        "dtype": net.dtype.name,
        "parameters": {name: place.shape for name, place in net.params.places.items()},
        "frozen parameters": sorted(net.frozen),
        "seed": net.seed,
        "updates": net.updates,
        "epochs of the network": net.epochs,
        "optimizer": _told(training.optimizer),
        "updates of the optimizer": training.optimizer.updates,
        **{
            name: getattr(training, name)
            for name in ("batch_size", "epochs", "shuffle", "stateful", "memory", "truncate", "on_nan")
        },
        "metrics": list(training.metrics),
        "losses": [_told(aim.loss) for aim in data.aims],
        "callbacks": [type(c).__name__ for c in training.callbacks],
        "validation": None if training.validation is None else len(training.validation),
        **{f"shape of {name}": array.shape[own_rows:] for name, array in arrays.items()},
        **({} if own_rows else {f"values of {name}": _sample(array) for name, array in arrays.items()}),
    }


def check_same(mine: dict[str, Any], ranks: Ranks) -> None:
    """Raise `OptionError` unless all ranks say the same."""
    every = ranks.gather(mine)
    for rank, other in enumerate(every):
        for name in every[0] | other:
            if every[0].get(name) != other.get(name):
                here = [said.get(name) for said in (every[0], other)]
                values = "" if any(isinstance(v, bytes) for v in here) else f": {shown(here[0])} and {shown(here[1])}"
                raise OptionError(f"rank 0 and rank {rank} differ in {name}{values}; all ranks need the same")


def _sample(array: np.ndarray) -> bytes:
    """A hash of some rows."""
    rows = np.unique(np.linspace(0, len(array) - 1, SAMPLE).astype(int)) if len(array) else slice(0)
    return _hash(array[rows])


def _told(value: Any) -> str:
    """What an object says of itself, without its address."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _hash(array: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).digest()
