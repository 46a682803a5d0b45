"""More modules as people write them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence


class GRUNet(nn.Module):
    """States in and out by hand."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 5, 2, batch_first=True, dropout=0.2)
        self.fc = nn.Linear(5, 1)
        self.relu = nn.ReLU()

    def forward(self, x, h):
        out, h = self.gru(x, h)
        return (self.fc(self.relu(out[:, -1])), h)


class GRUNetInit(nn.Module):
    """States made of the parameters' type."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 5, 2, batch_first=True)
        self.fc = nn.Linear(5, 1)

    def init_hidden(self, B):
        w = next(self.parameters()).data
        return w.new(2, B, 5).zero_().to("cpu")

    def forward(self, x):
        out, h = self.gru(x, self.init_hidden(x.size(0)))
        return self.fc(out[:, -1])


class Stateful(nn.Module):
    """States kept in the module."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 5)
        self.linear = nn.Linear(5, 1)
        self.hidden_cell = (torch.zeros(1, 1, 5), torch.zeros(1, 1, 5))

    def forward(self, input_seq):
        o, self.hidden_cell = self.lstm(input_seq.view(len(input_seq), 1, -1), self.hidden_cell)
        return self.linear(o.view(len(input_seq), -1))[-1]


class CellList(nn.Module):
    """Cells in a list, states in a list, dropout between."""

    def __init__(self):
        super().__init__()
        self.cells = nn.ModuleList([nn.GRUCell(3, 4), nn.GRUCell(4, 4), nn.GRUCell(4, 4)])
        self.o = nn.Linear(4, 2)

    def forward(self, x):
        hs = [torch.zeros(x.size(0), 4) for _ in self.cells]
        outs = []
        for t in range(x.size(1)):
            inp = x[:, t]
            for i, c in enumerate(self.cells):
                hs[i] = c(F.dropout(inp, 0.1, self.training), hs[i])
                inp = hs[i]
            outs.append(inp.unsqueeze(1))
        return self.o(torch.cat(outs, 1))


class Univariate(nn.Module):
    """(B, T) with the features' axis made in forward."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 5, batch_first=True)
        self.l = nn.Linear(5, 1)

    def forward(self, x):
        x = x.unsqueeze(-1)
        o, _ = self.lstm(x)
        return self.l(o).squeeze(-1)


class PermuteFirst(nn.Module):
    """(B, T, F) turned for a layer of (T, B, F); two outputs."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 5)
        self.l = nn.Linear(5, 1)

    def forward(self, x):
        o, (h, c) = self.lstm(x.permute(1, 0, 2))
        return (self.l(torch.cat([h[-1], c[-1]], 1)[:, :5]), self.l(o).permute(1, 0, 2))


class Bahdanau(nn.Module):
    """Additive attention: the state repeated for each step."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 4, bidirectional=True, batch_first=True)
        self.attn = nn.Linear(8 + 8, 6)
        self.v = nn.Linear(6, 1, bias=False)
        self.vv = nn.Parameter(torch.rand(6))
        self.o = nn.Linear(8, 2)

    def forward(self, x):
        o, h = self.rnn(x)
        q = torch.cat([h[0], h[1]], 1)
        T = o.shape[1]
        q = q.unsqueeze(1).repeat(1, T, 1)
        e = torch.tanh(self.attn(torch.cat((q, o), dim=2)))
        a = self.v(e).squeeze(2) + (e * self.vv).sum(-1)
        a = F.softmax(a, dim=1)
        c = torch.bmm(a.unsqueeze(1), o).squeeze(1)
        return (self.o(c), a)


class Probs(nn.Module):
    """PReLU, probabilities and their logarithms."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 4, batch_first=True)
        self.p = nn.PReLU()
        self.o = nn.Linear(4, 3)
        self.sm = nn.Softmax(dim=1)
        self.ls = nn.LogSoftmax(dim=-1)

    def forward(self, x):
        _, h = self.rnn(x)
        z = self.o(self.p(h.squeeze(0)))
        return (self.sm(z), self.ls(z))


class Sorted(nn.Module):
    """Rows sorted by hand, packed, and put back."""

    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(9, 3)
        self.rnn = nn.LSTM(3, 4, batch_first=True)
        self.o = nn.Linear(4, 2)

    def forward(self, x, x_len):
        l, idx = x_len.sort(0, descending=True)
        _, un = idx.sort(0)
        p = pack_padded_sequence(self.e(x[idx]), l.cpu(), batch_first=True)
        _, (h, _) = self.rnn(p)
        return self.o(h[-1][un])


class Chomp(nn.Module):
    """Takes away what a convolution sees ahead."""

    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        return x[:, :, : -self.n].contiguous()


class TCN(nn.Module):
    """Causal convolutions under weight norm, chomped."""

    def __init__(self):
        super().__init__()
        wn = nn.utils.parametrizations.weight_norm
        self.c1 = wn(nn.Conv1d(3, 6, 3, padding=2, dilation=1))
        self.ch1 = Chomp(2)
        self.c2 = wn(nn.Conv1d(6, 6, 3, padding=4, dilation=2))
        self.ch2 = Chomp(4)
        self.down = nn.Conv1d(3, 6, 1)
        self.o = nn.Linear(6, 1)

    def forward(self, x):
        x = x.transpose(1, 2)
        y = F.relu(self.ch1(self.c1(x)))
        y = F.relu(self.ch2(self.c2(y)))
        y = F.relu(y + self.down(x))
        return self.o(y[:, :, -1])


class DeepAR(nn.Module):
    """Categories beside numbers, states of all layers interleaved."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(6, 3)
        self.lstm = nn.LSTM(2 + 3, 5, 2, batch_first=True)
        self.mu = nn.Linear(10, 1)
        self.sig = nn.Linear(10, 1)
        self.softplus = nn.Softplus()
        for names in self.lstm._all_weights:
            for n in filter(lambda n: "bias" in n, names):
                b = getattr(self.lstm, n)
                k = b.size(0)
                b.data[k // 4 : k // 2].fill_(1.0)

    def forward(self, x, idx):
        e = self.emb(idx)
        o, (h, c) = self.lstm(torch.cat((x, e), dim=2))
        hp = h.permute(1, 2, 0).contiguous().view(h.shape[1], -1)
        return (self.mu(hp).squeeze(), self.softplus(self.sig(hp)).squeeze())


class TimeDist(nn.Module):
    """Rows and steps as one axis, batch norm over both."""

    def __init__(self):
        super().__init__()
        self.m = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
        self.bn = nn.BatchNorm1d(4)
        self.rnn = nn.RNN(4, 5, batch_first=True)
        self.o = nn.Linear(5, 2)

    def forward(self, x):
        B, T, Fe = x.size()
        y = self.bn(self.m(x.contiguous().view(-1, Fe))).view(B, T, -1)
        y, _ = self.rnn(y)
        return self.o(y.reshape(B * T, -1)).view(B, T, -1)


class Extract(nn.Module):
    """Takes the last step of what a layer returns."""

    def forward(self, t):
        return t[0][:, -1, :]


class TiedF(nn.Module):
    """F.linear with the embedding's table."""

    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(9, 4)
        self.r = nn.GRU(4, 4, batch_first=True)
        self.b = nn.Parameter(torch.randn(9))

    def forward(self, x):
        return F.linear(self.r(self.e(x) * math.sqrt(4))[0], self.e.weight, self.b)


class Cats(nn.Module):
    """Two indices at each step."""

    def __init__(self):
        super().__init__()
        self.e1 = nn.Embedding(5, 2)
        self.e2 = nn.Embedding(4, 3)
        self.r = nn.GRU(5, 4, batch_first=True)

    def forward(self, c):
        return self.r(torch.cat([self.e1(c[:, :, 0]), self.e2(c[:, :, 1])], -1))[0]


class SqueezeAll(nn.Module):
    """squeeze() of everything."""

    def __init__(self):
        super().__init__()
        self.r = nn.GRU(3, 4, batch_first=True)
        self.o = nn.Linear(4, 1)

    def forward(self, x):
        return self.o(self.r(x)[0]).squeeze()


class ReviN(nn.Module):
    """Each row normalised over its steps, and back."""

    def __init__(self):
        super().__init__()
        self.r = nn.GRU(3, 4, batch_first=True)
        self.o = nn.Linear(4, 3)

    def forward(self, x):
        m = x.mean(1, keepdim=True)
        sd = torch.sqrt(((x - m) ** 2).mean(1, keepdim=True) + 1e-05)
        y = self.r((x - m) / sd)[0][:, -1]
        return self.o(y) * sd.squeeze(1) + m.squeeze(1)


class Gated(nn.Module):
    """chunk, glu, layer norm."""

    def __init__(self):
        super().__init__()
        self.r = nn.LSTM(3, 4, batch_first=True)
        self.g = nn.Linear(4, 8)
        self.n = nn.LayerNorm(4)

    def forward(self, x):
        y, _ = self.r(x)
        a, b = self.g(y).chunk(2, dim=-1)
        y = self.n(y + a * torch.sigmoid(b))
        return F.glu(self.g(y), dim=-1)


class ReverseOnly(nn.Module):
    """A second layer over the flipped steps."""

    def __init__(self):
        super().__init__()
        self.f = nn.GRU(3, 4, batch_first=True)
        self.b = nn.GRU(3, 4, batch_first=True)

    def forward(self, x):
        a, _ = self.f(x)
        b, _ = self.b(torch.flip(x, [1]))
        return torch.cat([a, torch.flip(b, dims=(1,))], -1)


class Diff(nn.Module):
    """Differences of steps by ranges."""

    def __init__(self):
        super().__init__()
        self.f = nn.GRU(3, 4, batch_first=True)

    def forward(self, x):
        return self.f(x[:, 1:] - x[:, :-1])[0]


class MaskMean(nn.Module):
    """A mean over the steps in use by a mask."""

    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(9, 4, padding_idx=0)
        self.f = nn.GRU(4, 4, batch_first=True)

    def forward(self, x, lengths):
        y, _ = self.f(self.e(x))
        m = (torch.arange(x.size(1))[None] < lengths[:, None]).float().unsqueeze(-1)
        return (y * m).sum(1) / lengths.unsqueeze(1).float()


class MaskFromTokens(nn.Module):
    """Lengths counted from the input."""

    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(9, 4, padding_idx=0)
        self.f = nn.GRU(4, 4, batch_first=True)

    def forward(self, x):
        L = (x != 0).sum(1)
        y, h = self.f(pack_padded_sequence(self.e(x), L.cpu(), batch_first=True, enforce_sorted=False))
        return h[-1]


class Seq2Seq(nn.Module):
    """A decoder that begins where the encoder ended."""

    def __init__(self):
        super().__init__()
        self.enc = nn.LSTM(3, 4, batch_first=True)
        self.dec = nn.LSTM(2, 4, batch_first=True)
        self.o = nn.Linear(4, 1)

    def forward(self, src, tgt):
        _, st = self.enc(src)
        y, _ = self.dec(tgt, st)
        return self.o(y)


class RepeatVec(nn.Module):
    """An autoencoder: the last state at each step."""

    def __init__(self):
        super().__init__()
        self.enc = nn.LSTM(3, 4, batch_first=True)
        self.dec = nn.LSTM(4, 3, batch_first=True)
        self.o = nn.Linear(3, 3)

    def forward(self, x):
        _, (h, _) = self.enc(x)
        z = h[-1].unsqueeze(1).repeat(1, x.size(1), 1)
        y, _ = self.dec(z)
        return self.o(y)


class LNLSTMCell(nn.Module):
    """A cell written out in a loop."""

    def __init__(self):
        super().__init__()
        self.i = nn.Linear(3, 16)
        self.h = nn.Linear(4, 16)
        self.o = nn.Linear(4, 1)

    def forward(self, x):
        B, T, _ = x.shape
        h = torch.zeros(B, 4)
        c = torch.zeros(B, 4)
        out = []
        for t in range(T):
            i, f, g, o = (self.i(x[:, t]) + self.h(h)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            out.append(h)
        return self.o(torch.stack(out, 1))


class ElmanTutorial(nn.Module):
    """The tutorial's: one step of a cell that is written out."""

    def __init__(self):
        super().__init__()
        self.i2h = nn.Linear(5, 6)
        self.h2h = nn.Linear(6, 6)
        self.h2o = nn.Linear(6, 3)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, input, hidden):
        hidden = F.tanh(self.i2h(input) + self.h2h(hidden))
        return (self.softmax(self.h2o(hidden)), hidden)


class SepStates(nn.Module):
    """h0 and c0 as arguments of their own."""

    def __init__(self):
        super().__init__()
        self.l = nn.LSTM(3, 4, 2, batch_first=True)

    def forward(self, x, h0, c0):
        y, (h, c) = self.l(x, (h0, c0))
        return (y, h, c)


class Optional(nn.Module):
    """Arguments with defaults."""

    def __init__(self):
        super().__init__()
        self.l = nn.LSTM(3, 4, 2, batch_first=True)

    def forward(self, x, hidden=None, return_all=True):
        if hidden is None:
            hidden = (torch.zeros(2, x.shape[0], 4), torch.zeros(2, x.shape[0], 4))
        y, hidden = self.l(x, hidden)
        return (y if return_all else y[:, -1], hidden)


class Normed(nn.Module):
    """Weight norm and spectral norm, old and new; weights kept to be looked at; a layer nobody uses; a dict."""

    def __init__(self):
        super().__init__()
        self.c = nn.utils.weight_norm(nn.Conv1d(3, 4, 3, padding=1))
        self.r = nn.GRU(4, 4, batch_first=True)
        self.sn = nn.utils.spectral_norm(nn.Linear(4, 4))
        self.sn2 = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))
        self.unused = nn.Linear(3, 3)
        self.attn = None

    def forward(self, x):
        y = self.r(self.c(x.transpose(1, 2)).transpose(1, 2))[0]
        self.attn = torch.softmax(y, 1)
        return {"a": self.sn(y), "b": self.sn2(self.sn2(y))[:, -1]}


class NormedInLoop(nn.Module):
    """A layer under weight norm at each step of a loop."""

    def __init__(self):
        super().__init__()
        self.c = nn.GRUCell(3, 4)
        self.o = nn.utils.parametrizations.weight_norm(nn.Linear(4, 2))

    def forward(self, x):
        h = torch.zeros(len(x), 4)
        ys = []
        for t in range(x.shape[1]):
            h = self.c(x[:, t], h)
            ys.append(self.o(h))
        return torch.stack(ys, 1)


class ChangedStates(nn.Module):
    """States that are changed before a layer begins with them."""

    def __init__(self):
        super().__init__()
        self.r = nn.GRU(3, 4, batch_first=True)
        self.i = nn.Linear(4, 4)

    def forward(self, x, hidden):
        return self.r(x, torch.tanh(self.i(hidden)))[0]


class FromContext(nn.Module):
    """States made of an input without time."""

    def __init__(self):
        super().__init__()
        self.r = nn.GRU(3, 4, 2, batch_first=True)
        self.i = nn.Linear(5, 8)

    def forward(self, x, context):
        return self.r(x, self.i(context).view(-1, 2, 4).permute(1, 0, 2).contiguous())[0]


class LoopWithContext(nn.Module):
    """A loop with a context at each step, and the last states."""

    def __init__(self):
        super().__init__()
        self.c = nn.LSTMCell(5, 4)
        self.a = nn.Linear(6, 5)

    def forward(self, x, context):
        h = c = torch.zeros(x.size(0), 4)
        ys = []
        for t in range(x.size(1)):
            z = F.relu(self.a(torch.cat([x[:, t, :], context], 1)))
            h, c = self.c(z, (h, c))
            ys.append(h + z[:, :4])
        return (torch.stack(ys).permute(1, 0, 2), h, c)


def sequential():
    """A recurrent layer in nn.Sequential."""
    return nn.Sequential(nn.LSTM(3, 4, batch_first=True), Extract(), nn.Linear(4, 1))


CONVERTED: list[Callable[[], Any]] = [
    GRUNet,
    GRUNetInit,
    CellList,
    Univariate,
    PermuteFirst,
    Bahdanau,
    Probs,
    Sorted,
    TCN,
    TimeDist,
    sequential,
    TiedF,
    SqueezeAll,
    ReviN,
    Gated,
    ReverseOnly,
    MaskMean,
    Seq2Seq,
    RepeatVec,
    SepStates,
    Optional,
    Normed,
    NormedInLoop,
]
WITH_EXAMPLE: list[tuple[Callable[[], Any], Any]] = [
    (FromContext, (torch.zeros(2, 4, 3), torch.zeros(2, 5))),
    (LoopWithContext, (torch.zeros(2, 4, 3), torch.zeros(2, 3))),
    (DeepAR, (torch.zeros(4, 3, 2), torch.zeros(4, 3, dtype=torch.long))),
]
REFUSED: list[tuple[Callable[[], Any], str, Any]] = [
    (Stateful, "take the state as an argument", None),
    (Cats, "an argument of its own", torch.zeros(2, 4, 2, dtype=torch.long)),
    (Diff, "a range 1:", None),
    (ChangedStates, "are changed before a layer begins", None),
    (MaskFromTokens, "take lengths as an argument", None),
    (LNLSTMCell, "@elman.cell", None),
    (ElmanTutorial, "@elman.cell", None),
]
