"""Indices are whole numbers, of any size, and refused with their place before anything changes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, make_engine, native_available
from elman.engine.interface import Batch
from elman.engine.schedule import schedule
from elman.engine.stage import InputSpec, LayerSpec, LossSpec, Source
from elman.errors import DataError, ShapeError
from elman.network.layer_cells import embedding
from elman.training.losses import LOSSES

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
WRONG = [9, -1, 2.5, np.nan]
BEYOND = 2**24  # a float32 counts so far


def model(engine: str) -> el.Network:
    return el.Network(1, [el.Embedding(9, 3), el.GRU(4), el.Dense(9)], seed=0, engine=engine)


@engines
def test_rows_beyond_what_a_float32_counts_are_looked_up(engine):
    net = el.Network(1, [el.Embedding(BEYOND + 8, 1, initial={"E": 0})], engine=engine)
    with net.params.writing() as table:
        table[BEYOND:] = np.arange(8)
    x = BEYOND + np.arange(8).reshape(2, 4)
    for kind in (np.uint32, np.int64, np.float64):
        np.testing.assert_array_equal(net(x.astype(kind))[..., 0], x - BEYOND)
    np.testing.assert_array_equal(net.stream(2)(x[:, 1:2]), x[:, 1:2] - BEYOND)
    np.testing.assert_array_equal(net.step(x[:, 1:2])[0], x[:, 1:2] - BEYOND)
    np.testing.assert_array_equal(net.trace(x)["0.y"][..., 0], x - BEYOND)
    assert net.evaluate(x, x - BEYOND) == 0
    padded = x.astype(np.float64)
    padded[0, 2:] = np.nan
    np.testing.assert_array_equal(net(padded, lengths=[2, 4])[..., 0], [[0, 1, 0, 0], [4, 5, 6, 7]])
    for call in (net, net.stream(2)):
        with pytest.raises(DataError, match="is 16777225: expected indices, whole numbers 0..16777223"):
            wrong = np.full((2, 1), BEYOND + 9)
            call(wrong)


@engines
def test_rows_beyond_what_a_float32_counts_learn(engine):
    net = el.Network(1, [el.Embedding(BEYOND + 4, 1, initial={"E": 1})], engine=engine)
    table = net.params["0.E"].reshape(-1)
    net.train_on_batch([[BEYOND + 1, BEYOND + 3]], np.zeros((1, 2)), optimizer=el.SGD(0.25))
    np.testing.assert_array_equal(table[BEYOND - 4 :], [1, 1, 1, 1, 1, 0.75, 1, 0.75])


class Watched:
    """An engine that notes the types of the indices it is given."""

    def __init__(self, engine: Any, seen: dict[str, set[str]]):
        self.__dict__ |= {"_engine": engine, "_seen": seen}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        if name not in ("forward", "gradients", "train", "stepper", "generate"):
            return found

        def call(parameters: np.ndarray, given: Any, *more: Any, **options: Any) -> Any:
            arrays = (
                (*given.inputs, *given.targets)
                if isinstance(given, Batch)
                else given
                if name == "stepper"
                else (given,)
            )
            self._seen.setdefault(name, set()).update(str(a.dtype) for a in arrays)
            return found(parameters, given, *more, **options)

        return call


@engines
@pytest.mark.parametrize("kind", [np.int32, np.float64, np.float32])
def test_indices_come_to_an_engine_as_whole_numbers_however_a_network_is_used(engine, kind, monkeypatch):
    seen: dict[str, set[str]] = {}
    make = el.network.engines.make_engine
    monkeypatch.setattr(el.network.engines, "make_engine", lambda *given: Watched(make(*given), seen))
    net, x, target = model(engine), np.arange(6).reshape(2, 3).astype(kind), np.ones((2, 3), kind)
    options = {"loss": "softmax_cross_entropy", "lengths": [3, 2]}
    if kind is not np.int32:
        x[1, 2] = target[1, 2] = np.nan
    net(x, lengths=[3, 2], memory="low")
    net.evaluate(x, target, metrics=["accuracy"], **options)
    net.loss_and_grads(x, target, **options)
    net.train_on_batch(x, target, optimizer=el.SGD(), **options)
    for more in ({}, {"memory": "low"}, {"truncate": 2}):
        net.fit(x, target, epochs=1, verbose=0, **options, **more)
    net.stream(2)(x[:, :1])
    net.generate(x[0], 4)
    assert seen == {name: {"int64"} for name in ("forward", "gradients", "train", "stepper", "generate")}


@engines
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_index_is_refused_with_its_place(engine, wrong):
    x = np.ones((3, 4))
    x[1, 2] = wrong
    with pytest.raises(DataError, match=r"1, 2"):
        model(engine)(x)


@engines
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("where", ["x", "target"])
def test_a_wrong_index_in_the_middle_of_an_epoch_changes_nothing(engine, wrong, where):
    net = model(engine)
    before = net.arena.copy()
    data = {"x": np.ones((12, 4)), "target": np.ones((12, 4))}
    data[where][7, 2] = wrong
    with pytest.raises(DataError, match=r"7, 2"):
        net.fit(*data.values(), loss="softmax_cross_entropy", batch_size=2, epochs=2, verbose=0, shuffle=False)
    np.testing.assert_array_equal(net.arena, before)


@engines
@pytest.mark.parametrize("wrong", WRONG)
def test_a_stream_refuses_a_wrong_index_and_keeps_its_state(engine, wrong):
    stream = model(engine).stream()
    stream(np.array([[3]]))
    before = [np.array(s) for group in stream.state for s in group]
    with pytest.raises(DataError):
        stream(np.array([[wrong]]))
    after = [s for group in stream.state for s in group]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


@el.cell
def picks(p, x, h):
    h = el.tanh(p.U @ h + p.b)
    return h + el.pick(h, x)


@engines
def test_an_index_that_equations_pick_is_whole_too(engine):
    net = el.Network(1, [el.Recurrent(picks, 4)], seed=0, engine=engine)
    expected, stream = net([[0, 1, 2]]), net.stream()
    np.testing.assert_array_equal(net([[0.0, 1.0, np.nan]], lengths=[2])[:, :2], expected[:, :2])
    np.testing.assert_array_equal([stream([[0]]), stream([[1.0]])], expected[0, :2, None].reshape(2, 1, 4))
    for wrong in (1.5, 7, -1.0, 1e30):
        for call in (net, lambda x: stream(np.array(x)), stream):
            with pytest.raises(DataError, match=r"^x\[0, 0\] is .*: expected a whole number from 0 to 3"):
                call([[wrong]])
    np.testing.assert_array_equal(stream([[2]])[0], expected[0, 2])


@el.cell
def picks_by_its_own(p, x, h):
    return el.tanh(p.W @ x + el.pick(h, p.w * x))


@engines
def test_an_index_of_the_networks_own_is_no_fraction(engine):
    net = el.Network(1, [el.Recurrent(picks_by_its_own, 3, initial={"w": 1})], engine=engine)
    assert np.isfinite(net([[[2.0]]])).all()
    for wrong in (1.5, 3.0, -1.0):
        with pytest.raises(DataError):
            net([[[wrong]]])


def tables(count: int, engine: str) -> Any:
    """An engine of so many embeddings, each with an input of its own, classes as its output, and their loss."""
    graph, loss = embedding.trace().bind([1], 3, {"E": 9}), LOSSES["softmax_cross_entropy"].for_classes()
    layers = [LayerSpec(f"{k}", graph, {"E": 27 * k}, sources=(Source(~k),)) for k in range(count)]
    losses = [LossSpec(loss.graph(3, 1))] * count
    plan = schedule(layers, [InputSpec(1)] * count, 27 * count, losses, outputs=tuple(range(count)))
    return make_engine(plan, np.float32, engine)


@engines
@pytest.mark.parametrize(
    ("count", "inputs", "targets"),
    [(1, ["x"], ["target"]), (2, ["inputs[0]", "inputs[1]"], ["targets[0]", "targets[1]"])],
)
def test_messages_call_arrays_by_the_same_names(engine, count, inputs, targets):
    machine = tables(count, engine)
    parameters = np.zeros(27 * count, np.float32)
    for number in range(count):
        for wrong, names, limit in ((0, inputs, 8), (1, targets, 2)):
            arrays = [[np.zeros((2, 4, 1), np.int64) for _ in range(count)] for _ in range(2)]
            arrays[wrong][number][1, 2] = 9
            batch = Batch(*map(tuple, arrays))
            message = f"{names[number]}[1, 2] is 9: expected a whole number from 0 to {limit}"
            with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
                machine.gradients(parameters, batch)
        arrays[1][number] = np.zeros((2, 3, 1), np.int64)
        with pytest.raises(ShapeError, match=f"^{re.escape(targets[number])} has shape"):
            machine.gradients(parameters, Batch(*map(tuple, arrays)))
