"""Callbacks: what is told how a training goes, and may stop it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from elman.checks import listed, shown
from elman.errors import OptionError
from elman.training.events import check_events
from elman.training.state import Training, Watcher


class Callback:
    """Is told how a training goes; subclasses say what they do then.

    Every method gets the `elman.training.state.Training`: ``training.net``, ``training.epoch``, ``training.logs`` ...;
    ``training.stop = True`` ends it.

    Attributes
    ----------
    every : int, default 1
        `on_batch_end` is called after each update whose number, in the life of the network, is a multiple of it.
    adds_logs : bool, default True
        Whether it may add numbers to ``training.logs``, so that others may monitor what nobody else knows of.
    one_network : bool, default False
        Whether it goes with one network only: where several are trained, it is refused before the first.
    side_by_side : bool, default False
        Whether networks that are trained at the same time may all tell it, each from a thread of its own; else they are
        trained one after the other.
    one_rank : bool, default False
        Whether, where several ranks train one network (`elman.distributed`), only rank 0 tells it: because it writes a
        file, or shows something.

    gradient_norms : bool, default False
        Whether it asks for ``training.gradient_norms``, which the engine computes then.

    Examples
    --------
    >>> class StopWhenGood(Callback):
    ...     def on_epoch_end(self, training):
    ...         training.stop = training.logs["loss"] < 0.01
    """

    every: int = 1
    adds_logs: bool = True
    one_network: bool = False
    side_by_side: bool = False
    one_rank: bool = False
    gradient_norms: bool = False

    def check(self, training: Training) -> None:
        """Before anything is trained: raise `OptionError` if this training cannot be served.

        Parameters
        ----------
        training : Training
            The network, the optimiser, the number of the epoch, and the logs so far.
        """

    def on_train_begin(self, training: Training) -> None:
        """Before the first epoch.

        Parameters
        ----------
        training : Training
            The network, the optimiser, the number of the epoch, and the logs so far.
        """

    def on_epoch_begin(self, training: Training) -> None:
        """Before each epoch.

        Parameters
        ----------
        training : Training
            The network, the optimiser, the number of the epoch, and the logs so far.
        """

    def on_batch_end(self, training: Training) -> None:
        """After each batch, or each so many (`every`). The updates between two calls of it are one native call.

        Parameters
        ----------
        training : Training
            The network, the optimiser, the number of the epoch, and the logs so far.
        """

    def on_progress(self, training: Training) -> None:
        """After some batches, several times a second.

        Parameters
        ----------
        training : Training
            The network, the optimiser, the number of the epoch, and the logs so far.
        """

    def on_epoch_end(self, training: Training) -> None:
        """After each epoch, with all its numbers in ``training.logs``.

        Parameters
        ----------
        training : Training
            The network, the optimiser, the number of the epoch, and the logs so far.
        """

    def on_train_end(self, training: Training) -> None:
        """At the end, also of a training that was interrupted or failed.

        Parameters
        ----------
        training : Training
            The network, the optimiser, the number of the epoch, and the logs so far.
        """

    def state_dict(self) -> dict[str, Any]:
        """What it remembers of the training so far, so that it goes on from a checkpoint as if nothing had happened.

        Returns
        -------
        dict of str to object
            Arrays, and what JSON holds: numbers that are finite, texts, booleans, None, lists and dicts of them. Empty
            if there is nothing to remember.
        """
        return {}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; called after `on_train_begin`, before anything is trained.

        Parameters
        ----------
        stored : mapping
            From `state_dict`.
        """

    @property
    def watches_batches(self) -> bool:
        """Whether `on_batch_end` does anything."""
        return type(self).on_batch_end is not Callback.on_batch_end


def as_callbacks(callbacks: Iterable[Callback], networks: int = 1) -> list[Callback]:
    """The list of callbacks for so many networks, one trained after the other.

    Raises
    ------
    OptionError
        If one is no `Callback`, or goes with one network only where there are several.
    """
    found = listed(callbacks, "callbacks", "Callback objects")
    for callback in found:
        if not isinstance(callback, Callback):
            raise OptionError(
                f"one of callbacks is {shown(callback)}; expected Callback objects: make an object of a class, and "
                "wrap a function in LambdaCallback"
            )
        check_events(callback, Callback)
        if callback.one_network and networks > 1:
            raise OptionError(
                f"a {type(callback).__name__} goes with one network, and {networks} are trained one after the other: "
                "give members=1, or save the whole with save() after fit"
            )
    return found


def shared(lists: Sequence[Sequence[Watcher]], instead: str) -> list[Watcher]:
    """The callbacks that several trainings have in common.

    Raises
    ------
    OptionError
        If one of them goes with one network only; it says what to do instead.
    """
    counts = Counter(id(callback) for callbacks in lists for callback in callbacks)
    found = {id(callback): callback for callbacks in lists for callback in callbacks if counts[id(callback)] > 1}
    for callback in found.values():
        if callback.one_network:
            raise OptionError(
                f"a {type(callback).__name__} goes with one network, and {counts[id(callback)]} have it in common: "
                f"{instead}"
            )
    return list(found.values())


Event = Callable[["Training"], Any]


class Events(TypedDict, total=False):
    """What a `LambdaCallback` may do, and when."""

    on_train_begin: Event
    on_epoch_begin: Event
    on_batch_end: Event
    on_progress: Event
    on_epoch_end: Event
    on_train_end: Event


class LambdaCallback(Callback):
    """Functions as a callback, each called with the `Training`.

    Parameters
    ----------
    **events : callable
        By name: ``on_train_begin``, ``on_epoch_begin``, ``on_batch_end``, ``on_progress``, ``on_epoch_end`` and
        ``on_train_end``, each called as `Callback`'s methods of these names.

    Examples
    --------
    >>> show = LambdaCallback(on_epoch_end=lambda training: print(training.logs))
    """

    def __init__(self, **events: Unpack[Events]):
        known = list(Events.__annotations__)
        wrong = sorted(set(events) - set(known))
        if wrong:
            raise OptionError(f"LambdaCallback has no event {wrong[0]!r}; there are {', '.join(known)}")
        self.events: dict[str, Any] = dict(events)
        for name, function in self.events.items():
            if not callable(function):
                raise OptionError(f"LambdaCallback: {name} is {function!r}; expected a function of the training")
            setattr(self, name, function)

    @property
    def watches_batches(self) -> bool:
        """Whether `on_batch_end` is to be called."""
        return "on_batch_end" in self.events
