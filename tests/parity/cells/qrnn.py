"""Bradbury et al. 2017, eq. 1-5: masked convolutions of width k, then f-, fo- or ifo-pooling."""

import torch
from tests.parity.cells import reference
from torch import sigmoid, tanh


def convolved(p, x, past, gates):
    """A causal convolution over time of one step: the filter is (out, in, width) and its last tap meets x."""
    width = 1 + len(past) // len(x)
    sequence = torch.cat([x, past]).reshape(width, len(x)).flip(0)  # oldest first
    filters = (getattr(p, f"W_{k}").reshape(-1, width, len(x)).flip(1).transpose(1, 2) for k in gates)
    biases = (getattr(p, f"b_{k}") for k in gates)
    for taps, b in zip(filters, biases, strict=True):
        yield torch.nn.functional.conv1d(sequence.T[None], taps, b)[0, :, 0]


def shifted(x, past):
    return torch.cat([x, past])[: len(past)]


def fo(p, x, c, past):
    z, f, o = convolved(p, x, past, "zfo")
    c = sigmoid(f) * c + (1 - sigmoid(f)) * tanh(z)
    return sigmoid(o) * c, c, shifted(x, past)


reference("qrnn")(fo)
reference("qrnn", options={"window": 3})(fo)


@reference("qrnn", options={"pooling": "f"})
def f(p, x, c, past):
    z, f = convolved(p, x, past, "zf")
    h = sigmoid(f) * c + (1 - sigmoid(f)) * tanh(z)
    return h, shifted(x, past)


@reference("qrnn", options={"window": 4, "pooling": "ifo"})
def ifo(p, x, c, past):
    z, f, o, i = convolved(p, x, past, "zfoi")
    c = sigmoid(f) * c + sigmoid(i) * tanh(z)
    return sigmoid(o) * c, c, shifted(x, past)
