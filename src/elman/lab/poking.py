"""A poke of a model that was opened: one number of a layer's state is changed behind a step, and what comes of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.errors import OptionError
from elman.insight.looking import alone_names, recurrent, whole_hindrance
from elman.insight.system import System
from elman.lab.asked import Asked
from elman.lab.limits import MOST_FOLLOWED
from elman.lab.looking import packed
from elman.network import Network


def why_not(net: Network, layer: str) -> str:
    """Why a state of this layer cannot be poked; nothing if it can."""
    if layer not in [net.structure.parts[number].name for number in recurrent(net.structure)]:
        return "this layer has no state that could be poked"
    hindrance = whole_hindrance(net)
    if hindrance and layer not in alone_names(net):
        return f"what a poke does cannot be followed: {hindrance.partition('; ')[0]}"
    return ""


def how_far(net: Network) -> str:
    """What of a network a poke is followed through."""
    return (
        ""
        if not whole_hindrance(net)
        else "The difference is followed within this layer, and not through those behind."
    )


class Poking:
    """A layer whose states are poked: with all others, if the network goes from step to step, else by itself.

    Parameters
    ----------
    net : Network
    inputs : tuple of ndarray
        Of one sequence.
    layer : str

    Raises
    ------
    OptionError
        If it cannot be, or the states are too many.
    """

    def __init__(self, net: Network, inputs: tuple[np.ndarray, ...], layer: str):
        why = why_not(net, layer)
        if why:
            raise OptionError(why)
        self.layer: str = layer
        self.system: System = System(net, layer if whole_hindrance(net) else None)
        if self.system.n > MOST_FOLLOWED:
            raise OptionError(f"the states are {self.system.n:,} numbers; pokes are followed up to {MOST_FOLLOWED:,}")
        self.x, self.first = self.system.given(inputs if len(inputs) > 1 else inputs[0])

    @property
    def reverse(self) -> bool:
        return self.system.view.reverse

    @property
    def places(self) -> dict[str, slice]:
        """Where each state of the layer lies in the numbers of all."""
        several = any(name.startswith(f"{self.layer}.") for name in self.system.parts)
        return {
            name.removeprefix(f"{self.layer}."): part
            for name, part in self.system.parts.items()
            if not several or name.startswith(f"{self.layer}.")
        }

    def _run(self, x: np.ndarray, s: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Every named value of the layer (T, width), and all states (T, n), as it takes the steps."""
        net = self.system.net
        flat, states = iter(self.system.split(s)), []
        for sizes in net.state_sizes():
            states.append(tuple(next(flat) for _ in sizes))
        inputs = self.system.by_input(x)
        found = net.trace(inputs if len(inputs) > 1 else inputs[0], states)
        named = {k.removeprefix(f"{self.layer}."): v[0] for k, v in found.items() if k.startswith(f"{self.layer}.")}
        looked_at = [(part.name, part.graph) for part in net.structure.parts if part.graph is not None]
        all_states = [found[f"{name}.{state.name}"][0] for name, graph in looked_at for state in graph.states]
        return named, np.concatenate(all_states, axis=1)

    def poked(self, poke: Asked) -> dict[str, Any]:
        """The differences that a poke makes."""
        T = self.x.shape[1]
        step = poke.whole("step", 0, self.reverse, T - 1 if self.reverse else T - 2)
        state = poke.one_of("state", self.places)
        part = self.places[state]
        unit = poke.whole("unit", 0, 0, part.stop - part.start - 1)
        amount = poke.real("amount", 0.5, -1e3, 1e3)
        if amount == 0:
            raise OptionError("a poke of 0 changes nothing: give another amount")
        at = T - 1 - step if self.reverse else step
        plain, along = self._run(self.x, self.first)
        s = along[at].copy()
        s[part.start + unit] += amount
        after, poked = self._run(self.x[:, at + 1 :], s[None])
        size = np.zeros(T)
        differences = {name: np.zeros_like(value) for name, value in plain.items()}
        with np.errstate(over="ignore", invalid="ignore"):  # of what grows beyond all numbers
            size[at], size[at + 1 :] = abs(amount), np.linalg.norm(poked - along[at + 1 :], axis=1)
            for name, whole in differences.items():
                whole[at + 1 :] = after[name] - plain[name][at + 1 :]
        differences[state][at, unit] = amount
        return {
            "step": step,
            "state": state,
            "unit": unit,
            "amount": amount,
            "size": packed(self._in_time(size)),
            "values": {name: packed(self._in_time(value)) for name, value in differences.items()},
        }

    def _in_time(self, values: np.ndarray) -> np.ndarray:
        return values[::-1] if self.reverse else values
