"""Modules, state dicts and files of PyTorch as networks."""

from __future__ import annotations

import collections
import copy
import warnings
from pathlib import Path

import numpy as np
import pytest

import elman as el

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore::UserWarning")]
torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")

from tests.parity.interop import colleagues, colleagues_too, torch_modules  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(1)
MODULES, PART = 200, 50


@pytest.mark.parametrize("made", [*colleagues.CONVERTED, *colleagues_too.CONVERTED], ids=lambda c: c.__name__)
def test_what_colleagues_write_becomes_a_network(made):
    torch.manual_seed(0)
    net, report = el.interop.from_torch(made(), return_report=True)
    assert report.largest < 1e-5 and len(report.trials) >= 2
    assert net.arena.size and report.mapped


@pytest.mark.parametrize(("made", "said"), colleagues.REFUSED, ids=lambda c: getattr(c, "__name__", ""))
def test_what_a_network_cannot_say_is_refused_with_what_to_do(made, said):
    with pytest.raises(el.ConversionError, match=made.__name__) as refused:
        el.interop.from_torch(made())
    assert said in str(refused.value)


@pytest.mark.parametrize(("made", "example"), colleagues_too.WITH_EXAMPLE)
def test_what_colleagues_write_becomes_a_network_with_an_example(made, example):
    with pytest.raises(el.ConversionError, match=made.__name__):
        el.interop.from_torch(made())
    net, report = el.interop.from_torch(made(), example=example, return_report=True)
    assert len(net.structure.inputs) == 2 and report.largest < 1e-6


def test_what_forward_computes_and_does_not_use_is_left_out():
    net, report = el.interop.from_torch(colleagues_too.Normed(), return_report=True)
    assert "forward does not use unused.weight, unused.bias, and the network does not have them" in report.notes
    assert net.structure.by_name and net.structure.names == ("a", "b")
    assert not any(part.name.startswith("exp") for part in net.structure.parts)


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.compile])
def test_wrapped_modules(wrap):
    net = el.interop.from_torch(wrap(colleagues.Future()))
    assert net.layer_names == el.interop.from_torch(colleagues.Future()).layer_names


def test_torchscript_is_refused():
    with pytest.raises(el.ConversionError, match="TorchScript cannot be watched"):
        el.interop.from_torch(torch.jit.script(nn.Linear(2, 2)))


@pytest.mark.parametrize(("made", "said", "example"), colleagues_too.REFUSED)
def test_more_that_is_refused(made, said, example):
    with pytest.raises(el.ConversionError) as refused:
        el.interop.from_torch(made(), example=example)
    assert said in str(refused.value)


@pytest.mark.parametrize("first", range(0, MODULES, PART))
def test_random_modules(first):
    for seed in range(first, first + PART):
        module = torch_modules.module(seed)
        net, report = el.interop.from_torch(module, return_report=True)
        assert report.largest <= (1e-10 if module.how.double else 1e-5)
        double = copy.deepcopy(module).double()
        _agrees(net if module.how.double else el.interop.from_torch(double), double, seed)


def _agrees(net, module, seed):
    """On sequences of other sizes than any that the conversion looks at, in double precision."""
    random, (B, T) = np.random.default_rng(seed), (5, 12)
    if module.how.before == "embedding":
        x = random.integers(0, torch_modules.VOCABULARY, (B, T))
        given = torch.tensor(x if module.steps else x.T)
    else:
        x = random.normal(size=(B, T, torch_modules.FEATURES))
        given = torch.tensor(x if module.steps else x.transpose(1, 0, 2))
    with torch.no_grad():
        wanted = module(given).numpy()
    if module.how.take == "all" and not module.steps:
        wanted = wanted.transpose(1, 0, 2)
    np.testing.assert_allclose(net(x), wanted, rtol=0, atol=1e-9, err_msg=str(module))


def test_a_module_is_not_changed():
    module = colleagues.Pooled()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    assert module.training
    el.interop.from_torch(module)
    assert module.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_tied_weights_are_one_parameter():
    net = el.interop.from_torch(colleagues.LanguageModel())
    assert "encoder.E" in net.params and "decoder.W" not in net.params


def test_learnt_states_and_scales_train():
    net = el.interop.from_torch(colleagues.LearntStates())
    x = np.random.default_rng(0).normal(size=(4, 6, 3))
    _, grads = net.loss_and_grads(x, np.zeros((4, 6, 1)))
    assert np.abs(grads["h0.b"]).max() > 0 and not net.frozen


def test_what_does_not_train_there_is_frozen():
    module = colleagues.ZeroStates()
    module.lstm.requires_grad_(False)
    net = el.interop.from_torch(module)
    assert net.trainable == ("fc.W", "fc.b")


def test_dropout_comes_over():
    net = el.interop.from_torch(colleagues.ZeroStates())
    assert any(layer.cell.name == "dropout" for layer in net.layers)


def test_an_example_says_what_forward_takes():
    class Flexible(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(2, 3, batch_first=True)

        def forward(self, *tensors):
            return self.gru(torch.cat(tensors, -1))[0]

    net = el.interop.from_torch(Flexible(), example=(torch.zeros(2, 5, 1), torch.zeros(2, 5, 1)))
    assert [given.width for given in net.structure.inputs] == [1, 1]


def test_half_precision_becomes_single():
    net = el.interop.from_torch(nn.GRU(2, 3).half())
    assert net.dtype == np.float32


def test_gradients_are_the_modules():
    module, random = nn.LSTM(3, 5, 2, bidirectional=True, batch_first=True).double(), np.random.default_rng(1)
    net = el.interop.from_torch(module)
    x, target = random.normal(size=(4, 6, 3)), random.normal(size=(4, 6, 10))
    ((module(torch.tensor(x))[0] - torch.tensor(target)) ** 2).mean().backward()
    _, grads = net.loss_and_grads(x, target)
    wanted = module.weight_ih_l1_reverse.grad.chunk(4)[2].numpy()
    name = next(n for n in net.params if n.endswith("1.backward.W_g"))
    np.testing.assert_allclose(grads[name], wanted, atol=1e-12)


# --- state dicts and files ------------------------------------------------------------------------------------------

LAYERS = collections.OrderedDict(
    a=nn.Linear(3, 4), b=nn.LayerNorm(4), c=nn.Linear(4, 5), d=nn.BatchNorm1d(5), e=nn.LSTM(5, 6, 2), f=nn.Linear(6, 8)
)


@pytest.mark.parametrize("steps", ["all", "last", "final"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell"])
def test_state_dicts(kind, steps):
    for both in (False, True) if not kind.endswith("Cell") else (False,):
        module = getattr(nn, kind)(3, 4, **({"num_layers": 2, "bidirectional": both} if "Cell" not in kind else {}))
        net, report = el.interop.from_torch(module.state_dict(), steps=steps, return_report=True)
        assert report.largest < 1e-6 and any(f"steps='{steps}'" in note for note in report.notes)
        assert net.sequence_output == (steps == "all")


def test_a_state_dict_of_several_layers():
    norm = LAYERS["d"]
    norm.running_mean.copy_(torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5]))
    state = nn.Sequential(LAYERS).state_dict()
    net, report = el.interop.from_torch(state, return_report=True)
    assert net.layer_names == ["a", "b", "c", "d", "e_0", "e_1", "f"] and report.largest < 1e-6


def test_activations_between_linear_layers_are_an_argument():
    module = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    net, report = el.interop.from_torch(module.state_dict(), activation="tanh", return_report=True)
    x = np.random.default_rng(0).normal(size=(2, 4, 2)).astype(np.float32)
    np.testing.assert_allclose(net(x), module(torch.tensor(x)).detach().numpy(), atol=1e-6)
    assert any("activation='tanh'" in note for note in report.notes)


def test_files(tmp_path):
    module = colleagues.ZeroStates()
    torch.save(module.state_dict(), tmp_path / "plain.pt")
    wrapped = {f"module.{name}": value.bfloat16() for name, value in module.state_dict().items()}
    torch.save({"epoch": 3, "model_state_dict": wrapped}, tmp_path / "checkpoint.pth")
    from safetensors.torch import save_file

    save_file(module.state_dict(), tmp_path / "model.safetensors")
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    wanted = module.eval()(torch.tensor(x)).detach().numpy()
    for name, near in (("plain.pt", 1e-6), ("checkpoint.pth", 2e-2), ("model.safetensors", 1e-6)):
        net, report = el.interop.from_torch(tmp_path / name, steps="last", return_report=True)
        np.testing.assert_allclose(net(x), wanted, atol=near)
    assert any("order lstm, fc" in note for note in report.notes)


@pytest.mark.parametrize("change", [lambda t: t.to("meta"), lambda t: t.to_sparse()], ids=["meta", "sparse"])
def test_tensors_without_dense_numbers_are_refused(change):
    state = nn.GRU(2, 3).state_dict()
    with pytest.raises(el.ConversionError, match="bias_ih_l0 holds .*expected a dense tensor"):
        el.interop.from_torch(state | {"bias_ih_l0": change(state["bias_ih_l0"])})


class Dangerous:
    def __reduce__(self):
        return (Path.touch, (Path("executed"),))


def test_a_file_is_never_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": torch.zeros(2, 2), "bad": Dangerous()}, "bad.pt")
    with pytest.raises(el.ConversionError, match="runs code"):
        el.interop.from_torch("bad.pt")
    assert not Path("executed").exists()


def test_files_that_hold_something_else(tmp_path):
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    (tmp_path / "half.pt").write_bytes((tmp_path / "module.pt").read_bytes()[:900])
    (tmp_path / "text.pt").write_text("hello")
    el.Network(2, [el.GRU(3)]).save(tmp_path / "elman.safetensors")
    for name, said in {
        "module.pt": "whole module",
        "list.pt": "not a state dict",
        "half.pt": "ends too early",
        "text.pt": "no file of PyTorch",
        "elman.safetensors": "elman.load",
        "none.pt": "no file",
    }.items():
        with pytest.raises(el.ConversionError, match=said):
            el.interop.from_torch(tmp_path / name)


def test_arguments_that_would_be_ignored_are_refused():
    with pytest.raises(el.OptionError, match="leave it out"):
        el.interop.from_torch(nn.GRU(2, 3), steps="last")
    with pytest.raises(el.ConversionError, match="leave it out"):
        el.interop.from_torch(nn.GRU(2, 3).state_dict(), example=torch.zeros(1))
    with pytest.raises(el.OptionError, match="steps"):
        el.interop.from_torch(nn.GRU(2, 3).state_dict(), steps="first")
    for name, value in {"steps": "last", "nonlinearity": "relu", "activation": "tanh"}.items():
        with pytest.raises(el.OptionError, match=f"{name}='{value}' is of a state dict with .* leave it out"):
            el.interop.from_torch(nn.Linear(2, 3).state_dict(), **{name: value})
    with pytest.raises(el.OptionError, match="order is"):
        el.interop.from_torch(nn.Linear(2, 3).state_dict(), order="fc")
    with pytest.raises(el.OptionError, match="tolerance is -1"):
        el.interop.from_torch(nn.GRU(2, 3), tolerance=-1)
    with pytest.raises(el.ConversionError, match="a state dict or a file"):
        el.interop.from_torch(3)
    with pytest.raises(el.ConversionError, match=r"make one: GRU\(...\)"):
        el.interop.from_torch(nn.GRU)


def test_a_wrong_nonlinearity_is_found_by_nobody_but_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, report = el.interop.from_torch(nn.RNN(2, 3).state_dict(), nonlinearity="relu", return_report=True)
    assert any("nonlinearity='relu'" in note for note in report.notes)


class Masked(nn.Module):
    """A mean over the steps of a mask, which is undefined where a mask has none."""

    def __init__(self):
        super().__init__()
        self.gru, self.fc = nn.GRU(3, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, x, mask):
        inside = mask.unsqueeze(-1).float()
        return self.fc((self.gru(x)[0] * inside).sum(1) / inside.sum(1))


def test_a_mask_of_whole_numbers():
    module, x = Masked(), torch.randn(2, 5, 3)
    mask = torch.tensor([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1]])
    net = el.interop.from_torch(module, example=(x, mask))
    np.testing.assert_allclose(net((x.numpy(), mask.numpy()[..., None])), module(x, mask).detach(), atol=1e-6)


class Flat(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.fc = nn.GRU(3, 4, batch_first=True), nn.Linear(20, 2)

    def forward(self, x):
        return self.fc(self.gru(x)[0].flatten(1))


def test_an_example_that_alone_fits_is_told_from_one_that_does_not():
    with pytest.raises(el.ConversionError, match="forward runs on example, and fails with other numbers .* last step"):
        el.interop.from_torch(Flat(), example=torch.zeros(2, 5, 3))
    with pytest.raises(el.ConversionError, match="forward fails on example"):
        el.interop.from_torch(Flat(), example=torch.zeros(2, 5, 4))


def test_the_report_says_what_the_network_takes():
    _, report = el.interop.from_torch(nn.Sequential(nn.Embedding(9, 3), nn.Linear(3, 2)), return_report=True)
    assert report.notes[0].endswith("the network takes input (B, T)"), report.notes[0]
