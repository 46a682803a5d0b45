"""Truncated gradients are those of pieces run one by one, from states that are just numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.engine import ENGINES, make_engine, native_available
from elman.errors import EngineError, OptionError
from elman.training.losses import LOSSES
from elman.training.protocol import Aim
from tests.draws import draws
from tests.engine.calls import forward, gradients
from tests.engine.test_low_memory import stack_data, stacked
from tests.engine.zoo import CELLS, batch, make_plan

needs_native = pytest.mark.skipif(not native_available(), reason="the native engine is not built")
BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
STATELESS_MASKS = sorted(set(CELLS) - {"odd"})  # "odd" has dropout, whose masks count the rows of a batch


def pieces(length: int, k: int) -> list[slice]:
    """k steps each, counted from the end."""
    ends = range(length, 0, -k)
    return [slice(max(0, end - k), end) for end in ends][::-1]


def by_hand(engine, data: dict, k: int) -> tuple[float, np.ndarray]:
    """Loss and gradient, row by row and piece by piece, through whole runs of the pieces only."""
    sequence = engine.plan.stages[-1].sequence
    share = data["weights"] * (data["lengths"] if sequence else 1)
    loss, gradient = 0.0, np.zeros(engine.plan.parameters)
    for b, length in enumerate(data["lengths"]):
        states = [s[b : b + 1] for s in data["states"]]
        for piece in pieces(length, k):
            x, last = data["x"][b : b + 1, piece], piece.stop == length
            if sequence or last:
                target = data["target"][b : b + 1, piece] if sequence else data["target"][b : b + 1]
                found = gradients(engine, data["parameters"], x, target, states=states)
                part = data["weights"][b] / share.sum() * (x.shape[1] if sequence else 1)
                loss, gradient = loss + part * found.loss, gradient + part * found.parameters
            _, states = forward(engine, data["parameters"], x, states=states)
    return loss, gradient


@draws(40)
@given(
    engine=st.sampled_from(BUILT),
    name=st.sampled_from(STATELESS_MASKS),
    sizes=st.tuples(*[st.integers(1, n) for n in (7, 19, 3, 9, 3)]),
    k=st.integers(1, 21),
    last=st.booleans(),
    ragged=st.booleans(),
    seed=st.integers(0, 9),
)
def test_it_is_the_gradient_of_pieces_run_one_by_one(engine, name, sizes, k, last, ragged, seed):
    B, T, F, H, O = sizes
    machine = make_engine(make_plan(name, F, H, O, last=last), np.float64, engine)
    data = batch(machine.plan, B, T, seed)
    if not ragged:
        data["lengths"] = np.full(B, T)
    loss, gradient = by_hand(machine, data, k)
    found = gradients(machine, **data, truncate=k)
    assert found.loss == pytest.approx(loss, rel=1e-10)
    np.testing.assert_allclose(found.parameters, gradient, rtol=1e-9, atol=1e-9 * max(1, np.abs(gradient).max()))
    y, states = forward(machine, data["parameters"], data["x"], lengths=data["lengths"], states=data["states"])
    np.testing.assert_allclose(found.output, y, atol=1e-12 * max(1, np.abs(y).max()))
    for a, b in zip(found.states, states, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12 * max(1, np.abs(b).max()))


@engines
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("loss", ["mse", "rmse"])
def test_as_many_steps_as_there_are_give_the_full_gradient_to_the_bit(engine, last, loss):
    net, machine = stacked(last, loss, engine)
    data = stack_data(net, machine, 9, 17, seed=0)
    whole = gradients(machine, **data, key=5)
    for k in (17, 18, 10**9):
        found = gradients(machine, **data, key=5, truncate=k)
        assert found.loss == whole.loss
        np.testing.assert_array_equal(found.parameters, whole.parameters)
        np.testing.assert_array_equal(found.output, whole.output)


@needs_native
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("k", [1, 4, 5, 16])
def test_both_engines_find_the_same_in_a_stack_with_dropout(last, k):
    found = []
    for engine in BUILT:
        net, machine = stacked(last, "rmse", engine)
        found.append(gradients(machine, **stack_data(net, machine, 9, 17, seed=1), key=5, truncate=k))
    assert found[0].loss == pytest.approx(found[1].loss, rel=1e-12)
    for name in ("parameters", "output"):
        np.testing.assert_allclose(getattr(found[0], name), getattr(found[1], name), atol=1e-12)


@engines
def test_dropout_and_the_loss_are_those_of_the_whole_where_rows_are_equally_long(engine):
    net, machine = stacked(False, "mse", engine)
    data = stack_data(net, machine, 5, 13, seed=1)
    del data["lengths"]
    whole, found = gradients(machine, **data, key=5), gradients(machine, **data, key=5, truncate=4)
    assert found.loss == pytest.approx(whole.loss, rel=1e-12)
    np.testing.assert_allclose(found.output, whole.output, atol=1e-12)
    assert np.abs(found.parameters - whole.parameters).max() > 1e-4


@needs_native
@pytest.mark.parametrize("last", [False, True])
def test_threads_change_no_bit(last):
    found = []
    for threads in (1, 2, 3):
        net, machine = stacked(last, "mse", "native", threads=threads)
        found.append(gradients(machine, **stack_data(net, machine, 150, 50, seed=0), truncate=9))
    for other in found[1:]:
        assert other.loss == found[0].loss
        np.testing.assert_array_equal(other.parameters, found[0].parameters)


@engines
def test_a_row_of_a_ragged_batch_has_the_gradient_that_it_has_alone(engine):
    net = el.Network(2, [el.GRU(5), el.Dense(1)], seed=0, dtype=np.float64, engine=engine)
    random = np.random.default_rng(0)
    x, target, lengths = random.normal(size=(3, 11, 2)), random.normal(size=(3, 11, 1)), [4, 11, 7]
    _, together = net.loss_and_grads(x, target, lengths=lengths, sample_weight=[0, 0, 1], truncate=3)
    _, alone = net.loss_and_grads(x[2:, :7], target[2:, :7], truncate=3)
    for name, value in alone.items():
        np.testing.assert_allclose(together[name], value, atol=1e-14)


@engines
def test_a_network_that_returns_its_last_step_learns_from_exactly_k_steps(engine):
    net = el.Network(1, [el.SimpleRNN(3, return_sequences=False)], seed=0, dtype=np.float64, engine=engine)
    x = np.zeros((1, 12, 1))
    for back, reached in [(4, True), (5, False)]:  # steps from the end
        x[:], x[0, -back] = 0, 1
        _, grads = net.loss_and_grads(x, np.ones((1, 3)), truncate=4)
        assert (np.abs(grads["0.W"]).max() > 0) == reached


@engines
@pytest.mark.parametrize("stateful", [False, True])
def test_training_with_it_follows_its_gradients(engine, stateful):
    def network():
        return el.Network(1, [el.SimpleRNN(4), el.Dense(1)], seed=3, dtype=np.float64, engine=engine)

    x = np.random.default_rng(0).normal(size=(8, 10, 1))
    net, mine, state = network(), network(), None
    options = {"optimizer": el.SGD(0.3), "batch_size": 4, "epochs": 1, "shuffle": False, "verbose": 0}
    net.fit(x, x**2, **options, stateful=stateful, truncate=3)
    for rows in (slice(0, 4), slice(4, 8)):
        _, after = mine(x[rows], state=state, return_state=True)
        _, grads = mine.loss_and_grads(x[rows], x[rows] ** 2, state=state, truncate=3)
        for name, value in grads.items():
            mine.params[name] = mine.params[name] - 0.3 * value
        state = after if stateful else None
    np.testing.assert_allclose(net.arena, mine.arena, atol=1e-13)


@engines
def test_a_batch_of_ones_own_may_be_truncated_too(engine):
    x = np.random.default_rng(0).normal(size=(8, 10, 1))
    nets = [el.Network(1, [el.SimpleRNN(4), el.Dense(1)], seed=3, dtype=np.float64, engine=engine) for _ in range(2)]
    nets[0].train_on_batch(x, x**2, optimizer=el.SGD(0.3), truncate=3)
    nets[1].fit(
        x, x**2, optimizer=el.SGD(0.3), epochs=1, batch_size=8, truncate=3, verbose=0, validation_data=(x, x**2)
    )
    np.testing.assert_allclose(nets[0].arena, nets[1].arena, atol=1e-13)
    assert nets[1].history["val_loss"][0] == pytest.approx(nets[1].evaluate(x, x**2), rel=1e-12)


@needs_native
def test_memory_is_that_of_the_steps_that_it_goes_back():
    held = {}
    for truncate in (None, 100):
        machine = make_engine(make_plan("gru", 2, 8, 1), np.float32, "native")
        data = batch(machine.plan, 2, 10_000, seed=0, dtype=np.float32)
        gradients(machine, data["parameters"], data["x"], data["target"], truncate=truncate)
        held[truncate] = machine.bytes()
    assert held[100] < 0.02 * held[None]


@engines
def test_an_index_out_of_range_is_named_with_its_step(engine):
    net = el.Network(1, [el.Embedding(5, 3), el.GRU(3)], engine=engine)
    x = np.zeros((2, 9, 1))
    x[1, 4] = 7
    with pytest.raises(el.DataError, match=r"x\[1, 4\] is 7"):
        net.loss_and_grads(x, np.zeros((2, 9, 3)), lengths=[9, 8], truncate=3)


@engines
def test_what_cannot_be_done_is_said(engine):
    net = el.Network(1, [el.GRU(3, reverse=True)], engine=engine)
    x, target = np.zeros((2, 9, 1)), np.zeros((2, 9, 3))
    for options, said in [
        ({"truncate": 3}, "reverse=True needs the whole sequence"),
        ({"truncate": 0}, "truncate is 0; expected a whole number of at least 1"),
        ({"truncate": 2.0}, "truncate is 2.0; expected"),
    ]:
        with pytest.raises(OptionError, match=said):
            net.loss_and_grads(x, target, **options)
        with pytest.raises(OptionError, match=said):
            net.fit(x, target, verbose=0, **options)
    forth = el.Network(1, [el.GRU(3)], engine=engine)
    with pytest.raises(OptionError, match="leave it at 'normal'"):
        forth.loss_and_grads(x, target, memory="low", truncate=3)
    machine = forth.trainer([Aim(LOSSES["mse"], 3)])
    with pytest.raises(EngineError, match="with respect to parameters"):
        gradients(machine, forth.arena, x.astype(np.float32), target.astype(np.float32), truncate=3, want_states=True)
