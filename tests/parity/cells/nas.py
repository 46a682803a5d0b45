"""Zoph and Le 2017, the cell of figure 8 as its authors' NASCell (TensorFlow) computes it: a tree of three layers."""

from tests.parity.cells import reference
from torch import relu, sigmoid, tanh


def tree(p, x, h, c, biases):
    of_x = [getattr(p, f"W_{k}") @ x for k in range(1, 9)]
    of_h = [getattr(p, f"U_{k}") @ h + (getattr(p, f"b_{k}") if biases else 0) for k in range(1, 9)]
    both = [a + b for a, b in zip(of_x, of_h, strict=True)]
    first = [sigmoid(both[0]), relu(both[1]), sigmoid(both[2]), relu(of_x[3] * of_h[3])]
    first += [tanh(both[4]), sigmoid(both[5]), tanh(both[6]), sigmoid(both[7])]
    second = [tanh(first[0] * first[1]), tanh(first[2] + first[3]), tanh(first[4] * first[5])]
    second += [sigmoid(first[6] + first[7])]
    new_c = tanh(second[0] + c) * second[1]
    return tanh(new_c * tanh(second[2] + second[3])), new_c


@reference("nas")
def plain(p, x, h, c):
    return tree(p, x, h, c, False)


@reference("nas", options={"bias": True})
def biased(p, x, h, c):
    return tree(p, x, h, c, True)
