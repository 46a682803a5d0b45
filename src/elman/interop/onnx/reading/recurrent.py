"""RNN, GRU and LSTM nodes as layers: one for each direction."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.cells import cifg, gru, lstm, peephole_lstm, simple
from elman.equations import cell
from elman.equations import functions as el
from elman.errors import ConversionError
from elman.network import Layer, Recurrent

GATES = {"RNN": ("",), "GRU": ("_z", "_r", "_n"), "LSTM": ("_i", "_o", "_f", "_g")}
DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
Function = Callable[[Any], Any]

# --- activations ----------------------------------------------------------------------------------------------


def _relu_above(alpha: float) -> Function:
    return lambda x: el.where(x > alpha, x, 0 * x)


_NEEDED = math.nan  # a number that has no default, or one on which ONNX and its runtimes differ

_FUNCTIONS: dict[str, tuple[float | None, float | None, Callable[[float, float], Any]]] = {
    # its default alpha and beta, None where it has none, and what makes it
    "relu": (None, None, lambda a, b: "relu"),
    "tanh": (None, None, lambda a, b: "tanh"),
    "sigmoid": (None, None, lambda a, b: "sigmoid"),
    "softplus": (None, None, lambda a, b: "softplus"),
    "softsign": (None, None, lambda a, b: lambda x: x / (1 + el.abs(x))),
    "affine": (_NEEDED, _NEEDED, lambda a, b: "linear" if (a, b) == (1, 0) else lambda x: a * x + b),
    "leakyrelu": (0.01, None, lambda a, b: lambda x: el.leaky_relu(x, a)),
    "thresholdedrelu": (_NEEDED, None, lambda a, b: _relu_above(a)),
    "scaledtanh": (_NEEDED, _NEEDED, lambda a, b: lambda x: a * el.tanh(b * x)),
    "hardsigmoid": (0.2, 0.5, lambda a, b: lambda x: el.clip(a * x + b, 0.0, 1.0)),
    "elu": (1.0, None, lambda a, b: "elu" if a == 1 else lambda x: el.elu(x, a)),
}
_DEFAULTS = {"RNN": ["tanh"], "GRU": ["sigmoid", "tanh"], "LSTM": ["sigmoid", "tanh", "tanh"]}


def functions(op: str, how: dict[str, Any], directions: int) -> list[list[Any]]:
    """The functions of each direction, by name where they have one here; alphas and betas go to those that take one."""
    names = [n.decode("utf8", "replace") for n in how.get("activations", ())] or _DEFAULTS[op] * directions
    count = len(_DEFAULTS[op])
    if len(names) != count * directions:
        raise ConversionError(f"it has {len(names)} activations; expected {count * directions}")
    alphas, betas = iter(how.get("activation_alpha", ())), iter(how.get("activation_beta", ()))
    found = []
    for name in names:
        if name.lower() not in _FUNCTIONS:
            raise ConversionError(f"its activation {name!r} is none of ONNX's")
        alpha, beta, make = _FUNCTIONS[name.lower()]
        a = 0.0 if alpha is None else float(next(alphas, alpha))
        b = 0.0 if beta is None else float(next(betas, beta))
        if not np.isfinite([a, b]).all():
            raise ConversionError(f"its activation {name!r} has no alpha and beta: write activation_alpha and _beta")
        found.append(make(a, b))
    return [found[k : k + count] for k in range(0, len(found), count)]


def _called(function: Any) -> Function:
    return el.activation(function)


# --- cells for what the built-in ones do not say ------------------------------------------------------------------


def _clipped(clip: float, value: Any) -> Any:
    return el.clip(value, -clip, clip) if clip else value


@cell
def rnn_node(p, x, h, *, activation="tanh", clip=0.0):
    """ONNX's RNN: a simple cell whose sum may be clipped."""
    return _called(activation)(_clipped(clip, p.W @ x + p.U @ h + p.b))


@cell
def gru_node(p, x, h, *, gate="sigmoid", activation="tanh", reset_after=False, clip=0.0):
    """ONNX's GRU: gates by any function, sums that may be clipped."""
    f = _called(gate)
    z = f(_clipped(clip, p.W_z @ x + p.U_z @ h + p.b_z))
    r = f(_clipped(clip, p.W_r @ x + p.U_r @ h + p.b_r))
    seen = r * (p.U_n @ h + p.c_n) if reset_after else p.U_n @ (r * h)
    n = _called(activation)(_clipped(clip, p.W_n @ x + seen + p.b_n))
    return (1 - z) * n + z * h


@cell
def lstm_node(
    p, x, h, c, *, gate="sigmoid", activation="tanh", output="tanh", clip=0.0, peepholes=False, coupled=False
):
    """ONNX's LSTM: gates by any function, peepholes, sums that may be clipped, gates that may be coupled."""
    f_ = _called(gate)

    def seen(total: Any, weights: str, state: Any) -> Any:
        return _clipped(clip, total + getattr(p, weights) * state if peepholes else total)

    i = f_(seen(p.W_i @ x + p.U_i @ h + p.b_i, "v_i", c))
    f = 1 - i if coupled else f_(seen(p.W_f @ x + p.U_f @ h + p.b_f, "v_f", c))
    g = _called(activation)(_clipped(clip, p.W_g @ x + p.U_g @ h + p.b_g))
    c = f * c + i * g
    o = f_(seen(p.W_o @ x + p.U_o @ h + p.b_o, "v_o", c))
    return o * _called(output)(c), c


# --- a direction of a node ------------------------------------------------------------------------------------


@dataclass
class Direction:
    """One direction of a node: its layer without return or direction, its parameters, and what was done to them."""

    make: Callable[..., Layer]
    arrays: dict[str, np.ndarray]
    how: str


@dataclass(frozen=True)
class Weights:
    """Those of one direction, in ONNX's layout."""

    W: np.ndarray
    R: np.ndarray
    B: np.ndarray | None
    P: np.ndarray | None
    functions: list[Any]

    @property
    def units(self) -> int:
        return self.R.shape[1]


def direction(op: str, weights: Weights, how: dict[str, Any]) -> Direction:
    """The layer that a direction of a node is."""
    made = {"RNN": _rnn, "GRU": _gru, "LSTM": _lstm}[op](weights, how)
    chosen, options, arrays, said = made

    def make(**more: Any) -> Layer:
        return Recurrent(chosen, weights.units, **options, **more)

    return Direction(make, arrays, said)


def _rows(op: str, weights: Weights, names: tuple[str, str] = ("W", "U")) -> dict[str, np.ndarray]:
    """Matrices by gate."""
    units = weights.units
    found: dict[str, np.ndarray] = {}
    for k, gate in enumerate(GATES[op]):
        rows = slice(k * units, (k + 1) * units)
        found |= {names[0] + gate: weights.W[rows], names[1] + gate: weights.R[rows]}
    return found


def _biases(op: str, weights: Weights, *, apart: str | None = None) -> dict[str, np.ndarray]:
    """Those of the input and of the state summed by gate, but for a gate that has them apart."""
    units, gates = weights.units, GATES[op]
    B = np.zeros(2 * len(gates) * units, weights.W.dtype) if weights.B is None else weights.B
    found: dict[str, np.ndarray] = {}
    for k, gate in enumerate(gates):
        first, second = B[k * units :][:units], B[(len(gates) + k) * units :][:units]
        if gate == apart:
            found |= {f"b{gate}": first, f"c{gate}": second}
        else:
            with np.errstate(all="ignore"):  # what is not finite is refused by its name
                found[f"b{gate}"] = first + second
    return found


Chosen = tuple[Any, dict[str, Any], dict[str, np.ndarray], str]


def _clip(how: dict[str, Any]) -> float:
    clip = float(how.get("clip", 0.0))
    if not clip >= 0 or np.isinf(clip):
        raise ConversionError(f"its clip is {clip}; expected a threshold above 0")
    return clip


def _rnn(w: Weights, how: dict[str, Any]) -> Chosen:
    arrays, clip = _rows("RNN", w), _clip(how)
    if clip:
        return rnn_node, {"activation": w.functions[0], "clip": clip}, arrays | _biases("RNN", w), "sums are clipped"
    if w.B is None:
        return simple, {"activation": w.functions[0], "bias": False}, arrays, "no biases"
    return simple, {"activation": w.functions[0]}, arrays | _biases("RNN", w), "biases summed"


def _gru(w: Weights, how: dict[str, Any]) -> Chosen:
    after, clip = bool(how.get("linear_before_reset", 0)), _clip(how)
    arrays, said = _rows("GRU", w), f"gates z r h, reset {'after' if after else 'before'} the product"
    biases = _biases("GRU", w, apart="_n" if after else None)
    if clip or w.functions[0] != "sigmoid":
        options = {"gate": w.functions[0], "activation": w.functions[1], "reset_after": after, "clip": clip}
        return gru_node, options, arrays | biases, said
    options = {"activation": w.functions[1], "reset_after": after}
    if w.B is None:
        return gru, {**options, "bias": False}, arrays, f"{said}, no biases"
    return gru, options, arrays | biases, f"{said}, biases summed" + (" but for the candidate's" if after else "")


def _lstm(w: Weights, how: dict[str, Any]) -> Chosen:
    coupled, clip, said = bool(how.get("input_forget", 0)), _clip(how), "gates i o f c"
    arrays, biases = _rows("LSTM", w), _biases("LSTM", w)
    peepholes = {} if w.P is None else dict(zip(("v_i", "v_o", "v_f"), np.split(w.P, 3), strict=True))
    gate, candidate, output = w.functions
    plain = gate == "sigmoid" and not clip and _same(candidate, output)
    if coupled:
        said += ", input and forget gates coupled"
        for name in ("W_f", "U_f"):
            arrays.pop(name)
        biases.pop("b_f"), peepholes.pop("v_f", None)
    said += ", peepholes" * bool(peepholes)
    if plain and candidate == "tanh" and coupled:
        return cifg, {"peepholes": bool(peepholes)}, arrays | biases | peepholes, said
    if plain and candidate == "tanh" and peepholes:
        return peephole_lstm, {}, arrays | biases | peepholes, f"{said}, biases summed"
    if plain and not coupled and not peepholes:
        if w.B is None:
            return lstm, {"activation": candidate, "bias": False}, arrays, f"{said}, no biases"
        return lstm, {"activation": candidate}, arrays | biases, f"{said}, biases summed"
    options = {"gate": gate, "activation": candidate, "output": output, "clip": clip}
    options |= {"peepholes": bool(peepholes), "coupled": coupled}
    return lstm_node, options, arrays | biases | peepholes, f"{said}, biases summed"


def _same(a: Any, b: Any) -> bool:
    return isinstance(a, str) and a == b
