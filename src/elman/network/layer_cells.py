"""The equations of layers without states."""

from __future__ import annotations

from elman.equations import activation as as_function
from elman.equations import cell, normalise, sqrt
from elman.equations import dropout as drop
from elman.training.quantiles import increasing


@cell
def dense(p, x, *, activation="linear", bias=True):
    """A layer of neurons without memory, ``f(W x + b)``."""
    return as_function(activation)(p.W @ x + p.b if bias else p.W @ x)


@cell
def embedding(p, x):
    """A learnt vector for each index."""
    return p.E[x]


@cell
def dropout(p, x, *, rate=0.5, once=False):
    """Random zeros in training; see `elman.dropout`."""
    return drop(x, rate, once=once)


@cell(initial={"g": 1.0})
def layer_norm(p, x, *, epsilon=1e-5):
    """Features brought to mean 0 and variance 1 in each row, then scaled by ``g`` and shifted by ``b``.

    Reference: J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization, arXiv 1607.06450 (2016).
    """
    return p.g * normalise(x, epsilon) + p.b


@cell(initial={"g": 1.0, "variance": 1.0})
def batch_norm(p, x, *, epsilon=1e-5):
    """Batch normalisation with the running mean and variance, as it is outside of training; see `BatchNorm`."""
    return p.g * ((x - p.mean) / sqrt(p.variance + epsilon)) + p.b


@cell
def scale_and_shift(p, x):
    """What is left of batch normalisation in training, once the values are normalised."""
    return p.g * x + p.b


@cell
def activation_layer(p, x, *, activation="relu"):
    """An activation as a layer."""
    return as_function(activation)(x)


@cell
def increasing_layer(p, x, *, parts=3):
    """Parts of the features in order, as quantiles are; see `elman.training.quantiles.increasing`."""
    return increasing(x, parts)
