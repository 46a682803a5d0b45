"""Reading a file that was changed: refused with the error that its reader has, or what a whole file would give."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import elman as el
from elman.equations.symbols import width
from elman.errors import ElmanError, ModelFileError, OptionError
from tests.fuzz.bases import TEXT, X, chain, graph, inputs_of

FEW = 2**14  # values of a step, and parameters, of what is run; larger networks are only loaded and saved


def judged(name: str, kind: str, path: Path) -> str:
    """ "refused" or "sane"; anything else is raised."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return JUDGES[kind](name, path)


def refusing(error: ElmanError) -> str:
    """Refused, unless for want of memory: that was asked for before anything had been looked at."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError):
            raise AssertionError(f"memory was asked for: {error}") from error
        cause = cause.__cause__
    return "refused"


def _model(name: str, path: Path) -> str:
    try:
        found = el.load(path)
    except ModelFileError as error:
        return refusing(error)
    _look_at(found)
    again = el.load(_saved(found))
    assert type(again) is type(found)
    return "sane"


def _saved(model: Any) -> Path:
    """It can be saved as it could be loaded."""
    folder = Path(tempfile.mkdtemp(dir=tempfile.gettempdir()))
    try:
        return Path(model.save(folder / "again.safetensors"))
    except OptionError as error:  # a text that no header can hold, say
        raise AssertionError(f"what was loaded cannot be saved: {error}") from error


def _look_at(model: Any) -> None:
    """Whatever it is it has a text and does what it is for, or says why not."""
    assert repr(model)
    if isinstance(model, el.Network):
        run(model)
    elif isinstance(model, el.Forecaster):
        _trying(lambda: model.predict(4))
    elif isinstance(model, el.LanguageModel):
        run(model.network_)
        _trying(lambda: model.perplexity(TEXT[:200]))
        _trying(lambda: model.generate(length=5, seed=0))
    else:
        _trying(lambda: model.predict(X[..., :1].repeat(len(model.scaling_.channels), 2)))


def _trying(call: Callable[[], Any]) -> None:
    with suppress(ElmanError):  # what it computes is another model's
        call()


def run(net: el.Network) -> None:
    """Run it, and train it by one update."""
    assert net.summary()
    values = sum(width(node) for graph in net.graphs for node in graph.nodes())
    if values + net.arena.size + sum(given.width for given in net.structure.inputs) > FEW:
        return
    number = net.arena.size + len(net.layers)  # which of the ways that follow, by chance
    net.engine_name = "numpy" if number % 3 == 0 else "native"
    with suppress(ElmanError):
        x, y = inputs_of(net)
        if number % 2:
            net.loss_and_grads(x, y, loss="mse")
        else:
            net.fit(x, y, epochs=1, verbose=0, loss="mse")


@cache
def _made(make: Callable[[], el.Network]) -> tuple[el.Network, np.ndarray]:
    """A network that serves many cases, and what its parameters are at first."""
    net = make()
    return net, np.array(net.arena)


def _checkpoint(name: str, path: Path) -> str:
    (net, before), adam = _made(chain if "chain" in name else graph), el.Adam()
    net.params.restore(before)
    net.updates = net.epochs = 0
    try:
        assert el.Checkpoint(path).resume(net, adam)
    except ModelFileError as error:
        assert np.array_equal(net.arena, before) and (net.updates, net.epochs, adam.updates) == (0, 0, 0)
        return refusing(error)
    with suppress(ElmanError):
        x, y = inputs_of(net)
        net.fit(x, y, epochs=1, optimizer=adam, loss="mse", verbose=0)
    return "sane"


def _streams(name: str, path: Path) -> str:
    streams = _made(chain)[0].streams()
    try:
        streams.restore(path)
    except ModelFileError as error:
        return refusing(error)
    _trying(lambda: streams({key: np.ones(2) for key in list(streams)}))
    return "sane"


def _sweep(name: str, path: Path) -> str:
    from elman.fleet import read_sweep

    try:
        found = read_sweep(path)
    except OptionError as error:
        return refusing(error)
    assert repr(found) and found.words() is not None and found.records() is not None
    assert found.csv() is not None and found.effects_table()
    return "sane"


JUDGES: dict[str, Callable[[str, Path], str]] = {
    "model": _model,
    "checkpoint": _checkpoint,
    "streams": _streams,
    "sweep": _sweep,
}
