"""The recurrent highway network."""

from __future__ import annotations

from typing import Any

from elman.checks import flag, whole
from elman.equations import cell, sigmoid, tanh

MOST = 20  # highway layers in a step


def _initial() -> dict[str, float]:
    return {f"b_t{k}": -2.0 for k in range(1, MOST + 1)} | {f"b_c{k}": 2.0 for k in range(1, MOST + 1)}


def _layer(p: Any, x: Any, s: Any, k: int, coupled: bool) -> Any:
    """Highway layer k of a step, of which only the first sees the input."""

    def product(gate: str) -> Any:
        total = getattr(p, f"U_{gate}{k}") @ s
        total = getattr(p, f"W_{gate}") @ x + total if k == 1 else total
        return total + getattr(p, f"b_{gate}{k}")

    h, t = tanh(product("h")), sigmoid(product("t"))
    return h * t + s * (1 - t if coupled else sigmoid(product("c")))


@cell(initial=_initial())
def rhn(p, x, s, *, depth=5, coupled=True):
    """The recurrent highway network: several highway layers between one step and the next.

    A deep transition from state to state that can be trained, for its gates may carry the state through: strong in
    language for its number of parameters. A step takes `depth` products after one another, so that it is slow.

    Parameters ``W_h W_t`` (H, F) of the input, which the first layer sees alone, and of each layer k = 1 to `depth`
    ``U_hk U_tk`` (H, H) and ``b_hk b_tk`` (H): of what is new, and of the gate that lets it in. The carry gate is one
    minus that, as in all experiments of the paper; with ``coupled=False`` it has parameters of its own, ``W_c``,
    ``U_ck``, ``b_ck``. Biases ``b_tk`` start at -2, so that the state is carried at first (the authors' code: -2 to
    -4); ``b_ck`` at 2 for the same. The paper compares depths of 1 to 10; at most 20 here.

    Reference: J. G. Zilly, R. K. Srivastava, J. Koutnik and J. Schmidhuber, Recurrent highway networks, ICML 2017,
    eq. 6-9.
    """
    depth, coupled = whole(depth, "depth", most=MOST), flag(coupled, "coupled")
    for k in range(1, depth + 1):
        s = _layer(p, x, s, k, coupled)
    return s
