"""`to_keras`, and the way back of weights that were trained there."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np

from elman.checks import flag, instance, shown
from elman.errors import ConversionError
from elman.interop.keras.export import Assembly, read_layer
from elman.interop.keras.running import rows_of
from elman.interop.peers import OURS, called, peer
from elman.interop.proof import prove, trials
from elman.interop.report import Report
from elman.network import Network


@overload
def to_keras(
    net: Network, *, states: bool = ..., tolerance: float | None = ..., return_report: Literal[False] = ...
) -> Any: ...
@overload
def to_keras(
    net: Network, *, states: bool = ..., tolerance: float | None = ..., return_report: Literal[True]
) -> tuple[Any, Report]: ...
def to_keras(net: Network, *, states: bool = False, tolerance: float | None = None, return_report: bool = False) -> Any:
    """A network as a functional model of Keras 3, which trains there and is saved as a ``.keras`` file.

    Layers that are the same map in Keras become Keras' own (`LSTM`, `GRU`, `SimpleRNN`, `Dense`, `Embedding`,
    normalisations, dropout); every other cell becomes a `keras.layers.RNN` over a cell that is made of its equations.
    These are classes of `elman.interop.keras.layers`, which hold equations as data: a file with them has no code,
    and is loaded where that module was imported.

    Parameters
    ----------
    net : Network
        Any network.
    states : bool, default False
        Whether the model takes initial states (B, H) behind its inputs, in the order of ``net.state_sizes()``, and
        returns the final ones behind its outputs.
    tolerance : float, optional
        The largest difference that is allowed; by default 1e-5, in float64 1e-10.
    return_report : bool, default False
        Also return the `Report`.

    Returns
    -------
    model : keras.Model
        Its inputs are those of the network, (B, T, F); (B, T) whole numbers where only embeddings read them.
    report : Report
        With `return_report` only.

    Raises
    ------
    ConversionError
        If Keras is not installed, cannot say a layer, or does not agree.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(8), el.Dense(1)])
    >>> model = el.interop.to_keras(net)  # doctest: +SKIP
    >>> model.compile("adam", "mse")  # doctest: +SKIP
    """
    instance(net, Network, "net", "a Network")
    flag(states, "states"), flag(return_report, "return_report")
    if net.products is not None:
        raise ConversionError(
            f"the network multiplies in {net.products}, which Keras rounds in other places: convert a network of plain "
            "float32, with the same parameters"
        )
    carries = bool(net.state_sizes())
    proven = Assembly(net, carries)
    report = Report(OURS, called("keras", "Keras"), tuple(proven.mapped), notes=tuple(proven.notes))
    report = prove(net, lambda trial: rows_of(proven.model, net, trial, carries), report, tolerance=tolerance)
    found = proven if states == carries else Assembly(net, states)
    if found is not proven:
        prove(
            net,
            lambda trial: rows_of(found.model, net, trial, states),
            report,
            trials(net, states=False),
            tolerance=tolerance,
        )
    report = report.noting(*_notes(net, found))
    return (found.model, report) if return_report else found.model


def _notes(net: Network, found: Assembly) -> list[str]:
    notes = ["a row ends where its array ends there: rows of different lengths are run by themselves, or masked"]
    if any(kind == "equations" for kind, _ in found.layers.values()):
        notes.append("loading a file of it needs `import elman.interop.keras.layers` before")
    twice = [
        layer.name for kind, layer in found.layers.values() if kind == "gru" and layer.reset_after and layer.use_bias
    ]
    if twice:
        notes.append(
            f"{', '.join(twice)}: the gates' biases come twice there, and here as their sum, which a step of training "
            "there moves twice as far"
        )
    return notes


def weights_from_keras(net: Network, model: Any) -> Network:
    """Bring weights that were trained in Keras back to the network that `to_keras` made the model of.

    Parameters
    ----------
    net : Network
        Gets the weights.
    model : keras.Model
        What `to_keras` made of the network, trained since, or loaded from a file of it.

    Returns
    -------
    Network
        The same.

    Raises
    ------
    ConversionError
        If the model has not the layers of the network.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(8), el.Dense(1)])
    >>> model = el.interop.to_keras(net)  # doctest: +SKIP
    >>> history = model.fit(x, target)  # doctest: +SKIP
    >>> net = el.interop.weights_from_keras(net, model)  # doctest: +SKIP
    """
    instance(net, Network, "weights_from_keras's net", "an elman.Network")
    keras = peer("keras")
    if not isinstance(model, keras.Model):
        raise ConversionError(
            f"model is {shown(model)}; expected the keras.Model that to_keras made of the network, or what "
            "keras.saving.load_model reads from a file of it"
        )
    mine = Assembly(net, False)
    for number, (kind, layer) in mine.layers.items():
        part = net.structure.parts[number]
        theirs = next((one for one in model.layers if one.name == layer.name), None)
        if theirs is None or [w.shape for w in theirs.weights] != [w.shape for w in layer.weights]:
            raise ConversionError(
                f"the model has no layer {layer.name!r} with weights as {part.name} has them: it is none that to_keras "
                "made of this network"
            )
        for name, value in read_layer(kind, theirs).items():
            owner, own = part.tied.get(name, (number, name))
            net.params[f"{net.structure.parts[owner].name}.{own}"] = np.asarray(value, net.dtype)
    return net
