"""Many steps of a stream in one call: the bits of as many calls, or nothing at all."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.engine import ENGINES, native_available
from tests.draws import draws
from tests.network.graph_networks import N, graph_networks
from tests.random_cells import BESIDE, RICH, draw

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)


@el.cell
def carried(p, x, h):
    """An output beside the state."""
    new = el.tanh(p.W @ x + p.U @ h + p.b)
    return p.V @ new, new


@el.cell
def exploding(p, x, g, h):
    """A state that is infinite after a large x, for one step, and the output does not show it."""
    return 0.5 * h + 1 / (1 + g), el.exp(x), 0.5 * h


NETWORKS: dict[str, Callable[[str], el.Network]] = {
    "gru": lambda e: el.Network(3, [el.GRU(5), el.Dense(2)], engine=e),
    "wide": lambda e: el.Network(3, [el.LSTM(67), el.GRU(33), el.Dense(2)], engine=e),
    "double": lambda e: el.Network(3, [el.LSTM(5), el.LayerNorm()], dtype=np.float64, engine=e),
    "last step": lambda e: el.Network(3, [el.GRU(5, return_sequences=False), el.Dense(2)], engine=e),
    "beside, last step": lambda e: el.Network(
        3, [el.Recurrent(carried, 4, return_sequences=False, sizes={"V": 3}), el.Dense(2)], engine=e
    ),
    "no state": lambda e: el.Network(3, [el.Dense(4, activation="tanh"), el.Dense(2)], engine=e),
    "bfloat16": lambda e: el.Network(3, [el.GRU(9), el.Dense(2)], products="bfloat16", engine=e),
    "made": lambda e: el.Network(3, [el.Recurrent(positive, 5)], engine=e),
}


@el.cell
def positive(p, x, h):
    """A matrix made of parameters."""
    return el.tanh(p.W @ x + el.abs(p.U) @ h)


class Subclass(np.ndarray):
    pass


def stepped(stream: Any, x: np.ndarray) -> np.ndarray:
    return np.stack([stream(x[:, t]) for t in range(x.shape[1])], axis=1)


def same_states(one: Any, other: Any) -> None:
    for a, b in zip(one.state, other.state, strict=True):
        for mine, theirs in zip(a, b, strict=True):
            np.testing.assert_array_equal(mine, theirs)


@engines
@pytest.mark.parametrize("name", [n for n in NETWORKS if n != "beside, last step"])
@draws(3)
@given(rows=st.sampled_from([1, 2, 7, 40]), steps=st.sampled_from([1, 2, 5, 130]), seed=st.integers(0, 99))
def test_a_run_has_the_bits_of_single_steps(engine, name, rows, steps, seed):
    if engine == "numpy":
        rows, steps = min(rows, 2), min(steps, 6)
    net = NETWORKS[name](engine)
    x = np.random.default_rng(seed).normal(size=(rows, steps, 3))
    stream, other = net.stream(rows), net.stream(rows)
    for part in (x, x[:, ::-1]):  # the state is handed on, from steps to runs and back
        np.testing.assert_array_equal(stream.run(part), stepped(other, part))
        np.testing.assert_array_equal(stream(part[:, 0]), other(part[:, 0]))
        same_states(stream, other)


@engines
@draws(25)
@given(seed=st.integers(0, 300), kind=st.sampled_from([0, RICH, BESIDE]))
def test_random_cells(engine, seed, kind):
    cell = draw(kind + seed)
    layer = el.Recurrent(cell.cell(), cell.units, sizes=cell.sizes)
    net = el.Network(2, [el.Dense(cell.widths[0], activation="tanh"), layer], engine=engine, seed=seed)
    x = np.random.default_rng(seed).normal(size=(2, 6, 2)).astype(np.float32)
    stream, other = net.stream(2), net.stream(2)
    try:
        y = stepped(other, x)
    except el.DataError:  # a value that grows without bound
        with pytest.raises(el.DataError, match=r"^step \d of 6: "):
            stream.run(x)
        return
    np.testing.assert_array_equal(stream.run(x), y)
    same_states(stream, other)


@engines
@draws(10)
@given(graph_networks(stepwise=True))
def test_graphs_with_several_inputs_and_outputs(engine, drawn):
    net = el.Network(drawn.function, inputs=drawn.inputs, engine=engine)
    try:
        stream, other = net.stream(2), net.stream(2)
    except el.OptionError:
        return
    random = np.random.default_rng(0)
    x = {given.name: random.normal(size=(2, 5, N)) for given in net.structure.inputs}  # a static one at each step
    y = stream.run(x)
    each = [other({name: a[:, t] for name, a in x.items()}) for t in range(5)]
    for name, one in y.items():
        np.testing.assert_array_equal(one, np.stack([step[name] for step in each], axis=1))
    same_states(stream, other)


@engines
def test_longer_than_what_is_taken_at_once(engine):
    net = el.Network(2, [el.GRU(3), el.Dense(1)], engine=engine)
    steps = 10_000 if engine == "native" else 50
    x = np.random.default_rng(0).normal(size=(steps, 2)).astype(np.float32)
    stream, other = net.stream(), net.stream()
    np.testing.assert_array_equal(stream.run(x), stepped(other, x[None])[0])
    same_states(stream, other)


@engines
@pytest.mark.parametrize("place", [0, 1, 150, 299])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("last", [False, True])
def test_a_bad_value_is_named_and_no_step_is_done(engine, place, value, last):
    net = el.Network(3, [el.GRU(4, return_sequences=not last), el.Dense(1)], engine=engine)
    if engine == "numpy":
        place //= 10
    stream = net.stream()
    stream(np.ones((1, 3)))
    before = stream.state
    x = np.random.default_rng(0).normal(size=(300 if engine == "native" else 30, 3))
    y = net.stream(state=before).run(x)
    x[place, 1], kept = value, x[place, 1]
    with pytest.raises(el.DataError, match=rf"^step {place} of {len(x)}: x\[0, 1\] is {value}: .*None of these steps"):
        stream.run(x)
    for mine, old in zip(stream.state, before, strict=True):
        np.testing.assert_array_equal(mine, old)
    x[place, 1] = kept
    np.testing.assert_array_equal(stream.run(x), y)


@engines
def test_a_state_that_is_infinite_for_one_step_in_the_middle_is_found(engine):
    net = el.Network(1, [el.Recurrent(exploding, 1)], engine=engine)
    stream, x = net.stream(), np.zeros((8, 1))
    stream.run(x)
    before, x[3] = stream.state, 100
    with pytest.raises(el.DataError, match=r"^step 3 of 8: state\[0\]\[0\]\[0, 0\] has become inf"):
        stream.run(x)
    np.testing.assert_array_equal(stream.state, before)


@engines
def test_indices(engine):
    net = el.Network(1, [el.Embedding(9, 4), el.GRU(3)], engine=engine)
    x = np.random.default_rng(0).integers(0, 9, (20, 1))
    stream, other = net.stream(), net.stream()
    y = stepped(other, x[None])[0]
    for form in (x, x.astype(np.float64), x.astype(np.uint8), x.tolist()):
        np.testing.assert_array_equal(stream.run(form), y)
        stream.reset()
    x[7] = 9
    with pytest.raises(el.DataError, match=r"^step 7 of 20: x\[0\] is 9: expected indices"):
        stream.run(x)
    with pytest.raises(el.DataError, match=r"^step 2 of 3: x\[0\] is 0.5"):
        stream.run([[0], [1], [0.5]])


@engines
def test_what_is_like_an_array(engine):
    pandas = pytest.importorskip("pandas")
    net = el.Network(2, [el.GRU(3)], engine=engine)
    x = np.random.default_rng(0).normal(size=(6, 2))
    y = net.stream().run(x)
    forms = [x.tolist(), pandas.DataFrame(x), x[None], np.asfortranarray(x), x.astype(object), np.repeat(x, 2, 0)[::2]]
    for form in forms:
        np.testing.assert_array_equal(np.reshape(net.stream().run(form), y.shape), y)
    assert net.stream().run(x[None]).shape == (1, 6, 3)
    assert net.stream().run(np.zeros((0, 2))).shape == (0, 3)
    masked = np.ma.masked_less(x, 0)
    for call in (lambda s: s.run(masked), lambda s: s(masked[:1])):
        with pytest.raises(el.DataError, match="masked"):
            call(net.stream())


@engines
@pytest.mark.parametrize("shape", [(6,), (6, 3), (2, 6, 2), (1, 6, 3), (1, 1, 6, 2)])
def test_another_shape_is_refused(engine, shape):
    stream = el.Network(2, [el.GRU(3)], engine=engine).stream()
    with pytest.raises(el.ShapeError, match=r"^x has shape .*expected \(time steps, 2\) or \(1, time steps, 2\)"):
        stream.run(np.zeros(shape))


@engines
def test_inputs_of_other_lengths_are_refused(engine):
    net = el.Network(lambda a, b: el.GRU(2)(a + b), inputs={"a": 2, "b": 2}, engine=engine)
    with pytest.raises(el.ShapeError, match="b has 4 time steps and a 5"):
        net.stream().run((np.zeros((5, 2)), np.zeros((4, 2))))
    assert net.stream().run((np.zeros((5, 2)), np.zeros((5, 2)))).shape == (5, 2)


@pytest.mark.skipif(not native_available(), reason="of the native engine")
def test_a_single_step_takes_numbers_of_any_kind():
    """What the fast way knows, and what it leaves to the other one."""
    net = el.Network(2, [el.GRU(3)])
    x = np.array([[3, -2]])
    y = net.stream()(x.astype(np.float32))
    kinds = ["f8", "i1", "i2", "i4", "i8", "f2", ">f4", ">f8", "g"]
    for form in [*(x.astype(kind) for kind in kinds), x.tolist(), np.asfortranarray(x), np.float32(x).view(Subclass)]:
        np.testing.assert_array_equal(net.stream()(form), y)
    with pytest.raises(el.DataError, match="is inf"):
        net.stream()(np.array([[1e300, 0]]))
    for wrong in (x[0], x[None], np.zeros((2, 2)), np.zeros((1, 3)), None, "x"):
        with pytest.raises((el.ShapeError, el.DataError)):
            net.stream()(wrong)


@pytest.mark.skipif(not native_available() or not hasattr(signal, "setitimer"), reason="of the native engine, on POSIX")
def test_ctrl_c_ends_a_long_run_and_no_step_is_done():
    stream = el.Network(1, [el.GRU(64), el.Dense(1)]).stream()
    x = np.zeros((3_000_000, 1), np.float32)
    stream(np.ones((1, 1)))
    before = stream.state
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            stream.run(x)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    np.testing.assert_array_equal(stream.state, before)
