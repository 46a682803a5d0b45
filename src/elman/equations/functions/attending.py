"""What a query finds in a memory."""

from __future__ import annotations

import math
from typing import Any

from elman.equations.functions.applying import apply, fixed_number
from elman.errors import OptionError


def attend(query: Any, keys: Any, values: Any, *, vector: Any = None, scale: float | None = None) -> Any:
    """What a query finds in a memory: the mean of its values, weighted by how well their keys fit.

    ``sum over s of a[s] values[s]`` where ``a = softmax over s of scale * keys[s] . query``, or, with a `vector` v, of
    ``v . tanh(query + keys[s])``. The steps s are those of the memory, up to each row's own length.

    Parameters
    ----------
    query : symbol, or array (..., n)
        What is looked for.
    keys, values : symbol of a memory, or array (..., S, n) and (..., S, m)
        What is looked at, and what is found there. A memory is what a cell declares by ``@elman.cell(memory=1)``, or
        an expression of it and parameters, which is computed once for each step of the memory.
    vector : parameter, or array (n,), optional
        For additive attention [1]_.
    scale : float, default 1 / sqrt(n)
        Of dot products [2]_; there is none in additive attention.

    Returns
    -------
    symbol, or array (..., m)

    References
    ----------
    .. [1] D. Bahdanau, K. Cho and Y. Bengio, Neural machine translation by jointly learning to align and translate,
       ICLR 2015.
    .. [2] A. Vaswani et al., Attention is all you need, NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> attend(np.array([9.0]), np.array([[-1.0], [1.0]]), np.array([[3.0], [5.0]])).round(3)
    array([5.])
    """
    if vector is not None:
        if scale is not None:
            raise OptionError(f"attend: scale={scale!r} belongs to dot products, and a vector came: leave one out")
        return apply("attend_additive", query, keys, values, vector)
    return apply("attend", query, keys, values, numbers=(0.0 if scale is None else attention_scale(scale),))


def attention_scale(scale: Any) -> float:
    """What scores are multiplied by; with 0 all steps would fit alike, which is a mean."""
    number = fixed_number(scale, "attend's scale")
    if number == 0 or math.isinf(number):
        raise OptionError(f"attend's scale is {scale!r}; expected a finite number other than 0")
    return number
