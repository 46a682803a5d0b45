"""Parameters that make a cell do something known: a GRU that is a simple cell, a GRU that holds its state."""

from __future__ import annotations

import numpy as np

from elman import checks
from elman.errors import OptionError, ShapeError

MOST = 2**31  # numbers of a matrix
SATURATED = 40.0
"""A bias that opens or shuts a gate: sigmoid(40) and 1 - sigmoid(-40) are exactly 1 in float64, and so they are in
float32; sigmoid(-40), 4e-18, and exp(40), 2e17, are ordinary numbers in both."""


def gru_from_simple(
    W: np.typing.ArrayLike,
    U: np.typing.ArrayLike,
    b: np.typing.ArrayLike,
    *,
    reset_after: bool = True,
    saturation: float = SATURATED,
) -> dict[str, np.ndarray]:
    """Parameters with which a GRU is the simple cell ``h' = f(W x + U h + b)``.

    The GRU's candidate ``n`` is that formula when its reset gate is open, ``r = 1``, and its new state
    ``z h + (1 - z) n`` is the candidate when its update gate is shut, ``z = 0``. So the candidate takes the parameters
    of the simple cell, and the gates have no weights, only a bias: ``b_r = 40`` and ``b_z = -40``, for which
    the sigmoid is 1 and 4e-18. The candidate's recurrent bias ``c_n`` is 0. The result is the simple cell's to the
    rounding, in either convention, and so are the gradients of W, U and b; those of the gates are near 0, so that
    training leaves them where they are. A smaller saturation, such as 4, is a GRU near the simple cell that can learn
    to use its gates.

    Parameters
    ----------
    W, U, b : arrays (H, F), (H, H), (H,)
        Of the simple cell.
    reset_after : bool, default True
        The convention of the GRU, see `gru`. Its ``activation`` is to be that of the simple cell.
    saturation : float, default 40
        How far from 0 the biases of the gates are.

    Returns
    -------
    dict of str to ndarray
        ``W_z U_z b_z W_r U_r b_r W_n U_n b_n`` (and ``c_n``), good as ``initial`` of a layer.

    Raises
    ------
    ShapeError
        If W, U and b are not those of one cell.
    OptionError
        If the saturation is not above 0.

    References
    ----------
    K. Cho et al., Learning phrase representations using RNN encoder-decoder for statistical machine translation,
    EMNLP 2014, section 2.3: what the gates are for.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> rnn = el.Network(3, [el.SimpleRNN(2)])
    >>> W, U, b = (rnn.params[name] for name in ("0.W", "0.U", "0.b"))
    >>> gru = el.Network(3, [el.GRU(2, initial=el.cells.gru_from_simple(W, U, b))])
    >>> x = np.ones((1, 5, 3))
    >>> bool(np.abs(gru(x) - rnn(x)).max() < 1e-6)
    True
    """
    W, U, b = (_floats(a, name) for a, name in ((W, "W"), (U, "U"), (b, "b")))
    reset_after = checks.flag(reset_after, "reset_after")
    H, F = _sizes(W, U, b)
    shut, open_ = _gate(H, F, -_positive(saturation), W.dtype), _gate(H, F, saturation, W.dtype)
    found = dict(zip(("W_z", "U_z", "b_z", "W_r", "U_r", "b_r"), (*shut, *open_), strict=True))
    found |= {"W_n": W, "U_n": U, "b_n": b}
    return found | {"c_n": np.zeros_like(b)} if reset_after else found


def gru_holding(units: int, features: int, *, saturation: float = SATURATED) -> dict[str, np.ndarray]:
    """Parameters with which a GRU holds the state that it begins with, whatever comes in.

    Its new state ``z h + (1 - z) n`` is the old one when its update gate is open, ``z = 1``: without weights and with
    ``b_z = 40``, for which the sigmoid is 1 in float32 and float64. The candidate and the reset gate are then of no
    matter and keep what they have. The gradient of a later state with respect to the first one is the identity. A
    smaller saturation s forgets: the share ``sigmoid(-s)`` of the state is new at each step, 2 % for 4, as a bias for
    long memory to start training with.

    Parameters
    ----------
    units, features : int
        H and F of the GRU, of either convention.
    saturation : float, default 40
        The bias of the update gate.

    Returns
    -------
    dict of str to ndarray
        ``W_z U_z b_z``, in float64, good as ``initial`` of a layer.

    Raises
    ------
    OptionError
        If a size is less than 1, or the saturation is not above 0.

    References
    ----------
    F. A. Gers, J. Schmidhuber and F. Cummins, Learning to forget: continual prediction with LSTM, Neural Computation
    12 (2000): the same bias for the forget gate of an LSTM.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(2, initial=el.cells.gru_holding(2, 3))])
    >>> first = np.array([[0.3, -7.0]], np.float32)
    >>> net(np.ones((1, 1000, 3)), state=first)[0, -1].tolist() == first[0].tolist()
    True
    """
    units, features = checks.whole(units, "units"), checks.whole(features, "features")
    if units * (units + features) > MOST:
        raise OptionError(f"a GRU of {units} units and {features} features has more parameters than fit into memory")
    gate = _gate(units, features, _positive(saturation), np.dtype(np.float64))
    return dict(zip(("W_z", "U_z", "b_z"), gate, strict=True))


def _floats(values: np.typing.ArrayLike, name: str) -> np.ndarray:
    """A copy, in its own precision."""
    found = checks.floats(values, name, finite=True)
    dtype = np.result_type(np.asarray(values), np.float32)
    return found.astype(dtype)


def _gate(H: int, F: int, bias: float, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """W, U and b of a gate that only its bias decides."""
    return np.zeros((H, F), dtype), np.zeros((H, H), dtype), np.full(H, bias, dtype)


def _sizes(W: np.ndarray, U: np.ndarray, b: np.ndarray) -> tuple[int, int]:
    H = len(b) if b.ndim == 1 else 0
    if not H or W.ndim != 2 or len(W) != H or U.shape != (H, H):
        raise ShapeError(f"W, U and b have shapes {W.shape}, {U.shape}, {b.shape}; expected (H, F), (H, H), (H,)")
    return H, W.shape[1]


def _positive(saturation: float) -> float:
    return checks.real(saturation, "saturation", 0)
