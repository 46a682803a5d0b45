"""A network as a dynamical system: one step of all its states, and the Jacobian of that step.

Everything here runs on a copy in float64, so that no diagnostic touches the network itself: weights, random numbers and
optimisers stay as they are, to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from elman import checks
from elman.engine.interface import Batch, Gradients
from elman.errors import DataError, ElmanError, OptionError, ShapeError
from elman.network import Network
from elman.network.checks import flat_state

ROWS_AT_ONCE = 1 << 15  # of the runs that make up Jacobians


class System:
    """The map ``s' = F(s, x)`` of a network's states, which are concatenated to n numbers.

    Parameters
    ----------
    net : Network
        With one recurrent layer at least, none of which runs in reverse.

    Attributes
    ----------
    net : Network
        A copy in float64.
    names : list of str
        Of the states: ``h``, ``c`` where one layer has states, else ``0.h``, ``2.c`` ...
    parts : dict of str to slice
        Where each state lies in the n numbers.
    n : int
        Of all states together.

    Raises
    ------
    OptionError
        If the network is no such system.
    """

    def __init__(self, net: Network):
        checks.instance(net, Network, "net", "a Network")
        check_recurrent(net)
        if reversing(net):
            raise OptionError(reversing(net))
        self.net = Network(
            net.inputs, net.layers, seed=net.seed, dtype=np.float64, engine=net.engine_name, threads=net.threads
        )
        self.follow(net)
        self.engine = self.net.differentiator
        recurrent = [number for number, graph in enumerate(net.graphs) if graph.states]
        prefix = {number: f"{number}." if len(recurrent) > 1 else "" for number in recurrent}
        self.names = [prefix[k] + state.name for k in recurrent for state in net.graphs[k].states]
        self.sizes = [size for layer in self.net.state_sizes() for size in layer]
        ends = np.cumsum(self.sizes)
        self.parts = {
            name: slice(int(end - size), int(end)) for name, size, end in zip(self.names, self.sizes, ends, strict=True)
        }
        self.n = int(ends[-1])
        last = recurrent[-1]
        self.output = self.parts[prefix[last] + net.graphs[last].states[0].name]
        self.last_layer = last

    @property
    def takes_index(self) -> bool:
        """Whether the input is an index, which has no gradient."""
        return self.net.graphs[0].takes_index

    def follow(self, net: Network) -> None:
        """Take over the parameters that the network has now."""
        self.net.params.restore(net.arena)

    # --- running --------------------------------------------------------------------------------------------

    def step(self, s: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The next states (R, n) from states (R, n) and inputs (R, F)."""
        return self.after(s, np.ascontiguousarray(x)[:, None])

    def after(self, s: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The states (R, n) behind inputs (R, T, F)."""
        _, states = self.engine.forward(
            self.net.arena, Batch.of(x, states=self.split(s)), version=self.net.params.version
        )
        return np.concatenate(states, axis=1)

    def trajectory(self, x: np.ndarray, s: np.ndarray | None = None, begun: int = 0) -> np.ndarray:
        """States (B, T + 1, n) along inputs (B, T, F): the first ones, and those after each step.

        Raises
        ------
        DataError
            If they grow beyond all bounds: at which step, counted on from `begun`.
        """
        B, T = x.shape[:2]
        found = np.empty((B, T + 1, self.n))
        found[:, 0] = 0 if s is None else s
        now = self.net.check_input(np.zeros((B, 1, self.net.inputs)))  # of the engine's type: indices are integers
        states = [a.copy() for a in self.split(found[:, 0])]
        step = self.net.engine().stepper(self.net.arena, (now,), states, (self.no_gradient(B, 1),))
        for t in range(T):
            now[:, 0] = x[:, t]
            if not step():
                found[:, t + 1 :] = np.nan
                break
            for part, state in zip(self.parts.values(), states, strict=True):
                found[:, t + 1, part] = state
        finite = np.isfinite(found).all(axis=(0, 2))
        if not finite.all():
            lost = begun + int(np.argmin(finite))
            raise DataError(
                f"the states grow beyond all bounds: they, or the outputs, are not finite after step {lost}"
            )
        return found

    def jacobian(self, s: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """The exact derivatives of a step at states (R, n) and inputs (R, F).

        Returns
        -------
        J : ndarray, shape (R, n, n)
            ``J[r, i, j]`` is d s'_i / d s_j.
        Jx : ndarray, shape (R, n, F), or None where the input is an index
            d s'_i / d x_j.
        """
        R, F = len(s), self.net.inputs
        J, Jx = np.empty((R, self.n, self.n)), None if self.takes_index else np.empty((R, self.n, F))
        for rows in self._pieces(R):
            by_state, by_input = self._pulled_back(s[rows], x[rows])
            J[rows] = by_state
            if Jx is not None:
                Jx[rows] = by_input
        return J, Jx

    def pull_back(self, s: np.ndarray, x: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """dL/ds (R, n) at states s from dL/ds behind inputs x (R, T, F), without forming the Jacobians between."""
        found = self._gradients(self.pulled(x, s, gradient))
        return np.concatenate(found.initial_states or [], axis=1)

    def _gradients(self, batch: Batch, *, want_input: bool = False) -> Gradients:
        version = self.net.params.version
        return self.engine.gradients(self.net.arena, batch, want_input=want_input, want_states=True, version=version)

    def _pieces(self, rows: int) -> Iterator[slice]:
        size = max(1, ROWS_AT_ONCE // self.n)
        return (slice(first, first + size) for first in range(0, rows, size))

    def _pulled_back(self, s: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Each row n times, with the gradient of another new state each time."""
        R, n = len(s), self.n
        wanted = np.tile(np.eye(n), (R, 1))
        batch = self.pulled(np.repeat(x, n, axis=0)[:, None], np.repeat(s, n, axis=0), wanted)
        found = self._gradients(batch, want_input=not self.takes_index)
        by_state = np.concatenate(found.initial_states or [], axis=1).reshape(R, n, n)
        return by_state, found.input.reshape(R, n, -1) if found.input is not None else np.empty(0)

    def pulled(self, x: np.ndarray, s: np.ndarray, gradient: np.ndarray) -> Batch:
        """Inputs x (R, T, F) from states s on, and the gradient of the states behind them, of nothing else."""
        states, ends = self.split(s), self.split(gradient)
        return Batch.of(x, self.no_gradient(*x.shape[:2]), states=states, state_gradients=ends)

    def no_gradient(self, rows: int, steps: int) -> np.ndarray:
        """A gradient of the outputs that is zero."""
        shape = (rows, steps, self.net.outputs) if self.net.sequence_output else (rows, self.net.outputs)
        return np.zeros(shape)

    # --- between states and their concatenation -----------------------------------------------------------------

    def split(self, s: np.ndarray) -> list[np.ndarray]:
        """The states (R, size) of numbers (R, n)."""
        return [np.ascontiguousarray(s[:, part]) for part in self.parts.values()]

    def first_states(self, state: object, rows: int) -> np.ndarray:
        """Numbers (R, n) from states as `Network.__call__` takes them, or numbers (n,) or (R, n); zeros from None."""
        if state is None:
            return np.zeros((rows, self.n))
        if isinstance(state, np.ndarray):
            if state.shape not in ((self.n,), (rows, self.n)):
                raise ShapeError(f"state has shape {state.shape}; expected ({self.n},) or ({rows}, {self.n})")
            return np.broadcast_to(checks.floats(state, "state", finite=True), (rows, self.n)).copy()
        try:
            flat = flat_state(state, self.net.state_sizes(), rows, np.dtype(np.float64))
        except (TypeError, ValueError) as error:
            if isinstance(error, ElmanError):
                raise
            raise ShapeError(
                f"state must be an array ({self.n},) or ({rows}, {self.n}), or a list of tuples of arrays, one for "
                f"each state of each recurrent layer; got {checks.shown(state)}"
            ) from error
        return np.concatenate(flat, axis=1)


def check_recurrent(net: Network) -> None:
    """Refuse a network without states."""
    if not any(graph.states for graph in net.graphs):
        raise OptionError("the network has no recurrent layer, so it has no dynamics to look at")


def reversing(net: Network) -> str:
    """Why a network with a layer that runs in reverse has no dynamics; nothing if there is none."""
    found = [f"{number} ({layer.cell.name})" for number, layer in enumerate(net.layers) if layer.reverse]
    if not found:
        return ""
    return (
        f"layer {found[0]} runs in reverse, so that no step leads the network from the past to the future; look at a "
        "network of the layers that run forward, with their weights"
    )
