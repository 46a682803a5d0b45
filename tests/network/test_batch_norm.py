"""Batch normalisation, against its formula, central differences and PyTorch's conventions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import OptionError
from elman.network import GRU, LSTM, BatchNorm, Dense, Dropout, LayerNorm, Network, check_gradients, load
from elman.training import Adam, AdamW
from tests.draws import draws
from tests.training.problems import ENGINES

STACKS = {
    "first": [BatchNorm(), Dense(2)],
    "last": [GRU(4), BatchNorm()],
    "between": [GRU(4), BatchNorm(), LSTM(3), LayerNorm(), BatchNorm(epsilon=0.1), Dense(2)],
    "last step": [LSTM(4, return_sequences=False), BatchNorm(), Dense(2, activation="tanh")],
    "reversed": [GRU(4, reverse=True), BatchNorm(), Dense(2)],
}


def problem(steps: int = 6, seed: int = 0, rows: int = 7, single: bool = False, outputs: int = 2):
    random = np.random.default_rng(seed)
    x = random.normal(2.0, 3.0, (rows, steps, 3))
    return x, random.normal(size=(rows, outputs) if single else (rows, steps, outputs))


def network(stack: str, **options) -> Network:
    net = Network(3, STACKS[stack], **{"dtype": np.float64, **options})
    net.params.write(net.arena + np.random.default_rng(5).normal(0, 0.1, net.arena.size))
    return net


def normalised(x: np.ndarray, epsilon: float = 1e-5) -> np.ndarray:
    return (x - x.mean(axis=(0, 1))) / np.sqrt(x.var(axis=(0, 1)) + epsilon)


@pytest.mark.parametrize("engine", ENGINES)
def test_training_uses_the_batch_and_everything_else_the_running_moments(engine):
    x, target = problem(outputs=3)
    net = Network(3, [BatchNorm()], dtype=np.float64, engine=engine)
    assert np.allclose(net(x), x / np.sqrt(1 + 1e-5), atol=1e-12)
    loss, _ = net.loss_and_grads(x, target)
    assert loss == pytest.approx(np.mean((normalised(x) - target) ** 2), rel=1e-12)


@pytest.mark.parametrize("stack", STACKS)
def test_gradients_equal_central_differences(stack):
    x, target = problem(steps=2, single=stack == "last step", outputs=4 if stack == "last" else 2)
    assert check_gradients(network(stack), x, target, loss="mse", samples=4).worst < 1e-7


@pytest.mark.parametrize("loss", ["rmse", "huber"])
def test_gradients_of_other_losses(loss):
    assert check_gradients(network("last step"), *problem(steps=3, single=True), loss=loss, samples=4).worst < 1e-7


@draws(15)
@given(rows=st.integers(1, 9), steps=st.integers(1, 8), seed=st.integers(0, 99))
def test_both_engines_agree(rows, steps, seed):
    x, target = problem(steps, seed, rows)
    lengths = np.random.default_rng(seed).integers(1, steps + 1, rows)
    found = [
        network("between", engine=engine).loss_and_grads(
            x, target, lengths=lengths, sample_weight=1.0 + np.arange(rows)
        )
        for engine in ENGINES
    ]
    for loss, grads in found[1:]:
        assert loss == pytest.approx(found[0][0], rel=1e-10)
        for name, value in grads.items():
            assert np.allclose(value, found[0][1][name], rtol=1e-8, atol=1e-10), name


def test_what_lies_behind_a_rows_end_does_not_count():
    x, target = problem()
    lengths = np.array([6, 1, 3, 2, 6, 4, 5])
    loss, grads = network("between").loss_and_grads(x, target, lengths=lengths)
    behind = np.arange(6) >= lengths[:, None]
    x[behind], target[behind] = 1e6, -1e6
    other, others = network("between").loss_and_grads(x, target, lengths=lengths)
    assert other == loss
    assert all(np.array_equal(others[name], grads[name]) for name in grads)


def test_a_state_that_enters_and_one_that_is_carried():
    x, target = problem(rows=4)
    net = network("between")
    state = [tuple(np.full((4, n), 0.3) for n in sizes) for sizes in net.state_sizes()]
    assert net.loss_and_grads(x, target, state=state)[0] != net.loss_and_grads(x, target)[0]
    low, normal = (net.loss_and_grads(x, target, state=state, memory=m) for m in ("low", "normal"))
    assert low[0] == pytest.approx(normal[0], rel=1e-12)
    assert all(np.allclose(low[1][name], normal[1][name], atol=1e-12) for name in low[1])
    net.fit(x, target, batch_size=2, stateful=True, shuffle=False, epochs=1, verbose=0)


@pytest.mark.parametrize("optimizer", [Adam(0.01), AdamW(0.01, weight_decay=0.5)])
def test_running_moments_follow_the_batches_only(optimizer):
    x, target = problem(outputs=3)
    net = Network(3, [BatchNorm(momentum=0.8)], dtype=np.float64)
    net.fit(x, target, optimizer=optimizer, epochs=5, batch_size=len(x), verbose=0)
    left = 0.8**5
    assert np.allclose(net.params["0.mean"], (1 - left) * x.mean(axis=(0, 1)))
    assert np.allclose(net.params["0.variance"], left + (1 - left) * x.var(axis=(0, 1)))


def test_training_makes_it_learn_and_validation_uses_the_running_moments():
    x, _ = problem(steps=5, rows=64)
    target = np.tanh(x[..., :1] - 2.0)
    net = Network(3, [Dense(16), BatchNorm(), Dense(16, activation="tanh"), BatchNorm(), Dense(1)], dtype=np.float64)
    history = net.fit(x, target, optimizer=Adam(0.02), epochs=40, batch_size=16, validation_data=(x, target), verbose=0)
    assert min(history["val_loss"]) < 0.1 * history["val_loss"][0]
    assert history["val_loss"][-1] == pytest.approx(net.evaluate(x, target))


def test_the_same_bits_for_any_number_of_threads_and_after_a_pause(tmp_path):
    x, target = problem(rows=40)

    def trained(threads: int, pause: bool) -> np.ndarray:
        net, adam = Network(3, [GRU(9), Dropout(0.3), BatchNorm(), Dense(2)], threads=threads), Adam(0.01)
        for _ in range(2 if pause else 1):
            net.fit(x, target, optimizer=adam, epochs=2 if pause else 4, batch_size=8, verbose=0)
        return net.arena

    assert np.array_equal(trained(1, False), trained(2, True))


def test_a_file_keeps_the_layer(tmp_path):
    x, target = problem()
    net = network("between")
    net.fit(x, target, epochs=1, verbose=0)
    other = load(net.save(tmp_path / "net.safetensors"))
    assert np.array_equal(other(x), net(x))
    assert other.loss_and_grads(x, target)[0] == net.loss_and_grads(x, target)[0]


def test_numbers_that_make_no_sense():
    with pytest.raises(OptionError, match=r"momentum is 1.5; expected a number in \[0, 1\)"):
        BatchNorm(momentum=1.5)
    with pytest.raises(OptionError, match="epsilon is .*; expected a number above 0"):
        BatchNorm(epsilon=0)
