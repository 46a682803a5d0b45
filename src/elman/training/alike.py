"""Alike: whether all ranks train the same network with the same options and data; what differs is named."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from elman.checks import shown
from elman.engine import native
from elman.errors import OptionError, TrainingError
from elman.training.examples import Examples
from elman.training.hashes import hash_of
from elman.training.optimizer import Optimizer
from elman.training.protocol import Trainable
from elman.training.ranks import Ranks
from elman.training.state import Training


def named_hashes(net: Trainable, optimizer: Optimizer) -> dict[str, bytes]:
    """A hash of each parameter, and of what the optimiser remembers of it."""
    found = {}
    for name, place in net.params.places.items():
        here = slice(place.offset, place.offset + place.size)
        found[name] = hash_of(net.arena[here])
        found |= {f"{state} of {name}": hash_of(array[here]) for state, array in optimizer.state.items()}
    return found


def check_alike(hashes: dict[str, bytes], ranks: Ranks) -> None:
    """Raise `TrainingError` unless all ranks have the same bits."""
    whole = hash_of(np.frombuffer(b"".join(hashes.values()), np.uint8))
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


def what_trains(training: Training) -> dict[str, Any]:
    """What of a network and of the options makes its training, by name."""
    net = training.net
    return {
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
            for name in ("accumulate", "batch_size", "shuffle", "stateful", "memory", "truncate", "on_nan")
        },
        "metrics": list(training.metrics),
        "losses": [_told(aim.loss) for aim in training.data.aims],
    }


def what_is_learnt(data: Examples, own_rows: bool = False) -> dict[str, Any]:
    """Shapes and hashes of examples, by name; of a rank that has its own rows the shapes alone."""
    arrays = data.arrays
    shapes = {f"shape of {name}": array.shape[own_rows:] for name, array in arrays.items()}
    return shapes if own_rows else shapes | {f"values of {name}": found for name, found in data.hashes.items()}


def engine_of(net: Trainable) -> str:
    """What makes the bits of numbers."""
    engine = net.engine().name
    return f"{engine} with {native.instruction_set()}" if engine == "native" else engine


def check_same(mine: dict[str, Any], ranks: Ranks) -> None:
    """Raise `OptionError` unless all ranks say the same."""
    every = ranks.gather(mine)
    for rank, other in enumerate(every):
        for name in every[0] | other:
            if every[0].get(name) != other.get(name):
                here = [said.get(name) for said in (every[0], other)]
                values = "" if any(isinstance(v, bytes) for v in here) else f": {shown(here[0])} and {shown(here[1])}"
                raise OptionError(f"rank 0 and rank {rank} differ in {name}{values}; all ranks need the same")


def _told(value: Any) -> str:
    """What an object says of itself, without its address."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))
