"""Which initialiser a parameter has: what the layer says, else the cell, else the rule."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from elman.checks import nearest
from elman.equations import Graph
from elman.errors import OptionError, ShapeError
from elman.network.initialisers.gates import chrono
from elman.network.initialisers.plain import (
    Initialiser,
    fan_in_uniform,
    glorot_uniform,
    hidden_uniform,
    identity,
    lecun_normal,
    normal,
    ones,
    orthogonal,
    scaled_identity,
    uniform,
    zeros,
)
from elman.network.initialisers.spectra import reservoir

NAMED: dict[str, Initialiser] = {
    "zeros": zeros,
    "ones": ones,
    "glorot_uniform": glorot_uniform,
    "orthogonal": orthogonal,
    "identity": identity,
    "uniform": uniform(),
    "uniform01": uniform(0.0, 1.0),
    "normal": normal(),
    "standard_normal": normal(1.0),
    "lecun_normal": lecun_normal,
    "fan_in_uniform": fan_in_uniform,
    "hidden_uniform": hidden_uniform,
    "reservoir": reservoir(),
}
MAKERS: dict[str, tuple[Callable[..., Initialiser], str]] = {
    "chrono": (chrono, "chrono(100)"),
    "normal": (normal, "normal(0.1)"),
    "reservoir": (reservoir, "reservoir(0.9)"),
    "scaled_identity": (scaled_identity, "scaled_identity(0.5)"),
    "uniform": (uniform, "uniform(-0.1, 0.1)"),
}
"""What makes an initialiser of numbers, and how it is called."""


_OTHERS = {
    "xavier_uniform": "'glorot_uniform'",
    "glorot_normal": "lambda random, shape: random.normal(0, (2 / sum(shape)) ** 0.5, shape)",
    "he_normal": "lambda random, shape: random.normal(0, (2 / shape[-1]) ** 0.5, shape)",
    "he_uniform": "lambda random, shape: (6 / shape[-1]) ** 0.5 * random.uniform(-1, 1, shape)",
    "kaiming_uniform": "'fan_in_uniform', PyTorch's own start of layers, or for a gain of 2 "
    "lambda random, shape: (6 / shape[-1]) ** 0.5 * random.uniform(-1, 1, shape)",
    "lecun_uniform": "lambda random, shape: (3 / shape[-1]) ** 0.5 * random.uniform(-1, 1, shape)",
    "random_normal": "'normal'",
    "random_uniform": "'uniform'",
    "eye": "'identity'",
    "constant": "a number",
}
_OTHERS |= {"xavier_normal": _OTHERS["glorot_normal"], "kaiming_normal": _OTHERS["he_normal"]}


def hint_of(name: str) -> str:
    """What to give for a name of Keras or PyTorch, in whatever case, or one that is misspelt."""
    plain = "".join(f"_{c}" if c.isupper() else c for c in name).lower().strip("_")
    if plain in NAMED:
        return f": give {plain!r}"
    return f": give {_OTHERS[plain]}" if plain in _OTHERS else nearest(name, NAMED)


def initial_value(
    how: Any, random: np.random.Generator, shape: tuple[int, ...], name: str, blocks: int = 1
) -> np.ndarray:
    """A parameter's first value, from an initialiser (for each of its blocks), its name, a number or an array.

    Parameters
    ----------
    how : str, number, array or callable
        A name of `NAMED`, a value for all, all values, or a function of `random` and `shape`.
    random : numpy.random.Generator
        What is drawn from.
    shape : tuple of int
        Of the parameter.
    name : str
        Of the parameter, for errors.
    blocks : int, default 1
        How many blocks a matrix consists of, each of which starts by itself.

    Returns
    -------
    ndarray, of that shape

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> el.initialisers.initial_value("ones", np.random.default_rng(0), (2,), "b")
    array([1., 1.])
    """
    for made, (maker, call) in MAKERS.items():
        if how is maker or (isinstance(how, str) and how == made and made not in NAMED):
            raise OptionError(f"{made} makes an initialiser; for {name} call it: el.initialisers.{call}")
    if isinstance(how, str):
        if how not in NAMED:
            raise OptionError(
                f"unknown initialiser {how!r} for {name}{hint_of(how)}; there are {', '.join(NAMED)}, or give a "
                "function"
            )
        how = NAMED[how]
    if callable(how) and blocks > 1:
        of_block = (shape[0] // blocks, *shape[1:])
        how = np.concatenate([initial_value(how, random, of_block, name) for _ in range(blocks)])
    value = np.asarray(how(random, shape) if callable(how) else how)
    if value.shape not in ((), shape):
        raise ShapeError(f"the initial value of {name} has shape {value.shape}; expected {shape} or a number")
    return np.broadcast_to(value, shape)


def rule(graph: Graph, parameter: str) -> str:
    """The name of the initialiser that a parameter has if nothing else is said.

    Parameters
    ----------
    graph : Graph
        A cell's, its sizes known.
    parameter : str
        One of its parameters.

    Returns
    -------
    str
        A name of `NAMED`.

    Examples
    --------
    >>> import elman as el
    >>> graph = el.GRU(4).graph(3)
    >>> [el.initialisers.rule(graph, name) for name in ("W_z", "U_z", "b_z")]
    ['glorot_uniform', 'orthogonal', 'zeros']
    """
    role = graph.parameters[parameter].role
    if role == "matrix":
        return "orthogonal" if graph.recurrent(parameter) else "glorot_uniform"
    return "standard_normal" if role == "table" else "zeros"


def generator(seed: int, layer: int, name: str) -> np.random.Generator:
    """The random numbers of one parameter: other layers and parameters do not shift them.

    Parameters
    ----------
    seed : int
        The network's.
    layer : int
        Its number.
    name : str
        Of the parameter.

    Returns
    -------
    numpy.random.Generator

    Examples
    --------
    >>> import elman as el
    >>> a, b = (el.initialisers.generator(0, 1, "W").random() for _ in range(2))
    >>> a == b, a == el.initialisers.generator(0, 1, "U").random()
    (True, False)
    """
    return np.random.default_rng([seed, layer, zlib.crc32(name.encode())])
