"""A readout in closed form: the last layer by ridge regression on what the layers before it make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from elman import checks
from elman.engine.blas import one_blas_thread
from elman.engine.stage import Source
from elman.equations.functions import linear
from elman.errors import DataError, OptionError, ShapeError
from elman.network.layer_cells import dense
from elman.network.network import Network
from elman.training.targets import prepare_target

ULPS = 10  # units in the last place by which values of a recurrence are off


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
        What the network shall return; the last axis may be left out where O is 1. Steps that do not count may hold
        anything, NaN too.
    ridge : float, default 1e-6
        Of the penalty; 0 is least squares (of the smallest W where there are several, to the rounding of h).
    warm_up : int, default 0
        How many first steps of each row do not count, until a reservoir has forgotten its beginning.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default.
    lengths : array of int, shape (B,), optional
        Steps in use of each row, as `Network.__call__` takes them.

    Returns
    -------
    float
        The mean squared error of what was fitted.

    Raises
    ------
    OptionError
        If the last layer is none that can be fitted, or no step is left.
    ShapeError, DataError
        If x and y do not fit the network, or are not finite; if W or the error is too large a number.

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
    checks.instance(net, Network, "net", "an elman.Network")
    W, b = _of_readout(net)
    ridge, warm_up = checks.real(ridge, "ridge", 0, from_low=True), checks.whole(warm_up, "warm_up", least=0)
    used = net.check_batch(x, lengths)[1][net.ends[0].axis] if net.sequence_output else None
    wanted = _target(net, y, warm_up, used)
    h = np.asarray(_before(net)(x, state=state, lengths=lengths), np.float64)
    if wanted.shape != (*h.shape[:-1], net.outputs):
        raise ShapeError(f"y has shape {wanted.shape}; expected {(*h.shape[:-1], net.outputs)}")
    counts = _that_count(h, warm_up, used)
    rounding = float(np.finfo(net.dtype).eps)
    weights, offset, error = _ridge(h[counts], wanted[counts], ridge, rounding, bias=b in net.params.places)
    _set(net, {W: weights, b: offset} if b in net.params.places else {W: weights}, error)
    return error


def _target(net: Network, y: Any, warm_up: int, used: np.ndarray | None) -> np.ndarray:
    """y in float64; steps that do not count, in the warm-up and behind a row's end, may hold anything."""
    given = checks.floats(y, "y")
    if net.sequence_output and given.ndim > 1:
        given[:, :warm_up] = 0
    return given.reshape(prepare_target(net.ends[0], "mse", given, used)[1].shape)


def _set(net: Network, found: dict[str, np.ndarray], error: float) -> None:
    """Have the parameters that were found: all of them or none."""
    with np.errstate(over="ignore"):
        there = {name: value.astype(net.dtype) for name, value in found.items()}
    if not checks.all_finite(np.array(error), *there.values()):
        raise DataError(f"the fit is beyond the numbers of {net.dtype}; scale y to about 1, or take a larger ridge")
    for name, value in there.items():
        net.params[name] = value


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
    found = Network.of_structure(
        shorter, dtype=net.dtype, products=net.products, engine=net.engine_name, threads=net.threads, known=known
    )
    for name, value in known.items():
        found.params[name] = value
    return found


def _that_count(h: np.ndarray, warm_up: int, lengths: np.ndarray | None) -> np.ndarray:
    """Which rows, or steps of rows, are fitted."""
    if h.ndim == 2:
        if warm_up:
            raise OptionError(f"warm_up={warm_up} leaves out steps, and the network returns no sequence")
        return np.ones(len(h), bool)
    steps = np.arange(h.shape[1])
    used = np.full(len(h), h.shape[1]) if lengths is None else lengths
    found = (steps >= warm_up) & (steps < used[:, None])
    if not found.any():
        raise OptionError(f"no step is left behind a warm-up of {warm_up}")
    return found


@one_blas_thread()
def _ridge(
    h: np.ndarray, y: np.ndarray, ridge: float, rounding: float, *, bias: bool
) -> tuple[np.ndarray, np.ndarray, float]:
    """W, b and the mean squared error; b, which is not penalised, by centring.

    Directions in which the rows of h differ by no more than their rounding, as of a constant reservoir, are none.
    """
    middle, level = (h.mean(0), y.mean(0)) if bias else (np.zeros(h.shape[1]), np.zeros(y.shape[1]))
    with np.errstate(over="ignore", invalid="ignore"):  # of a y that is too large for its squares
        rows, wanted = h - middle, y - level
        if ridge:  # as rows more, which is better conditioned than the normal equations
            rows = np.concatenate([rows, np.sqrt(ridge) * np.eye(h.shape[1])])
            wanted = np.concatenate([wanted, np.zeros((h.shape[1], y.shape[1]))])
        noise = ULPS * rounding * np.abs(h).max() * (np.sqrt(len(h)) + np.sqrt(h.shape[1]))
        largest = np.linalg.norm(rows, 2)
        W = np.zeros((y.shape[1], h.shape[1]))
        if largest > noise:
            W = np.linalg.lstsq(rows, wanted, rcond=noise / largest)[0].T
        offset = level - W @ middle
        return W, offset, float(np.square(h @ W.T + offset - y).mean())
