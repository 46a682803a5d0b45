"""A layer: a cell with its sizes. Every layer is a `Layer`; functions make the usual ones, each kind in its file."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any

from elman.attributes import LAYER, answering, unchangeable
from elman.checks import flag, instance, shown, whole
from elman.equations import Cell, Graph
from elman.errors import OptionError
from elman.network.flow import running
from elman.network.layer_checks import (
    by_name,
    check_batch,
    check_moments,
    checked_penalty,
)
from elman.network.masks import masked


@unchangeable("net.freeze('0.*') and net.unfreeze('0.*') say which parameters train")
@answering(LAYER)
@dataclass(frozen=True)
class Layer:
    """A cell with its sizes and what it returns.

    Attributes
    ----------
    cell : Cell
        The equations.
    units : int or None
        Size of the first state (of the value, without states); None where it follows from the input.
    return_sequences : bool
        Whether every step is returned, or the last only.
    reverse : bool
        Whether time runs backwards.
    sizes : dict
        Sizes of further states, of an output beside them (``"output"``), and rows of parameters, by name, where they
        differ from `units`.
    initial : dict
        Initial values by parameter name.
    batch : dict, optional
        Of batch normalisation: ``momentum`` and ``epsilon``.
    tied : dict
        Parameters that are those of another layer; see `tie`.
    origin : Layer, optional
        What this is another form of, with the same parameters.
    trainable : bool
        Whether training changes its parameters from the beginning; see `elman.Network.freeze`.
    penalty : dict, optional
        On what it returns: ``l1`` and ``l2``; see `ActivityPenalty`.

    Examples
    --------
    >>> import elman as el
    >>> layer = el.GRU(8, return_sequences=False)
    >>> layer
    <Layer gru(reset_after=True, activation='tanh', bias=True), units=8, return_sequences=False>
    >>> layer.cell.name, layer.units, layer.last_only
    ('gru', 8, True)
    """

    cell: Cell
    units: int | None = None
    return_sequences: bool = True
    reverse: bool = False
    sizes: dict[str, int] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    batch: dict[str, float] | None = None
    tied: dict[str, tuple[Layer, str]] = field(default_factory=dict)
    origin: Layer | None = None
    trainable: bool = True
    penalty: dict[str, float] | None = None

    def __post_init__(self) -> None:
        """What a user's argument or a model file says is checked here, whichever function made the layer."""
        if not isinstance(self.cell, Cell):
            raise OptionError(f"a layer needs a cell, got {self.cell!r}; decorate the function with @elman.cell")
        if self.units is not None:
            object.__setattr__(self, "units", whole(self.units, "units"))
        sizes = {name: whole(size, f"sizes[{name!r}]") for name, size in by_name(self.sizes, "sizes").items()}
        object.__setattr__(self, "sizes", sizes)
        object.__setattr__(self, "initial", by_name(self.initial, "initial"))
        instance(self.origin, (Layer, type(None)), "origin", "a layer")
        for name, whose in by_name(self.tied, "tied").items():
            if not (isinstance(whose, tuple) and [*map(type, whose)] == [Layer, str]):
                raise OptionError(f"{name} is tied to {shown(whose)}; expected (layer, name of its parameter)")
        for name in ("return_sequences", "reverse", "trainable"):
            flag(getattr(self, name), name)
        if self.batch is not None:
            check_batch(self.batch)
        if self.penalty is not None:
            object.__setattr__(self, "penalty", checked_penalty(self.penalty))

    def __repr__(self) -> str:
        """Its cell with the options, and what is not as it is by default."""
        options = ", ".join(f"{name}={value!r}" for name, value in self.cell.options.items())
        told = {each.name: getattr(self, each.name) for each in fields(self)[1:]}
        usual = {each.name: {} if each.default is MISSING else each.default for each in fields(self)}
        own = "".join(f", {name}={value!r}" for name, value in told.items() if value != usual[name])
        return f"<Layer {self.cell.name}({options}){own}>"

    def __call__(self, *inputs: Any, state: Any = None, mask: Any = None) -> Any:
        """The layer in the equations of a network; see `elman.Network`.

        Parameters
        ----------
        *inputs
            What its cell takes: its inputs, then its memories.
        state : value or tuple of values, optional
            What its states begin with, vectors without time such as another layer's ``.final``; None among several for
            one that begins with zeros, or what the caller gives.
        mask : sequence of one feature, optional
            Of a recurrent layer: where it is 0 the step is left out, and the states, so also what is returned, stay as
            they were. (An output beside the states is kept as one state more of the network, 0 at first.)

        Returns
        -------
        value
            A sequence, or with ``return_sequences=False`` the last step.
        """
        count, memories = len(self.cell.inputs), len(self.cell.memories)
        if len(inputs) != count + memories:
            names = ", ".join((*self.cell.inputs, *self.cell.memories)) or "none"
            how = (
                f"; in the function of a network it is called with them: layer({names})" if count > len(inputs) else ""
            )
            raise OptionError(f"{self.cell.name} takes {count + memories} values ({names}), got {len(inputs)}{how}")
        if mask is None:
            return running().call(self, inputs[:count], inputs[count:], state)
        if not self.cell.states:
            raise OptionError(f"{self.cell.name} has no states to hold: leave mask out, or multiply by it")
        return running().call(self._masked, (*inputs[:count], mask), inputs[count:], state)

    @functools.cached_property
    def _masked(self) -> Layer:
        return replace(self, cell=masked(self.cell), origin=self)

    def graph(self, features: int | Sequence[int], memories: Sequence[int] = ()) -> Graph:
        """The traced graph with its sizes, for inputs, and memories, of so many features.

        Parameters
        ----------
        features : int, or sequence of int
            Widths of its inputs.
        memories : sequence of int
            Widths of its memories.

        Returns
        -------
        Graph
        """
        wide = [features] if isinstance(features, int) else features
        found = self.cell.trace().bind(wide, self.units, self.sizes, memories)
        if self.batch is not None:
            check_moments(found)
        return found

    @property
    def last_only(self) -> bool:
        """Whether it returns the last step's value, one vector a row."""
        return bool(self.cell.states) and not self.return_sequences


def tie(layer: Layer, **parameters: tuple[Layer, str]) -> Layer:
    """The same layer with parameters that are another layer's.

    Parameters
    ----------
    layer : Layer
        What gets them.
    **parameters : (Layer, str)
        The other layer, which the network calls before, and its parameter, of the same shape.

    Returns
    -------
    Layer

    References
    ----------
    O. Press and L. Wolf, Using the output embedding to improve language models, EACL 2017.

    Examples
    --------
    >>> import elman as el
    >>> def write(tokens):
    ...     embedding = el.Embedding(50, 16)
    ...     h = el.GRU(16)(embedding(tokens))
    ...     return el.tie(el.Dense(50), W=(embedding, "E"))(h)
    >>> el.Network(write, inputs=1).params["embedding.E"].shape
    (50, 16)
    """
    if not isinstance(layer, Layer):
        raise OptionError(f"tie needs a layer, such as Dense(3), got {layer!r}")
    return replace(layer, tied={**layer.tied, **parameters})
