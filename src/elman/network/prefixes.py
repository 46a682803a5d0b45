"""Prefixes: what a network that sums a sequence up says after each of its steps, as a network that goes step by step.

Where no step sees those behind it, what is gathered over all steps is gathered as they come: a mean that runs, the
highest value so far, an attention whose shares are put right at each step. A value of earlier steps is handed on from
one step to the next. The output after step t is then that of the first t steps, for all t at once or one by one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from elman.engine.slots import ONCE
from elman.engine.stage import MoveSpec, Source
from elman.equations.functions import equal, exp, maximum, minimum, where
from elman.equations.functions import sum as total_of
from elman.equations.store import to_data
from elman.equations.symbols import width
from elman.equations.trace import Cell, cell
from elman.errors import OptionError
from elman.network.flow import Part
from elman.network.layers import Layer
from elman.network.moves import attention_pool
from elman.network.network import Network
from elman.network.pieces import follow, reads
from elman.network.stepwise import called, hindrance
from elman.network.structure import Structure


@cell
def delayed(p, x, before):
    """The step before, zeros at first."""
    return before, x


@cell
def running_sum(p, x, s):
    """The sum so far."""
    return s + x


@cell
def running_mean(p, x, m, n):
    """The mean so far, of n steps."""
    count = n + 1
    return m + (x - m) / count, count


@cell
def running_max(p, x, highest, n):
    """The highest value so far."""
    return where(equal(n, 0), x, maximum(x, highest)), minimum(n + 1, 1)


@cell
def running_attention(p, x, found, top, weight, *, scale=1.0):
    """The mean so far, weighted by how well each step fits a query; `top` is the best fit, `weight` all shares."""
    score = scale * total_of(p.q * x)
    highest = where(equal(weight, 0), score, maximum(top, score))
    kept = weight * exp(minimum(top - highest, 0))
    share = exp(score - highest)
    together = kept + share
    return (kept * found + share * x) / together, highest, together


RUNNING: dict[str, Cell] = {"sum": running_sum, "mean": running_mean, "max": running_max}


def hindrance_of_prefixes(structure: Structure) -> str:
    """Why the outputs after each step are not known from one pass; nothing if they are."""
    timed = _timed(structure)
    for number, part in enumerate(structure.parts):
        if any(source.state >= 0 for source in reads(part)):
            return f"{called(part)} reads the states at the end of a sequence"
        if len({_depends(source, timed) for source in part.sources}) > 1:
            return f"{called(part)} puts what depends on a sequence beside what does not"
        if part.move is not None and part.move.kind == "repeat" and _depends(part.sources[0], timed):
            return f"{called(part)} repeats at each step what is known of all"
        if not _gathers(part) and (why := hindrance(structure, [number])):
            return why
    if any(source.state >= 0 for source in structure.outputs):
        return "the states at the end of a sequence are an output"
    return hindrance(structure, []) if len(structure.inputs) == 1 else "the network has several inputs"


def prefix_network(net: Network) -> Network:
    """The network whose output at each step is what `net` says of the sequence up to there.

    Parameters
    ----------
    net : Network
        Of one input, whose steps do not see those behind them.

    Returns
    -------
    Network
        With the parameters of `net` as they are now, under the same names.

    Raises
    ------
    OptionError
        If a layer needs the whole sequence, such as one that runs in reverse.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(lambda x: el.Dense(3)(el.pool(el.GRU(4)(x))), inputs=2)
    >>> x = np.random.default_rng(0).normal(size=(5, 7, 2))
    >>> every = prefix_network(net)(x)
    >>> every.shape, bool(np.allclose(every[:, 3], net(x[:, :4]), atol=1e-6))
    ((5, 7, 3), True)
    """
    why = hindrance_of_prefixes(net.structure)
    if why:
        raise OptionError(f"{why}, so that what the network says of the first steps is not known from one pass")
    structure = _Gathering(net.structure).structure()
    found = Network.of_structure(structure, dtype=net.dtype, engine=net.engine_name, threads=net.threads)
    follow(found, net)
    return found


def _gathers(part: Part) -> bool:
    """Whether a part gathers over the steps so far, or hands a step on: what `_Gathering` replaces."""
    if part.move is not None:
        kind, number = part.move.kind, part.move.number
        return kind in RUNNING or kind == "shift" and number >= 0
    return _is_attention_pool(part)


def _is_attention_pool(part: Part) -> bool:
    return len(part.memories) == 1 and to_data(part.layer.cell) == to_data(attention_pool)


def _timed(structure: Structure) -> set[int]:
    """The parts that depend on a sequence."""
    found: set[int] = set()
    for number, part in enumerate(structure.parts):
        if any(_depends(source, found) or source.number < 0 for source in reads(part)):
            found.add(number)
    return found


def _depends(source: Source, timed: set[int]) -> bool:
    return source.number < 0 or source.number in timed


class _Gathering:
    """The parts of a network, put together anew."""

    def __init__(self, whole: Structure):
        self._whole = whole
        self._timed = _timed(whole)
        self._parts: list[Part] = []
        self._axes: list[int] = []
        self._new: dict[int, Source] = {}  # of each part of the whole
        self._delays: dict[tuple[Source, int], Source] = {}

    def structure(self) -> Structure:
        for number, part in enumerate(self._whole.parts):
            self._new[number] = self._placed(number, part)
        outputs = tuple(map(self._here, self._whole.outputs))
        return replace(self._whole, parts=tuple(self._parts), axes=tuple(self._axes), outputs=outputs)

    def _here(self, source: Source) -> Source:
        return source if source.number < 0 else self._new[source.number]

    def _placed(self, number: int, part: Part) -> Source:
        if part.move is not None and part.move.kind != "repeat":
            return self._moved(part, part.move)
        if _is_attention_pool(part):
            source = self._here(part.memories[0])
            pool = running_attention.with_options(scale=part.features**-0.5)
            return self._layer(part.name, Layer(pool), source)
        layer = part.layer if part.layer is None else replace(part.layer, return_sequences=True)
        tied = {name: (self._new[k].number, theirs) for name, (k, theirs) in part.tied.items()}
        here = replace(part, layer=layer, sources=tuple(map(self._here, part.sources)), tied=tied)
        return self._add(here, 0 if number in self._timed or part.move is not None else ONCE)

    def _moved(self, part: Part, move: MoveSpec) -> Source:
        source = self._here(part.sources[0])
        if move.kind == "take":
            return source
        if move.kind == "shift":
            return self._delayed(source, move.number, part.name)
        return self._layer(part.name, Layer(RUNNING[move.kind]), source)

    def _delayed(self, source: Source, steps: int, name: str) -> Source:
        """A value so many steps before; delays of one value are a line."""
        if not steps:
            return source
        if (source, steps) not in self._delays:
            before = self._delayed(source, steps - 1, name)
            self._delays[source, steps] = self._layer(f"{name} by {steps}", Layer(delayed), before)
        return self._delays[source, steps]

    def _layer(self, name: str, layer: Layer, source: Source) -> Source:
        features = Structure(self._whole.inputs, tuple(self._parts), tuple(self._axes), ()).features(source)
        layer = replace(layer, units=layer.units or features)
        graph = layer.graph(features)
        return self._add(Part(name, layer, graph, None, (source,), features=width(graph.outputs[0])), 0)

    def _add(self, part: Part, axis: Any) -> Source:
        self._parts.append(part)
        self._axes.append(axis)
        return Source(len(self._parts) - 1)
