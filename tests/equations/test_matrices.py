"""Matrices that equations make of parameters: values, gradients, sizes, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available
from elman.equations.store import from_data, to_data
from elman.errors import ElmanError, EquationError

BUILT = [e for e in ENGINES if e != "native" or native_available()]
H, F = 4, 3


@el.cell
def dale(p, x, h):
    """Units that excite or inhibit: the sign of a column is fixed."""
    return el.tanh(p.W @ x + (el.abs(p.U) * el.sign(p.sign)[None, :]) @ h + p.b)


@el.cell
def normed(p, x, h):
    W = el.exp(p.g)[:, None] * p.V / el.sqrt(el.sum(el.square(p.V)))
    return el.tanh(W @ x + p.U @ h)


@el.cell
def skew(p, x, h):
    return el.tanh(p.W @ x + (p.M - p.M.T) @ h + el.scalar(p.a) * h)


@el.cell
def stochastic(p, x, h):
    mixing = el.softmax(p.M)
    return el.tanh(p.W @ x + mixing @ h + 0.3 * mixing.T @ h + p.M @ h)  # (0.3 * mixing.T) @ h


@el.cell
def scaled(p, x, h):
    return el.tanh((el.scalar(p.a) * p.W + el.maximum(p.b, 0)[:, None]) @ x + (p.A.T * p.B).T @ h)


@el.cell
def heads(p, x, h):
    return el.tanh(p.W @ x + el.blocks(el.sigmoid(p.A), 2) @ h)


def softmax(M):
    e = np.exp(M - M.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# each cell, and the same with its matrices as plain parameters, made here
MADE = {
    dale: (lambda p, x, h: el.tanh(p.W @ x + p.K @ h + p.b), {"K": lambda p: np.abs(p["U"]) * np.sign(p["sign"])}),
    normed: (
        lambda p, x, h: el.tanh(p.K @ x + p.U @ h),
        {"K": lambda p: np.exp(p["g"])[:, None] * p["V"] / np.linalg.norm(p["V"], axis=1, keepdims=True)},
    ),
    skew: (lambda p, x, h: el.tanh(p.W @ x + p.K @ h + el.scalar(p.a) * h), {"K": lambda p: p["M"] - p["M"].T}),
    stochastic: (
        lambda p, x, h: el.tanh(p.W @ x + p.K @ h + 0.3 * (p.K.T @ h) + p.M @ h),
        {"K": lambda p: softmax(p["M"])},
    ),
    scaled: (
        lambda p, x, h: el.tanh(p.K @ x + p.L @ h),
        {
            "K": lambda p: p["a"] * p["W"] + np.maximum(p["b"], 0)[:, None],
            "L": lambda p: (p["A"].T * p["B"]).T,
        },
    ),
    heads: (lambda p, x, h: el.tanh(p.W @ x + el.blocks(p.K, 2) @ h), {"K": lambda p: 1 / (1 + np.exp(-p["A"]))}),
}
CELLS = list(MADE)


def drawn(cell, engine=None, **more):
    net = el.Network(F, [el.Recurrent(cell, H), el.Dense(2)], dtype=np.float64, engine=engine, **more)
    net.params.write(np.random.default_rng(1).normal(size=net.arena.size) * 0.7)
    return net


def data(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(5, 7, F)), rng.normal(size=(5, 7, 2)), np.array([7, 3, 1, 6, 2])


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)
def test_values_are_those_of_the_made_matrix(cell, engine):
    function, made = MADE[cell]
    net = drawn(cell, engine)
    mine = {name.partition(".")[2]: value for name, value in net.params.items() if name.startswith("0.")}
    other = el.Network(F, [el.Recurrent(el.Cell(function), H), el.Dense(2)], dtype=np.float64, engine=engine)
    for name in other.params:
        layer, _, plain = name.partition(".")
        other.params[name] = made[plain](mine) if layer == "0" and plain in made else net.params[name]
    x, _, lengths = data()
    np.testing.assert_allclose(net(x, lengths=lengths), other(x, lengths=lengths), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)
def test_gradients_are_central_differences(cell):
    el.check_gradients(drawn(cell))


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c.name)
def test_training_does_what_its_gradients_say(cell, engine):
    """In several updates of one call, whole, in little memory, and by hand."""
    x, y, lengths = data()
    whole, low, by_hand = (drawn(cell, engine, seed=3) for _ in range(3))
    how = {"lengths": lengths, "epochs": 3, "batch_size": 5, "shuffle": False, "verbose": 0}
    whole.fit(x, y, **how, optimizer=el.SGD(0.1))
    low.fit(x, y, **how, optimizer=el.SGD(0.1), memory="low")
    for _ in range(3):
        _, gradients = by_hand.loss_and_grads(x, y, lengths=lengths)
        for name in by_hand.params:
            by_hand.params[name] = by_hand.params[name] - 0.1 * gradients[name]
    np.testing.assert_allclose(whole.arena, by_hand.arena, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(low.arena, whole.arena, rtol=1e-12, atol=1e-14)


def test_engines_agree_also_in_float32():
    x, y, lengths = data()
    for cell in CELLS:
        arenas = []
        for engine in BUILT:
            net = el.Network(F, [el.Recurrent(cell, H), el.Dense(2)], engine=engine, seed=2)
            net.fit(x, y, lengths=lengths, epochs=4, batch_size=2, verbose=0)
            arenas.append(net.arena)
        np.testing.assert_allclose(arenas[0], arenas[-1], rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("engine", BUILT)
def test_a_write_is_seen_by_the_next_call(engine):
    net, (x, _, _) = drawn(dale, engine), data()
    before, _ = net(x), net.loss_and_grads(x, np.zeros((5, 7, 2)))
    net.params["0.U"] *= 2
    again = drawn(dale, engine)
    again.params["0.U"] = net.params["0.U"]
    after = net(x)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_array_equal(after, again(x))
    stream = net.stream()
    for t in range(3):
        np.testing.assert_allclose(stream(x[:1, t]), after[:1, t], rtol=1e-14)


@pytest.mark.parametrize("threads", [1, 2])
def test_one_seed_gives_one_arena_for_any_number_of_threads(threads):
    x, y, lengths = data()
    net = el.Network(F, [el.Recurrent(normed, 40), el.Recurrent(skew, 40), el.Dense(2)], threads=threads, seed=5)
    net.fit(x, y, lengths=lengths, epochs=3, batch_size=2, verbose=0)
    one = el.Network(F, [el.Recurrent(normed, 40), el.Recurrent(skew, 40), el.Dense(2)], threads=1, seed=5)
    one.fit(x, y, lengths=lengths, epochs=3, batch_size=2, verbose=0)
    np.testing.assert_array_equal(net.arena, one.arena)


@pytest.mark.parametrize("engine", BUILT)
def test_dropped_weights_are_the_same_at_all_steps_and_others_at_each_update(engine):
    """Weight dropping of recurrent matrices (S. Merity, N. S. Keskar and R. Socher, 2018)."""

    @el.cell
    def weight_dropped(p, x, h):
        return p.W @ x + el.dropout(p.U, 0.5) @ h

    net = el.Network(1, [el.Recurrent(weight_dropped, 8)], dtype=np.float64, engine=engine)
    net.params["0.W"], net.params["0.U"] = 1.0, 0.1
    x = np.ones((1, 3, 1))
    np.testing.assert_allclose(net(x)[0, 2], 1 + 0.8 * (1 + 0.8))  # none outside of training
    rows = []
    for key_of_update in range(3):
        net.updates = key_of_update
        _, gradients = net.loss_and_grads(x, np.zeros((1, 3, 8)), loss=lambda y, t: el.sum(y))
        kept = gradients["0.U"] != 0
        assert 10 < kept.sum() < 54
        assert len({tuple(row[row != 0].round(12)) for row in gradients["0.U"]}) <= 8
        rows.append(kept)


def test_equations_are_written_and_stored(tmp_path):
    assert normed.equations() == ["W = exp(g)[:, None] * V / √(sum(V²))", "h_t = tanh(W x + U h)"]
    assert skew.equations() == ["h_t = tanh(W x + (M - Mᵀ) h + a * h)"]
    assert r"W &= " in normed.latex() and "W_{t}" not in normed.latex()
    x, _, _ = data()
    for cell in CELLS:
        assert from_data(to_data(cell)).equations() == cell.equations()
        net = drawn(cell)
        net.save(tmp_path / "net.elman")
        np.testing.assert_array_equal(el.load(tmp_path / "net.elman")(x), net(x))


def test_the_plan_says_what_is_made_once():
    said = el.Network(F, [el.Recurrent(skew, H)]).explain("mse")
    assert "once (M - Mᵀ) (4 rows; input 0 = a row of 0.M, input 1 = a row of 0.M')" in said


def test_a_made_recurrent_matrix_starts_orthogonal_and_blocks_by_block():
    U = el.Network(F, [el.Recurrent(dale, H)]).params["0.U"]
    np.testing.assert_allclose(U @ U.T, np.eye(H), atol=1e-6)
    A = el.Network(F, [el.Recurrent(heads, H)]).params["0.A"]
    np.testing.assert_allclose(A[:2] @ A[:2].T, np.eye(2), atol=1e-6)


def test_a_cell_can_be_tried_on_arrays():
    from types import SimpleNamespace

    rng = np.random.default_rng(0)
    p = SimpleNamespace(W=rng.normal(size=(H, F)), U=rng.normal(size=(H, H)), sign=rng.normal(size=H), b=np.ones(H))
    x, h = rng.normal(size=F), rng.normal(size=H)
    expected = np.tanh(p.W @ x + (np.abs(p.U) * np.sign(p.sign)) @ h + p.b)
    net = el.Network(F, [el.Recurrent(dale, H)], dtype=np.float64)
    for name in net.params:
        net.params[name] = getattr(p, name[2:])
    np.testing.assert_allclose(net(x[None, None], state=[(h[None],)])[0, 0], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("equation", "said"),
    [
        (lambda p, x, h: p.W @ x + (p.g * p.U) @ h + p.g, "used both as a matrix and as a vector.*column"),
        (lambda p, x, h: p.W @ x + p.g[:, None] * h, "is a matrix; it can only multiply"),
        (lambda p, x, h: p.W @ x + p.U.T * h, "is a matrix; it can only multiply"),
        (lambda p, x, h: p.W @ x + (p.U * h) @ h, "two vectors"),
        (lambda p, x, h: p.W @ x + el.exp(p.U) @ h + el.exp(p.U), "both as a matrix and as a vector"),
        (lambda p, x, h: p.W @ x + (p.U[1:] + 1) @ h, "no slice of a matrix"),
        (lambda p, x, h: p.W @ x + (p.A @ p.B) @ h, r"a vector already; of two matrices write p.A @ \(p.B @ x\)"),
        (lambda p, x, h: p.W @ x + p.g[None, :] @ h, "it has no rows"),
        (lambda p, x, h: p.W @ x + 0.5 * el.blocks(p.A, 2) @ h, r"stands inside, as in el.blocks\(0.5 \* p.W, 4\)"),
        (lambda p, x, h: p.W @ x + el.scalar(p.a) @ h, "both as a vector and as a matrix|no rows"),
        (lambda p, x, h: p.W @ x + (el.softmax(p.g)[:, None] * p.U) @ h, "no max of a vector that is a column"),
        (lambda p, x, h: p.W @ x + p.E[el.floor(x[:1])] + el.exp(p.E) @ h, "both as a table"),
        (lambda p, x, h: (p.W @ x + el.exp(p.U) @ h).T @ h, "only matrices of parameters"),
    ],
)
def test_what_no_matrix_is_made_of_is_said_with_the_line(equation, said):
    with pytest.raises(EquationError, match=rf"(?s){said}.*test_matrices.py"):
        el.Cell(equation).trace()


def test_sizes_that_cannot_be_name_the_line():
    clash = el.Cell(lambda p, x, h: p.W @ x + (p.W * p.U) @ h)
    with pytest.raises(ElmanError, match=r"(?s)columns|features.*test_matrices.py"):
        clash.trace().bind([F], H)
