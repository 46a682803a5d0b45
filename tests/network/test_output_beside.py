"""A cell's output beside its states, against the same cell with a state more, on both engines; and all that follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
RANDOM = np.random.default_rng(0)
X, LENGTHS = RANDOM.normal(size=(5, 7, 3)), np.array([7, 3, 0, 5, 1])
STATE = [tuple(RANDOM.normal(size=(5, 4)) for _ in range(2))]


def read_out(p, x, h, c):
    forget = el.sigmoid(p.W_f @ x + p.U_f @ h)
    c = forget * c + el.tanh(p.W @ x + p.U @ h + p.b)
    h = el.tanh(c)
    return p.V @ h + p.D @ x + p.d, h, c


def read_out_as_state(p, x, y, h, c):
    return read_out(p, x, h, c)


BESIDE, AS_STATE = el.cell(read_out), el.cell(read_out_as_state)


def pair(engine: str, **how: Any) -> tuple[el.Network, el.Network]:
    """The network, and the same one with a state more, of the same parameters."""
    layers = [
        el.Recurrent(BESIDE, 4, sizes={"output": 2}, **how),
        el.Recurrent(AS_STATE, 2, sizes={"h": 4, "c": 4}, **how),
    ]
    one, other = (el.Network(3, [layer, el.Dense(2)], dtype="float64", engine=engine) for layer in layers)
    other.params.restore(one.arena)
    return one, other


def with_zeros(state: Any) -> list[tuple[np.ndarray, ...]]:
    return [(np.zeros((5, 2)), *state[0])]


def assert_alike(one: Any, other: Any) -> None:
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "ragged"])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("engine", BUILT)
def test_it_is_what_a_state_more_would_be(engine, reverse, last, lengths):
    one, other = pair(engine, reverse=reverse, return_sequences=not last)
    for memory in ("normal",) if reverse else ("normal", "low"):
        y, (final,) = one(X, state=STATE, return_state=True, lengths=lengths, memory=memory)
        wanted, (theirs,) = other(X, state=with_zeros(STATE), return_state=True, lengths=lengths, memory=memory)
        assert np.array_equal(y, wanted)
        assert len(final) == 2 and all(map(np.array_equal, final, theirs[1:]))
    along = np.random.default_rng(1).normal(size=y.shape)
    for how in ({},) if reverse else ({}, {"memory": "low"}, {"truncate": 3}):
        loss, grads = one.loss_and_grads(X, along, lengths=lengths, **how)
        their_loss, their_grads = other.loss_and_grads(X, along, lengths=lengths, **how)
        assert loss == pytest.approx(their_loss, abs=1e-13)
        assert_alike(grads, their_grads)
    ends = [tuple(np.random.default_rng(2).normal(size=s.shape) for s in final)]
    grads, dx, (begin,) = one.backward(X, along, state=STATE, state_gradients=ends, lengths=lengths)
    found = other.backward(X, along, state=with_zeros(STATE), state_gradients=with_zeros(ends), lengths=lengths)
    assert_alike(grads, found[0])
    assert_alike({"x": dx, **dict(enumerate(begin))}, {"x": found[1], **dict(enumerate(found[2][0][1:]))})


@pytest.mark.parametrize("last", [False, True])
def test_training_carries_states_alike(last):
    target = RANDOM.normal(size=(10, 2) if last else (10, 7, 2))
    x = np.concatenate([X, X])
    for how in ({}, {"stateful": True, "shuffle": False}, {"memory": "low"}, {"truncate": 2}):
        for engine in BUILT:
            one, other = pair(engine, return_sequences=not last)
            for net in (one, other):
                net.fit(x, target, batch_size=5, epochs=3, verbose=0, **how)
            assert_alike(one.params, other.params)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("last", [False, True])
def test_step_by_step_it_is_the_same(engine, last):
    net, _ = pair(engine, return_sequences=not last)
    stream, whole = net.stream(5), net(X)
    for t in range(7):
        y = stream(X[:, t])
        if not last:
            np.testing.assert_allclose(y, whole[:, t], rtol=0, atol=1e-12)
    np.testing.assert_allclose(y, whole if last else whole[:, -1], rtol=0, atol=1e-12)
    assert [s.shape for s in stream.state[0]] == [(5, 4), (5, 4)]


def test_generated_values_are_fed_back():
    x = X[:, :3, :1]
    net = el.Network(1, [el.Recurrent(BESIDE, 4, sizes={"output": 1})], dtype="float64")
    found, long = net.generate(x, 4), x
    for _ in range(4):
        long = np.concatenate([long, net(long)[:, -1:]], axis=1)
    np.testing.assert_allclose(found, long[:, 3:], rtol=0, atol=1e-12)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_traces_have_it_as_y(reverse, last):
    net, _ = pair(BUILT[-1], reverse=reverse, return_sequences=not last)
    for lengths in (None, LENGTHS):
        steps = net.trace(X, state=STATE, lengths=lengths)
        assert steps["y"].shape == (5, 7, 2) and steps["h"].shape == (5, 7, 4)
        y = net(X, state=STATE, lengths=lengths)
        np.testing.assert_allclose(steps["1.y"] if not last else steps["1.y"][:, 0], y, rtol=0, atol=1e-12)


def test_a_row_of_no_steps_has_a_trace():
    net = el.Network(3, [el.GRU(4, return_sequences=False), el.Dense(2)], dtype="float64")
    steps = net.trace(X, lengths=LENGTHS)
    np.testing.assert_allclose(steps["1.y"][:, 0], net(X, lengths=LENGTHS), rtol=0, atol=1e-12)


def test_files_keep_it(tmp_path):
    net, _ = pair(BUILT[-1])
    again = el.load(net.save(tmp_path / "net.safetensors"))
    np.testing.assert_allclose(again(X), net(X), rtol=0, atol=1e-12)
    assert again.graphs[0].has_output
    assert again.layers[0].cell.equations() == BESIDE.equations()


def test_its_equations():
    assert BESIDE.equations()[-1] == "y_t = V h_t + D x + d"
    assert BESIDE.latex().splitlines()[-2] == "y_{t} &= V h_{t} + D x_{t} + d"
    old = el.cell(lambda p, x, h: (h, el.tanh(p.W @ x + p.U @ h)))
    assert old.equations() == ["h_t = tanh(W x + U h)", "y_t = h"]

    def gated(p, x, h):
        gate = el.sigmoid(p.W @ x)
        return gate, gate * el.tanh(p.U @ h)

    assert el.cell(gated).equations() == ["gate_t = σ(W x)", "h_t = gate_t * tanh(U h)"]

    def taken(p, x, y):
        return p.V @ y, el.tanh(p.W @ x + p.U @ y)

    assert el.cell(taken).trace().ends == ["output", "y"]


def test_its_width():
    free = el.cell(lambda p, x, h: (p.V @ h, el.tanh(p.W @ x + p.U @ h)))
    tied = el.cell(lambda p, x, h: (el.concat(h, x), el.tanh(p.W @ x + p.U @ h)))
    lone = el.cell(lambda p, x, h: (el.sum(h), el.tanh(p.W @ x + p.U @ h)))
    wide = {
        (cell, size): el.Recurrent(cell, 4, sizes={"output": size} if size else {})
        for cell, size in ((free, 0), (free, 3), (tied, 0), (tied, 7), (lone, 0), (lone, 1))
    }
    assert [el.Network(3, [layer]).outputs for layer in wide.values()] == [4, 3, 7, 7, 1, 1]
    for cell, sizes in ((tied, {"output": 6}), (lone, {"output": 2}), (free, {"output": 3, "V": 2})):
        with pytest.raises(el.ShapeError, match=r"sizes do not match|its output has one value"):
            el.Network(3, [el.Recurrent(cell, 4, sizes=sizes)])
    with pytest.raises(el.OptionError, match="no state or parameter 'out'; it has output, V"):
        el.Network(3, [el.Recurrent(free, 4, sizes={"out": 6})])


def test_more_values_than_that_are_refused():
    cell = el.cell(lambda p, x, h: (h, h, h))
    with pytest.raises(el.EquationError, match="returned 3 values, .* 1 state .*before them an output"):
        cell.trace()


@pytest.mark.parametrize("engine", BUILT)
def test_an_output_that_nobody_reads(engine):
    """Of an encoder only the final states may be read; its output has no gradient then."""

    def last_states(x):
        encoder = el.Recurrent(BESIDE, 4, sizes={"output": 2})(x)
        return el.Dense(2)(el.concat(*encoder.final))

    net = el.Network(last_states, inputs=3, dtype="float64", engine=engine)
    y = net(X)
    _, grads = net.loss_and_grads(X, 0 * y)
    assert not grads["encoder.V"].any() and grads["encoder.W"].any()
    assert el.check_gradients(net, samples=2).worst < 1e-6


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("engine", BUILT)
def test_a_mask_holds_it(engine, last):
    """Where the mask is 0 the output is what it was, as in Keras, 0 at first."""

    def held(x, mask):
        h = el.Recurrent(BESIDE, 4, sizes={"output": 2}, return_sequences=not last)(x, mask=mask)
        return h, el.Dense(1)(el.concat(*h.final))

    mask = (np.random.default_rng(3).random((5, 7, 1)) < 0.6).astype(float)
    mask[:, 0] = [[0.0], [1], [1], [0], [1]]
    net = el.Network(held, inputs={"x": 3, "mask": 1}, dtype="float64", engine=engine)
    assert net.state_sizes() == [[4, 4, 2]]
    for row in range(5):
        there = mask[row, :, 0] > 0
        alone = net((X[row : row + 1, there], mask[row : row + 1, there]))
        whole = net((X[row : row + 1], mask[row : row + 1]))
        np.testing.assert_allclose(whole[1], alone[1], rtol=0, atol=1e-12)
        if last:
            np.testing.assert_allclose(whole[0], alone[0], rtol=0, atol=1e-12)
        else:
            seen = np.cumsum(there)
            steps = np.concatenate([np.zeros((1, 2)), alone[0][0]])
            np.testing.assert_allclose(whole[0][0], steps[seen], rtol=0, atol=1e-12)


def test_both_directions():
    net = el.Network(3, [el.Bidirectional(el.Recurrent(BESIDE, 4, sizes={"output": 2})), el.Dense(1)], dtype="float64")
    assert net.params["0.backward.V"].shape == (2, 4)
    assert el.check_gradients(net, samples=2).worst < 1e-6


def test_a_cell_with_a_memory():
    @el.cell(memory=1)
    def attending(p, x, memory, h):
        seen = el.attend(p.Q @ h, p.K @ memory, memory)
        h = el.tanh(p.W @ x + p.U @ h + p.C @ seen)
        return el.concat(h, seen), h

    def network(source, target):
        memory = el.GRU(5)(source)
        return el.Dense(2)(el.Recurrent(attending, 4)(target, memory))

    net = el.Network(network, inputs={"source": 2, "target": 3}, dtype="float64")
    assert net.params["dense.W"].shape == (2, 9)
    assert el.check_gradients(net, samples=2).worst < 1e-6


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("engine", BUILT)
def test_rows_meet_behind_it(engine, last):
    """Batch normalisation in segments goes through every segment before one goes on: the output is carried, too."""
    how = {"return_sequences": not last}
    layers = [
        el.Recurrent(BESIDE, 4, sizes={"output": 2}, **how),
        el.Recurrent(AS_STATE, 2, sizes={"h": 4, "c": 4}, **how),
    ]
    one, other = (
        el.Network(3, [layer, el.BatchNorm(), el.Dense(2)], dtype="float64", engine=engine) for layer in layers
    )
    other.params.restore(one.arena)
    target = np.random.default_rng(4).normal(size=(5, 2) if last else (5, 7, 2))
    for how in ({}, {"memory": "low"}, {"truncate": 3}):
        loss, grads = one.loss_and_grads(X, target, lengths=LENGTHS, **how)
        theirs, their_grads = other.loss_and_grads(X, target, lengths=LENGTHS, **how)
        assert loss == pytest.approx(theirs, abs=1e-12)
        for name, grad in grads.items():
            np.testing.assert_allclose(grad, their_grads[name], rtol=0, atol=1e-11, err_msg=name)


@pytest.mark.skipif("native" not in BUILT, reason="there is no native engine")
@pytest.mark.parametrize("products", [None, "bfloat16"])
def test_the_same_bits_for_any_threads_and_rows(products):
    x, found = np.random.default_rng(5).normal(size=(37, 11, 3)).astype("float32"), []
    for threads in (1, 2):
        layers = [
            el.Recurrent(BESIDE, 32, sizes={"output": 24}),
            el.Recurrent(BESIDE, 24, sizes={"output": 8}, return_sequences=False),
        ]
        net = el.Network(3, layers, threads=threads, products=products, engine="native")
        net.fit(x, np.zeros((37, 8)), epochs=1, verbose=0)
        assert np.array_equal(net(x)[3:4], net(x[3:4]))
        found.append(net.arena.copy())
    assert np.array_equal(*found)


def test_a_decoder_with_it_is_fed_its_outputs():
    def translate(source, target):
        memory = el.Recurrent(BESIDE, 6, sizes={"output": 5})(source)
        h = el.Recurrent(BESIDE, 6, sizes={"output": 5})(target, state=memory.final)
        return el.Dense(4)(el.concat(h, el.attend(h, memory)))

    net = el.Network(translate, inputs={"source": 3, "target": 4}, dtype="float64")
    start = np.random.default_rng(6).normal(size=(5, 1, 4))
    found, target = net.generate({"source": X}, 3, start=start), start
    for _ in range(3):
        target = np.concatenate([target, net((X, target))[:, -1:]], axis=1)
    np.testing.assert_allclose(found, target[:, 1:], rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", BUILT)
def test_beside_a_matrix_the_units_are_the_outputs(engine):
    """A first state that is a matrix is as wide as its factors make it: it had H values, and the output one."""

    @el.cell
    def associate(p, x, M):
        M = M + el.outer(p.V @ x, p.K @ x)
        return el.matvec(M, p.Q @ x), M

    net = el.Network(3, [el.Recurrent(associate, 4)], dtype="float64", engine=engine)
    assert net.outputs == 4 and net.state_sizes() == [[16]] and net.params["0.V"].shape == (4, 3)
    narrow = el.Network(3, [el.Recurrent(associate, 4, sizes={"K": 2, "Q": 2})], dtype="float64", engine=engine)
    assert narrow.outputs == 4 and narrow.state_sizes() == [[8]]
    with pytest.raises(el.ShapeError, match="units=4, which nothing in it follows: its output has 5"):
        el.Network(3, [el.Recurrent(associate, 4, sizes={"output": 5, "K": 4, "Q": 4})])
    x = RANDOM.normal(size=(2, 4, 3))
    V, K, Q = (x @ net.params[f"0.{name}"].T for name in "VKQ")
    memory = np.cumsum(V[..., :, None] * K[..., None, :], 1)
    np.testing.assert_allclose(net(x), np.einsum("btvk,btk->btv", memory, Q), rtol=1e-10)
