"""`fit_many`: networks trained side by side, each as `Network.fit` alone would train it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from elman.checks import flag, listed, shown
from elman.data.names import counted
from elman.engine.threads import check_threads
from elman.errors import ElmanError, OptionError
from elman.hints import FIT, no_argument
from elman.network.network import Network
from elman.training.callbacks import Callback, as_callbacks, shared
from elman.training.examples import examples, validation_examples
from elman.training.fit import fit
from elman.training.history import History
from elman.training.limits import limited, parted, shares
from elman.training.loop import Loop
from elman.training.optimizer import Optimizer
from elman.training.options import loop
from elman.training.progress import ProgressOfMany, progress
from elman.training.runs import Folder, saving
from elman.training.turns import GiveWay, Outcome, Turn, side_by_side
from elman.training.weighing import Weighting

_DATA = (  # options that say what is learnt from, and of the other ones those of the loop
    "x target loss lengths sample_weight class_weight missing loss_weights validation_data validation_lengths".split()
)
_LOOP = "optimizer batch_size epochs shuffle stateful memory metrics truncate on_nan callbacks accumulate".split()
_OF_RANKS = {"ranks", "own_rows"}  # options that several processes have for one network
_OF_DATASETS = {"steps_per_epoch", "validation_steps", "bucket"}
_OF_ONE = _OF_RANKS | _OF_DATASETS
_SAVING = {"checkpoint", "every", "resume", "keep"}  # of all trainings together
_NOT_OF_MANY = {
    **dict.fromkeys(_OF_RANKS, "ranks train one network together: call net.fit(..., ranks=ranks) for each in turn"),
    **dict.fromkeys(_OF_DATASETS, "networks that learn side by side do so from arrays: call net.fit for each in turn"),
    "n_jobs": "threads says how many cores all trainings have together",
}
_DEFAULTS = {
    name: given.default
    for name, given in inspect.signature(fit).parameters.items()
    if given.kind is given.KEYWORD_ONLY and name not in _OF_ONE | _SAVING
}


@dataclass(frozen=True)
class Each:
    """A value for each of several networks; see `each`."""

    values: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"each([...]) of {counted(len(self.values), 'values')}, which el.fit_many takes"


def each(values: Iterable[Any]) -> Each:
    """A value for each network that `fit_many` trains, in their order, in place of one for all.

    Parameters
    ----------
    values : iterable
        One for each network.

    Returns
    -------
    Each
        For an argument of `fit_many`.

    Examples
    --------
    >>> import elman as el
    >>> rates = el.each([el.Adam(1e-2), el.Adam(1e-3)])  # fit_many(nets, x, target, optimizer=rates)
    """
    return Each(tuple(listed(values, "each", "values, one for each network")))


def fit_many(
    nets: Sequence[Network],
    x: Any,
    target: Any,
    *,
    threads: int | None = None,
    stop_on_error: bool = False,
    checkpoint: Folder = None,
    every: str | int | None = None,
    resume: bool = False,
    keep: int | None = None,
    **options: Any,
) -> list[History]:
    """Train several networks side by side: each gets the bits that ``net.fit(x, target, ...)`` alone would give it.

    With as many threads as networks or fewer each network is trained by one thread, and where the last of them would
    leave threads without work, they take turns; with more threads each network has its share.

    Parameters
    ----------
    nets : sequence of Network
        Trained in place; of any architectures, sizes, types and engines. Those that are alike are scheduled once, and
        what they learn from is looked through once; no array is copied for each. What differs by the seed, as initial
        parameters, order of rows and dropout, is that of ``Network(seed=...)``.
    x, target
        Data of all networks as `Network.fit` takes them, or ``el.each([...])``: of each its own.
    threads : int, optional
        Of all trainings together; by default all cores. ``Network(threads=...)`` holds for each beside it.
    stop_on_error : bool, default False
        Whether an error of one network ends the others too, as Ctrl-C does. By default they are trained to their end.
    checkpoint, every, resume, keep
        As for `Network.fit`, of all networks in one folder: those that have ended are read when all go on, of the
        others each goes on where it stood. Of each one checkpoint stays by default.
    **options
        Those of `Network.fit`, with its defaults: ``loss optimizer batch_size epochs validation_data callbacks`` ...
        But for `ranks` and `own_rows`, which are of one network.
        Each holds for all networks, or is ``el.each([...])``, but `verbose`: 1 shows a line as each network ends; and
        `max_seconds`, which are those of the whole call: of networks that are trained one after the other each has its
        part of them, and what those leave that end early.

        An optimiser for all says how each is trained and stays as it was: every network has one of its own, like it. A
        callback object that several networks have in common is told of them all, and unless it says that it can be told
        of several at once (`Callback.side_by_side`), they are trained one after the other. So give each its own:
        ``callbacks=el.each([[el.EarlyStopping()] for net in nets])``.

    Returns
    -------
    list of History
        Of each network, also kept as ``net.history``.

    Raises
    ------
    ShapeError, DataError, OptionError
        As `Network.fit`, and it says of which network; nothing has been trained then.
    TrainingError, or what a callback raised
        Once all have ended: it says which network failed, whose weights are those before that update. All others are
        trained to their end (unless `stop_on_error`), and have their histories.
    KeyboardInterrupt
        Passed on, once all have ended after the updates that they were at, each as `Network.fit` leaves it then. Those
        that had not begun are as they were.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> x = np.random.default_rng(0).normal(size=(64, 5, 1))
    >>> nets = [el.Network(1, [el.GRU(4, return_sequences=False), el.Dense(1)], seed=seed) for seed in range(3)]
    >>> histories = el.fit_many(nets, x, x.sum(axis=1), epochs=el.each([5, 5, 20]), optimizer=el.Adam(0.01), verbose=0)
    >>> [history.epochs for history in histories]
    [5, 5, 20]
    """
    with saving(checkpoint, every, resume=resume, keep=keep):
        return _fit_many(
            _networks(nets), x, target, check_threads(threads), flag(stop_on_error, "stop_on_error"), options
        )


def _fit_many(
    nets: list[Network], x: Any, target: Any, threads: int, stop_on_error: bool, options: dict[str, Any]
) -> list[History]:
    options = _known(options)
    seconds = options.pop("max_seconds")
    values = _one_each({"x": x, "target": target, **options}, nets)
    common = shared(values["callbacks"], "callbacks=el.each([...]) gives each its own")
    at_a_time = threads if all(callback.side_by_side for callback in common) else 1
    values["callbacks"] = _limited(values["callbacks"], limited(seconds), min(len(nets), at_a_time))
    showing = _showing(values["verbose"], min(len(nets), at_a_time))
    works = [_work(training) for training in _trainings(nets, values, showing)]
    ended = "failed"
    try:
        found = side_by_side(works, threads, at_a_time=at_a_time, stop_on_error=stop_on_error)
        ended = "done" if all(outcome.error is None for outcome in found) else "failed"
    except KeyboardInterrupt:
        ended = "interrupted"
        raise
    finally:
        for together in {id(one): one for own in showing for one in own if isinstance(one, ProgressOfMany)}.values():
            together.close(ended)
    _raise_errors(found, stop_on_error)
    return [outcome.made for outcome in found if outcome.made is not None]


def _work(training: Loop) -> Callable[[Turn], History]:
    def run(turn: Turn) -> History:
        training.callbacks = [*training.callbacks, GiveWay(turn)]
        return training.run()

    return run


def _known(options: dict[str, Any]) -> dict[str, Any]:
    """All options of `fit`, with its defaults."""
    known = {"nets", "x", "target", "threads", "stop_on_error", *_SAVING, *_DEFAULTS}
    if not known.issuperset(options):
        raise no_argument("fit_many", options, known, {**FIT, **_NOT_OF_MANY})
    return {**_DEFAULTS, **options}


def _one_each(options: dict[str, Any], nets: list[Network]) -> dict[str, Sequence[Any]]:
    """The value of each option for each network."""
    found: dict[str, Sequence[Any]] = {}
    for name, value in options.items():
        found[name] = value.values if isinstance(value, Each) else [value] * len(nets)
        if len(found[name]) != len(nets):
            raise OptionError(f"{name} is each(...) of {counted(len(found[name]), 'values')}; expected {len(nets)}")
    found["callbacks"] = [as_callbacks(own) for own in found["callbacks"]]
    found["optimizer"] = _optimizers(found["optimizer"])
    return found


def _limited(callbacks: Sequence[list[Callback]], limits: list[Callback], at_a_time: int) -> list[list[Callback]]:
    """The callbacks of each network, with what ends it when its part of the time is up."""
    ends = shares(len(callbacks), at_a_time)
    return [parted([*own, *limits], end) for own, end in zip(callbacks, ends, strict=True)]


def _showing(verbose: Sequence[Any], at_a_time: int) -> list[list[Callback]]:
    """What shows the progress of each: of those side by side all is shown as one."""
    each_alone = [progress(value) for value in verbose]
    if at_a_time < 2:
        return each_alone
    together = ProgressOfMany(sum(1 for own in each_alone if own))
    return [[together] if own else [] for own in each_alone]


def _trainings(nets: list[Network], values: dict[str, Sequence[Any]], showing: list[list[Callback]]) -> list[Loop]:
    """The training of each network, not yet begun."""
    kinds, known = _kinds(nets), dict[Any, Any]()
    found = []
    for number, net in enumerate(nets):
        own = {name: value[number] for name, value in values.items()}
        with _named(number, len(nets)):
            key = kinds[number], *(id(own[name]) for name in _DATA)
            if key not in known:
                known[key] = _data(net, own)
            own["callbacks"] = [*own["callbacks"], *showing[number]]
            found.append(loop(net, *known[key], **{name: own[name] for name in _LOOP}))
            found[-1].check_callbacks()
            net.trained_with = own["loss"], own["loss_weights"]
    return found


def _networks(nets: Any) -> list[Network]:
    found = listed(nets, "nets", "networks")
    for number, net in enumerate(found):
        if not isinstance(net, Network):
            raise OptionError(f"one of nets is {shown(net)}; expected el.Network objects")
        if any(other is net for other in found[:number]):
            raise OptionError("nets has a network twice; expected each once")
    return found


def _optimizers(given: Sequence[Any]) -> list[Any]:
    """An optimiser for each network; of one that several have in common, others like it."""
    found = []
    for one in given:
        if not isinstance(one, Optimizer) or sum(other is one for other in given) == 1:
            found.append(one)
            continue
        if one.updates:
            raise OptionError(
                f"{one!r}, the optimizer of several networks, remembers {one.updates} updates of one: give "
                "optimizer=el.each([...]), the optimizer of each"
            )
        found.append(one.fresh())
    return found


def _kinds(nets: list[Network]) -> list[int]:
    """Which networks are alike, by the number of the first; those have the plans of their engines in common."""
    described = [net.architecture for net in nets]
    kinds = [described.index(one) for one in described]
    for net, kind in zip(nets, kinds, strict=True):
        net.share_plans(nets[kind])
    return kinds


def _data(net: Network, given: dict[str, Any]) -> tuple[Any, Any]:
    """What a network learns from, and what judges it."""
    loss, missing, shares = given["loss"], given["missing"], given["loss_weights"]
    weighting = Weighting(given["sample_weight"], given["class_weight"], missing)
    data = examples(net, given["x"], given["target"], loss, given["lengths"], weighting, "", shares)
    judging = given["validation_data"], loss, given["validation_lengths"]
    return data, validation_examples(net, *judging, missing, shares)


@contextmanager
def _named(number: int, count: int) -> Iterator[None]:
    """Have errors say of which network they are."""
    try:
        yield
    except Exception as error:
        raise _of_network(error, number, count) from error.__cause__


def _of_network(error: BaseException, number: int, count: int, more: str = "") -> BaseException:
    """The error, saying of which of several networks it is: one of Elman's in its message, any other in a note."""
    if count == 1:
        return error
    name = f"network {number + 1} of {count}"
    if isinstance(error, ElmanError):
        return type(error)(f"{name}: {error}{more}").with_traceback(error.__traceback__)
    error.add_note(f"of {name}{more}")
    return error


def _raise_errors(found: Sequence[Outcome[History]], stop_on_error: bool) -> None:
    """Raise the error of the first network that failed."""
    failed = [number for number, outcome in enumerate(found) if outcome.error is not None]
    if not failed:
        return
    more = "; the others were stopped" if stop_on_error else "; the others were trained to their end"
    if len(failed) > 1:
        more = f"; so did {', '.join(str(number + 1) for number in failed[1:])}, and{more.removeprefix(';')}"
    error = found[failed[0]].error
    assert error is not None
    raise _of_network(error, failed[0], len(found), more) from error.__cause__
