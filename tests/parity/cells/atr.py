"""Zhang et al. 2018: p = W x, q = U h; the input gate of their sum, the forget gate of their difference."""

import torch
from tests.parity.cells import reference


def twin(p, q, h):
    return torch.sigmoid(p + q) * p + torch.sigmoid(p - q) * h


@reference("atr")
def paper(p, x, h):
    return twin(p.W @ x, p.U @ h, h)


@reference("atr", options={"bias": True})
def biased(p, x, h):
    return twin(p.W @ x + p.b, p.U @ h, h)
