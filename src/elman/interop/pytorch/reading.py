"""Models of PyTorch as networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elman.checks import flag, real
from elman.errors import ConversionError, OptionError
from elman.interop.peers import peer
from elman.interop.pytorch.chains import check_unused, of_tensors, told
from elman.interop.pytorch.files import read, tensors_of


def from_torch(
    model: Any,
    *,
    example: Any = None,
    steps: str | None = None,
    nonlinearity: str | None = None,
    activation: str | None = None,
    order: Sequence[str] | None = None,
    tolerance: float | None = None,
    return_report: bool = False,
) -> Any:
    """The network of a module of PyTorch, of its state dict, or of a file of weights.

    A module's ``forward`` is run on random tensors and watched, so that what it does between its layers comes over too:
    which step or state it takes, packed sequences, both directions put together, attention over the steps, shared
    weights, learnt initial states, cells in a loop over the steps. Then both sides are run on random sequences, and a
    network that differs is refused. A state dict tells the layers and their order; the rest are arguments.

    Parameters
    ----------
    model : torch.nn.Module, dict of str to Tensor, or path
        A file is ``.pt`` or ``.pth`` with weights alone, or ``.safetensors``, which needs no PyTorch.
    example : Tensor, or tuple of Tensors, optional
        What ``forward`` takes, where that is not to be seen from its arguments and layers; any numbers of rows and
        steps. Of a module only.
    steps : {"all", "last", "final"}, optional
        Of a state dict: what follows on the last recurrent layer, its outputs at all steps (the default), that of the
        last one (``out[:, -1]``), or its final hidden states, both directions side by side.
    nonlinearity : {"tanh", "relu"}, optional
        Of a state dict: that of an ``nn.RNN``; by default tanh.
    activation : str, optional
        Of a state dict: what stands between linear layers that follow one another; by default "relu".
    order : sequence of str, optional
        Of a state dict: the names of its layers as forward runs them, ``["lstm", "fc"]``; by default as they are
        stored, and of a safetensors file, which sorts names, the one order in which they fit one another.
    tolerance : float, optional
        The largest difference that is allowed; by default 1e-5, in float64 1e-10.
    return_report : bool, default False
        Also return what was mapped to what, what was assumed, and how far both sides differ.

    Returns
    -------
    net : Network
        Its parts are called as in the module. Inputs are (B, T, F), whatever ``batch_first`` says.
    report : Report
        With `return_report` only.

    Raises
    ------
    ConversionError
        If a module does what a network cannot say, with the line of its forward and what to do; if a file holds more
        than weights; if the two sides differ.

    Notes
    -----
    The two biases of a recurrent layer are summed, but those of a GRU's candidate. Numbers in half precision become
    float32. A module is copied and not changed.

    Examples
    --------
    >>> import elman as el
    >>> import torch  # doctest: +SKIP
    >>> net, report = el.interop.from_torch(torch.nn.LSTM(3, 8), return_report=True)  # doctest: +SKIP
    >>> net = el.interop.from_torch("colleague.pth", steps="last")  # doctest: +SKIP
    """
    flag(return_report, "return_report")
    if tolerance is not None:
        real(tolerance, "tolerance", 0)
    if isinstance(order, str):
        raise OptionError(f"order is {order!r}; expected the names of the layers, {order.split(',')}")
    if isinstance(model, str | Path | Mapping):
        if example is not None:
            raise ConversionError("example is of modules: the layers of a state dict say what they read; leave it out")
        how = told(steps, nonlinearity, activation)
        tensors, notes = tensors_of(model) if isinstance(model, Mapping) else read(Path(model))
        if order is None and _is_sorted(model):
            order = "any"
        net, report = of_tensors(tensors, notes, how, order, tolerance)
    else:
        check_unused(steps=steps, nonlinearity=nonlinearity, activation=activation, order=order)
        torch = peer("torch")
        if not isinstance(model, torch.nn.Module):
            made = f"; it is the class, make one: {model.__name__}(...)" if isinstance(model, type) else ""
            raise ConversionError(
                f"expected a module, a state dict or a file of PyTorch, got a {type(model).__name__}{made}"
            )
        from elman.interop.pytorch.modules import of_module

        net, report = of_module(model, example, tolerance)
    return (net, report) if return_report else net


def _is_sorted(model: Any) -> bool:
    """Whether the order of its names says nothing: safetensors sorts them."""
    return not isinstance(model, Mapping) and Path(model).suffix == ".safetensors"
