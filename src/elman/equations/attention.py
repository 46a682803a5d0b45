"""Attention in NumPy: what a query finds in a memory, and the way back (Bahdanau et al. 2015; Vaswani et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def shares(query: np.ndarray, keys: np.ndarray, scale: float = 0.0, vector: np.ndarray | None = None) -> np.ndarray:
    """How much of each step of a memory (..., S, n) a query (..., n) takes: (..., S), together 1.

    The score of a step is ``scale * key . query``, with 0 for 1 / sqrt(n), or ``vector . tanh(query + key)``.
    """
    if vector is None:
        scores = (scale or query.shape[-1] ** -0.5) * np.einsum("...n,...sn->...s", query, keys)
    else:
        scores = np.tanh(query[..., None, :] + keys) @ vector
    e = np.exp(scores - scores.max(-1, keepdims=True, initial=-np.inf))  # there may be no step
    return (e / e.sum(-1, keepdims=True)).astype(keys.dtype, copy=False)


def attend(query: np.ndarray, keys: np.ndarray, values: np.ndarray, scale: float = 0.0) -> np.ndarray:
    """The mean (..., m) of values (..., S, m), each with its share."""
    return np.einsum("...s,...sm->...m", shares(query, keys, scale), values)


def attend_additive(query: np.ndarray, keys: np.ndarray, values: np.ndarray, vector: np.ndarray) -> np.ndarray:
    return np.einsum("...s,...sm->...m", shares(query, keys, vector=vector), values)


@dataclass
class Back:
    """Gradients of the operands."""

    query: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    vector: np.ndarray | None


def back(
    gradient: np.ndarray,
    query: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    scale: float = 0.0,
    vector: np.ndarray | None = None,
) -> Back:
    """The gradients that a gradient (..., m) of what was found gives the operands."""
    a = shares(query, keys, scale, vector)
    of_shares = np.einsum("...sm,...m->...s", values, gradient)
    scores = a * (of_shares - (a * of_shares).sum(-1, keepdims=True))  # dL/d scores
    of_values = a[..., None] * gradient[..., None, :]
    if vector is None:
        scores = scores * (scale or query.shape[-1] ** -0.5)
        of_query = np.einsum("...s,...sn->...n", scores, keys)
        return Back(of_query, scores[..., None] * query[..., None, :], of_values, None)
    inner = np.tanh(query[..., None, :] + keys)
    of_keys = scores[..., None] * (1 - inner * inner) * vector
    return Back(of_keys.sum(-2), of_keys, of_values, np.einsum("...s,...sn->n", scores, inner))
