"""Load: a network from a model file, whether it stands alone there or something is built on it."""

from __future__ import annotations

from pathlib import Path

from elman import checks
from elman.errors import ModelFileError
from elman.network.kinds import expect
from elman.network.network import Network
from elman.untrusted import UNREADABLE, parsed, read_tensors


def load(path: str | Path, *, engine: str | None = None, threads: int | None = None) -> Network:
    """Read a network from a file that `Network.save` wrote.

    Parameters
    ----------
    path : str or Path
        The file.
    engine : {"native", "numpy"}, optional
        As for `Network`.
    threads : int, optional
        As for `Network`.

    Returns
    -------
    Network
        With the same parameters, bit for bit; cells are rebuilt from their graphs, no code is run.

    Raises
    ------
    ModelFileError
        If there is no such file, or it is not one of ours, or it holds a forecaster or a language model.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> path = net.save("model.safetensors")
    >>> el.network.load(path).params["1.W"].shape
    (1, 4)
    """
    return network_of("Network", path, engine, threads)


def network_of(kind: str, path: str | Path, engine: str | None = None, threads: int | None = None) -> Network:
    """The network in a file that holds this kind of model; the entries of its header are in `metadata`."""
    path = checks.path(path)
    tensors, header = read_tensors(path)
    expect(kind, header, path)
    tensors = {name: value for name, value in tensors.items() if "/" not in name}  # the others are not this network's
    try:
        metadata = {k: v for k, v in header.items() if k != "elman"}
        return Network.restored(parsed(header["elman"], "the network"), engine, threads, metadata, tensors)
    except UNREADABLE as e:
        raise ModelFileError(f"{path} is not a model file that this version of Elman can read: {_reason(e)}") from e


def _reason(error: Exception) -> str:
    return f"it says nothing of {error}" if isinstance(error, KeyError) else f"{error}"
