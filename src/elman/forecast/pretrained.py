"""Networks that know many series already: what a forecaster starts from. `benchmarks/pretrain.py` makes them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from elman.cells import gru
from elman.files import write_whole
from elman.forecast.direct import QUANTILE_HEAD, QUANTILES, Head, direct_network, head_of
from elman.forecast.views import ABOUT
from elman.network import Network

FILE = Path(__file__).parent / "pretrained.safetensors"
UNITS, HORIZON = 64, 24


def write(networks: Sequence[Network], path: Path) -> None:
    """Write the parameters of networks to a file, in 16 bits each."""
    from safetensors.numpy import save

    arrays = {f"{k}/{name}": value for k, net in enumerate(networks) for name, value in net.params.items()}
    write_whole(path, save({name: np.ascontiguousarray(value, np.float16) for name, value in arrays.items()}))


@functools.lru_cache(maxsize=1)
def _stored() -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return {name: value.astype(np.float32) for name, value in load_file(FILE).items()}


def count() -> int:
    """How many there are."""
    return len({name.split("/")[0] for name in _stored()})


def start(net: Network, member: int, horizon: int, made: Head = QUANTILE_HEAD) -> None:
    """Give a network the parameters of a member, as far as both have them: of its head only shorter horizons.

    What a network reads besides what the pretrained one does has weights of 0 at first.
    """
    stored, prefix = _stored(), f"{member % count()}/"
    head, known_head = head_of(net), "dense"
    for name in net.params:
        layer, _, parameter = name.rpartition(".")
        called = known_head if layer == head else layer if layer != known_head else "effects"
        source = stored.get(f"{prefix}{called}.{parameter}")
        if source is None or name not in net.trainable:
            continue
        if layer == head:
            source = _of_horizon(source, horizon, made)
            if source is None:
                continue
        value = np.zeros(net.params[name].shape, np.float32)
        value[tuple(slice(size) for size in source.shape)] = source
        net.params[name] = value


def _of_horizon(head: np.ndarray, horizon: int, made: Head) -> np.ndarray | None:
    """The rows of a head (Q * HORIZON, ...) that another starts from; None if they do not forecast as many steps."""
    if horizon > HORIZON:
        return None
    quantiles = head.reshape(len(QUANTILES), HORIZON, *head.shape[1:])
    chosen = quantiles[list(made.pretrained), :horizon]
    return chosen.reshape(len(made.pretrained) * horizon, *head.shape[1:])


def fits(cell: object, units: int) -> bool:
    """Whether a network of this cell and size can start from a pretrained one."""
    return cell is gru and units == UNITS and FILE.exists()


def pretrained_network(
    member: int, horizon: int, seed: int = 0, static: int = 0, *, head: Head = QUANTILE_HEAD, **beside: int
) -> Network:
    """A network that has been trained already, for at most `HORIZON` steps.

    It does not look yet at what is `static`, or `beside` a series.
    """
    net = direct_network(gru, UNITS, min(horizon, HORIZON), len(ABOUT) + static, seed=seed, head=head, **beside)
    start(net, member, min(horizon, HORIZON), head)
    return net
