"""Frozen parameters: what training leaves as it is, and that a model keeps knowing it."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

import elman as el
from elman.errors import ModelFileError, OptionError
from elman.network.files import describe
from tests.training.problems import ENGINES, linear, recurrent, sums

engines = pytest.mark.parametrize("engine", ENGINES)
OPTIMIZERS = {
    "sgd": lambda: el.SGD(0.1, momentum=0.9),
    "rmsprop": lambda: el.RMSProp(0.01),
    "adamw": lambda: el.AdamW(0.01, weight_decay=0.1, clip_norm=0.01),
}


def normalised(engine: str = ENGINES[-1]) -> el.Network:
    layers = [el.GRU(4), el.BatchNorm(), el.Dense(2)]
    net = el.Network(2, layers, dtype=np.float64, engine=engine)
    net.params["1.mean"], net.params["1.variance"] = [0.1, -0.2, 0.3, 0.0], [0.5, 1.0, 2.0, 0.25]
    return net


def target_of(x):
    return np.cumsum(x, axis=1)


@engines
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_leaves_frozen_parameters_and_the_optimisers_state_of_them(optimizer, engine):
    (x, target), net, chosen = sums(), recurrent(engine=engine), OPTIMIZERS[optimizer]()
    net.fit(x, target, optimizer=chosen, epochs=1, verbose=0)
    before, state = net.arena.copy(), {name: array.copy() for name, array in chosen.state.items()}
    assert net.freeze("0.U*", "1.b") == ["0.U_z", "0.U_r", "0.U_n", "1.b"]
    net.fit(x, target, optimizer=chosen, epochs=2, batch_size=16, verbose=0)
    still = np.zeros(net.arena.size, bool)
    for name in net.frozen:
        net.params.places[name].view(still)[...] = True
    pairs = [(net.arena, before), *((chosen.state[name], array) for name, array in state.items())]
    for now, then in pairs:
        assert (now == then)[still].all() and (now != then)[~still].all()


@engines
def test_all_gradients_are_still_there(engine):
    (x, target), net = sums(), recurrent(engine=engine)
    loss, wanted = net.loss_and_grads(x, target)
    net.freeze("0.*")
    found, grads = net.loss_and_grads(x, target)
    assert found == loss and all((grads[name] == wanted[name]).all() for name in wanted)


@engines
def test_the_norm_that_is_clipped_is_that_of_the_trained_ones(engine):
    (x, target), net = sums(), recurrent(engine=engine)
    _, grads = net.loss_and_grads(x, target)
    net.freeze("0.*")
    norm = np.sqrt(sum(np.sum(grads[name] ** 2) for name in net.trainable))
    before = {name: net.params[name].copy() for name in net.trainable}
    net.train_on_batch(x, target, optimizer=el.SGD(1.0, clip_norm=norm / 2))
    for name, start in before.items():
        np.testing.assert_allclose(start - net.params[name], grads[name] / 2, rtol=1e-9)


@engines
def test_a_frozen_readout_is_the_network_without_its_gradient(engine):
    """Training only the first of two linear layers is training it alone before a constant matrix."""
    x, _ = sums()
    target, rate = target_of(x), 0.05
    net = el.Network(2, [el.Dense(2), el.Dense(2)], dtype=np.float64, engine=engine)
    V, c = net.params["1.W"].copy(), net.params["1.b"].copy()
    W, b = net.params["0.W"].copy(), net.params["0.b"].copy()
    net.freeze("1.*")
    for _ in range(3):
        error = (x @ W.T + b) @ V.T + c - target
        delta = 2 * error @ V / error.size
        W, b = W - rate * np.einsum("bti,btj->ij", delta, x), b - rate * delta.sum((0, 1))
        net.train_on_batch(x, target, optimizer=el.SGD(rate))
    np.testing.assert_allclose(net.params["0.W"], W, rtol=1e-12)
    np.testing.assert_allclose(net.params["0.b"], b, rtol=1e-12)


@engines
def test_an_unfrozen_network_trains_as_if_it_never_was(engine):
    (x, target), nets = sums(), [recurrent(engine=engine) for _ in range(2)]
    nets[0].freeze("*")
    nets[0].unfreeze("*")
    for net in nets:
        net.fit(x, target, epochs=2, verbose=0)
    assert nets[0].arena.tobytes() == nets[1].arena.tobytes()


def test_a_callback_may_unfreeze_from_epoch_to_epoch():
    (x, target), net = sums(), recurrent()
    net.freeze("0.*")
    start = net.params["0.W_z"].copy()
    seen = []

    def thaw(training):
        seen.append((training.net.params["0.W_z"] == start).all())
        if training.epoch == 2:
            training.net.unfreeze("0.W*")

    net.fit(x, target, epochs=3, verbose=0, callbacks=[el.LambdaCallback(on_epoch_end=thaw)])
    assert seen == [True, True, False]


# ---- batch normalisation


@engines
def test_the_moments_of_a_frozen_batch_normalisation_stay_and_are_used(engine):
    (x, _), net = sums(), normalised(engine)
    target = target_of(x)
    net.freeze("1.*")
    moments = net.params["1.mean"].copy(), net.params["1.variance"].copy()
    loss, grads = net.loss_and_grads(x, target)
    assert loss == pytest.approx(np.mean((net(x) - target) ** 2), rel=1e-12)  # the running moments, not the batch's
    assert el.check_gradients(net, x[:3], target[:3], loss="mse", samples=3).worst < 1e-6
    assert set(grads) == set(net.params)
    net.fit(x, target, epochs=1, verbose=0)
    assert (net.params["1.mean"] == moments[0]).all() and (net.params["1.variance"] == moments[1]).all()
    net.unfreeze("1.*")
    net.fit(x, target, epochs=1, verbose=0)
    assert (net.params["1.mean"] != moments[0]).all()


@engines
def test_gain_and_bias_may_be_frozen_while_the_moments_move(engine):
    (x, _), net = sums(), normalised(engine)
    net.freeze("1.[gb]")
    before = {name: net.params[name].copy() for name in net.params}
    net.fit(x, target_of(x), epochs=1, verbose=0)
    moved = {name for name in net.params if (net.params[name] != before[name]).any()}
    assert moved == set(net.params) - {"1.g", "1.b"}


@pytest.mark.parametrize("pattern", ["1.mean", "*.variance", "1.*n"])
def test_one_moment_is_not_frozen_alone(pattern):
    net = normalised()
    with pytest.raises(OptionError, match="freeze both or none of 1.mean and 1.variance"):
        net.freeze(pattern)
    assert not net.frozen


def test_moments_are_nothing_that_gradients_train():
    net = normalised()
    assert "1.mean" not in net.trainable and "1.g" in net.trainable


# ---- what is frozen is part of the model


def frozen_network():
    net = recurrent()
    net.freeze("0.*n", "1.b")
    return net


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_frozen_alike(again):
    net = frozen_network()
    twin = again(net)
    assert twin.frozen == net.frozen and twin.trainable == net.trainable
    twin.unfreeze("*")
    assert net.frozen and not twin.frozen


def test_a_file_says_what_is_frozen(tmp_path):
    net = frozen_network()
    net.save(tmp_path / "model.safetensors")
    assert el.load(tmp_path / "model.safetensors").frozen == net.frozen


def test_files_from_before_have_nothing_frozen():
    description = json.loads(json.dumps(describe(linear())))
    del description["frozen"]
    assert el.Network.restored(description).frozen == frozenset()


@pytest.mark.parametrize("names", [["0.X"], ["0.W", "1.W"], [3]])
def test_a_description_that_freezes_what_there_is_not_is_refused(names):
    with pytest.raises(
        ModelFileError, match="is frozen, which is no parameter|frozen of the network.* expected a name"
    ):
        el.Network.restored(describe(linear()) | {"frozen": names})


def test_the_summary_shows_it():
    net = frozen_network()
    net.freeze("1.*")
    lines = net.summary().splitlines()
    assert lines[0].endswith("  frozen: W_n, b_n, U_n, c_n") and lines[1].endswith("  frozen")
    assert lines[-1].endswith(f"{4 * 2 + 4 * 4 + 4 + 4 + 10} frozen")
    assert "frozen" not in recurrent().summary()


# ---- errors


@pytest.mark.parametrize("method", ["freeze", "unfreeze"])
def test_a_pattern_that_fits_nothing_is_an_error(method):
    net = recurrent()
    with pytest.raises(
        OptionError, match=rf"{method}: '0.W_x' fits no parameter \(did you mean '0.W_\w'\?\); there are"
    ):
        getattr(net, method)("1.*", "0.W_x")
    for wrong in ((), (3,), (None,), (["0.*"],)):
        with pytest.raises(OptionError, match=method):
            getattr(net, method)(*wrong)
    assert not net.frozen


def test_with_everything_frozen_there_is_nothing_to_train():
    (x, target), net = sums(), linear()
    net.freeze("*")
    with pytest.raises(OptionError, match="every parameter of the network is frozen"):
        net.fit(x, target[:, None].repeat(5, 1), verbose=0)
