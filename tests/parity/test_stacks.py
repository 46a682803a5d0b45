"""Stacks of recurrent layers, in one or both directions, packed, projected, from given states, against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import elman as el

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")

from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence  # noqa: E402

B, T, F, H, P = 4, 6, 3, 5, 2
LENGTHS = np.array([4, 6, 1, 3])
GATES = {"LSTM": ("_i", "_f", "_g", "_o"), "GRU": ("_r", "_z", "_n"), "RNN": ("",)}  # as PyTorch stacks them
MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "concat": lambda a, b: torch.cat([a, b], -1),
    "sum": lambda a, b: a + b,
    "mean": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
}
engines = pytest.mark.parametrize("engine", ("numpy", "native"))
kinds = pytest.mark.parametrize("kind", GATES)


@el.cell
def projected(p, x, h, c):
    """An LSTM whose output is its hidden state through a matrix."""
    i = el.sigmoid(p.W_i @ x + p.U_i @ h + p.b_i)
    f = el.sigmoid(p.W_f @ x + p.U_f @ h + p.b_f)
    g = el.tanh(p.W_g @ x + p.U_g @ h + p.b_g)
    o = el.sigmoid(p.W_o @ x + p.U_o @ h + p.b_o)
    c = f * c + i * g
    return p.R @ (o * el.tanh(c)), c


MAKE = {
    "LSTM": lambda: el.LSTM(H),
    "GRU": lambda: el.GRU(H),
    "RNN": lambda: el.SimpleRNN(H),
    "projected": lambda: el.Recurrent(projected, P, sizes={"c": H}),
}


def under_elmans_names(module: Any, kind: str, values: Callable[[Any], Any], prefixes: list[str]) -> dict[str, Any]:
    """PyTorch's parameters, or their gradients, layer after layer and direction after direction."""
    named = dict(module.named_parameters())
    endings = [name.removeprefix("weight_ih") for name in named if name.startswith("weight_ih")]
    found: dict[str, Any] = {}
    for prefix, ending in zip(prefixes, endings, strict=True):
        stacked = {"W": "weight_ih", "U": "weight_hh", "b": "bias_ih", "c": "bias_hh"}
        for letter, name in stacked.items():
            for gate, block in zip(GATES[kind], values(named[name + ending]).chunk(len(GATES[kind])), strict=True):
                found[f"{prefix}.{letter}{gate}"] = block.numpy()
        if f"weight_hr{ending}" in named:
            found[f"{prefix}.R"] = values(named[f"weight_hr{ending}"]).numpy()
    return found


def prefixes(layers: int, both: bool) -> list[str]:
    directions = (".forward", ".backward") if both else ("",)
    return [f"{layer}{direction}" for layer in range(layers) for direction in directions]


def elmans_parameters(module: Any, kind: str, names: list[str]) -> dict[str, np.ndarray]:
    """Of the two biases the sum, but of a GRU's candidate."""
    found = under_elmans_names(module, kind, lambda w: w.detach(), names)
    for name in [n for n in found if n.split(".")[-1][0] == "c"]:
        if not name.endswith("c_n") or kind != "GRU":
            bias = name.replace(".c", ".b")
            found[bias] = found[bias] + found.pop(name)
    return found


def compare(
    kind: str, layers: int, both: bool, engine: str, *, packed: bool, projection: int = 0, merge: str = "concat"
) -> None:
    torch.manual_seed(layers)
    options = {"num_layers": layers, "bidirectional": both, "batch_first": True, "dtype": torch.float64}
    module = getattr(torch.nn, kind)(F, H, **options, **({"proj_size": projection} if projection else {}))
    names, make = prefixes(layers, both), MAKE["projected" if projection else kind]
    stack = [el.Bidirectional(make(), merge=merge) if both else make() for _ in range(layers)]
    net = el.Network(F, stack, dtype=np.float64, engine=engine)
    parameters = elmans_parameters(module, kind, names)
    assert set(net.params) == set(parameters)
    for name, value in parameters.items():
        net.params[name] = value

    random = np.random.default_rng(3)
    x, lengths = random.normal(size=(B, T, F)), LENGTHS if packed else np.full(B, T)
    widths = [projection or H, H][: 2 if kind == "LSTM" else 1]
    states = [tuple(random.normal(size=(B, w)) for w in widths) for _ in names]
    along_states = [tuple(random.normal(size=(B, w)) for w in widths) for _ in names]
    along = random.normal(size=(B, T, net.outputs))

    leaf = torch.tensor(x, requires_grad=True)
    initial = [torch.tensor(np.stack(group), requires_grad=True) for group in zip(*states, strict=True)]
    given = pack_padded_sequence(leaf, torch.tensor(lengths), True, enforce_sorted=False)
    output, finals = module(given, tuple(initial) if kind == "LSTM" else initial[0])
    output, _ = pad_packed_sequence(output, True, total_length=T)
    output = MERGES[merge](*output.chunk(2, -1)) if both else output
    finals = finals if isinstance(finals, tuple) else (finals,)
    total = (output * torch.tensor(along)).sum()
    for final, weight in zip(finals, zip(*along_states, strict=True), strict=True):
        total = total + (final * torch.tensor(np.stack(weight))).sum()
    total.backward()

    kept = lengths if packed else None
    y, ends = net(x, state=states, return_state=True, lengths=kept)
    grads, dx, dstates = net.backward(x, along, state=states, state_gradients=along_states, lengths=kept)
    wanted = under_elmans_names(module, kind, lambda w: w.grad, names)
    agree("output", y, output.detach().numpy())
    agree("d x", dx, leaf.grad.numpy())
    for name, g in grads.items():
        agree(f"d {name}", g, wanted[name])
    for k, (final, begin) in enumerate(zip(finals, initial, strict=True)):
        agree(f"final {k}", np.stack([group[k] for group in ends]), final.detach().numpy())
        agree(f"d state {k}", np.stack([group[k] for group in dstates]), begin.grad.numpy())


def agree(name: str, found: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(("layers", "engine"), [(1, "native"), (2, "native"), (2, "numpy"), (3, "native")])
@pytest.mark.parametrize("packed", (False, True), ids=["whole", "packed"])
@pytest.mark.parametrize("both", (False, True), ids=["forward", "both"])
@kinds
def test_stack(kind: str, layers: int, both: bool, packed: bool, engine: str) -> None:
    compare(kind, layers, both, engine, packed=packed)


@engines
@pytest.mark.parametrize("both", (False, True), ids=["forward", "both"])
@pytest.mark.parametrize("layers", (1, 2))
def test_projected(layers: int, both: bool, engine: str) -> None:
    compare("LSTM", layers, both, engine, packed=True, projection=P)


@engines
@pytest.mark.parametrize("merge", ["sum", "mean", "mul"])
@kinds
def test_merged(kind: str, merge: str, engine: str) -> None:
    compare(kind, 1, True, engine, packed=True, merge=merge)
