"""A readout in closed form: the last layer by ridge regression on what the layers before it make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from elman import checks
from elman.engine.stage import Source
from elman.equations.functions import linear
from elman.errors import OptionError, ShapeError
from elman.network.layer_cells import dense
from elman.network.network import Network


def fit_readout(
    net: Network,
    x: np.typing.ArrayLike,
    y: np.typing.ArrayLike,
    *,
    ridge: float = 1e-6,
    warm_up: int = 0,
    state: Any = None,
    lengths: np.typing.ArrayLike | None = None,
) -> float:
    """Fit the last layer, a linear `Dense`, by ridge regression: no epochs, no learning rate, the exact minimum.

    Of ``sum |W h + b - y|**2 + ridge |W|**2`` over all rows and steps, where h is what the layers before it make. They
    stay as they are: a reservoir (`elman.cells.echo_state`), or any network, whose training may go on behind it.

    Parameters
    ----------
    net : Network
        Whose last layer is a `Dense` of linear activation that no other layer shares; its W and b are set.
    x : array, shape (B, T, F)
        Inputs, as `Network.__call__` takes them.
    y : array, shape (B, T, O), or (B, O) where the network returns no sequence
        What the network shall return.
    ridge : float, default 1e-6
        Of the penalty; 0 is least squares (of the smallest W where there are several).
    warm_up : int, default 0
        How many first steps of each row do not count, until a reservoir has forgotten its beginning.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default.
    lengths : array of int, shape (B,), optional
        Steps in use of each row.

    Returns
    -------
    float
        The mean squared error of what was fitted.

    Raises
    ------
    OptionError
        If the last layer is none that can be fitted, or no step is left.
    ShapeError, DataError
        If x and y do not fit the network, or are not finite.

    References
    ----------
    H. Jaeger, The "echo state" approach to analysing and training recurrent neural networks, GMD report 148, 2001;
    M. Lukosevicius, A practical guide to applying echo state networks, 2012, section 4.

    Examples
    --------
    A reservoir that has learnt to give back its input of three steps ago.

    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(1, [el.Recurrent(el.cells.echo_state, 50), el.Dense(1)], dtype=np.float64)
    >>> x = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 1000, 1))
    >>> error = el.fit_readout(net, x, np.roll(x, 3, axis=1), warm_up=20)
    >>> bool(error < 0.01 * x.var())
    True
    """
    W, b = _of_readout(net)
    ridge, warm_up = checks.real(ridge, "ridge", 0, from_low=True), checks.whole(warm_up, "warm_up", least=0)
    h = np.asarray(_before(net)(x, state=state, lengths=lengths), np.float64)
    wanted = checks.floats(y, "y", finite=True)
    if wanted.shape != (*h.shape[:-1], net.outputs):
        raise ShapeError(f"y has shape {wanted.shape}; expected {(*h.shape[:-1], net.outputs)}")
    counts = _that_count(h, warm_up, lengths)
    net.params[W], offset, error = _ridge(h[counts], wanted[counts], ridge, bias=b in net.params.places)
    if b in net.params.places:
        net.params[b] = offset
    return error


def _of_readout(net: Network) -> tuple[str, str]:
    """The names of the last layer's parameters."""
    parts = net.structure.parts
    last, number = parts[-1], len(parts) - 1
    others = [part for part in parts if number in [whose for whose, _ in part.tied.values()]]
    layer = last.layer
    plain = layer is not None and layer.cell.function is dense.function
    if not plain or layer.cell.options["activation"] not in ("linear", None, linear):
        raise OptionError(
            f"fit_readout fits a last layer Dense(...) of linear activation; the last one, {last.name}, is another"
        )
    if net.structure.outputs != (Source(number),) or last.tied or others:
        raise OptionError(f"the last layer, {last.name}, shares parameters or is not what the network returns")
    return f"{last.name}.W", f"{last.name}.b"


def _before(net: Network) -> Network:
    """The same network without its last layer."""
    whole = net.structure
    shorter = replace(whole, parts=whole.parts[:-1], axes=whole.axes[:-1], outputs=whole.parts[-1].sources)
    if not shorter.parts:
        raise OptionError("fit_readout needs a layer before the last one")
    known = {name: net.params[name] for name in net.params if not name.startswith(f"{whole.parts[-1].name}.")}
    found = Network.of_structure(shorter, dtype=net.dtype, known=known)
    for name, value in known.items():
        found.params[name] = value
    return found


def _that_count(h: np.ndarray, warm_up: int, lengths: Any) -> np.ndarray:
    """Which rows, or steps of rows, are fitted."""
    if h.ndim == 2:
        if warm_up:
            raise OptionError(f"warm_up={warm_up} leaves out steps, and the network returns no sequence")
        return np.ones(len(h), bool)
    steps = np.arange(h.shape[1])
    used = np.full(len(h), h.shape[1]) if lengths is None else np.asarray(lengths)
    found = (steps >= warm_up) & (steps < used[:, None])
    if not found.any():
        raise OptionError(f"no step is left behind a warm-up of {warm_up}")
    return found


def _ridge(h: np.ndarray, y: np.ndarray, ridge: float, *, bias: bool) -> tuple[np.ndarray, np.ndarray, float]:
    """W, b and the mean squared error; b, which is not penalised, by centring."""
    middle, level = (h.mean(0), y.mean(0)) if bias else (np.zeros(h.shape[1]), np.zeros(y.shape[1]))
    rows, wanted = h - middle, y - level
    if ridge:  # as rows more, which is better conditioned than the normal equations
        rows = np.concatenate([rows, np.sqrt(ridge) * np.eye(h.shape[1])])
        wanted = np.concatenate([wanted, np.zeros((h.shape[1], y.shape[1]))])
    W = np.linalg.lstsq(rows, wanted, rcond=None)[0].T
    offset = level - W @ middle
    return W, offset, float(np.square(h @ W.T + offset - y).mean())
