"""Modules as people write them: from tutorials, notebooks and repositories, tidy ones and ugly ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class ZeroStates(nn.Module):
    """h0 and c0 by hand, the last step."""

    def __init__(self, input_size=3, hidden_size=8, num_layers=2, output_size=2):
        super().__init__()
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.lstm = nn.LSTM(input_size, hidden_size, num_layers, batch_first=True, dropout=0.2)
        self.fc = nn.Linear(hidden_size, output_size)

    def forward(self, x):
        device = x.device
        h0 = torch.zeros(self.num_layers, x.size(0), self.hidden_size).requires_grad_().to(device)
        c0 = torch.zeros(self.num_layers, x.size(0), self.hidden_size).requires_grad_()
        out, (hn, cn) = self.lstm(x, (h0.detach(), c0.detach()))
        return self.fc(out[:, -1, :])


class Sentiment(nn.Module):
    """Both directions' last hidden states side by side."""

    def __init__(self, vocab=20, dim=5, hidden=6, classes=3):
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim, padding_idx=0)
        self.rnn = nn.LSTM(dim, hidden, num_layers=2, bidirectional=True, dropout=0.5)
        self.fc = nn.Linear(hidden * 2, classes)
        self.dropout = nn.Dropout(0.5)

    def forward(self, text):
        embedded = self.dropout(self.embedding(text))  # (T, B, D)
        output, (hidden, cell) = self.rnn(embedded)
        hidden = self.dropout(torch.cat((hidden[-2, :, :], hidden[-1, :, :]), dim=1))
        return self.fc(hidden.squeeze(0))


class PackedSentiment(nn.Module):
    """Packed rows inside of forward."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 5, padding_idx=1)
        self.rnn = nn.GRU(5, 6, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(12, 1)

    def forward(self, text, text_lengths):
        packed = pack_padded_sequence(self.embedding(text), text_lengths.cpu(), batch_first=True, enforce_sorted=False)
        packed_output, hidden = self.rnn(packed)
        return torch.sigmoid(self.fc(torch.cat((hidden[-2], hidden[-1]), dim=1))).squeeze(1)


class PackedTagger(nn.Module):
    """Packed, and padded again: an output at each step."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(15, 4)
        self.lstm = nn.LSTM(4, 5, batch_first=True, bidirectional=True)
        self.out = nn.Linear(10, 7)

    def forward(self, x, lengths):
        x = pack_padded_sequence(self.emb(x), lengths, batch_first=True, enforce_sorted=False)
        x, _ = self.lstm(x)
        x, _ = pad_packed_sequence(x, batch_first=True)
        return F.log_softmax(self.out(x), dim=2)


class LanguageModel(nn.Module):
    """PyTorch's word language model: (T, B), states in and out, tied weights, all steps as one axis."""

    def __init__(self, ntoken=12, ninp=6, nhid=6, nlayers=2):
        super().__init__()
        self.ntoken, self.nhid, self.nlayers = ntoken, nhid, nlayers
        self.drop = nn.Dropout(0.2)
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnn = nn.LSTM(ninp, nhid, nlayers, dropout=0.2)
        self.decoder = nn.Linear(nhid, ntoken)
        self.decoder.weight = self.encoder.weight

    def forward(self, input, hidden):
        emb = self.drop(self.encoder(input))
        output, hidden = self.rnn(emb, hidden)
        output = self.drop(output)
        decoded = self.decoder(output)
        decoded = decoded.view(-1, self.ntoken)
        return F.log_softmax(decoded, dim=1), hidden


class CharRNN(nn.Module):
    """Udacity's: one-hot, states in and out, contiguous and view."""

    def __init__(self, n_chars=9, n_hidden=5, n_layers=2):
        super().__init__()
        self.n_chars, self.n_hidden = n_chars, n_hidden
        self.lstm = nn.LSTM(n_chars, n_hidden, n_layers, dropout=0.5, batch_first=True)
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(n_hidden, n_chars)

    def forward(self, x, hidden):
        r_output, hidden = self.lstm(F.one_hot(x, self.n_chars).float(), hidden)
        out = self.dropout(r_output)
        out = out.contiguous().view(-1, self.n_hidden)
        return self.fc(out), hidden


class Tagger(nn.Module):
    """The official tutorial's: one sentence, no rows."""

    def __init__(self):
        super().__init__()
        self.word_embeddings = nn.Embedding(10, 6)
        self.lstm = nn.LSTM(6, 6)
        self.hidden2tag = nn.Linear(6, 3)

    def forward(self, sentence):
        embeds = self.word_embeddings(sentence)
        lstm_out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
        tag_space = self.hidden2tag(lstm_out.view(len(sentence), -1))
        return F.log_softmax(tag_space, dim=1)


class SineLoop(nn.Module):
    """PyTorch's time sequence prediction: cells in a loop over split steps, one feature without an axis."""

    def __init__(self):
        super().__init__()
        self.lstm1 = nn.LSTMCell(1, 5)
        self.lstm2 = nn.LSTMCell(5, 5)
        self.linear = nn.Linear(5, 1)

    def forward(self, input, future=0):
        outputs = []
        h_t = torch.zeros(input.size(0), 5, dtype=input.dtype)
        c_t = torch.zeros(input.size(0), 5, dtype=input.dtype)
        h_t2 = torch.zeros(input.size(0), 5, dtype=input.dtype)
        c_t2 = torch.zeros(input.size(0), 5, dtype=input.dtype)
        for input_t in input.split(1, dim=1):
            h_t, c_t = self.lstm1(input_t, (h_t, c_t))
            h_t2, c_t2 = self.lstm2(h_t, (h_t2, c_t2))
            output = self.linear(h_t2)
            outputs += [output]
        for _ in range(future):
            h_t, c_t = self.lstm1(output, (h_t, c_t))
        return torch.cat(outputs, dim=1)


class CellLoop(nn.Module):
    """A GRU cell over x.size(1), outputs stacked, a residual."""

    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(4, 6)
        self.cell = nn.GRUCell(6, 6)
        self.norm = nn.LayerNorm(6)
        self.out = nn.Linear(6, 2)

    def forward(self, x):
        h = x.new_zeros(x.size(0), 6)
        ys = []
        for t in range(x.size(1)):
            z = torch.relu(self.inp(x[:, t]))
            h = self.cell(z, h)
            ys.append(self.out(self.norm(h + z)))
        return torch.stack(ys, dim=1)


class FilledLoop(nn.Module):
    """Outputs written into a tensor, the last state too."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.RNNCell(3, 4)

    def forward(self, x):
        T, B, _ = x.shape
        out = torch.zeros(T, B, 4)
        h = torch.zeros(B, 4)
        for t, x_t in enumerate(x):
            h = self.rnn(x_t, h)
            out[t] = h
        return out.transpose(0, 1), h


class BackwardsLoop(nn.Module):
    """From the last step to the first, then the state alone."""

    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(3, 4)
        self.fc = nn.Linear(4, 1)

    def forward(self, x):
        h, c = torch.zeros(x.shape[0], 4), torch.zeros(x.shape[0], 4)
        for t in reversed(range(x.shape[1])):
            h, c = self.cell(x[:, t, :], (h, c))
        return self.fc(torch.cat([h, torch.tanh(c)], dim=-1)[:, :4] * 2 - h)


class LearntStates(nn.Module):
    """h0 and c0 as parameters, repeated for each row."""

    def __init__(self):
        super().__init__()
        self.h0 = nn.Parameter(torch.randn(2, 1, 5))
        self.c0 = nn.Parameter(torch.randn(2, 1, 5))
        self.lstm = nn.LSTM(3, 5, 2, batch_first=True)
        self.head = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 1))

    def forward(self, x):
        B = x.shape[0]
        out, _ = self.lstm(x, (self.h0.expand(-1, B, -1).contiguous(), self.c0.repeat(1, B, 1)))
        return self.head(out)[..., 0]


class ViewOfStates(nn.Module):
    """The last layer's states by view(layers, directions, B, H), permuted and flattened."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 3, num_layers=3, bidirectional=True, batch_first=True)
        self.linear = nn.Linear(6, 2)

    def forward(self, x):
        _, h = self.gru(x)
        h = h.view(3, 2, x.size(0), 3)[-1]
        return self.linear(h.permute(1, 0, 2).reshape(x.size(0), -1))


class SumOfDirections(nn.Module):
    """Directions summed, halves of the features by slices."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(3, 4, bidirectional=True, nonlinearity="relu")
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        out, _ = self.rnn(x)
        out = out[:, :, :4] + out[:, :, 4:]
        return F.gelu(self.fc(out))


class AttentionPool(nn.Module):
    """A score for each step, softmax over the steps, a weighted sum."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True, bidirectional=True)
        self.attn = nn.Linear(8, 1)
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        out, _ = self.lstm(x)
        weights = F.softmax(torch.tanh(self.attn(out)), dim=1)
        context = torch.sum(weights * out, dim=1)
        return self.fc(context)


class LuongAttention(nn.Module):
    """The last state asks the outputs: bmm, softmax, bmm."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        out, (h, _) = self.lstm(x)
        query = h[-1]
        scores = torch.bmm(out, query.unsqueeze(2)).squeeze(2)
        weights = torch.softmax(scores, 1)
        context = torch.bmm(out.transpose(1, 2), weights.unsqueeze(2)).squeeze(2)
        return self.fc(torch.cat([query, context], dim=1))


class Pooled(nn.Module):
    """Means and maxima over the steps beside the last one."""

    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm1d(3)
        self.gru = nn.GRU(3, 4, batch_first=True)
        self.fc = nn.Linear(12, 1)

    def forward(self, x):
        x = self.bn(x.permute(0, 2, 1)).permute(0, 2, 1)
        out, _ = self.gru(x)
        avg = F.adaptive_avg_pool1d(out.permute(0, 2, 1), 1).view(x.size(0), -1)
        top, _ = torch.max(out, 1)
        return self.fc(torch.cat((avg, top, out[:, -1]), 1))


class ConvolutionFirst(nn.Module):
    """A convolution over (B, F, T), then a GRU, then all steps."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 6, kernel_size=3, padding=1)
        self.act = nn.LeakyReLU(0.1)
        self.gru = nn.GRU(6, 5, batch_first=True)
        self.out = nn.Linear(5, 1)

    def forward(self, x):
        x = self.act(self.conv(x.transpose(1, 2))).transpose(1, 2)
        x, _ = self.gru(x)
        return self.out(x).squeeze(-1)


class CausalConvolution(nn.Module):
    """Zeros on the left only, dilated."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3, dilation=2)
        self.lin = nn.Linear(4, 1)

    def forward(self, x):
        x = self.conv(F.pad(x.transpose(1, 2), (4, 0)))
        return self.lin(F.silu(x).transpose(1, 2))


class Residual(nn.Module):
    """Layers in a ModuleList, with residuals and layer norm."""

    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(2, 6)
        self.layers = nn.ModuleList([nn.LSTM(6, 6, batch_first=True) for _ in range(3)])
        self.norms = nn.ModuleList([nn.LayerNorm(6) for _ in range(3)])
        self.scale = nn.Parameter(torch.randn(6))
        self.out = nn.Linear(6, 1)

    def forward(self, x):
        x = self.inp(x) * math.sqrt(6)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            y, _ = layer(norm(x))
            x = x + self.scale * y
        return self.out(x)


class Shared(nn.Module):
    """Two sequences through one encoder."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.GRU(3, 4, batch_first=True)
        self.fc = nn.Linear(8, 1)

    def forward(self, left, right):
        _, a = self.encoder(left)
        _, b = self.encoder(right)
        return self.fc(torch.cat([torch.abs(a[-1] - b[-1]), a.squeeze(0) * b.squeeze(0)], 1))


class Heads(nn.Module):
    """A dict of two outputs, one at each step."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 4, batch_first=True)
        self.value = nn.Linear(4, 1)
        self.kind = nn.Linear(4, 5)

    def forward(self, x):
        y, h = self.gru(x)
        return {"value": self.value(y), "kind": self.kind(h[0])}


class LastOfLengths(nn.Module):
    """The last step of each row by gather."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True)
        self.fc = nn.Linear(4, 2)

    def forward(self, x, lengths):
        out, _ = self.lstm(x)
        last = out[torch.arange(out.size(0)), lengths - 1]
        return self.fc(last)


class WeightNormed(nn.Module):
    """A linear layer under weight norm."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 4, batch_first=True)
        self.fc = nn.utils.parametrizations.weight_norm(nn.Linear(4, 2))

    def forward(self, x):
        return self.fc(self.rnn(x)[0])


class Future(nn.Module):
    """Several steps ahead from the last one, as steps of their own."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 6, 2, batch_first=True)
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(F.relu(out[:, -1:, :])).squeeze(1)


CONVERTED: list[Callable[[], Any]] = [
    ZeroStates, Sentiment, PackedSentiment, PackedTagger, LanguageModel, CharRNN, Tagger, SineLoop, CellLoop,
    FilledLoop, BackwardsLoop, LearntStates, ViewOfStates, SumOfDirections, AttentionPool, LuongAttention, Pooled,
    ConvolutionFirst, CausalConvolution, Residual, Shared, Heads, LastOfLengths, WeightNormed, Future,
]  # fmt: skip


# --- what cannot be a network: each with a part of what is said -----------------------------------------------------


class FlattenedSteps(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True)
        self.fc = nn.Linear(4 * 10, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out.reshape(x.size(0), -1))


class RandomStates(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True)

    def forward(self, x):
        h, c = torch.randn(1, x.size(0), 4), torch.randn(1, x.size(0), 4)
        return self.lstm(x, (h, c))[0]


class FedBack(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(2, 4)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        h, y, ys = torch.zeros(x.size(0), 4), x[:, 0], []
        for _ in range(x.size(1)):
            h = self.cell(y, h)
            y = self.out(h)
            ys.append(y)
        return torch.stack(ys, 1)


class Looks(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 4, batch_first=True)

    def forward(self, x):
        if x.mean() > 0:
            x = -x
        return self.rnn(x)[0]


class AcrossRows(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 4, batch_first=True)

    def forward(self, x):
        out = self.rnn(x)[0]
        return out - out.mean(0, keepdim=True)


class AlwaysDrops(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 4, batch_first=True)

    def forward(self, x):
        return F.dropout(self.rnn(x)[0], 0.5)


class SelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 4, batch_first=True)
        self.attn = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.attn(out, out, out)[0]


class LastOfPadded(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 4, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        return out[:, -1]


class MiddleStep(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 4, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0][:, 3]


class FixedRows(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 4, batch_first=True)

    def forward(self, x):
        return self.rnn(x, torch.zeros(1, 32, 4))[0]


class StateOfEachStep(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(2, 4)

    def forward(self, x):
        h, c, cs = torch.zeros(len(x), 4), torch.zeros(len(x), 4), []
        for t in range(x.size(1)):
            h, c = self.cell(x[:, t], (h, c))
            cs.append(torch.tanh(c))
        return torch.stack(cs, 1)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (FlattenedSteps, "any numbers of rows and steps"),
    (RandomStates, "begin with zeros"),
    (FedBack, "Network.generate"),
    (Looks, "looks at values of its input"),
    (AcrossRows, "treats each row by itself"),
    (AlwaysDrops, "training=self.training"),
    (SelfAttention, "has no counterpart"),
    (LastOfPadded, "take the final state"),
    (MiddleStep, "step 3 of a sequence"),
    (FixedRows, "any numbers of rows and steps"),
    (StateOfEachStep, "not its output is used at each step"),
]
