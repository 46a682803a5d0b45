"""From a network to a model of Keras: Keras' own layers where they are the same map, layers of equations elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.engine.slots import ONCE
from elman.engine.stage import Source
from elman.equations.symbols import width
from elman.errors import ConversionError
from elman.interop.keras.arrays import NAMES, ORDER, to_elman, to_keras
from elman.interop.keras.running import numpy_of
from elman.interop.keras.standard import Standard, standard, written_as_data
from elman.interop.peers import peer
from elman.interop.report import Mapped
from elman.network import Network
from elman.network.flow import Part

RNN = {"simple": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}


class Assembly:
    """A functional model of Keras for a network.

    Parameters
    ----------
    net : Network
    states : bool
        Whether the model takes the states to begin with, behind its inputs, and returns the final ones, behind its
        outputs.

    Attributes
    ----------
    model : keras.Model
    mapped : list of Mapped
    notes : list of str
    """

    def __init__(self, net: Network, states: bool):
        self.net, self.structure, self.states = net, net.structure, states
        self.keras, self.ours = peer("keras"), peer("elman.interop.keras.layers")
        self.names = _names([part.name for part in self.structure.parts])
        self.made: dict[Source, Any] = {}  # tensors, by what they are
        self.lent: dict[tuple[int, str], Any] = {}
        self.layers: dict[int, tuple[str, Any]] = {}  # of a part that owns its parameters: kind, and Keras' layer
        self.begins: list[Any] = []
        self.mapped: list[Mapped] = []
        self.notes: list[str] = []
        self.borrowed = self._borrowed()
        self.inputs = [self._input(k) for k in range(len(self.structure.inputs))]
        for number in range(len(self.structure.parts)):
            self._place(number)
        self.model = self._model()
        self._set_weights()

    # --- ends -----------------------------------------------------------------------------------------------

    def _input(self, number: int) -> Any:
        given, door = self.structure.inputs[number], self.net.doors[number]
        readers = [p for p in self.structure.parts if Source(~number) in (*p.sources, *p.memories)]
        tables = [part for part in readers if part.graph is not None and self._is_table(part)]
        indices = door.whole and bool(tables) and given.axis != ONCE
        shape = (None,) if indices else (given.width,) if given.axis == ONCE else (None, given.width)
        dtype = "int32" if indices else self.net.dtype.name
        tensor = self.keras.Input(shape, dtype=dtype, name=given.name)
        self.made[Source(~number)] = tensor
        return tensor

    def _is_table(self, part: Part) -> bool:
        number = self.structure.parts.index(part)
        found = standard(part)
        return found is not None and found.kind == "embedding" and not self._lends(number) and not part.tied

    def _model(self) -> Any:
        outputs = [self.made[source] for source in self.structure.outputs]
        names = self.structure.names
        finals = [self.made[Source(number, k)] for number, k in self._free()] if self.states else []
        ends: Any = [*outputs, *finals] if names is not None or finals else outputs[0]
        if self.structure.by_name and not self.states:
            ends = dict(zip(names or (), outputs, strict=True))
        inputs = [*self.inputs, *self.begins]
        return self.keras.Model(inputs if len(inputs) > 1 else inputs[0], ends, name="elman")

    def _free(self) -> list[tuple[int, int]]:
        """The states whose initial values are the caller's: the part, and which of its states."""
        found = []
        for number, part in enumerate(self.structure.parts):
            states = part.graph.states if part.graph is not None else []
            found += [(number, k) for k in range(len(states)) if not part.initial or part.initial[k] is None]
        return found

    # --- parts ----------------------------------------------------------------------------------------------

    def _borrowed(self) -> set[tuple[int, str]]:
        """Parameters that other layers have too, which do not share all of theirs."""
        found: set[tuple[int, str]] = set()
        for part in self.structure.parts:
            if part.tied and self._same_layer(part) is None:
                found |= set(part.tied.values())
        return found

    def _same_layer(self, part: Part) -> int | None:
        """The part whose layer this one is, called once more."""
        assert part.graph is not None
        owners = {owner for owner, _ in part.tied.values()}
        if set(part.tied) != set(part.graph.parameters) or len(owners) != 1 or part.layer.penalty:
            return None
        (owner,) = owners
        first = self.structure.parts[owner]
        alike = first.graph is not None and written_as_data(first.graph) == written_as_data(part.graph)
        ways = [(p.layer.reverse, p.layer.last_only, p.layer.batch) for p in (first, part)]
        return owner if alike and ways[0] == ways[1] and all(n == t for n, (_, t) in part.tied.items()) else None

    def _lends(self, number: int) -> list[str]:
        return sorted({name for owner, name in self.borrowed if owner == number})

    def _place(self, number: int) -> None:
        part = self.structure.parts[number]
        if part.move is not None:
            self._move(number, part)
        elif part.graph is not None and part.graph.states:
            self._recurrent(number, part)
        else:
            self._stateless(number, part)

    def _options(self, number: int) -> dict[str, Any]:
        return {"name": self.names[number], "dtype": self.net.dtype.name}

    def _move(self, number: int, part: Part) -> None:
        assert part.move is not None
        x = self._wide(part.sources[0])
        if part.move.kind == "repeat":
            x = [x, self._paced(self.structure.axes[number])]
        layer = self.ours.Move(part.move.kind, part.move.number, **self._options(number))
        self.made[Source(number)] = layer(x)

    def _paced(self, axis: int) -> Any:
        """An input with the steps of a time axis."""
        return next(t for t, g in zip(self.inputs, self.structure.inputs, strict=True) if g.axis == axis)

    def _is_frozen(self, number: int) -> tuple[str, ...]:
        part = self.structure.parts[number]
        assert part.graph is not None
        return tuple(name for name in part.graph.parameters if f"{part.name}.{name}" in self.net.frozen)

    def _found(self, number: int, *, masked: bool = False) -> Standard | None:
        """Keras' own layer for a part, where it may be one: all of its parameters are its own, and train, or none."""
        part = self.structure.parts[number]
        assert part.graph is not None
        frozen = len(self._is_frozen(number)) not in (0, len(part.graph.parameters))
        apart = bool(part.tied) and self._same_layer(part) is None
        return None if frozen or apart or self._lends(number) else standard(part, masked=masked)

    # --- layers without states ------------------------------------------------------------------------------

    def _stateless(self, number: int, part: Part) -> None:
        assert part.graph is not None
        if part.layer.penalty:
            self.notes.append(f"{part.name}: the penalty on its values is left out; add it to the loss there")
        found = self._found(number)
        embeds = found is not None and found.kind == "embedding"
        if found is None or embeds and len(self.made[part.sources[0]].shape) != 2:
            self._equations(number, part)
            return
        if embeds and self.structure.axis(part.sources[0]) == ONCE:
            self._equations(number, part)
            return
        layer = self._shared(number, part) or self._of_keras(number, found)
        self.made[Source(number)] = layer(self.made[part.sources[0]])

    def _shared(self, number: int, part: Part) -> Any:
        owner = self._same_layer(part) if part.tied else None
        return None if owner is None else self.layers[owner][1]

    def _of_keras(self, number: int, found: Standard) -> Any:
        layers, options = self.keras.layers, {**found.options, **self._options(number)}
        if found.kind == "dropout":
            once = options.pop("once")
            layer = (layers.SpatialDropout1D if once and self._timed(number) else layers.Dropout)(**options)
        else:
            called = {"dense": "Dense", "activation": "Activation", "embedding": "Embedding"}
            called |= {"layer_norm": "LayerNormalization", "batch_norm": "BatchNormalization"}
            layer = getattr(layers, called[found.kind])(**options)
        return self._known(number, found.kind, layer)

    def _timed(self, number: int) -> bool:
        return self.structure.axes[number] != ONCE

    def _known(self, number: int, kind: str, layer: Any) -> Any:
        part = self.structure.parts[number]
        assert part.graph is not None
        self.layers[number] = kind, layer
        if part.graph.parameters and len(self._is_frozen(number)) == len(part.graph.parameters):
            layer.trainable = False
        parameters = ", ".join(f"{part.name}.{name}" for name in part.graph.parameters) or part.name
        how = ORDER.get(kind, "transposed" if kind == "dense" else "equations" if kind == "equations" else "")
        self.mapped.append(Mapped(f"{layer.name} ({type(layer).__name__})", parameters, how))
        return layer

    def _equations(self, number: int, part: Part) -> None:
        assert part.graph is not None
        shared = self._shared(number, part)
        lends = self._lends(number)
        borrows = [] if shared is not None else [n for n in part.graph.parameters if n in part.tied]
        read = [self._wide(s) for s in (*part.sources, *part.memories)] or [self.inputs[0]]
        read += [self.lent[part.tied[name]] for name in borrows]
        if shared is None:
            options = {"timed": self._timed(number), "lends": lends, "borrows": borrows}
            layer = self.ours.Stateless(**options, **self._graph(number, part), **self._options(number))
            shared = self._known(number, "equations", layer)
        found = shared(read)
        if lends:
            found, *given = found
            self.lent |= {(number, name): tensor for name, tensor in zip(lends, given, strict=True)}
        self.made[Source(number)] = found

    def _wide(self, source: Source) -> Any:
        """A value with its features, also where it is an index, which embeddings of Keras read without."""
        found = self.made[source]
        timed = self.structure.axis(source) != ONCE
        return self.keras.ops.expand_dims(found, -1) if timed and len(found.shape) == 2 else found

    def _graph(self, number: int, part: Part) -> dict[str, Any]:
        assert part.graph is not None
        data, widths = written_as_data(part.graph)
        if part.layer.batch is not None:
            raise ConversionError(
                f"{part.name} is a batch normalisation of which a part is frozen or shared, which Keras does not have: "
                "freeze all of it, or nothing"
            )
        shapes = {name: list(part.graph.shape(name)) for name in part.graph.parameters}
        return {"equations": data, "shapes": shapes, "fixed": list(self._is_frozen(number)), "widths": widths}

    # --- recurrent layers -----------------------------------------------------------------------------------

    def _recurrent(self, number: int, part: Part) -> None:
        assert part.graph is not None
        self._check_ties(number, part)
        masked = part.layer.origin is not None and not part.graph.has_output and len(part.sources) > 1
        found = self._found(number, masked=masked)
        shared = self._shared(number, part)
        layer = shared or (self._their_rnn(number, part, found) if found else self._our_rnn(number, part))
        read: Any = self._read(part)
        told: dict[str, Any] = {}
        if found is not None and masked:
            told["mask"] = self.keras.ops.cast(read[-1][:, :, 0], "bool")
            read = read[:-1]
        if found is None and len(read) > 1:
            read = [self.keras.layers.Concatenate(dtype=self.net.dtype.name)(read)]
        read = [*read, *(self._wide(m) for m in part.memories)]
        begins = self._begins(number, part)
        if begins is not None:
            told["initial_state"] = begins
        self._take(number, part, layer(read if len(read) > 1 else read[0], **told), "mask" in told)

    def _read(self, part: Part) -> list[Any]:
        return [self._wide(s) for s in part.sources]

    def _check_ties(self, number: int, part: Part) -> None:
        if self._lends(number) or part.tied and self._same_layer(part) is None:
            raise ConversionError(
                f"{part.name} ({part.layer.cell.name}) shares some of its parameters with another layer, which a "
                "recurrent layer of Keras cannot: share all of them, by calling the layer twice with the same options, "
                "or none"
            )

    def _ways(self, number: int, part: Part) -> dict[str, Any]:
        states = any(s.number == number and s.state >= 0 for s in self._all_read())
        ways = {"return_sequences": not part.layer.last_only, "go_backwards": part.layer.reverse}
        return {**ways, "return_state": self.states or states, **self._options(number)}

    def _all_read(self) -> list[Source]:
        parts = [(*p.sources, *p.initial, *p.memories) for p in self.structure.parts]
        return [s for part in parts for s in part if s is not None] + list(self.structure.outputs)

    def _their_rnn(self, number: int, part: Part, found: Standard) -> Any:
        layer = getattr(self.keras.layers, RNN[found.kind])(**found.options, **self._ways(number, part))
        return self._known(number, found.kind, layer)

    def _our_rnn(self, number: int, part: Part) -> Any:
        assert part.graph is not None
        sizes = {"inputs": [width(x) for x in part.graph.inputs], "state_size": [width(s) for s in part.graph.states]}
        cell = self.ours.Cell(
            **sizes,
            output_size=width(part.graph.outputs[0]),
            **self._graph(number, part),
            dtype=self.net.dtype.name,
        )
        layer = self.ours.Recurrent(cell, memories=len(part.memories), **self._ways(number, part))
        return self._known(number, "equations", layer)

    def _begins(self, number: int, part: Part) -> list[Any] | None:
        """What the states begin with, None where that is zero for all of them."""
        assert part.graph is not None
        free = not part.initial or all(s is None for s in part.initial)
        if free and not self.states:
            return None
        given = part.initial or (None,) * len(part.graph.states)
        found = []
        for state, source in zip(part.graph.states, given, strict=True):
            found.append(self._begin(number, state) if source is None else self.made[source])
        return found

    def _begin(self, number: int, state: Any) -> Any:
        name = f"{self.names[number]}_{state.name}"
        if not self.states:
            return self.ours.Zeros(width(state), dtype=self.net.dtype.name)(self.inputs[0])
        self.begins.append(self.keras.Input((width(state),), dtype=self.net.dtype.name, name=f"begin_{name}"))
        return self.begins[-1]

    def _take(self, number: int, part: Part, found: Any, masked: bool) -> None:
        found = list(found) if isinstance(found, list | tuple) else [found]
        if masked:
            found[0] = self.ours.Unmasked(name=f"{self.names[number]}_all", dtype=self.net.dtype.name)(found[0])
        if part.layer.reverse and not part.layer.last_only:
            options = {"name": f"{self.names[number]}_turned", "dtype": self.net.dtype.name}
            found[0] = self.ours.Move("reverse", **options)(found[0])
        self.made[Source(number)] = found[0]
        self.made |= {Source(number, k): state for k, state in enumerate(found[1:])}

    # --- weights --------------------------------------------------------------------------------------------

    def _set_weights(self) -> None:
        for number, (kind, layer) in self.layers.items():
            part = self.structure.parts[number]
            assert part.graph is not None
            values = {name: self._value(number, name) for name in part.graph.parameters}
            write_layer(kind, layer, values)

    def _value(self, number: int, name: str) -> np.ndarray:
        part = self.structure.parts[number]
        owner, theirs = part.tied.get(name, (number, name))
        return np.asarray(self.net.params[f"{self.structure.parts[owner].name}.{theirs}"])


def _names(names: Sequence[str]) -> list[str]:
    """What TensorFlow and files let a layer be called."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
        plain = plain if re.match(r"[A-Za-z0-9]", plain) else f"layer{plain}"
        plain = f"layer_{plain}" if plain[0].isdigit() else plain
        found.append(plain if plain not in found else f"{plain}_{len(found)}")
    return found


def equations_of(layer: Any) -> Any:
    """The equations of a layer that is made of them."""
    return getattr(layer, "cell", layer).equations


def write_layer(kind: str, layer: Any, values: dict[str, np.ndarray]) -> None:
    """Set a layer of Keras to parameters by Elman's names."""
    if kind == "equations":
        for name, variable in equations_of(layer).variables.items():
            variable.assign(values[name])
    elif kind in NAMES or values:
        layer.set_weights(to_keras(kind, values))


def read_layer(kind: str, layer: Any) -> dict[str, np.ndarray]:
    """A layer of Keras as parameters by Elman's names."""
    if kind == "equations":
        variables = equations_of(layer).variables
        return {name: numpy_of(v) for name, v in variables.items()}
    return to_elman(kind, layer.get_weights())
