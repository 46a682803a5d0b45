"""Initialisers that a name, or a number, says: zeros, identities, uniform and normal values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elman import checks
from elman.errors import ShapeError

Initialiser = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def zeros(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """All zero.

    Parameters
    ----------
    random : numpy.random.Generator
        What is drawn from.
    shape : tuple of int
        (out, in) of a matrix, (n,) of a vector.

    Returns
    -------
    ndarray, of that shape

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> W = el.initialisers.zeros(np.random.default_rng(0), (3, 3))
    >>> W
    array([[0., 0., 0.],
           [0., 0., 0.],
           [0., 0., 0.]])
    """
    return np.zeros(shape)


def ones(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """All one.

    Parameters
    ----------
    random : numpy.random.Generator
        What is drawn from.
    shape : tuple of int
        (out, in) of a matrix, (n,) of a vector.

    Returns
    -------
    ndarray, of that shape

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> W = el.initialisers.ones(np.random.default_rng(0), (3, 3))
    >>> W
    array([[1., 1., 1.],
           [1., 1., 1.],
           [1., 1., 1.]])
    """
    return np.ones(shape)


def glorot_uniform(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform with variance 2 / (fan in + fan out) (Glorot & Bengio, AISTATS 2010).

    Parameters
    ----------
    random : numpy.random.Generator
        What is drawn from.
    shape : tuple of int
        (out, in) of a matrix, (n,) of a vector.

    Returns
    -------
    ndarray, of that shape

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> W = el.initialisers.glorot_uniform(np.random.default_rng(0), (4, 2))
    >>> bool(abs(W).max() < (6 / (4 + 2)) ** 0.5)
    True
    """
    bound = np.sqrt(6 / sum(shape if len(shape) == 2 else (*shape, 1)))
    return random.uniform(-bound, bound, shape)


def orthogonal(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A random orthogonal matrix: it keeps the norm of what it multiplies (Saxe, McClelland & Ganguli, ICLR 2014).

    Parameters
    ----------
    random : numpy.random.Generator
        What is drawn from.
    shape : tuple of int
        (out, in) of a matrix, (n,) of a vector.

    Returns
    -------
    ndarray, of that shape

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> W = el.initialisers.orthogonal(np.random.default_rng(0), (3, 3))
    >>> bool(np.allclose(W @ W.T, np.eye(3)))
    True
    """
    if len(shape) != 2:
        raise ShapeError(f"orthogonal needs a matrix, got a parameter of shape {shape}")
    tall = random.normal(size=(max(shape), min(shape)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return q if shape[0] >= shape[1] else q.T


def identity(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """The identity matrix, the start of the IRNN (Le, Jaitly & Hinton, arXiv 1504.00941, 2015).

    Parameters
    ----------
    random : numpy.random.Generator
        What is drawn from.
    shape : tuple of int
        (out, in) of a matrix, (n,) of a vector.

    Returns
    -------
    ndarray, of that shape

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> W = el.initialisers.identity(np.random.default_rng(0), (3, 3))
    >>> W
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    return _eye(shape)


def scaled_identity(scale: float) -> Initialiser:
    """A multiple of the identity matrix: 0.01 is the start of the IRNN for speech, whose memory is short (2015).

    Parameters
    ----------
    scale : float
        What stands on the diagonal.

    Returns
    -------
    Initialiser
        For ``initial=`` of a layer or a cell.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.SimpleRNN(4, initial={"U": el.initialisers.scaled_identity(0.5)})])
    >>> net.params["0.U"][:2, :2].tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    scale = checks.real(scale, "scale", -np.inf)
    return lambda random, shape: scale * _eye(shape)


def _eye(shape: tuple[int, ...]) -> np.ndarray:
    if len(shape) != 2:
        raise ShapeError(f"the identity is a matrix, got a parameter of shape {shape}")
    return np.eye(*shape)


def lecun_normal(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Normal with variance 1 / fan in (LeCun, Bottou, Orr & Muller, Efficient backprop, 1998).

    Parameters
    ----------
    random : numpy.random.Generator
        What is drawn from.
    shape : tuple of int
        (out, in) of a matrix, (n,) of a vector.

    Returns
    -------
    ndarray, of that shape

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> W = el.initialisers.lecun_normal(np.random.default_rng(0), (3, 3))
    >>> W.shape
    (3, 3)
    """
    return random.normal(0.0, 1 / np.sqrt(shape[-1]), shape)


def fan_in_uniform(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform within 1 / sqrt(fan in): what PyTorch's linear layers start with.

    Parameters
    ----------
    random : numpy.random.Generator
        What is drawn from.
    shape : tuple of int
        (out, in) of a matrix, (n,) of a vector.

    Returns
    -------
    ndarray, of that shape

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> W = el.initialisers.fan_in_uniform(np.random.default_rng(0), (3, 3))
    >>> bool(abs(W).max() < 3**-0.5)
    True
    """
    bound = 1 / np.sqrt(shape[-1])
    return random.uniform(-bound, bound, shape)


def hidden_uniform(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform within 1 / sqrt(H), H the rows: what PyTorch's recurrent layers start with, biases too.

    Parameters
    ----------
    random : numpy.random.Generator
        What is drawn from.
    shape : tuple of int
        (out, in) of a matrix, (n,) of a vector.

    Returns
    -------
    ndarray, of that shape

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> W = el.initialisers.hidden_uniform(np.random.default_rng(0), (3, 3))
    >>> bool(abs(W).max() < 3**-0.5)
    True
    """
    bound = 1 / np.sqrt(shape[0])
    return random.uniform(-bound, bound, shape)


def uniform(low: float = -0.05, high: float = 0.05) -> Initialiser:
    """Uniform between two numbers.

    Parameters
    ----------
    low : float, default -0.05
        The lower bound.
    high : float, default 0.05
        The upper one.

    Returns
    -------
    Initialiser
        For ``initial=`` of a layer or a cell.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.SimpleRNN(4, initial={"U": el.initialisers.uniform(-0.1, 0.1)})])
    >>> bool(abs(net.params["0.U"]).max() <= 0.1)
    True
    """
    low = checks.real(low, "low", -np.inf)
    high = checks.real(high, "high", low, expected=f"of at least low, which is {low:g}", from_low=True)
    return lambda random, shape: random.uniform(low, high, shape)


def normal(scale: float = 0.05, mean: float = 0.0) -> Initialiser:
    """Normal with a standard deviation and a mean.

    Parameters
    ----------
    scale : float, default 0.05
        The standard deviation.
    mean : float, default 0
        The mean.

    Returns
    -------
    Initialiser
        For ``initial=`` of a layer or a cell.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.SimpleRNN(4, initial={"U": el.initialisers.normal(0.1)})])
    >>> bool(abs(net.params["0.U"]).max() < 1)
    True
    """
    scale, mean = checks.real(scale, "scale", 0, from_low=True), checks.real(mean, "mean", -np.inf)
    return lambda random, shape: random.normal(mean, scale, shape)
