"""Load: whatever was saved, as what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elman import checks
from elman.classify import SequenceClassifier, SequenceRegressor
from elman.errors import OptionError
from elman.forecast import Forecaster
from elman.language import LanguageModel
from elman.network import Network
from elman.network.kinds import kind_of
from elman.network.loading import load as load_network
from elman.untrusted import read_header

BUILT: dict[str, Any] = {
    kind.__name__: kind for kind in (Forecaster, LanguageModel, SequenceClassifier, SequenceRegressor)
}


def load(
    path: str | Path, *, engine: str | None = None, threads: int | None = None
) -> Network | Forecaster | LanguageModel | SequenceClassifier | SequenceRegressor:
    """Read a model from a file, whatever it is, as it was saved.

    Parameters
    ----------
    path : str or Path
        The file.
    engine, threads
        Of a network, as for `Network`; the other kinds keep what runs them to themselves.

    Returns
    -------
    Network, Forecaster, LanguageModel, SequenceClassifier or SequenceRegressor
        With the same parameters, bit for bit; cells are rebuilt from their graphs, no code is run.

    Raises
    ------
    ModelFileError
        If there is no such file, or it is not one of ours.

    Examples
    --------
    >>> import elman as el
    >>> file = el.Network(1, [el.GRU(4)]).save("net.safetensors")
    >>> el.load(file)
    Network(inputs=1, layers=[gru(4)], parameters=76, dtype=float32)
    """
    path = checks.path(path)
    kind = kind_of(read_header(path))
    if kind == "Network":
        return load_network(path, engine=engine, threads=threads)
    for name, value in (("engine", engine), ("threads", threads)):
        if value is not None:
            raise OptionError(f"{name} is for a Network, and {path} holds a {kind}; set ELMAN_{name.upper()} for all")
    return BUILT[kind].load(path)
