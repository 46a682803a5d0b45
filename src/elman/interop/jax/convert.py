"""To JAX, and back with other parameters."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Literal, overload

import numpy as np

from elman.checks import flag, instance
from elman.errors import OptionError, ShapeError
from elman.interop.jax.function import JaxFunction
from elman.interop.peers import OURS, called, peer
from elman.interop.proof import Trial, lengths_of, prove, results_of
from elman.interop.report import Mapped, Report
from elman.network import Network

Params = dict[str, Any]
QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}  # compiled for one call each
ROUNDED = 2**-6  # how far networks of rounded products may be apart: two roundings to 8 bits that fell otherwise


@overload
def to_jax(
    net: Network, *, tolerance: float | None = ..., return_report: Literal[False] = ...
) -> tuple[JaxFunction, Params]: ...
@overload
def to_jax(
    net: Network, *, tolerance: float | None = ..., return_report: Literal[True]
) -> tuple[JaxFunction, Params, Report]: ...
def to_jax(net: Network, *, tolerance: float | None = None, return_report: bool = False) -> Any:
    """A network as a pure function of JAX, and its parameters.

    Any network: its equations are run by `jax.lax.scan`, so `jax.jit`, `jax.grad`, `jax.vmap` and what else JAX does to
    functions apply, derivatives of any order among them. It is compiled anew for another number of rows or steps.

    Parameters
    ----------
    net : Network
        float32, or float64 where JAX is told to compute in it: ``jax.config.update("jax_enable_x64", True)``.
    tolerance : float, optional
        The largest difference that is allowed; by default 1e-5, in float64 1e-10, with products in bfloat16 2**-6.
    return_report : bool, default False
        Also return a `Report`: what was run on both sides, and how far they differ.

    Returns
    -------
    function : callable
        ``y = function(params, x, state=None, lengths=None, *, key=None, return_state=False, return_aux=False)``, the
        first four as a network takes them, y as it returns it. With a `key` of `jax.random` it is training: dropout
        drops, and batch normalisation takes the moments of the batch. ``return_state`` gives ``(y, state)``,
        ``return_aux`` gives ``(y, aux)`` with ``aux.state``, ``aux.moments`` (new running moments, for
        ``params | aux.moments``) and ``aux.penalty`` (of `ActivityPenalty` layers, to be added to the loss).
        ``function.trainable`` names the parameters that Elman's own training would change.
    params : dict of str to jax.Array
        Named as ``net.params``; `weights_from_jax` takes them back.
    report : Report
        With `return_report`.

    Raises
    ------
    ConversionError
        If JAX is not installed, does not compute in the network's dtype, or both sides differ.

    Notes
    -----
    A compiled function cannot raise: what is no index of a table gives NaN, and lengths are checked where they are
    known, not while they are traced. The masks of dropout are JAX's, others than
    Elman's. On an accelerator JAX multiplies in fewer bits unless `jax.default_matmul_precision` says otherwise; the
    proof runs with "highest".

    References
    ----------
    J. Bradbury et al., JAX: composable transformations of Python+NumPy programs, 2018.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(8), el.Dense(1)])
    >>> function, params = el.interop.to_jax(net)  # doctest: +SKIP
    >>> y = jax.jit(function)(params, x)  # doctest: +SKIP
    """
    instance(net, Network, "net", "a network")
    flag(return_report, "return_report")
    function = JaxFunction.of(copy.copy(net))
    params = _params(net)
    report = _proved(net, function, params, Report(OURS, called("jax", "JAX"), _mapped(net)), tolerance)
    return (function, params, report) if return_report else (function, params)


def weights_from_jax(net: Network, params: Mapping[str, Any]) -> Network:
    """A copy of a network with parameters that were changed in JAX; nothing is converted but their values.

    Parameters
    ----------
    net : Network
        What `to_jax` was given.
    params : dict of str to array
        All of its parameters, by name.

    Returns
    -------
    Network

    Raises
    ------
    OptionError, ShapeError, DataError
        If a parameter is missing, unknown, of another shape, or not finite.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(8), el.Dense(1)])
    >>> function, params = el.interop.to_jax(net)  # doctest: +SKIP
    >>> same = el.interop.weights_from_jax(net, params)  # doctest: +SKIP
    """
    instance(net, Network, "net", "a network")
    if not isinstance(params, Mapping) or set(params) != set(net.params):
        names = ", ".join(map(str, params)) if isinstance(params, Mapping) else type(params).__name__
        raise OptionError(f"params has {names or 'nothing'}; expected {', '.join(net.params)}")
    found = copy.copy(net)
    for name, value in params.items():
        if np.shape(value) != np.shape(net.params[name]):
            raise ShapeError(f"params[{name!r}] has shape {np.shape(value)}; expected {np.shape(net.params[name])}")
        found.params[name] = np.asarray(value)
    return found


def _params(net: Network) -> Params:
    jnp = peer("jax").numpy
    return {name: jnp.array(np.array(value)) for name, value in net.params.items()}


def _mapped(net: Network) -> tuple[Mapped, ...]:
    return tuple(Mapped(f"params[{name!r}]", name) for name in net.params)


def _proved(net: Network, function: JaxFunction, params: Params, report: Report, tolerance: float | None) -> Report:
    """Both sides run. Products in bfloat16 are compared with themselves, and the equations without their rounding."""
    if net.products is None:
        return prove(net, _theirs(function, params), report, tolerance=tolerance)
    plain = Network.of_structure(net.structure, seed=net.seed, dtype=net.dtype)
    plain.params.write(net.arena)
    prove(plain, _theirs(JaxFunction.of(plain), params), report)
    note = "operands of products are rounded to bfloat16 on both sides: without that they agree within 1e-05"
    allowed = ROUNDED if tolerance is None else tolerance
    return prove(net, _theirs(function, params), report.noting(note), tolerance=allowed)


def _theirs(function: JaxFunction, params: Params) -> Any:
    jax = peer("jax")
    options = QUICKLY if jax.default_backend() == "cpu" else None
    compiled = jax.jit(function, static_argnames="return_state", compiler_options=options)

    def run(trial: Trial) -> list[np.ndarray]:
        doors = function.net.doors
        x = trial.inputs if len(doors) > 1 else trial.inputs[0]
        sizes = [size for layer in function.net.state_sizes() for size in layer]
        zeros = [np.zeros((len(trial.inputs[0]), size), function.dtype) for size in sizes]
        state = function.net.nested_state(list(trial.states or zeros))  # so that it is compiled once for both
        lengths = lengths_of(function.net, trial)
        with jax.default_matmul_precision("highest"):
            y, final = compiled(params, x, state, lengths, return_state=True)
        return [np.asarray(value) for value in results_of(y, final)]

    return run
