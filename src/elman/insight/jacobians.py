"""Jacobians of a network's step along a trajectory."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman import checks
from elman.insight.system import System
from elman.network import Network
from elman.training.protocol import Arrays


def jacobians(
    net: Network, x: Arrays, *, state: Any = None, parameters: bool = False, layer: str | None = None
) -> dict[str, np.ndarray]:
    """The exact derivatives of each step's new states: with respect to the old ones, the input and the parameters.

    Parameters
    ----------
    net : Network
        With at least one recurrent layer.
    x : array, shape (B, T, F)
        Inputs.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default.
    parameters : bool, default False
        Whether to give the derivatives with respect to the parameters too: of one step, its old state held fixed. They
        take B T H times the memory of the parameters, and as many runs of a step.
    layer : str, optional
        The layer that is looked at, by itself; by default all recurrent layers together.

    Returns
    -------
    dict of str to ndarray
        ``"h/h"`` (B, T, H, H), where ``[b, t, i, j]`` is d h_t[i] / d h_{t-1}[j]; ``"h/x"`` (B, T, H, F), for each
        input by its name, of `layer` for what it reads; so for each pair of states (``"c/h"`` ...); with `parameters`
        ``"h/0.W"`` ``(B, T, H, *shape)``. Where several layers have states these are called ``0.h``, ``1.h`` ..., and a
        layer above depends on those below within the step.

    Raises
    ------
    OptionError
        If the network has no states, or no step leads it from the past to the future: which layer is why.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Network, SimpleRNN
    >>> net = Network(1, [SimpleRNN(4)])
    >>> J = jacobians(net, np.zeros((1, 3, 1)))["h/h"]
    >>> bool(np.allclose(J[0, 0], net.params["0.U"]))  # tanh has slope 1 at 0
    True
    """
    parameters, system = checks.flag(parameters, "parameters"), System(net, layer)
    x, first = system.given(x, state)
    B, T, F = x.shape
    s = system.trajectory(x, first)
    before, inputs = s[:, :-1].reshape(-1, system.n), x.reshape(-1, F)
    J, Jx = system.jacobian(before, inputs)
    J = J.reshape(B, T, system.n, system.n)
    parts = system.parts.items()
    found = {f"{of}/{by}": J[:, :, rows, columns] for of, rows in parts for by, columns in parts}
    if Jx is not None:
        Jx = Jx.reshape(B, T, system.n, F)
        named = {name: part for name, part in system.inputs.items() if system.has_gradient[part].all()}
        found |= {f"{of}/{by}": Jx[:, :, rows, part] for of, rows in parts for by, part in named.items()}
    if parameters:
        found |= _by_parameters(system, before, inputs, (B, T))
    return found


def _by_parameters(system: System, s: np.ndarray, x: np.ndarray, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """d new states / d parameters at fixed old states, one run of one row for each number of the states."""
    net, unit = system.net, np.eye(system.n)
    gradients = np.empty((len(s), system.n, net.arena.size))
    for row in range(len(s)):
        for i in range(system.n):
            batch = system.pulled(x[row : row + 1, None], s[row : row + 1], unit[i : i + 1])
            gradients[row, i] = system.engine.gradients(net.arena, batch, version=net.params.version).parameters
    found = {}
    for name, place in net.params.places.items():
        here = gradients[:, :, place.offset : place.offset + place.size]
        for of, rows in system.parts.items():
            found[f"{of}/{name}"] = here[:, rows].reshape(*shape, rows.stop - rows.start, *place.shape)
    return found
