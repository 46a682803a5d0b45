"""What an optimiser remembers of a network between updates, an average of its weights among it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from elman.checks import floats, instance, whole
from elman.errors import OptionError
from elman.training.averages import AVERAGE, OWN, Average
from elman.training.protocol import Trainable


class Remembering:
    """Something that remembers arrays of a network between its updates, and may keep an average of its weights."""

    average: Average | None

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of what is remembered, but for the average."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise `OptionError` for a hyperparameter that makes no sense."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget everything that was remembered."""
        self.updates: int = 0
        self.state: dict[str, np.ndarray] = {}
        self._network: weakref.ref[Any] | None = None
        self._shown: int | None = None  # the version of the averaged weights that the network has in place of its own

    def begin(self, net: Trainable) -> list[np.ndarray]:
        """The state arrays for a network, zeros at first.

        Parameters
        ----------
        net : Network
            Whose parameters it changes.

        Returns
        -------
        list of ndarray
            One a state, as long as the network's flat array.

        Raises
        ------
        OptionError
            If the state belongs to another network.
        """
        size, names = net.arena.size, self.state_names
        other = self._network is not None and self._network() is not net
        fits = all(n in self.state and self.state[n].shape == (size,) for n in names)
        if self.updates and (other or not fits):
            raise OptionError(
                f"this {type(self).__name__} remembers {self.updates} updates of another network: "
                "make a new optimiser for each network, or call its reset()"
            )
        self.check()
        self._network = weakref.ref(net)
        average = {} if self.average is None else self._average_of(net)
        self.state = {
            n: np.ascontiguousarray(self.state[n], net.dtype) if fits else np.zeros(size, net.dtype) for n in names
        } | average
        return list(self.state.values())

    def state_dict(self) -> dict[str, np.ndarray]:
        """A copy of what is remembered, as arrays: the states by name, and ``updates``.

        Returns
        -------
        dict of str to ndarray
        """
        return {"updates": np.array(self.updates), **{n: a.copy() for n, a in self.state.items()}}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave, with whichever network is trained next.

        Parameters
        ----------
        stored : mapping of str to ndarray
            From `state_dict`.

        Raises
        ------
        OptionError
            If it is not the state of such an optimiser.
        """
        instance(stored, Mapping, "the state", "what state_dict() gave, a dict of arrays")
        states = self.names_like(stored)
        expected = {"updates", *states}
        if set(stored) == {"updates"} and not stored["updates"]:  # of one that has not been used yet
            self.reset()
            return
        if set(stored) != expected:
            raise OptionError(f"the state has {sorted(stored)}, a {type(self).__name__} expects {sorted(expected)}")
        updates = whole(np.asarray(stored["updates"])[()], "updates of the state", least=0)
        state = {name: floats(stored[name], f"{name} of the state", finite=True) for name in states}
        self.reset()
        self.updates, self.state = updates, state

    def names_like(self, states: Iterable[str]) -> tuple[str, ...]:
        """Names of all states, the average called as it is among others: by what is in its place now.

        Parameters
        ----------
        states : iterable of str
            Names of the states of another such optimiser.

        Returns
        -------
        tuple of str
        """
        return self.state_names if self.average is None else (*self.state_names, OWN if OWN in states else AVERAGE)

    def put_back(self, states: Mapping[str, np.ndarray], updates: int) -> None:
        """Remember of the network that is trained what was remembered after so many updates.

        Parameters
        ----------
        states : mapping of str to ndarray
            By name.
        updates : int
            How many there were.
        """
        for here, there in ((AVERAGE, OWN), (OWN, AVERAGE)):
            if here in self.state and there in states:
                self._rename(here, there)
        for name, array in states.items():
            self.state[name][...] = array
        self.updates, self._shown = updates, None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_network": None, "_shown": None}  # a copy may serve a copy of the network

    # --- averaged weights -----------------------------------------------------------------------------------

    @property
    def _remembered(self) -> tuple[str, ...]:
        """Names of all states."""
        return self.state_names if self.average is None else (*self.state_names, AVERAGE)

    def _average_of(self, net: Trainable) -> dict[str, np.ndarray]:
        """The average for a network, which begins with the weights that it has, under its name as it is now."""
        name = OWN if OWN in self.state else AVERAGE
        if not self.updates or name not in self.state or self.state[name].shape != net.arena.shape:
            return {AVERAGE: net.arena.copy()}
        found = np.ascontiguousarray(self.state[name], net.dtype)
        for frozen in net.frozen if name == AVERAGE else ():
            found[_span(net, frozen)] = net.arena[_span(net, frozen)]
        return {name: found}

    @property
    def averaged(self) -> dict[str, np.ndarray]:
        """Copies of the averaged weights by parameter, whichever weights the network has now.

        Raises
        ------
        OptionError
            If nothing has been averaged.
        """
        net = None if self._network is None else self._network()
        if net is None or not {AVERAGE, OWN} & set(self.state):
            raise OptionError(
                f"this {type(self).__name__} has no average of a network: give average=el.EMA(), and train"
            )
        found = net.arena.copy()
        for name in net.trainable if AVERAGE in self.state else ():
            found[_span(net, name)] = self.state[AVERAGE][_span(net, name)]
        return {name: found[_span(net, name)].reshape(place.shape) for name, place in net.params.places.items()}

    @property
    def average_to_come(self) -> bool:
        """Whether an average is wanted that has not begun."""
        return getattr(self.average, "start", 0) > self.updates

    @property
    def averaged_in(self) -> bool:
        """Whether the network has its averaged weights."""
        return OWN in self.state

    def average_in(self, net: Trainable, settle: Callable[[], object] | None = None) -> None:
        """Have a network's averaged weights in place of its own, which are remembered; nothing where that is so.

        Parameters
        ----------
        net : Network
            Of which this optimiser keeps an average; nothing is done where it keeps none.
        settle : function, optional
            Called with the averaged weights in place, and may change what is no average: moments of batch
            normalisation.
        """
        if AVERAGE in self.state:
            average, own = self.state[AVERAGE], net.arena.copy()
            found = own.copy()
            for name in net.trainable:
                found[_span(net, name)] = average[_span(net, name)]
            net.params.restore(found)
            average[...] = own
            self._rename(AVERAGE, OWN)
            self._shown = net.params.version
        if OWN in self.state and settle is not None:
            settle()
            self._shown = net.params.version

    def average_out(self, net: Trainable) -> None:
        """Have a network's own weights in place again, unless somebody has changed the averaged ones; then those.

        Parameters
        ----------
        net : Network
            The one that is trained.
        """
        if OWN not in self.state:
            return
        kept, shown = self.state[OWN], net.arena.copy()
        if self._shown is None or self._shown == net.params.version:
            net.params.restore(kept.copy())
        kept[...] = shown
        self._rename(OWN, AVERAGE)

    def _rename(self, old: str, new: str) -> None:
        """Call a state otherwise, in its place."""
        self.state = {new if name == old else name: array for name, array in self.state.items()}


def _span(net: Trainable, name: str) -> slice:
    """Where a parameter lies."""
    place = net.params.places[name]
    return slice(place.offset, place.offset + place.size)
