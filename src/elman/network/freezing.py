"""Freezing: which parameters training leaves as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from elman.errors import ModelFileError, OptionError
from elman.network.face import Net
from elman.training.patterns import matching


def freeze(net: Net, *patterns: str) -> list[str]:
    """Have training leave some parameters as they are, with all that an optimiser remembers of them.

    Neither a gradient nor a weight decay changes them, and they do not count in `clip_norm`. `loss_and_grads` gives
    their gradients all the same. A `BatchNorm` whose ``mean`` and ``variance`` are frozen uses these in training,
    too, and they stay as they are.

    Parameters
    ----------
    *patterns : str
        Names of parameters, in which ``*`` stands for any characters, ``?`` for one and ``[WU]`` for either.

    Returns
    -------
    list of str
        The parameters that a pattern fits.

    Raises
    ------
    OptionError
        If a pattern fits none, or one of the two moments of a `BatchNorm` would be frozen without the other.

    Examples
    --------
    >>> from elman.network import Dense, GRU, Network
    >>> net = Network(3, [GRU(8), Dense(2)])
    >>> net.freeze("1.*")
    ['1.W', '1.b']
    >>> net.unfreeze("*.b")
    ['1.b']
    >>> sorted(net.frozen)
    ['1.W']
    """
    found = fitting(net, patterns, "freeze")
    net.frozen = checked(net, net.frozen.union(found))
    return found


def unfreeze(net: Net, *patterns: str) -> list[str]:
    """Have training change some parameters again; see `freeze`. Returns those of them that were frozen.

    Constants stay as they are.

    Parameters
    ----------
    *patterns : str
        Names of parameters, as for `freeze`.

    Returns
    -------
    list of str
        Those that were frozen.
    """
    fixed = set(constants(net))
    found = [name for name in fitting(net, patterns, "unfreeze") if name in net.frozen and name not in fixed]
    net.frozen = checked(net, net.frozen.difference(found))
    return found


def fitting(net: Net, patterns: tuple[Any, ...], what: str) -> list[str]:
    """The parameters that some pattern fits, in their order."""
    if not patterns:
        raise OptionError(f"{what} needs names or patterns of parameters, such as '0.*'; '*' stands for all of them")
    found = {name for pattern in patterns for name in matching(pattern, net.params.places, what)}
    return [name for name in net.params.places if name in found]


def at_first(net: Net) -> frozenset[str]:
    """What is frozen before anybody says so: the parameters of layers with ``trainable=False``, and those of cells."""
    found = []
    for name, place in net.params.places.items():
        layer = net.layers[place.layer]
        if not layer.trainable or name.rsplit(".", 1)[1] in layer.cell.frozen:
            found.append(name)
    return checked(net, found)


def constants(net: Net) -> list[str]:
    """The parameters that are constants, see `elman.constant`: always frozen."""
    found = []
    for name, graph in zip(net.layer_names, net.graphs, strict=True):
        found += [f"{name}.{p.name}" for p in graph.parameters.values() if p.fixed]
    return [name for name in found if name in net.params.places]


def checked(net: Net, frozen: Iterable[str]) -> frozenset[str]:
    """Names of frozen parameters, constants among them; the moments of a batch normalisation are both frozen or not.

    Raises
    ------
    OptionError
    """
    names = frozenset(frozen).union(constants(net))
    for number in norms(net):
        halves = [name for name in moments(net, number) if name in names]
        if len(halves) == 1:
            raise OptionError(
                f"{halves[0]} would be frozen alone: batch normalisation uses the moments of the batch or its running "
                f"ones, so freeze both or none of {' and '.join(moments(net, number))}"
            )
    return names


def restored(net: Net, names: Any) -> frozenset[str]:
    """The frozen parameters that a model file names."""
    unknown = [name for name in names if name not in net.params.places]
    if unknown:
        raise ModelFileError(f"says that {unknown[0]!r} is frozen, which is no parameter of its layers")
    return checked(net, names)


def norms(net: Net) -> list[int]:
    """The numbers of the layers that are batch normalisations."""
    return [number for number, layer in enumerate(net.layers) if layer.batch]


def moments(net: Net, number: int) -> tuple[str, str]:
    """The running mean and variance of a batch normalisation, which no optimiser changes."""
    name = net.layer_names[number]
    return f"{name}.mean", f"{name}.variance"


def moving_norms(net: Net) -> list[int]:
    """The batch normalisations that training takes from the batch: those whose moments are not frozen."""
    return [number for number in norms(net) if moments(net, number)[0] not in net.frozen]


def trainable(net: Net) -> tuple[str, ...]:
    """The parameters that training changes by their gradients."""
    others = net.frozen.union(*(moments(net, number) for number in norms(net)))
    return tuple(name for name in net.params.places if name not in others)


def note(net: Net, number: int) -> str:
    """What is frozen of a layer, for its line of a summary."""
    mine = [name for name, place in net.params.places.items() if place.layer == number]
    frozen = [name for name in mine if name in net.frozen]
    if not frozen:
        return ""
    return "  frozen" if len(frozen) == len(mine) else f"  frozen: {', '.join(n.rsplit('.', 1)[1] for n in frozen)}"
