"""A batch taken through time in segments finds what the whole one does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.engine import ENGINES, make_engine, native_available
from elman.engine.slots import Ref
from elman.errors import DataError, EngineError, OptionError
from elman.training.losses import LOSSES
from elman.training.protocol import Aim
from tests.draws import draws
from tests.engine import hand_plans
from tests.engine.calls import forward, gradients, train
from tests.engine.zoo import CELLS, batch, make_plan

needs_native = pytest.mark.skipif(not native_available(), reason="the native engine is not built")
BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)


def run(engine, data, memory="low", **more):
    return gradients(engine, **data, key=5, memory=memory, **{"want_input": True, "want_states": True, **more})


def agree(found, wanted, tolerance=1e-10) -> None:
    assert found.loss == pytest.approx(wanted.loss, rel=tolerance)
    pairs = [(found.parameters, wanted.parameters), (found.output, wanted.output)]
    pairs += [*zip(found.states, wanted.states, strict=True)]
    if wanted.input is not None:
        pairs += [(found.input, wanted.input), *zip(found.initial_states, wanted.initial_states, strict=True)]
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(1, np.abs(b).max()))


# ---- single cells


@engines
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_every_cell_has_the_gradients_of_the_whole(name, last, engine):
    machine = make_engine(make_plan(name, F=3, H=5, O=2, last=last, root=True), np.float64, engine)
    for T in (1, 2, 13):
        data = batch(machine.plan, 4, T, seed=T)
        agree(run(machine, data), run(machine, data, "normal"))


@needs_native
@draws(40)
@given(
    name=st.sampled_from(sorted(CELLS)),
    sizes=st.tuples(*[st.integers(1, n) for n in (40, 40, 7, 37, 5)]),
    last=st.booleans(),
    ragged=st.booleans(),
    seed=st.integers(0, 9),
)
def test_native_in_segments_equals_numpy_in_one(name, sizes, last, ragged, seed):
    B, T, F, H, O = sizes
    plan = make_plan(name, F, H, O, last=last)
    data = batch(plan, B, T, seed)
    data["state_gradients"] = [s[::-1].copy() for s in data["states"]]
    if not ragged:
        del data["lengths"]
    segments, whole = make_engine(plan, np.float64, "native"), make_engine(plan, np.float64, "numpy")
    agree(run(segments, data), run(whole, data, "normal"), 1e-9)


@needs_native
@pytest.mark.parametrize("name", ["gru", "lstm", "odd"])
def test_single_precision_differs_by_rounding_only(name):
    machine = make_engine(make_plan(name, 5, 33, 2), np.float32, "native")
    data = batch(machine.plan, 30, 101, seed=1, dtype=np.float32)
    data["weights"] = data["weights"].astype(np.float32)
    agree(run(machine, data), run(machine, data, "normal"), 2e-6)


# ---- stacks: dropout everywhere, an embedding, layers behind one that returns its last step


def stacked(last: bool, loss: str, engine: str, **options):
    layers = [
        el.Embedding(6, 4),
        el.LSTM(5),
        el.Dropout(0.4),
        el.GRU(7, return_sequences=not last),
        el.LayerNorm(),
        el.Dense(3, activation="tanh") if last else el.Recurrent(CELLS["odd"], 3),
        el.Dropout(0.3),
        el.Dense(3),
    ]
    net = el.Network(1, layers, seed=2, dtype=np.float64, engine=engine, **options)
    return net, net.trainer([Aim(LOSSES[loss], 3)])


def stack_data(net, machine, B: int, T: int, seed: int) -> dict:
    random = np.random.default_rng(seed)
    return batch(machine.plan, B, T, seed) | {
        "parameters": net.arena.copy(),
        "x": random.integers(0, 6, (B, T, 1)).astype(np.float64),
    }


@engines
@pytest.mark.parametrize("loss", ["mse", "rmse"])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("T", [1, 2, 3, 17, 26])
def test_a_stack_has_the_gradients_of_the_whole(T, last, loss, engine):
    net, machine = stacked(last, loss, engine)
    data = stack_data(net, machine, 9, T, seed=T)
    agree(run(machine, data, want_input=False), run(machine, data, "normal", want_input=False))


@needs_native
def test_threads_change_no_bit_of_a_stack():
    found = []
    for threads in (1, 2, 3):
        net, machine = stacked(True, "rmse", "native", threads=threads)
        found.append(run(machine, stack_data(net, machine, 150, 50, seed=0), want_input=False))
    for other in found[1:]:
        assert other.loss == found[0].loss
        np.testing.assert_array_equal(other.parameters, found[0].parameters)
        for a, b in zip(other.initial_states, found[0].initial_states, strict=True):
            np.testing.assert_array_equal(a, b)


@engines
@pytest.mark.parametrize("last", [False, True])
def test_outputs_and_states_are_those_of_the_whole_to_the_bit(last, engine):
    net, _ = stacked(last, "mse", engine)
    data = stack_data(net, net.trainer([Aim(LOSSES["mse"], 3)]), 9, 23, seed=0)
    given = {name: data[name] for name in ("parameters", "x", "lengths", "states")}
    whole, pieces = (forward(net.engine(), **given, memory=memory) for memory in ("normal", "low"))
    np.testing.assert_array_equal(pieces[0], whole[0])
    for a, b in zip(pieces[1], whole[1], strict=True):
        np.testing.assert_array_equal(a, b)


# ---- training


@engines
@pytest.mark.parametrize("carry", [False, True])
def test_training_in_segments_is_training(carry, engine):
    arenas = []
    for memory in ("normal", "low"):
        net, machine = stacked(False, "mse", engine)
        data = stack_data(net, machine, 12, 19, seed=3)
        states = [s for stage in machine.plan.stages for s in stage.states]
        names = ("parameters", "x", "target", "weights", "lengths")
        found = train(
            machine,
            *(data[n] for n in names[:3]),
            [np.arange(0, 6), np.arange(6, 12)] * 3,
            hand_plans.SGD,
            [],
            np.full((6, 1), 0.5),
            **{n: data[n] for n in names[3:]},
            clip_norm=0.2,
            keys=np.arange(6, dtype=np.uint64),
            carried=[np.zeros((6, s.width)) for s in states] if carry else None,
            memory=memory,
        )
        assert found.finite
        arenas.append(np.append(data["parameters"], found.losses))
    assert np.abs(data["parameters"] - net.arena).max() > 0.01
    np.testing.assert_allclose(*arenas, rtol=1e-11, atol=1e-13)


@needs_native
def test_the_memory_of_a_long_batch_grows_with_the_root_of_its_steps():
    held = {}
    for T, memory in [(10_000, "normal"), (10_000, "low"), (2_500, "low")]:
        machine = make_engine(make_plan("gru", 2, 8, 1), np.float32, "native")
        data = batch(machine.plan, 2, T, seed=0, dtype=np.float32)
        run(machine, {"parameters": data["parameters"], "x": data["x"], "target": data["target"]}, memory)
        held[T, memory] = machine.bytes()
    assert held[10_000, "low"] < 0.03 * held[10_000, "normal"]
    assert held[10_000, "low"] < 2.2 * held[2_500, "low"]


# ---- what is refused, and how


@needs_native
@pytest.mark.parametrize("which", ["x", "target"])
def test_an_index_out_of_range_is_named_with_its_step_in_the_whole(which):
    machine = make_engine(hand_plans.embedding(7, 7), np.float64, "native")
    arrays = {name: np.zeros((30, 60, 1), np.int64) for name in ("x", "target")}
    arrays[which][[20, 25], [41, 3], 0] = 9
    for memory in ("normal", "low"):
        with pytest.raises(DataError, match=rf"{which}\[20, 41\] is 9: expected a whole number from 0 to 6"):
            gradients(machine, np.zeros(56), **arrays, memory=memory)
    gradients(machine, np.zeros(56), *(np.ones((30, 60, 1), np.int64) for _ in range(2)), memory="low")


@engines
def test_what_cannot_be_done_is_said(engine):
    machine = make_engine(make_plan("gru", 2, 3, 1, reverse=True), np.float64, engine)
    data = batch(machine.plan, 2, 9, seed=0)
    with pytest.raises(OptionError, match="reverse=True needs the whole sequence"):
        run(machine, data)
    with pytest.raises(OptionError, match="'normal' or 'low', got 'tiny'"):
        run(machine, data, "tiny")
    forward = make_engine(make_plan("gru", 2, 3, 1), np.float64, engine)
    run(forward, data)
    with pytest.raises(EngineError, match="memory='normal'"):
        forward.read(Ref(0))
