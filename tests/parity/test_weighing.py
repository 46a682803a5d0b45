"""Groups, frozen parameters, weights of classes and steps, label smoothing against PyTorch: `make parity`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import elman as el
from elman.training import LOSSES

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")

B, T, VOCABULARY, CLASSES, UPDATES = 12, 7, 9, 4, 12
engines = pytest.mark.parametrize("engine", ("numpy", "native"))


def network(engine: str) -> el.Network:
    layers = [el.Embedding(VOCABULARY, 5), el.SimpleRNN(6), el.LayerNorm(), el.Dense(CLASSES)]
    net = el.Network(1, layers, dtype=np.float64, engine=engine)
    net.params.write(np.random.default_rng(2).normal(0, 0.5, net.arena.size))
    return net


def data() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    return random.integers(0, VOCABULARY, (B, T)), random.choice(CLASSES, (B, T), p=[0.6, 0.25, 0.1, 0.05])


def leaves(net: el.Network) -> dict[str, Any]:
    return {name: torch.tensor(np.array(value), requires_grad=True) for name, value in net.params.items()}


def logits(p: dict[str, Any], x: np.ndarray) -> Any:
    """The network's outputs, (B, T, classes), from its parameters by Elman's names."""
    h, outputs = torch.zeros(len(x), 6, dtype=torch.float64), []
    for t in range(T):
        h = torch.tanh(p["0.E"][torch.from_numpy(x[:, t])] @ p["1.W"].T + h @ p["1.U"].T + p["1.b"])
        normalised = torch.nn.functional.layer_norm(h, (6,), p["2.g"], p["2.b"])
        outputs.append(normalised @ p["3.W"].T + p["3.b"])
    return torch.stack(outputs, 1)


def cross_entropy(y: Any, target: np.ndarray, **options: Any) -> Any:
    return torch.nn.functional.cross_entropy(y.reshape(-1, CLASSES), torch.from_numpy(target).reshape(-1), **options)


def train_torch(p: dict[str, Any], optimizer: Any, clip_norm: float = 0.0) -> list[float]:
    x, target = data()
    losses = []
    for _ in range(UPDATES):
        optimizer.zero_grad()
        loss = cross_entropy(logits(p, x), target)
        loss.backward()
        if clip_norm:  # PyTorch's own function adds 1e-6 to the norm
            trained = [w.grad for w in p.values() if w.requires_grad]
            norm = torch.sqrt(sum((g**2).sum() for g in trained))
            for g in trained:
                g *= min(1.0, clip_norm / norm)
        optimizer.step()
        losses.append(loss.item())
    return losses


def train_elman(net: el.Network, optimizer: Any) -> list[float]:
    x, target = data()
    options = {"batch_size": B, "epochs": UPDATES, "shuffle": False, "verbose": 0, "loss": "softmax_cross_entropy"}
    return net.fit(x, target, optimizer=optimizer, **options)["loss"]


def agree(net: el.Network, p: dict[str, Any], losses: list[float], wanted: list[float]) -> None:
    np.testing.assert_allclose(losses, wanted, rtol=1e-9)
    for name, value in p.items():
        np.testing.assert_allclose(net.params[name], value.detach().numpy(), rtol=0, atol=1e-9, err_msg=name)


def dealt(p: dict[str, Any], **groups: dict[str, Any]) -> list[dict[str, Any]]:
    """PyTorch's groups: of embedding, vectors and matrices."""
    which: dict[str, Callable[[str], bool]] = {
        "table": lambda name: name == "0.E",
        "vectors": lambda name: name != "0.E" and p[name].ndim == 1,
        "matrices": lambda name: name != "0.E" and p[name].ndim == 2,
    }
    return [{"params": [w for n, w in p.items() if which[key](n)], **options} for key, options in groups.items()]


# ---- groups


@engines
def test_adamw_with_groups(engine: str) -> None:
    """A slow table, vectors without decay, and a rate of its own for the readout's matrices."""
    net = network(engine)
    p = leaves(net)
    groups = dealt(
        p, table={"lr": 1e-3, "weight_decay": 0.3}, vectors={"weight_decay": 0.0}, matrices={"weight_decay": 0.1}
    )
    wanted = train_torch(p, torch.optim.AdamW(groups, lr=1e-2, eps=1e-7), clip_norm=0.5)
    optimizer = el.AdamW(
        1e-2,
        weight_decay=0.1,
        decay_vectors=False,
        clip_norm=0.5,
        groups={"*.E": {"learning_rate": 1e-3, "weight_decay": 0.3}},
    )
    agree(net, p, train_elman(net, optimizer), wanted)


@engines
def test_adam_with_groups_and_l2(engine: str) -> None:
    """PyTorch's Adam adds weight_decay * w to the gradient, which is twice l2; a factor follows a schedule."""
    net = network(engine)
    p = leaves(net)
    chosen = torch.optim.Adam(dealt(p, table={"lr": 1e-3}, vectors={}, matrices={"weight_decay": 0.2}), 1e-2, eps=1e-7)
    step = chosen.step

    def with_schedule() -> None:
        step()
        for group in chosen.param_groups:
            group["lr"] *= 0.9

    chosen.step = with_schedule
    wanted = train_torch(p, chosen)
    groups = {"*.[WU]": {"l2": 0.1}, "*.E": {"rate_factor": 0.1}}
    agree(net, p, train_elman(net, el.Adam(el.ExponentialDecay(1e-2, 1, 0.9), groups=groups)), wanted)


@engines
def test_sgd_with_momentum_groups_and_l1(engine: str) -> None:
    net = network(engine)
    p = leaves(net)
    groups = dealt(p, table={"lr": 0.02}, vectors={"weight_decay": 0.01}, matrices={})
    chosen = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    step = chosen.step

    def with_l1() -> None:
        for name in ("1.W", "1.U", "3.W"):
            p[name].grad += 0.003 * torch.sign(p[name].detach())
        step()

    chosen.step = with_l1
    wanted = train_torch(p, chosen)
    settings = {"*.E": {"learning_rate": 0.02}, "*.[bg]": {"l2": 0.005}, "*.[WU]": {"l1": 0.003}}
    agree(net, p, train_elman(net, el.SGD(0.1, momentum=0.9, groups=settings)), wanted)


@engines
@pytest.mark.parametrize("frozen", [("0.E",), ("1.*", "2.*"), ("*.b",)])
def test_frozen_parameters(frozen: tuple[str, ...], engine: str) -> None:
    """Those without a gradient in PyTorch: the others are clipped by their own norm."""
    net = network(engine)
    p = leaves(net)
    for name in net.freeze(*frozen):
        p[name].requires_grad_(False)
    wanted = train_torch(p, torch.optim.AdamW(p.values(), lr=1e-2, eps=1e-7, weight_decay=0.1), clip_norm=0.3)
    agree(net, p, train_elman(net, el.AdamW(1e-2, weight_decay=0.1, clip_norm=0.3)), wanted)


# ---- weights and smoothing


def same_gradients(
    net: el.Network, loss: Any, wanted: Callable[[Any], Any], target: np.ndarray, **options: Any
) -> None:
    x, _ = data()
    p = leaves(net)
    value = wanted(logits(p, x))
    value.backward()
    found, grads = net.loss_and_grads(x, target, loss, **options)
    assert found == pytest.approx(value.item(), rel=1e-11)
    for name, w in p.items():
        np.testing.assert_allclose(grads[name], w.grad.numpy(), rtol=0, atol=1e-11, err_msg=name)


@engines
def test_class_weights(engine: str) -> None:
    _, target = data()
    weights = np.array([0.2, 1.0, 3.0, 7.5])
    given = dict(enumerate(weights))
    same_gradients(
        network(engine),
        "softmax_cross_entropy",
        lambda y: cross_entropy(y, target, weight=torch.from_numpy(weights)),
        target,
        class_weight=given,
    )


@engines
@pytest.mark.parametrize("smoothing", [0.1, 0.4])
def test_label_smoothing(smoothing: float, engine: str) -> None:
    _, target = data()
    loss = LOSSES["softmax_cross_entropy"].with_options(smoothing=smoothing)
    for given in (target, np.eye(CLASSES)[target]):
        same_gradients(network(engine), loss, lambda y: cross_entropy(y, target, label_smoothing=smoothing), given)


@engines
def test_targets_left_out(engine: str) -> None:
    """PyTorch's ignore_index."""
    _, target = data()
    gone = np.random.default_rng(3).random((B, T)) < 0.3
    ignored, missing = np.where(gone, -100, target), np.where(gone, np.nan, target)
    same_gradients(
        network(engine), "softmax_cross_entropy", lambda y: cross_entropy(y, ignored), missing, missing="skip"
    )


@engines
@pytest.mark.parametrize("how", [{}, {"memory": "low"}, {"truncate": T}])
def test_weights_of_steps(how: dict[str, Any], engine: str) -> None:
    _, target = data()
    weights = np.random.default_rng(4).uniform(0, 2, (B, T)).round(1)
    share = torch.from_numpy(weights / weights.sum()).reshape(-1)
    same_gradients(
        network(engine),
        "softmax_cross_entropy",
        lambda y: (cross_entropy(y, target, reduction="none") * share).sum(),
        target,
        sample_weight=weights,
        **how,
    )
