"""Fixed points of maps whose points are known, and of a trained memory."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.insight import fixed_points
from elman.insight.system import System


@el.cell
def double_well(p, x, h, v):
    """A ball with friction in the potential h^4/4 - h^2/2: it rests at -1 and 1; 0 is a saddle."""
    v = 0.9 * v + 0.1 * (h - h * h * h) + 0 * el.sum(x)
    return h + v, v


def test_a_linear_network_has_one():
    net = el.Network(2, [el.SimpleRNN(4, activation="linear")], dtype=np.float64)
    net.params.write(np.random.default_rng(0).normal(0, 0.3, net.arena.size))
    U, W, b = (net.params[f"0.{name}"] for name in "UWb")
    x = np.array([0.5, -1.0])
    found = fixed_points(net, np.random.default_rng(1).normal(size=(20, 4)), x, settle=0)
    assert np.allclose(found.points, np.linalg.solve(np.eye(4) - U, W @ x + b), atol=1e-9)
    assert found.found_from.tolist() == [40]
    assert np.allclose(np.sort(np.abs(found.eigenvalues[0])), np.sort(np.abs(np.linalg.eigvals(U))), atol=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_no_state_that_the_network_comes_to_rest_in_is_missed(seed):
    """Simulated for long from many random states; the search is given a few states of another run."""
    random = np.random.default_rng(seed)
    layer = [el.SimpleRNN, el.GRU, el.LSTM][seed % 3](int(random.integers(1, 9)))
    net = el.Network(2, [layer], seed=seed, dtype=np.float64)
    net.params.write(random.normal(0, random.uniform(0.2, 3), net.arena.size))
    system, x = System(net), random.normal(size=2)
    end = system.after(random.normal(size=(60, system.n)), np.broadcast_to(x, (60, 3000, 2)).copy())
    at_rest = end[np.linalg.norm(system.step(end, np.tile(x, (60, 1))) - end, axis=1) < 1e-11]
    few = system.trajectory(random.normal(size=(2, 10, 2)))[:, ::3].reshape(-1, system.n)
    found = fixed_points(net, few, x)
    apart = np.linalg.norm(at_rest[:, None] - found.points, axis=2)
    assert not len(at_rest) or apart.min(axis=1).max() < 1e-3


def test_a_run_that_grows_beyond_all_bounds_is_left_out():
    net = el.Network(1, [el.SimpleRNN(2, activation="linear", initial={"U": 3 * np.eye(2), "b": 1.0})])
    found = fixed_points(net, np.ones((3, 2)))
    assert np.allclose(found.points, -0.5) and found.verdict == "1 with directions that grow"


def test_two_states_and_a_saddle_between_two_wells():
    net = el.Network(1, [el.Recurrent(double_well, 1)])
    found = fixed_points(net, np.random.default_rng(0).uniform(-2, 2, (200, 2)))
    assert np.allclose(found.points, [[-1, 0], [1, 0], [0, 0]], atol=1e-7)
    assert found.stable.tolist() == [True, True, False]
    assert found.unstable_directions.tolist() == [0, 0, 1]
    rate = np.linalg.eigvals([[0.8, 0.9], [-0.2, 0.9]])  # of the step at the bottom of a well
    assert np.allclose(np.sort_complex(found.eigenvalues[0]), np.sort_complex(rate), atol=1e-6)
    assert np.allclose(found.time_constants[0], -1 / np.log(np.abs(rate[0])), atol=1e-4)


def test_a_slow_point_is_no_fixed_point():
    @el.cell
    def ghost(p, x, h):
        """h' = h + h^2 + 0.01: the speed has a minimum at 0, but nothing stays."""
        return h + h * h + 0.01 + 0 * el.sum(x)

    net, starts = el.Network(1, [el.Recurrent(ghost, 1)]), np.linspace(-0.3, 0.3, 7)[:, None]
    assert len(fixed_points(net, starts)) == 0
    slow = fixed_points(net, starts, slow_tolerance=0.02)
    assert np.allclose(slow.points, 0, atol=1e-3)
    assert slow.slow.all()
    assert slow.residuals[0] == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("layer", [el.GRU(5), el.LSTM(4)])
def test_what_is_found_stays(layer):
    net = el.Network(2, [layer], dtype=np.float64)
    net.params.write(np.random.default_rng(3).normal(0, 1.5, net.arena.size))
    system, x = System(net), np.array([0.3, -0.2])
    along = system.trajectory(np.broadcast_to(x, (30, 20, 2)), np.random.default_rng(0).normal(size=(30, system.n)))
    found = fixed_points(net, along, x)
    assert len(found) >= 1
    assert np.abs(system.step(found.points, np.tile(x, (len(found), 1))) - found.points).max() < 1e-8
    close = found.points[found.stable] + 1e-4 * np.random.default_rng(1).normal(size=found.points[found.stable].shape)
    if len(close):  # stable points call back what is close to them
        end = system.trajectory(np.broadcast_to(x, (len(close), 5000, 2)), close)[:, -1]
        assert np.abs(end - found.points[found.stable]).max() < 1e-4


@pytest.fixture(scope="module")
def memory() -> tuple[el.Network, np.ndarray]:
    """A GRU that has learnt to hold three bits, and states on its way."""
    x, target = el.data.tasks.flip_flop(512, steps=60, bits=3, seed=0)
    net = el.Network(3, [el.GRU(16), el.Dense(3)], seed=1)
    net.fit(x, target, optimizer=el.Adam(el.CosineDecay(0.01, steps=2400)), epochs=150, batch_size=32, verbose=0)
    assert net.evaluate(x, target) < 0.01
    return net, System(net).trajectory(np.asarray(x[:40], np.float64))[:, 10::5].reshape(-1, 16)


def test_a_three_bit_memory_has_eight_stable_points(memory):
    net, states = memory
    found = fixed_points(net, states)
    answers = np.sign(found.points[found.stable] @ net.params["1.W"].T + net.params["1.b"])
    assert sorted(map(tuple, answers)) == sorted({(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)})
    assert (found.unstable_directions == 1).sum() >= 12  # a saddle on every edge of the cube
    ax = found.plot()
    assert ax.get_legend_handles_labels()[1][0] == "stable (8)"


def descended(net: el.Network, s: np.ndarray, iterations: int = 4000, rate: float = 0.05) -> np.ndarray:
    """What Golub and Sussillo (2018) do: Adam on |F(s) - s|^2 / 2 from every state, all at once; those that arrived."""
    system, x = System(net), np.zeros((len(s), 1, 3))
    mean, square = np.zeros_like(s), np.zeros_like(s)
    for k in range(1, iterations + 1):
        away = system.after(s, x) - s
        slope = system.pull_back(s, x, away) - away
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        size = rate * 0.5 * (1 + np.cos(np.pi * k / iterations))
        s = s - size * mean / (1 - 0.9**k) / (np.sqrt(square / (1 - 0.999**k)) + 1e-12)
    return s[np.linalg.norm(system.after(s, x) - s, axis=1) < 1e-6]


def test_the_points_are_those_of_the_public_algorithm(memory):
    net, states = memory
    random = np.random.default_rng(0)
    pairs = random.integers(0, len(states), (2, 60))
    starts = np.concatenate([states[::20], (states[pairs[0]] + states[pairs[1]]) / 2])
    theirs, ours = descended(net, starts), fixed_points(net, starts).points
    apart = np.linalg.norm(theirs[:, None] - ours[None], axis=2)
    assert apart.min(axis=1).max() < 1e-3  # every point of theirs is one of ours
    reached = apart.min(axis=0) < 1e-3
    stable = fixed_points(net, starts).stable
    assert reached[stable].all() and reached.sum() >= 15, (reached.sum(), len(ours))


@pytest.mark.parametrize(
    ("states", "inputs", "error", "message"),
    [
        (np.zeros((3, 2)), 0.0, el.ShapeError, r"expected \(m, 4\): h"),
        (np.zeros((0, 4)), 0.0, el.DataError, "states to begin with"),
        (np.zeros((3, 0)), 0.0, el.ShapeError, r"expected \(m, 4\): h"),
        (np.zeros(()), 0.0, el.ShapeError, r"expected \(m, 4\): h"),
        (np.full((2, 4), np.nan), 0.0, el.DataError, "finite"),
        (np.zeros((2, 4)), [1.0, 2.0], el.ShapeError, "a constant input"),
    ],
)
def test_mistakes_are_named(states, inputs, error, message):
    with pytest.raises(error, match=message):
        fixed_points(el.Network(1, [el.GRU(4)]), states, inputs)


def test_points_that_neither_draw_near_nor_push_off_are_drawn():
    """Whatever an identity holds stays."""
    net = el.Network(1, [el.SimpleRNN(2, activation="linear", initial={"U": np.eye(2)})])
    found = fixed_points(net, np.random.default_rng(0).normal(size=(5, 2)))
    assert len(found) and not found.stable.any() and not found.unstable_directions.any()
    (label,) = (text.get_text() for text in found.plot().get_legend().get_texts())
    assert label == f"neutral, none grows ({len(found)})"


@pytest.mark.filterwarnings("error")
def test_a_search_that_goes_beyond_all_numbers_is_quiet():
    cell = el.cell_from_text("def grows(p, x, h):\n    return h ** 3 + h + p.b")
    net = el.Network(1, [el.Recurrent(cell, 2)], dtype=np.float64)
    net.params["0.b"] = [0.5, -0.5]
    found = fixed_points(net, np.array([[1e70, 1.0], [0.1, 0.2]]), 0.0)
    assert np.isfinite(found.points).all()
    np.testing.assert_allclose(found.points[0] ** 3, [-0.5, 0.5], atol=1e-6)
