"""Networks as modules of PyTorch: values, gradients, training there, and weights back."""

from __future__ import annotations

import copy
import io

import numpy as np
import pytest
from tests import cell_problems, random_cells, random_graphs

import elman as el
from elman.interop.proof import _inputs

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")

from tests.parity.interop import torch_gradients  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(1)
GRAPHS, CELLS, PART = 50, 25, 25  # of each kind: 100 graphs and 75 cells, beside 76 built-in ones


@el.cell
def own(p, x, h):
    """A user's cell: a gate, a dropout, a normalised state."""
    z = el.sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)
    return z * h + (1 - z) * el.tanh(p.W @ el.dropout(x, 0.2) + p.U @ el.normalise(h) + p.b)


def agrees_in_gradients(net, seed):
    """The mean squared error of a drawn batch and all its gradients, of ragged rows too."""
    random = np.random.default_rng((seed, 5))
    module, report = el.interop.to_torch(net, return_report=True)
    B, T = 3, 5
    x = _inputs(net, random, B, T)
    firsts = dict.fromkeys(d.given.name for d in net.doors if d.steps and _is_first(net, d))
    lengths = {name: random.integers(1, T + 1, B) for name in firsts} if random.random() < 0.6 else None
    if lengths is not None and len(lengths) == 1:
        (lengths,) = lengths.values()
    given = x if len(x) > 1 else x[0]
    y = net(given, lengths=lengths)
    outputs = list(y.values()) if isinstance(y, dict) else list(y) if isinstance(y, tuple) else [y]
    targets = [random.normal(size=a.shape) for a in outputs]
    loss, grads = net.loss_and_grads(given, tuple(targets) if len(targets) > 1 else targets[0], lengths=lengths)
    theirs = torch_gradients.of_loss(module, given, targets, lengths)
    assert theirs == pytest.approx(loss, rel=1e-9, abs=1e-10)
    found = torch_gradients.of_module(net, module)
    scale = max([1.0, *(np.abs(g).max() for g in grads.values())])
    for name in set(net.trainable):
        np.testing.assert_allclose(found[name], grads[name], rtol=0, atol=1e-8 * scale, err_msg=f"{seed}: {name}")
    return report


def _is_first(net, door):
    return next(d for d in net.doors if d.given.axis == door.given.axis) is door


@pytest.mark.parametrize("name", el.cells.catalogue())
def test_all_cells_agree_in_values_and_gradients(name):
    report = agrees_in_gradients(cell_problems.Case(name, units=4).network(), 0)
    assert report.largest < 1e-10
    el.interop.to_torch(cell_problems.Case(name, units=4).network(dtype=np.float32))  # to 1e-5, or it would be refused


@pytest.mark.parametrize("first", [s + k for s in (0, random_graphs.BESIDE) for k in range(0, GRAPHS, PART)])
def test_random_graphs_agree_in_values_and_gradients(first):
    for seed in range(first, first + PART):
        agrees_in_gradients(random_graphs.draw(seed).network("native"), seed)


@pytest.mark.parametrize("first", (0, random_cells.RICH, random_cells.BESIDE))
def test_random_cells_agree_in_values_and_gradients(first):
    for seed in range(first, first + CELLS):
        agrees_in_gradients(random_cells.elman_network(random_cells.problem(seed), "native"), seed)


# --- which layers are PyTorch's own ----------------------------------------------------------------------------------


def classes(module):
    return [type(layer) for layer in module.layers.values()]


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (el.GRU(4), nn.GRU),
        (el.GRU(4, bias=False, reverse=True, return_sequences=False), nn.GRU),
        (el.LSTM(4), nn.LSTM),
        (el.LSTM(4, bias=False), nn.LSTM),
        (el.SimpleRNN(4), nn.RNN),
        (el.SimpleRNN(4, activation="relu", reverse=True), nn.RNN),
        (el.Recurrent(el.cells.projected_lstm, 2, sizes={"c": 5}, peepholes=False), nn.LSTM),
        (el.Dense(4), nn.Linear),
        (el.LayerNorm(epsilon=1e-3), nn.LayerNorm),
        (el.Dropout(0.5), nn.Dropout),
    ],
)
def test_standard_layers_are_pytorchs_own(layer, wanted):
    module = el.interop.to_torch(el.Network(3, [layer]))
    assert classes(module) == [wanted]


@pytest.mark.parametrize("layer", [el.GRU(4, reset_after=False), el.SimpleRNN(4, activation="sigmoid")])
def test_others_run_their_equations(layer):
    module = el.interop.to_torch(el.Network(3, [layer]))
    assert nn.GRU not in classes(module) and nn.RNN not in classes(module)


def test_both_directions_are_one_layer():
    net = el.Network(3, [el.Bidirectional(el.LSTM(4)), el.Bidirectional(el.GRU(3), merge="sum")])
    module = el.interop.to_torch(net)
    assert module.layers["0"].bidirectional and module.layers["1"].bidirectional


def test_an_embedding_that_writes_too_is_one_parameter():
    def write(tokens):
        table = el.Embedding(11, 6)
        return el.tie(el.Dense(11), W=(table, "E"))(el.GRU(6)(table(tokens)))

    net = el.Network(write, inputs=1)
    module = el.interop.to_torch(net)
    assert module.layers["dense"].weight is module.layers["embedding"].weight
    assert isinstance(module.layers["gru"], nn.GRU)


def test_a_layer_called_twice_is_one_module():
    layer = el.GRU(4)
    net = el.Network(lambda x, y: el.concat(layer(x), layer(y)), inputs={"x": 2, "y": 2})
    assert classes(el.interop.to_torch(net)).count(nn.GRU) == 1


def test_what_is_frozen_requires_no_gradient():
    net = el.Network(2, [el.LSTM(4), el.GRU(4), el.Dense(1)])
    net.freeze("0.*", "1.W_z", "2.b")
    module = el.interop.to_torch(net)
    assert not any(p.requires_grad for p in module.layers["0"].parameters())
    by_name = {n: p.requires_grad for n, p in module.layers["1"].named_parameters()}
    assert not by_name.pop("W_z") and all(by_name.values())  # in parts: so it is not PyTorch's
    assert module.layers["2"].weight.requires_grad and not module.layers["2"].bias.requires_grad


# --- training there --------------------------------------------------------------------------------------------------

NETS = {
    "gru": lambda: el.Network(2, [el.GRU(6), el.Dense(1)]),
    "own": lambda: el.Network(2, [el.Recurrent(own, 6), el.BatchNorm(), el.Dense(1)]),
    "both": lambda: el.Network(2, [el.Bidirectional(el.LSTM(4)), el.Dropout(0.1), el.Dense(1, activation="tanh")]),
    "frozen": lambda: el.Network(2, [el.LSTM(4, trainable=False), el.SimpleRNN(4), el.Dense(1)]),
    "conv": lambda: el.Network(2, [el.Conv1D(4, 3), el.LayerNorm(), el.Recurrent("mgu", 4), el.Dense(1)]),
}


def batch(seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(6, 8, 2)).astype(np.float32)
    return x, np.cumsum(x[..., :1], 1) / 4


@pytest.mark.parametrize("name", NETS)
def test_weights_go_there_and_back_bit_for_bit(name):
    net = NETS[name]()
    before = net.arena.copy()
    module = el.interop.to_torch(net)
    for back in (module, module.state_dict(), torch.nn.DataParallel(module), copy.deepcopy(module)):
        net.params.write(0)
        assert el.interop.weights_from_torch(net, back) is net
        assert np.array_equal(net.arena.view(np.uint32), before.view(np.uint32))


@pytest.mark.parametrize("name", NETS)
def test_training_there_lowers_the_loss_here(name):
    net, (x, y) = NETS[name](), batch()
    frozen = {n: net.params[n].copy() for n in net.frozen}
    before, _ = net.loss_and_grads(x, y)
    module = el.interop.to_torch(net).train()
    torch.manual_seed(0)
    optimizer = torch.optim.Adam([p for p in module.parameters() if p.requires_grad], 0.02)
    for _ in range(60):
        optimizer.zero_grad()
        ((module(torch.tensor(x)) - torch.tensor(y)) ** 2).mean().backward()
        optimizer.step()
    el.interop.weights_from_torch(net, module)
    after, _ = net.loss_and_grads(x, y)
    assert after < 0.7 * before
    with torch.no_grad():
        np.testing.assert_allclose(module.eval()(torch.tensor(x)).numpy(), net(x), atol=2e-6)
    assert all(np.array_equal(net.params[n], value) for n, value in frozen.items())


def test_batch_norm_trains_as_ours():
    net = el.Network(3, [el.BatchNorm(momentum=0.8), el.Dense(2)], dtype=np.float64)
    random = np.random.default_rng(0)
    x, y, lengths = random.normal(2, 3, (5, 6, 3)), random.normal(size=(5, 6, 2)), np.array([6, 2, 5, 1, 3])
    module = el.interop.to_torch(net).train()
    loss, grads = net.loss_and_grads(x, y, lengths=lengths)
    assert torch_gradients.of_loss(module, x, [y], lengths) == pytest.approx(loss, rel=1e-12)
    found = torch_gradients.of_module(net, module)
    for name in net.trainable:
        np.testing.assert_allclose(found[name], grads[name], atol=1e-12)
    net.fit(x, y, lengths=lengths, epochs=1, batch_size=5, verbose=0)
    wanted = {name: net.params[name].copy() for name in ("0.mean", "0.variance")}
    el.interop.weights_from_torch(net, module)
    for name, value in wanted.items():
        np.testing.assert_allclose(net.params[name], value, rtol=1e-12)


@pytest.mark.parametrize("once", [False, True])
def test_dropout_drops_in_training_only(once):
    net = el.Network(40, [el.Dropout(0.25, once=once)])
    module, x = el.interop.to_torch(net), torch.ones(50, 6, 40)
    assert torch.equal(module(x), x)
    torch.manual_seed(0)
    y = module.train()(x)
    share = (y == 0).float().mean()
    assert abs(share - 0.25) < 0.02 and torch.allclose(y[y != 0], torch.tensor(1 / 0.75))
    assert bool((y[:, :1] == y).all()) == once


def test_dropout_inside_of_a_recurrence_drops():
    module = el.interop.to_torch(el.Network(2, [el.Recurrent(el.cells.zoneout(el.cells.gru, 0.3), 4)])).train()
    x = torch.ones(3, 4, 2)
    assert not torch.equal(module(x), module(x)) and torch.equal(module.eval()(x), module(x))


# --- how it is called -----------------------------------------------------------------------------------------------


def test_states_go_in_and_come_out():
    net = el.Network(2, [el.LSTM(3), el.Recurrent("mgu", 4)])
    module, x = el.interop.to_torch(net), torch.randn(2, 7, 2)
    whole, ends = module(x, return_state=True)
    first, state = module(x[:, :3], return_state=True)
    rest, last = module(x[:, 3:], None, state, return_state=True)
    assert torch.allclose(torch.cat([first, rest], 1), whole, atol=1e-6)
    assert [len(layer) for layer in ends] == [2, 1]
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(ends[0], last[0], strict=True))


def test_rows_of_no_steps():
    net = el.Network(2, [el.Bidirectional(el.LSTM(3)), el.Recurrent("mgu", 4), el.Dense(1)])
    x, lengths = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32), [3, 0, 5]
    y, ends = net(x, lengths=lengths, return_state=True)
    theirs, states = el.interop.to_torch(net)(torch.tensor(x), lengths, return_state=True)
    np.testing.assert_allclose(theirs.detach().numpy(), y, atol=1e-6)
    for mine, other in zip(ends, states, strict=True):
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_allclose(b.detach().numpy(), a, atol=1e-6)


def test_what_does_not_fit_is_refused_in_words():
    net = el.Network(lambda x, s: el.GRU(3)(el.concat(x, s)), inputs={"x": 2, "s": el.Static(1)})
    module = el.interop.to_torch(net)
    x, s = torch.zeros(2, 4, 2), torch.zeros(2, 1)
    assert torch.equal(module((x, s)), module({"s": s, "x": x}))
    for given, how, said in [
        (x, {}, "2 inputs"),
        ((x[..., :1], s), {}, "2 features"),
        ({"x": x}, {}, "the inputs are"),
        ((x, s), {"lengths": [1]}, "expected"),
        ((x, s), {"lengths": {"s": [1, 1]}}, "no input with time steps"),
        ((x, s), {"state": []}, "state has 0"),
        ((x, s), {"lengths": [9, 1]}, "whole numbers 0..4"),
        ((x, s), {"lengths": [-1, 1]}, "whole numbers 0..4"),
        ((x.numpy(), s), {}, "torch.as_tensor"),
    ]:
        with pytest.raises(el.ShapeError, match=said):
            module(given, **how)
    with pytest.raises(el.DataError, match="x is torch.float64 and the module torch.float32"):
        module((x.double(), s))
    indices = el.interop.to_torch(el.Network(1, [el.Embedding(5, 2), el.GRU(2)]))
    with pytest.raises(el.ShapeError, match=r"expected indices \(B, T\)"):
        indices(torch.zeros(2, 3, 4, dtype=torch.long))
    with pytest.raises(
        el.ConversionError, match="not the weights .*: they have no layers.0.weight_ih_l0. Give the net"
    ):
        el.interop.weights_from_torch(el.Network(2, [el.LSTM(3)]), module)
    with pytest.raises(el.ConversionError, match="has shape .* there"):
        el.interop.weights_from_torch(el.Network(2, [el.GRU(4)]), el.interop.to_torch(el.Network(2, [el.GRU(3)])))
    with pytest.raises(el.ConversionError, match="expected a module"):
        el.interop.weights_from_torch(net, 3)
    with torch.no_grad():
        next(module.parameters())[0] = float("nan")
    with pytest.raises(el.ConversionError, match="not finite"):
        el.interop.weights_from_torch(net, module)


@pytest.mark.parametrize("name", NETS)
def test_modules_are_copied_stored_and_moved_as_others(name):
    net = NETS[name]()
    module, x = el.interop.to_torch(net), torch.tensor(batch()[0])
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    with torch.no_grad():
        wanted = module(x)
        assert torch.equal(torch.load(file, weights_only=False)(x), wanted)
        assert torch.equal(copy.deepcopy(module)(x), wanted)
        assert module.to("meta")(x.to("meta"), torch.tensor([3] * 6, device="meta") if name == "conv" else None).is_meta


@pytest.mark.parametrize("name", NETS)
def test_autocast(name):
    net = NETS[name]()
    module, (x, y) = el.interop.to_torch(net).train(), batch()
    with torch.autocast("cpu", torch.bfloat16):
        loss = ((module(torch.tensor(x)) - torch.tensor(y)) ** 2).mean()
    loss.backward()
    assert all(p.grad is not None for p in module.layers["0"].parameters() if p.requires_grad)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert np.abs(module.eval()(torch.tensor(x)).float().numpy() - net(x)).max() < 0.3


@pytest.mark.parametrize("name", ["gru", "own"])
def test_compile(name):
    net = NETS[name]()
    module, x = el.interop.to_torch(net), torch.tensor(batch()[0][:, :3])
    compiled = torch.compile(module, backend="aot_eager")
    y = compiled(x)
    y.sum().backward()
    assert torch.allclose(y, module(x), atol=1e-6)
    assert all(p.grad is not None for p in module.parameters())
    if name == "own":
        assert torch._dynamo.explain(module)(x).graph_break_count == 0
    el.interop.weights_from_torch(net, compiled)


def test_rounded_products_are_said_and_not_there():
    net = el.Network(3, [el.GRU(4)], products="bfloat16")
    _, report = el.interop.to_torch(net, return_report=True)
    assert report.largest < 1e-6 and any("autocast" in note for note in report.notes)


@pytest.mark.parametrize("net", [NETS["gru"], NETS["both"]])
def test_there_and_back_by_from_torch(net):
    net = net()
    module = el.interop.to_torch(net)
    again = el.interop.from_torch(module, example=torch.zeros(2, 4, 2))
    x = batch()[0]
    np.testing.assert_allclose(again(x), net(x), atol=1e-6)


def test_compile_in_one_graph():
    """No check of what goes in breaks the graph; lengths are not looked at inside of it."""
    net = el.Network(3, [el.Recurrent(el.cells.mgu, 4), el.Dense(2)])
    module, x = el.interop.to_torch(net), np.random.default_rng(0).normal(size=(2, 3, 3)).astype("float32")
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    for lengths in (None, [3, 1]):
        y = compiled(torch.tensor(x), None if lengths is None else torch.tensor(lengths))
        np.testing.assert_allclose(y.detach().numpy(), net(x, lengths=lengths), atol=1e-5)
