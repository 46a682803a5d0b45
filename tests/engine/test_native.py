"""The native engine against NumPy written out here, numerical gradients, and itself in other circumstances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.engine import native
from elman.engine.native import NativeEngine
from elman.engine.slots import Ref
from elman.errors import DataError, EngineError, ShapeError
from tests.draws import draws
from tests.engine import hand_plans
from tests.engine.calls import forward, gradients, train
from tests.engine.rnn_problem import Problem

pytestmark = pytest.mark.skipif(not native.available(), reason="no native build")

sizes = st.tuples(*[st.integers(1, n) for n in (40, 6, 4, 19, 3)])  # B T F H O


@draws(60)
@given(sizes, st.booleans(), st.booleans(), st.booleans(), st.integers(0, 99))
def test_loss_output_and_states_are_those_of_the_equations(sizes, ragged, last, reverse, seed):
    p = Problem(*sizes, ragged=ragged, last=last, reverse=reverse, seed=seed)
    loss, output, final = p.expected()
    found = p.run(p.engine())
    np.testing.assert_allclose(found.loss, loss, rtol=1e-12, atol=1e-14)  # a close fit cancels
    np.testing.assert_allclose(found.output, output, atol=1e-12)
    np.testing.assert_allclose(found.states[0], final, atol=1e-12)
    alone = forward(p.engine(), p.parameters, p.x, lengths=p.lengths, states=p.states)
    np.testing.assert_array_equal(alone[0], found.output)
    np.testing.assert_array_equal(alone[1][0], found.states[0])


def numerical(f, at: np.ndarray, epsilon: float = 1e-5) -> np.ndarray:
    """Central differences of the number f(at) in every value of `at`."""
    out = np.empty(at.shape)
    for i in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[i] = epsilon
        out[i] = (f(at + step) - f(at - step)) / (2 * epsilon)
    return out


@pytest.mark.parametrize("B", [1, 3, 18])
@pytest.mark.parametrize(
    "options", [{}, {"last": True, "root": True}, {"reverse": True}, {"last": True}, {"root": True}]
)
@pytest.mark.parametrize("ragged", [False, True])
def test_gradients_are_the_numerical_ones(B, options, ragged):
    p = Problem(B, 4, 2, 3, 2, ragged=ragged, **options)
    found = p.run(p.engine(), want_input=True, want_states=True)
    tolerance = {"rtol": 1e-7, "atol": 1e-9}
    np.testing.assert_allclose(found.parameters, numerical(lambda a: p.expected(a)[0], p.parameters), **tolerance)
    np.testing.assert_allclose(found.input, numerical(lambda x: p.expected(x=x)[0], p.x), **tolerance)
    np.testing.assert_allclose(
        found.initial_states[0], numerical(lambda h: p.expected(h=h)[0], p.states[0]), **tolerance
    )


def test_gradients_of_final_states_flow_back():
    p = Problem(3, 4, 2, 3, 2, ragged=True)
    above = np.random.default_rng(1).normal(size=(3, 3))

    def total(parameters):
        loss, _, final = p.expected(parameters)
        return loss + np.sum(above * final)

    found = p.run(p.engine(), state_gradients=[above])
    np.testing.assert_allclose(found.parameters, numerical(total, p.parameters), rtol=1e-7, atol=1e-9)


def test_a_parameter_used_twice_has_the_sum_of_its_gradients():
    once, twice = Problem(5, 4, 2, 3, 2), Problem(5, 4, 2, 3, 2, twice=True)
    one, two = once.run(once.engine()).parameters, twice.run(twice.engine()).parameters
    b = slice(2 * 3 + 3 * 3, 2 * 3 + 3 * 3 + 3)
    np.testing.assert_array_equal(two[b], one[b] + one[b])
    np.testing.assert_array_equal(np.delete(two, b), np.delete(one, b))


def test_a_perfect_fit_of_a_root_has_no_gradient():
    p = Problem(3, 4, 2, 3, 2, root=True)
    p.target = p.expected()[1]
    p.target = forward(p.engine(), p.parameters, p.x, states=p.states)[0]
    found = p.run(p.engine())
    assert found.loss == 0 and not found.parameters.any()


# ---- the same numbers


def same(a, b) -> None:
    assert a.loss == b.loss
    for x, y in zip(
        (a.parameters, a.output, a.input, *a.states), (b.parameters, b.output, b.input, *b.states), strict=True
    ):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("B", [5, 50, 150])
def test_threads_do_not_change_a_bit(dtype, ragged, B):
    p = Problem(B, 20, 5, 150, 3, ragged=ragged, dropout=0.3)
    for name in ("parameters", "x", "target", "weights"):
        setattr(p, name, getattr(p, name).astype(dtype))
    p.states = [s.astype(dtype) for s in p.states]
    one, two = (p.run(p.engine(threads, dtype), want_input=True, key=7) for threads in (1, 2))
    same(one, two)
    for threads in (5, 50):  # more than there are groups of rows
        same(two, p.run(p.engine(threads, dtype), want_input=True, key=7))


@draws(40)
@given(sizes, st.booleans(), st.sampled_from([np.float32, np.float64]))
def test_a_row_alone_is_the_row_in_a_batch(sizes, ragged, dtype):
    p = Problem(*sizes, ragged=ragged)
    engine = p.engine(dtype=dtype)
    arena, x, states = p.parameters.astype(dtype), p.x.astype(dtype), p.states[0].astype(dtype)
    y, (final,) = forward(engine, arena, x, lengths=p.lengths, states=[states])
    for b in range(len(x)):
        n = x.shape[1] if p.lengths is None else p.lengths[b]
        alone, (last,) = forward(engine, arena, x[b : b + 1, :n], states=[states[b : b + 1]])
        np.testing.assert_array_equal(y[b, :n], alone[0])
        np.testing.assert_array_equal(final[b], last[0])
        assert not y[b, n:].any()


def test_dropout_depends_on_key_and_row_but_not_on_the_order_of_lengths():
    p = Problem(9, 5, 2, 4, 1, dropout=0.5)
    lengths = np.array([1, 5, 2, 4, 3, 5, 1, 2, 4])
    engine = p.engine()
    full = forward(engine, p.parameters, p.x, key=3)[0]
    ragged = forward(engine, p.parameters, p.x, lengths=lengths, key=3)[0]
    for b, n in enumerate(lengths):
        np.testing.assert_array_equal(full[b, :n], ragged[b, :n])
    assert (full != forward(engine, p.parameters, p.x, key=4)[0]).any()


def test_a_long_thin_batch_is_its_pieces():
    """One row of many steps runs in merged time; chained pieces of it do not."""
    p = Problem(1, 500, 3, 20, 2)
    engine = p.engine()
    whole, _ = forward(engine, p.parameters, p.x, states=p.states)
    states, pieces = p.states, []
    for t in range(0, 500, 7):
        y, states = forward(engine, p.parameters, p.x[:, t : t + 7], states=states)
        pieces.append(y)
    np.testing.assert_array_equal(whole, np.concatenate(pieces, axis=1))


def test_a_large_batch_runs_in_parts():
    p = Problem(3000, 40, 2, 60, 1, dropout=0.5, ragged=True)
    engine = p.engine()
    y, (final,) = forward(engine, p.parameters, p.x, lengths=p.lengths, states=p.states, key=1)
    whole = p.run(engine, key=1)  # the gradient needs all of it at once
    np.testing.assert_array_equal(y, whole.output)
    np.testing.assert_array_equal(final, whole.states[0])
    forward(engine, p.parameters, p.x)
    with pytest.raises(EngineError, match="fewer rows"):
        engine.read("h")


def test_input_of_any_strides():
    p = Problem(6, 5, 2, 4, 1)
    wide = np.zeros((5, 12, 4))
    view = wide[:, ::2, ::-2].transpose(1, 0, 2)
    view[...] = p.x
    view.flags.writeable = False
    np.testing.assert_array_equal(*(forward(p.engine(), p.parameters, x)[0] for x in (p.x, view)))


def test_a_stepper_shares_its_engine():
    p = Problem(2, 6, 2, 5, 1)
    engine, x, y, states = p.engine(), np.empty((2, 1, 2)), np.empty((2, 1, 1)), [p.states[0].copy()]
    expected = forward(p.engine(), p.parameters, p.x, states=p.states)[0]
    step = engine.stepper(p.parameters, [x], states, [y])
    for t in range(6):
        x[:, 0] = p.x[:, t]
        step()
        np.testing.assert_array_equal(y[:, 0], expected[:, t])
        if t % 2:
            forward(engine, p.parameters * 2, p.x)


def test_changed_parameters_are_packed_again():
    p = Problem(4, 3, 2, 5, 1)
    engine, arena = p.engine(), p.parameters.copy()
    first = forward(engine, arena, p.x)[0]
    arena *= 0.5
    np.testing.assert_array_equal(forward(engine, arena, p.x)[0], forward(p.engine(), arena, p.x)[0])
    np.testing.assert_array_equal(forward(engine, p.parameters, p.x)[0], first)


def test_parameters_of_a_known_version_are_not_packed_again():
    p = Problem(4, 3, 2, 5, 1)
    engine, arena = p.engine(), p.parameters.copy()

    def run(version):
        return forward(engine, arena, p.x, version=version)[0]

    first = run(1)
    arena[:4] *= 0.5  # of a matrix; biases are read where they lie
    np.testing.assert_array_equal(run(1)[:, 0], first[:, 0])  # they say that nothing has changed
    changed = forward(p.engine(), arena, p.x)[0]
    assert not np.array_equal(changed, first)
    np.testing.assert_array_equal(run(2), changed)
    with pytest.raises(ShapeError):
        forward(engine, arena, p.x, states=[np.zeros((5, 4))], version=3)
    np.testing.assert_array_equal(run(3), changed)


def test_whatever_runs_between_others_finds_its_own_parameters():
    p = Problem(4, 3, 2, 5, 1)
    engine, other = p.engine(), p.parameters * 2
    expected = {1: forward(p.engine(), p.parameters, p.x)[0], 2: forward(p.engine(), other, p.x)[0]}
    x, y, states = p.x[:, :1].copy(), np.empty_like(expected[1][:, :1]), [np.zeros_like(p.states[0])]
    step = engine.stepper(p.parameters, [x], states, [y])
    for turn in (1, 2, 2, 1, 1, 2):
        found = forward(engine, p.parameters if turn == 1 else other, p.x, version=turn)[0]
        np.testing.assert_array_equal(found, expected[turn])
        states[0][...] = 0
        step()
        np.testing.assert_array_equal(y[:, 0], expected[1][:, 0])
    gradients(engine, other, p.x, p.target, version=2)
    np.testing.assert_array_equal(forward(engine, other, p.x, version=2)[0], expected[2])


# ---- embeddings and classes


def cross_entropy(arena: np.ndarray, x: np.ndarray, target: np.ndarray, symbols: int, C: int) -> float:
    table, offset = arena[: symbols * C].reshape(symbols, C), arena[symbols * C :]
    y = table[x[..., 0].astype(int)] + offset
    scores = np.take_along_axis(y, target.astype(int), -1)[..., 0]
    return float(np.mean(np.log(np.exp(y).sum(-1)) - scores))


def test_embedding_and_softmax_cross_entropy():
    rng, symbols, C = np.random.default_rng(0), 7, 70
    engine = NativeEngine(hand_plans.embedding(symbols, C), np.float64)
    x, target = (rng.integers(0, n, (20, 6, 1)).astype(float) for n in (symbols - 1, C))
    arena = rng.normal(size=symbols * C + C)
    found = gradients(engine, arena, x, target)
    np.testing.assert_allclose(found.loss, cross_entropy(arena, x, target, symbols, C), rtol=1e-12)
    expected = numerical(lambda a: cross_entropy(a, x, target, symbols, C), arena)
    np.testing.assert_allclose(found.parameters, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("wrong", [-1, 7, 1.5, np.nan, np.inf, 1e30])
@pytest.mark.parametrize("which", ["x", "target"])
def test_an_index_out_of_range_is_named_with_its_place(wrong, which):
    engine = NativeEngine(hand_plans.embedding(7, 7), np.float64)
    arrays = {"x": np.zeros((30, 6, 1)), "target": np.zeros((30, 6, 1))}
    arrays[which][[20, 25], [4, 0], 0] = wrong
    with pytest.raises(DataError, match=rf"{which}\[20, 4\] is .*: expected a whole number from 0 to 6"):
        gradients(engine, np.zeros(56), **arrays)
    gradients(engine, np.zeros(56), np.ones((30, 6, 1)), np.ones((30, 6, 1)))  # and the engine goes on


# ---- looking inside, and what is refused


def test_read_gives_a_slot_in_the_caller_s_order():
    p = Problem(6, 5, 2, 4, 1, ragged=True)
    engine = p.engine()
    _, (final,) = forward(engine, p.parameters, p.x, lengths=p.lengths, states=p.states)
    h = engine.read("h")
    np.testing.assert_array_equal(h[0], p.states[0])
    np.testing.assert_array_equal(h[p.lengths, np.arange(6)], final)
    assert not h[-1][p.lengths < 5].any()
    np.testing.assert_array_equal(engine.read(Ref(0))[0], p.x[:, 0])


def test_wrong_arrays_are_refused():
    p = Problem(6, 5, 2, 4, 1)
    engine, arena = p.engine(), p.parameters
    with pytest.raises(ShapeError, match="3 features"):
        forward(engine, arena, np.zeros((6, 5, 3)))
    with pytest.raises(ShapeError, match="parameters is float32"):
        forward(engine, arena.astype(np.float32), p.x)
    with pytest.raises(ShapeError, match="x is float32"):
        forward(engine, arena, p.x.astype(np.float32))
    with pytest.raises(ShapeError, match="parameters has shape"):
        forward(engine, arena[:-1], p.x)
    with pytest.raises(ShapeError, match=r"states\[0\] has shape"):
        forward(engine, arena, p.x, states=[np.zeros((5, 4))])
    with pytest.raises(ShapeError, match="expected 0..5"):
        forward(engine, arena, p.x, lengths=[1, 2, 3, 4, 5, 6])
    with pytest.raises(ShapeError, match="target has shape"):
        gradients(engine, arena, p.x, p.target[:, :-1])
    with pytest.raises(ShapeError, match="rows 0 to 6"):
        train(engine, arena, p.x, p.target, [np.array([0, 6])], hand_plans.SGD, [], np.zeros((1, 1)))
    with pytest.raises(ShapeError, match="make them equal"):
        batches = [np.arange(3), np.arange(2)]
        train(engine, arena, p.x, p.target, batches, hand_plans.SGD, [], np.zeros((2, 1)), carried=[np.zeros((3, 4))])


def test_unknown_instruction_set(monkeypatch):
    monkeypatch.setenv("ELMAN_ISA", "mmx")
    with pytest.raises(EngineError, match="mmx"):
        Problem(1, 1, 1, 1, 1).engine()


@pytest.mark.parametrize("isa", native.instruction_sets())
def test_instruction_sets_agree(isa, monkeypatch):
    p = Problem(20, 6, 3, 33, 2)
    best = p.run(p.engine())
    monkeypatch.setenv("ELMAN_ISA", isa)
    found = p.run(p.engine())
    np.testing.assert_allclose(found.parameters, best.parameters, rtol=1e-11, atol=1e-14)


def test_a_bad_plan_is_refused():
    from dataclasses import replace

    plan = hand_plans.tanh_rnn(2, 3, 1)
    for wrong in (
        replace(plan, parameters=plan.parameters - 1),
        replace(plan, slots=plan.slots[:-1]),
        replace(plan, slots=(replace(plan.slots[0], width=3), *plan.slots[1:])),
        replace(plan, gradients=(replace(plan.gradients[0], rows=4), *plan.gradients[1:])),
        replace(plan, slots=tuple(replace(s, time="pair") for s in plan.slots)),
    ):
        with pytest.raises(EngineError, match="bad plan"):
            NativeEngine(wrong, np.float64)


@pytest.mark.parametrize("work", [-1.0, np.inf, np.nan])
def test_a_program_whose_work_is_no_number_is_refused(work, monkeypatch):
    monkeypatch.setattr("elman.engine.plain.ADDITION", work)
    with pytest.raises(EngineError, match="work of a program"):
        NativeEngine(hand_plans.tanh_rnn(2, 3, 1), np.float64)


def test_calls_from_several_threads_at_once():
    from concurrent.futures import ThreadPoolExecutor

    p = Problem(64, 10, 3, 40, 2)
    engines = [p.engine(), p.engine()]
    expected = p.run(engines[0])
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda i: p.run(engines[i % 2]), range(40)):
            np.testing.assert_array_equal(found.parameters, expected.parameters)


def test_a_fork_makes_its_own_threads():
    import os

    p = Problem(128, 20, 3, 64, 2)
    expected = p.run(p.engine()).loss
    child = os.fork()
    if child == 0:
        os._exit(0 if p.run(p.engine()).loss == expected else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_long_row_loses_little_by_rounding():
    row = np.full((1, 1 << 22), 0.1, np.float32)
    for op, expected in (("sum", row.sum(dtype=np.float64)), ("mean", row.mean(dtype=np.float64))):
        np.testing.assert_allclose(native.evaluate(op, [row], width=1), expected, rtol=1e-4)
