"""A network as a module of flax.nnx."""

from __future__ import annotations

import functools
from typing import Any

from elman.checks import flag
from elman.interop.jax.convert import to_jax
from elman.interop.jax.function import JaxFunction
from elman.interop.peers import peer
from elman.network import Network


def to_flax(net: Network, *, tolerance: float | None = None, return_report: bool = False) -> Any:
    """A network as a module of flax.nnx, to be trained there.

    Parameters
    ----------
    net : Network
    tolerance, return_report
        As for `to_jax`.

    Returns
    -------
    module : flax.nnx.Module
        ``y = module(x, state=None, lengths=None, *, rngs=None, return_state=False)``. With `rngs` it is training:
        dropout takes its key from ``rngs.dropout``, and batch normalisation keeps its running moments.
        ``module.weights`` has what Elman's training would change, as `nnx.Param`; ``module.fixed`` the rest, as
        `nnx.BatchStat`: constants, what is frozen, moments. Both are by the names of ``net.params``;
        ``module.params()`` is what `weights_from_jax` takes.
    report : Report
        With `return_report`.

    Raises
    ------
    ConversionError
        As `to_jax`; if flax is not installed.

    Examples
    --------
    >>> import elman as el
    >>> module = el.interop.to_flax(el.Network(3, [el.GRU(8), el.Dense(1)]))  # doctest: +SKIP
    >>> nnx.state(module, nnx.Param)  # doctest: +SKIP
    """
    flag(return_report, "return_report")
    peer("flax")
    function, params, report = to_jax(net, tolerance=tolerance, return_report=True)
    module = _class()(function, params)
    return (module, report) if return_report else module


@functools.cache
def _class() -> Any:
    """The class, which is made where flax is there."""
    nnx = peer("flax.nnx")

    class ElmanModule(nnx.Module):  # type: ignore[misc, name-defined]
        """A network of Elman."""

        def __init__(self, function: JaxFunction, params: dict[str, Any]):
            self.function = function
            learnt = set(function.trainable)
            self.weights = nnx.Dict({n: nnx.Param(value) for n, value in params.items() if n in learnt})
            self.fixed = nnx.Dict({n: nnx.BatchStat(value) for n, value in params.items() if n not in learnt})

        def params(self) -> dict[str, Any]:
            return {name: value[...] for part in (self.weights, self.fixed) for name, value in part.items()}

        def __call__(
            self, x: Any, state: Any = None, lengths: Any = None, *, rngs: Any = None, return_state: bool = False
        ) -> Any:
            key = None if rngs is None else rngs.dropout()
            y, aux = self.function(self.params(), x, state, lengths, key=key, return_aux=True)
            for name, moment in aux.moments.items():
                self.fixed[name][...] = moment
            return (y, aux.state) if return_state else y

    return ElmanModule
