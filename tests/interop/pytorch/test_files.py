"""Weights of PyTorch without PyTorch: which layers they are, and what those compute."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

import elman as el
from elman.interop.pytorch.gates import rows_of
from elman.interop.pytorch.stages import stages_of


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step(p, x, h, c):
    """As PyTorch's documentation has it."""
    a = x @ p["weight_ih_l0"].T + p["bias_ih_l0"] + h @ p["weight_hh_l0"].T + p["bias_hh_l0"]
    i, f, g, o = np.split(a, 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(p, x, h):
    i_r, i_z, i_n = np.split(x @ p["weight_ih_l0"].T + p["bias_ih_l0"], 3, -1)
    h_r, h_z, h_n = np.split(h @ p["weight_hh_l0"].T + p["bias_hh_l0"], 3, -1)
    n = np.tanh(i_n + sigmoid(i_r + h_r) * h_n)
    z = sigmoid(i_z + h_z)
    return ((1 - z) * n + z * h,)


def rnn_step(p, x, h):
    return (np.tanh(x @ p["weight_ih_l0"].T + p["bias_ih_l0"] + h @ p["weight_hh_l0"].T + p["bias_hh_l0"]),)


KINDS = {"LSTM": (lstm_step, 4, 2), "GRU": (gru_step, 3, 1), "RNN": (rnn_step, 1, 1)}


def weights(random, gates, features=3, hidden=5, ending="_l0"):
    shapes = {"weight_ih": (features,), "weight_hh": (hidden,), "bias_ih": (), "bias_hh": ()}
    return {f"{n}{ending}": random.normal(size=(gates * hidden, *more)) for n, more in shapes.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_safetensors_file_is_read_without_pytorch(kind, tmp_path, without_torch):
    step, gates, count = KINDS[kind]
    random = np.random.default_rng(0)
    p = weights(random, gates)
    fc = {"weight": random.normal(size=(2, 5)), "bias": random.normal(size=2)}
    save_file({f"rnn.{n}": w for n, w in p.items()} | {f"fc.{n}": w for n, w in fc.items()}, tmp_path / "m.safetensors")
    net, report = el.interop.from_torch(tmp_path / "m.safetensors", steps="last", return_report=True)
    assert net.dtype == np.float64
    assert "nothing was run: PyTorch is not installed" in report.notes and report.differences == {}
    x, states = random.normal(size=(4, 6, 3)), [np.zeros((4, 5))] * count
    for t in range(6):
        states = step(p, x[:, t], *states)
    np.testing.assert_allclose(net(x), states[0] @ fc["weight"].T + fc["bias"], atol=1e-12)
    if kind != "GRU":
        np.testing.assert_allclose(
            net.params[f"rnn.b{'_i' * (kind == 'LSTM')}"], (p["bias_ih_l0"] + p["bias_hh_l0"])[:5]
        )
    else:
        np.testing.assert_array_equal(net.params["rnn.c_n"], p["bias_hh_l0"][10:])


def test_an_embedding_whose_table_is_written_with(without_torch):
    random = np.random.default_rng(0)
    table = random.normal(size=(7, 4)).astype(np.float32)
    state = {"encoder.weight": table} | {f"rnn.{n}": w for n, w in weights(random, 3, 4, 4).items()}
    state |= {"decoder.weight": table.copy(), "decoder.bias": np.zeros(7)}
    net, report = el.interop.from_torch(state, return_report=True)
    assert "decoder.W" not in net.params and net.params["encoder.E"].shape == (7, 4)
    assert any("one parameter" in note for note in report.notes)


def test_what_needs_pytorch_says_so(tmp_path, without_torch):
    with pytest.raises(el.ConversionError, match=r'pip install "elman\[torch\]"'):
        el.interop.to_torch(el.Network(2, [el.GRU(3)]))
    (tmp_path / "m.pt").write_bytes(b"weights")
    with pytest.raises(el.ConversionError, match="pip install"):
        el.interop.from_torch(tmp_path / "m.pt")


# --- what a state dict tells -----------------------------------------------------------------------------------


def linear(rows, columns, bias=True):
    return {"weight": np.ones((rows, columns))} | ({"bias": np.ones(rows)} if bias else {})


def named(**groups):
    return {f"{group}.{name}": value for group, tensors in groups.items() for name, value in tensors.items()}


def test_kinds_sizes_and_directions_follow_from_shapes():
    random = np.random.default_rng(0)
    for kind, (_, gates, _) in KINDS.items():
        both = weights(random, gates) | weights(random, gates, ending="_l0_reverse")
        both |= weights(random, gates, 10, ending="_l1") | weights(random, gates, 10, ending="_l1_reverse")
        (stage,) = stages_of(both).stages
        assert (stage.kind, stage.layers, stage.both, stage.reads, stage.makes) == (kind, 2, True, 3, 10)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (named(a=linear(3, 2), b=linear(4, 5)), "a makes 3 features and b reads 5"),
        ({"h0": np.ones((1, 4))}, "does not tell what forward does"),
        (named(conv={"weight": np.ones((3, 2, 5)), "bias": np.ones(3)}), "give the module itself"),
        (named(r={"weight_ih_l0": np.ones((10, 3)), "weight_hh_l0": np.ones((10, 5))}), "10 rows for 5 units"),
        (named(r={"weight_ih_l0": np.ones((10, 3))}), "lacks"),
        ({}, "it is empty"),
        ({"a": 3}, "'a' is 3"),
    ],
)
def test_state_dicts_that_do_not_tell(state, said):
    with pytest.raises(el.ConversionError, match=said):
        el.interop.from_torch(state)


def _with_norms():
    """A state dict with layers of all kinds whose shapes follow from one another."""
    random = np.random.default_rng(0)
    norm = {"weight": np.ones(10), "bias": np.ones(10)}
    deep = weights(random, 4) | weights(random, 4, ending="_l0_reverse")
    batch = norm | {"running_mean": np.ones(10), "running_var": np.ones(10)}
    return named(r=deep, norm=norm, batch=batch, head=linear(2, 10))


@pytest.mark.parametrize("key", _with_norms())
def test_a_tensor_of_another_shape_is_refused_with_its_layer(key):
    """With an axis more, none, or fewer rows: whatever it is, nothing but a `ConversionError` comes of it."""
    stages_of(state := _with_norms())
    value, layer = state[key], key.rpartition(".")[0]
    for other in (value[None], value[:0], value[:-1], np.float32(1), value[..., None]):
        with pytest.raises(el.ConversionError, match=layer):
            stages_of(state | {key: np.asarray(other)})


def test_the_order_of_sorted_names_is_that_in_which_layers_fit():
    random = np.random.default_rng(0)
    rnn = weights(random, 3, 4, 5)
    state = named(decoder=linear(7, 5), emb=linear(7, 4, bias=False), rnn=rnn)
    assert [s.name for s in stages_of(state, "any").stages] == ["emb", "rnn", "decoder"]
    alike = named(fc10=linear(5, 5), fc2=linear(5, 5), rnn=weights(random, 3, 4, 5))
    assert [s.name for s in stages_of(alike, "any").stages] == ["rnn", "fc2", "fc10"]
    several = named(a=linear(4, 4), rnn=weights(random, 3, 4, 4), z=linear(4, 4))
    with pytest.raises(el.ConversionError, match="several orders"):
        stages_of(several, "any")
    assert [s.name for s in stages_of(several, ["z", "rnn", "a"]).stages] == ["z", "rnn", "a"]
    with pytest.raises(el.ConversionError, match="the layers of the state dict are"):
        stages_of(several, ["rnn"])


@pytest.mark.parametrize("kind", KINDS)
def test_rows_write_what_they_read(kind):
    random, gates = np.random.default_rng(0), KINDS[kind][1]
    given = weights(random, gates)
    ours = {row.ours: row.read(given) for row in rows_of(kind)}
    written = {name: np.full_like(value, np.nan) for name, value in given.items()}
    for row in rows_of(kind):
        row.write(ours[row.ours], written)
    for row in rows_of(kind):
        np.testing.assert_array_equal(row.read(written), ours[row.ours])
    kept = written["bias_hh_l0"] != 0
    assert kept.sum() == (5 if kind == "GRU" else 0)  # the candidate's bias alone
