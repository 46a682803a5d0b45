"""Networks of one cell, with random parameters, for tests of what a cell's paper claims."""

from __future__ import annotations

import numpy as np

import elman as el
from elman.insight import jacobians


def network(cell, units=8, features=3, *, scale=None, seed=0, initial=None, sizes=None, **options):
    """One layer in float64; with a scale all parameters that are not frozen are normal of that deviation."""
    layer = el.Recurrent(cell, units, initial=initial or {}, sizes=sizes, **options)
    net = el.Network(features, [layer], dtype=np.float64, seed=seed)
    random = np.random.default_rng(seed)
    if scale is not None:
        for name in net.trainable:
            net.params[name] = random.normal(size=net.params[name].shape) * scale
    return net


def inputs(T, B=1, features=3, *, scale=1.0, seed=1):
    return np.random.default_rng(seed).normal(size=(B, T, features)) * scale


def states_of(net, x, state=None):
    """All states of the cell after the last step, side by side."""
    _, final = net(x, state=state, return_state=True)
    return np.concatenate([np.asarray(s) for s in final[0]], axis=-1)


def step_matrices(net, x, state=None):
    """The Jacobian of each step's new states, all together, with respect to the old ones: (T, n, n)."""
    found = jacobians(net, x, state=state)
    names = list(dict.fromkeys(key.split("/")[0] for key in found))
    rows = [np.concatenate([found[f"{of}/{by}"] for by in names], axis=-1) for of in names]
    return np.concatenate(rows, axis=-2)[0]


def product(matrices):
    """The Jacobian of the last states with respect to the first ones."""
    found = np.eye(matrices.shape[-1])
    for one in matrices:
        found = one @ found
    return found
