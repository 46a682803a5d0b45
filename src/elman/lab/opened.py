"""A model file that another command wrote, opened on the page: its layers, their values, their dynamics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from elman.equations.render import latex, plain_text
from elman.equations.symbols import width
from elman.errors import OptionError
from elman.insight.flow import flow_of_outputs
from elman.insight.looking import alone_names, recurrent, whole_hindrance
from elman.insight.system import System
from elman.lab.asked import Asked
from elman.lab.dynamics import dynamics
from elman.lab.horizon import quantised
from elman.lab.limits import MOST_MODEL, MOST_STATES
from elman.lab.looking import packed
from elman.lab.poking import Poking, how_far, why_not
from elman.lab.reading import drawing
from elman.network import Network
from elman.plots.step import step_of

MOST_STEPS = 200
MOST_VALUES = 60  # of a layer, by their names
WIDEST = 512  # of a value that is shown whole
TOGETHER = "all layers together"


@dataclass(frozen=True)
class Opened:
    """A model, and sequences to look at it with.

    Attributes
    ----------
    kind : str
        What the file holds, as ``Forecaster``.
    net : Network
    x : tuple of ndarray
        Its inputs.
    about : str
        Where they are from.
    """

    name: str
    kind: str
    net: Network
    x: tuple[np.ndarray, ...]
    about: str

    @classmethod
    def of(cls, file: Path, name: str) -> Opened:
        """The model of a file.

        Raises
        ------
        ElmanError
            If it is too large, no model of Elman, or has no states.
        """
        from elman.models import load
        from elman.sequences import sequences

        size = file.stat().st_size
        if size > MOST_MODEL:
            raise OptionError(f"{name} has {size:,} bytes; models are looked at up to {MOST_MODEL:,}")
        found = sequences(file)
        inputs, _ = found.net.check_batch(found.x, None)
        cut = tuple(a[:, :MOST_STEPS] if d.steps else a for d, a in zip(found.net.doors, inputs, strict=True))
        return cls(name, type(load(file)).__name__, found.net, cut, found.about)

    @property
    def given(self) -> Any:
        """The inputs as the network takes them."""
        return self.x if len(self.x) > 1 else self.x[0]

    @property
    def steps(self) -> int:
        return max((a.shape[1] for a in self.x if a.ndim == 3), default=1)

    def described(self) -> dict[str, Any]:
        """What the page shows first."""
        net = self.net
        return {
            "name": self.name,
            "kind": self.kind,
            "about": self.about,
            "rows": len(self.x[0]),
            "steps": self.steps,
            "parameters": int(net.arena.size),
            "layers": [self._layer(number) for number in range(len(net.structure.parts))],
            "systems": self.systems(),
            "hindrance": whole_hindrance(net) if recurrent(net.structure) else "the network has no states",
        }

    def _layer(self, number: int) -> dict[str, Any]:
        part = self.net.structure.parts[number]
        found: dict[str, Any] = {"name": part.name, "cell": "", "latex": "", "plain": [], "states": [], "drawing": None}
        if part.graph is None:
            return found | {"cell": part.move.kind if part.move else ""}
        states = [{"name": s.name, "width": width(s)} for s in part.graph.states]
        equations = {"latex": latex(part.graph), "plain": plain_text(part.graph)}
        return found | {"cell": part.graph.name, "states": states, **equations, "drawing": drawing(step_of(part.graph))}

    def systems(self) -> list[str]:
        """What can be looked at as a dynamical system: all layers with states, if they are one, and each by itself."""
        if not recurrent(self.net.structure):
            return []
        alone = alone_names(self.net)
        whole = not whole_hindrance(self.net)
        return [TOGETHER] * (whole and len(alone) > 1) + alone

    def system(self, asked: Asked) -> str | None:
        """The layer that is asked for; None for all of them."""
        systems = self.systems()
        if not systems:
            raise OptionError("this network has no layer with states that could be looked at")
        name = asked.one_of("layer", systems, systems[0])
        return None if name == TOGETHER else name

    # --- what is looked at ---------------------------------------------------------------------------------------

    def scrub(self, asked: Asked) -> dict[str, Any]:
        """Every named value of a layer at every step of one sequence, and what goes in and comes out."""
        names = [part.name for part in self.net.structure.parts if part.graph is not None]
        layer = asked.one_of("layer", names, names[0])
        row = asked.whole("row", 0, 0, len(self.x[0]) - 1)
        inputs, poke = tuple(a[row : row + 1] for a in self.x), asked.inner("poke")
        found = self.net.trace(inputs if len(inputs) > 1 else inputs[0])
        values = {k.removeprefix(f"{layer}."): v[0] for k, v in found.items() if k.startswith(f"{layer}.")}
        graph = next(part.graph for part in self.net.structure.parts if part.name == layer and part.graph is not None)
        states = [state.name for state in graph.states]
        first = self._input(inputs)
        return {
            "row": row,
            "rows": len(self.x[0]),
            "steps": max(len(v) for v in values.values()),
            "states": states,
            "input": first,
            "target": None,
            "output": self._output(inputs),
            "values": [
                {"name": name, "state": name in states, "width": value.shape[-1], **packed(value)}
                for name, value in sorted(values.items(), key=lambda one: one[0] not in states)[:MOST_VALUES]
                if value.shape[-1] <= WIDEST
            ],
            "poke": None if poke is None else Poking(self.net, inputs, layer).poked(poke),
            **self._pokes(layer, max(len(v) for v in values.values())),
        }

    def _pokes(self, layer: str, steps: int) -> dict[str, Any]:
        """Whether a state of a layer can be poked, and how."""
        why = why_not(self.net, layer) or ("there is one step only" if steps < 2 else "")
        backwards = not why and bool(whole_hindrance(self.net)) and System(self.net, layer).view.reverse
        return {"unpoked": why, "reverse": backwards, "reach": "" if why else how_far(self.net)}

    def _input(self, inputs: tuple[np.ndarray, ...]) -> dict[str, Any]:
        """What comes in at each step, of all inputs with steps."""
        timed = [(d.given.name, a[0]) for d, a in zip(self.net.doors, inputs, strict=True) if d.steps]
        several = len(timed) > 1
        names = [
            f"{name} {k + 1}" if several or a.shape[1] > 1 else name for name, a in timed for k in range(a.shape[1])
        ]
        steps = min(len(a) for _, a in timed)
        return {"names": names, **packed(np.concatenate([a[:steps] for _, a in timed], axis=1))}

    def _output(self, inputs: tuple[np.ndarray, ...]) -> dict[str, Any]:
        said = self.net(inputs if len(inputs) > 1 else inputs[0])
        y = np.asarray(said[0] if isinstance(said, tuple) else said)[0]
        y = y if y.ndim == 2 else y[None]
        return {"names": [f"output {k + 1}" for k in range(y.shape[1])], **packed(y)}

    def dynamics(self, asked: Asked) -> dict[str, Any]:
        return dynamics(self.net, self.given, asked, self.system(asked))

    def horizon(self, asked: Asked) -> dict[str, Any]:
        """How much what is said at step t depends on the states after step s."""
        layer = self.system(asked)
        n = System(self.net, layer).n
        if n > MOST_STATES:
            raise OptionError(f"the states are {n:,} numbers; gradients are followed up to {MOST_STATES:,}")
        pairs = flow_of_outputs(self.net, self.given, layer).pairs
        return {"triangle": {**quantised(pairs), "of": None, "by": None}}
