"""Modules whose forward is another one for more steps, more rows, other values or later calls: each is refused."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore::UserWarning")]
torch = pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

torch.set_num_threads(1)


class Model(nn.Module):
    """A module with a forward to be given."""

    def __init__(self, forward):
        super().__init__()
        self.lstm, self.cell = nn.LSTM(3, 5, batch_first=True), nn.GRUCell(3, 5)
        self.kept, self.run = {}, forward

    def forward(self, x):
        return self.run(self, x)


def loop(m, x):
    h = torch.zeros(len(x), 5)
    for t in range(min(x.shape[1], 30)):
        h = m.cell(x[:, t], h)
    return h


def keeping(m, x):
    """Goes on from the call before of as many rows and steps."""
    y, states = m.lstm(x, m.kept.get(x.shape))
    m.kept[x.shape] = tuple(one.detach() for one in states)
    return y


def going_on(m, x):
    """Goes on from the call before of as many rows."""
    y, m.kept[len(x)] = m.lstm(x, m.kept.get(len(x)))
    return y


def looking(m, x):
    return m.lstm(x)[0] * (2 if np.abs(np.from_dlpack(x.detach())).max() > 50 else 1)


FORWARDS = {
    "the last fifty steps": (lambda m, x: m.lstm(x[:, -50:])[0][:, -1], "range -50:None of steps"),
    "the first 512 steps": (lambda m, x: m.lstm(x[:, :512])[0], "range None:512 of steps"),
    "64 rows": (lambda m, x: m.lstm(x[:64])[0], "range None:64 of rows"),
    "narrow": (lambda m, x: m.lstm(x.narrow(1, 0, min(x.shape[1], 40)))[0][:, -1], "2 rows of 600 steps"),
    "a loop that ends": (loop, "of a sequence is taken"),
    "long ones": (lambda m, x: m.lstm(x)[0] * (1 + (x.shape[1] > 100)), "2 rows of 600 steps"),
    "many rows": (lambda m, x: m.lstm(x)[0] * (1 + (x.shape[0] > 100)), "200 rows of 2 steps"),
    "softplus that ends": (lambda m, x: functional.softplus(m.lstm(x)[0], threshold=8), "threshold=8"),
    "a value": (lambda m, x: m.lstm(x)[0] * (1 + (5.0 in x)), "__contains__"),
    "nonzero": (lambda m, x: m.lstm(x)[0] * (1 + torch.is_nonzero(x.sum() * 0)), "is_nonzero"),
    "a complex number": (lambda m, x: m.lstm(x)[0] * (1 + (complex(x[0, 0, 0]).real > 99)), "__complex__"),
    "another library's array": (looking, "__dlpack__"),
    "the mean over rows": (lambda m, x: m.lstm(x - x.mean(0, keepdim=True))[0], "mean over rows"),
    "states kept by shape": (keeping, "once more"),
    "states kept by rows": (going_on, "3 rows of 1 step"),
}


@pytest.mark.parametrize("name", FORWARDS)
def test_what_a_few_sequences_would_hide_is_refused(name):
    forward, said = FORWARDS[name]
    torch.manual_seed(0)
    with pytest.raises(el.ConversionError) as refused:
        el.interop.from_torch(Model(forward))
    assert said in str(refused.value)


def test_long_sequences_and_many_rows_are_proved():
    _, report = el.interop.from_torch(nn.GRU(3, 4, batch_first=True), return_report=True)
    assert report.trials[-3:] == ("2 rows of 600 steps", "200 rows of 2 steps", "the first sequences once more")


def test_a_forward_that_takes_so_many_steps_only_is_noted():
    def short(m, x):
        if x.shape[1] > 200:
            raise ValueError("at most 200 steps")
        return m.lstm(x)[0]

    _, report = el.interop.from_torch(Model(short), return_report=True)
    assert "forward fails on 2 rows of 600 steps" in report.notes and "2 rows of 150 steps" in report.trials


def test_a_module_that_magnifies_rounding_is_converted():
    torch.manual_seed(0)
    module = nn.RNN(3, 30, batch_first=True).double()
    module.weight_hh_l0.data *= 12
    _, report = el.interop.from_torch(module, return_report=True)
    assert "2 rows of 600 steps tell nothing: forward magnifies rounding" in report.notes


def test_padding_that_is_read_is_noted():
    class Unpacked(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.RNN(3, 4, batch_first=True, bidirectional=True, bias=False)

        def forward(self, x, lengths):
            return self.rnn(x)[0]

    _, report = el.interop.from_torch(Unpacked(), return_report=True)
    assert "forward reads what lies behind the rows' ends: both sides agree where that is zero" in report.notes


@pytest.mark.parametrize("behind", [nn.Identity(), nn.Linear(4, 2)])
def test_states_of_one_feature_side_by_side(behind):
    class Side(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru, self.behind = nn.GRU(3, 1, 2, batch_first=True, bidirectional=True), behind

        def forward(self, x):
            return self.behind(self.gru(x)[1].transpose(0, 1).reshape(len(x), -1))

    module, x = Side().double(), np.random.default_rng(0).normal(size=(4, 6, 3))
    wanted = module.eval()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(el.interop.from_torch(module)(x), wanted, atol=1e-12)
