"""A network as a module of PyTorch, and trained weights back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from elman.checks import flag, instance
from elman.errors import ConversionError
from elman.interop.peers import OURS, called, peer
from elman.interop.proof import Trial, results_of
from elman.interop.pytorch.proving import proved, with_dtype
from elman.interop.pytorch.unwrapping import unwrapped
from elman.interop.report import Report
from elman.network import Network


def to_torch(net: Network, *, tolerance: float | None = None, return_report: bool = False) -> Any:
    """A network as an ``nn.Module``, which is trained, compiled and put on a GPU as any other.

    Layers that PyTorch has are its own: ``nn.LSTM`` (also with ``proj_size``), ``nn.GRU``, ``nn.RNN``, in both
    directions where the network has them, ``nn.Linear``, ``nn.Embedding``, ``nn.LayerNorm``, ``nn.Dropout``. All others
    run their equations. What is frozen does not require gradients, what is tied is one parameter. Both sides are run on
    random sequences, and a module that differs is refused.

    Parameters
    ----------
    net : Network
    tolerance : float, optional
        The largest difference that is allowed; by default 1e-5, in float64 1e-10.
    return_report : bool, default False
        Also return what was mapped to what.

    Returns
    -------
    module : torch.nn.Module
        In ``eval()`` mode, on the CPU, called as ``module(x, lengths=None, state=None, return_state=False)``: x is
        (B, T, F), or a tuple or dict of several inputs, `lengths` (B,) the steps in use of each row (of several time
        axes a dict by input), `state` a list of tuples (B, H) as `Network.__call__` takes it.
    report : Report
        With `return_report` only.

    Raises
    ------
    ConversionError
        If PyTorch is not installed, or the two sides differ.

    Notes
    -----
    In ``train()`` mode dropout drops and batch normalisation uses the moments of the batch, as in `Network.fit`; masks
    are PyTorch's, so that numbers are not the same there.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(8), el.Dense(2)])
    >>> module = el.interop.to_torch(net)  # doctest: +SKIP
    >>> module.layers  # doctest: +SKIP
    ModuleDict(
      (0): GRU(3, 8, batch_first=True)
      (1): Linear(in_features=8, out_features=2, bias=True)
    )
    """
    instance(net, Network, "to_torch's net", "an elman.Network")
    flag(return_report, "return_report")
    torch = peer("torch")
    from elman.interop.pytorch.building import Builder

    builder = Builder(net)
    module = builder.module()
    report = Report(OURS, called("torch", "PyTorch"), tuple(builder.mapped), notes=(*builder.notes, *_notes(net)))
    plain = net if net.products is None else with_dtype(net, net.dtype)

    def in_double() -> Any:
        double = copy.deepcopy(module).double()
        return with_dtype(net, np.float64), lambda trial: run(torch, double, plain, trial)

    report = proved(plain, lambda trial: run(torch, module, plain, trial), in_double, report, tolerance=tolerance)
    return (module, report) if return_report else module


def _notes(net: Network) -> list[str]:
    found = []
    if net.penalties:
        found.append("penalties on activities belong to the loss, and are not in the module")
    if net.products is not None:
        found.append(
            "products round to bfloat16 in Elman; the module computes in full precision: torch.autocast has it so there"
        )
    return found


def run(torch: Any, module: Any, net: Network, trial: Trial) -> list[np.ndarray]:
    """What a module makes of a trial: outputs, then final states."""
    inputs = tuple(torch.from_numpy(x) for x in trial.inputs)
    lengths: Any = None if trial.lengths is None else torch.from_numpy(trial.lengths)
    if lengths is not None and net.structure.time_axes > 1:
        lengths = {door.given.name: lengths for door in net.doors if door.steps}
    state = None
    if trial.states is not None:
        state = [tuple(map(torch.from_numpy, layer)) for layer in net.nested_state(list(trial.states))]
    with torch.no_grad():
        y, ends = module(inputs if len(inputs) > 1 else inputs[0], lengths, state, return_state=True)
    return [a.numpy() for a in results_of(y, ends)]


def weights_from_torch(net: Network, module: Any) -> Network:
    """Give a network the weights that its module has now, after it was trained in PyTorch.

    Parameters
    ----------
    net : Network
        The one that `to_torch` made the module of, or one of the same layers.
    module : torch.nn.Module, or dict of str to Tensor
        What `to_torch` made, on any device, also compiled or inside of ``nn.DataParallel``; or its ``state_dict()``.

    Returns
    -------
    Network
        `net` itself, with other parameters. Running moments of batch normalisation come too.

    Raises
    ------
    ConversionError
        If the module is of another network, or holds what is not finite.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(8), el.Dense(2)])
    >>> module = el.interop.to_torch(net)  # doctest: +SKIP
    >>> net is el.interop.weights_from_torch(net, module)  # doctest: +SKIP
    True
    """
    instance(net, Network, "weights_from_torch's net", "an elman.Network")
    peer("torch")
    from elman.interop.pytorch.building import Builder

    plain = Builder(net).module()
    held = module if isinstance(module, Mapping) else _state_dict(module)
    try:
        plain.load_state_dict({_unprefixed(name): value for name, value in held.items()})
    except (RuntimeError, AttributeError) as error:
        raise ConversionError(
            f"these are not the weights of to_torch(net): {_apart(plain, held) or error}. Give the net that the module "
            "was made of; a module that somebody else wrote becomes a network by from_torch(module)"
        ) from error
    tensors = plain.tensors()
    found = {name: row.read(tensors[key]) for name, (key, row) in plain.rows.items()}
    wrong = [name for name, value in found.items() if not np.isfinite(value).all()]
    if wrong:
        raise ConversionError(f"{wrong[0]} is not finite in the module: look at the loss and the learning rate there")
    for name, value in found.items():
        net.params[name] = value
    return net


def _apart(plain: Any, held: Mapping[Any, Any]) -> str:
    """The first tensor in which weights differ from what a module has; empty where it is not by names and shapes."""
    theirs = {_unprefixed(name): tuple(getattr(value, "shape", ())) for name, value in held.items()}
    ours = {name: tuple(value.shape) for name, value in plain.state_dict().items()}
    for name, shape in ours.items():
        if name not in theirs:
            return f"they have no {name}"
        if theirs[name] != shape:
            return f"{name} has shape {theirs[name]} there, {shape} in the network"
    extra = next((name for name in theirs if name not in ours), None)
    return "" if extra is None else f"the network has no {extra}"


def _state_dict(module: Any) -> Any:
    if not hasattr(module, "state_dict"):
        raise ConversionError(f"expected a module of PyTorch or its state dict, got a {type(module).__name__}")
    return unwrapped(module).state_dict()


def _unprefixed(name: Any) -> Any:
    return str(name).removeprefix("_orig_mod.").removeprefix("module.").removeprefix("_orig_mod.")
