"""Symbols: what a cell's equations are written in.

Calling a cell's function on symbols builds a graph of one time step. A node stands for one vector a batch row,
of some width (`elman.equations.widths`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from elman.equations.ops import OPS, Op
from elman.equations.refusals import NoNumber
from elman.equations.shapes import WRITTEN, ends_of, result_width
from elman.equations.widths import ONE, Dim, Line, is_recording, users_line
from elman.errors import EquationError


def width(symbol: Symbol) -> int:
    """The width of a symbol whose graph has its sizes."""
    if symbol.dim.value is None:
        raise EquationError(f"the size of {symbol!r} is not known")
    return symbol.dim.value


class Symbol(NoNumber):
    """One vector a batch row: an input, a state, a parameter, or an operation on symbols."""

    __slots__ = ("dim", "first", "inputs", "line", "name", "op", "second")
    __array_priority__ = 1000

    def __init__(
        self,
        op: str,
        inputs: tuple[Symbol, ...] = (),
        dim: Dim | None = None,
        *,
        name: str = "",
        first: float = 0.0,
        second: float = 0.0,
    ):
        self.op, self.inputs, self.name = op, inputs, name
        self.dim = dim if dim is not None else Dim(name)
        self.first, self.second = first, second
        self.line = users_line() if is_recording() else Line()

    def __repr__(self) -> str:
        return _written(self, depth=4)

    def __add__(self, other: Any) -> Symbol:
        return build("add", self, other)

    def __radd__(self, other: Any) -> Symbol:
        return build("add", other, self)

    def __sub__(self, other: Any) -> Symbol:
        return build("sub", self, other)

    def __rsub__(self, other: Any) -> Symbol:
        return build("sub", other, self)

    def __mul__(self, other: Any) -> Symbol:
        return build("mul", self, other)

    def __rmul__(self, other: Any) -> Symbol:
        return build("mul", other, self)

    def __truediv__(self, other: Any) -> Symbol:
        return build("div", self, other)

    def __rtruediv__(self, other: Any) -> Symbol:
        return build("div", other, self)

    def __neg__(self) -> Symbol:
        return build("neg", self)

    def __pos__(self) -> Symbol:
        return self

    def __abs__(self) -> Symbol:
        return build("abs", self)

    def __pow__(self, power: Any) -> Symbol:
        return build_power(self, power)

    def __rpow__(self, base: Any) -> Symbol:
        return build("pow", base, self)

    def __lt__(self, other: Any) -> Symbol:
        return build("lt", self, other)

    def __le__(self, other: Any) -> Symbol:
        return build("le", self, other)

    def __gt__(self, other: Any) -> Symbol:
        return build("lt", other, self)

    def __ge__(self, other: Any) -> Symbol:
        return build("le", other, self)

    def __eq__(self, other: Any) -> Symbol:  # type: ignore[override]
        return build("eq", self, other)

    def __ne__(self, other: Any) -> Symbol:  # type: ignore[override]
        return build("sub", 1, build("eq", self, other))

    __hash__ = object.__hash__

    def __matmul__(self, other: Any) -> Symbol:
        what = "two vectors" if isinstance(other, Symbol) else f"a vector and a {type(other).__name__}"
        raise EquationError(
            f"`@` multiplies a parameter matrix with a vector, as in `p.W @ x`; here it got {what}. "
            f"For a dot product write el.sum(a * b).\n  {users_line()}"
        )

    def __rmatmul__(self, other: Any) -> Symbol:
        return self.__matmul__(other)

    def __getitem__(self, key: Any) -> Symbol:
        first, second = ends_of(key, self)
        return build("slice", self, first=first, second=second)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Symbol:
        name = _UFUNCS.get(ufunc.__name__, ufunc.__name__)
        if method != "__call__" or kwargs or not (name in _OPERATORS or has_op(name)):
            called = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise EquationError(
                f"np.{called}{' with options' * bool(kwargs)} does not work on a symbol; the functions of elman do "
                f"(el.exp, el.tanh, el.where ...).\n  {users_line()}"
            )
        operands = [_plain(i) for i in inputs]
        return _OPERATORS[name](*operands) if name in _OPERATORS else build(name, *operands)


_UFUNCS = {
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "negative": "neg",
    "absolute": "abs",
    "less": "lt",
    "less_equal": "le",
    "equal": "eq",
}
_OPERATORS: dict[str, Callable[..., Any]] = {
    "power": lambda a, b: as_symbol(a) ** b,
    "greater": lambda a, b: build("lt", b, a),
    "greater_equal": lambda a, b: build("le", b, a),
    "not_equal": lambda a, b: as_symbol(a) != b,
    "positive": lambda a: a,
}


def _written(symbol: Symbol, depth: int) -> str:
    """A symbol for a message; what lies deep in it is left out, for a value may be used often."""
    if symbol.op == "const":
        return f"{symbol.first:g}"
    if symbol.name or not depth:
        return symbol.name or "..."
    return f"{symbol.op}({', '.join(_written(i, depth - 1) for i in symbol.inputs)})"


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray | np.generic) and value.ndim == 0 else value


class Parameter(Symbol):
    """A learnt parameter: a matrix once it multiplies (`p.W @ x`), a table once it is indexed, else a vector."""

    __slots__ = ("columns", "role")

    def __init__(self, name: str):
        super().__init__("parameter", name=name, dim=Dim(f"the size of {name}"))
        self.columns = Dim(f"the columns of {name}")
        self.role = ""  # "matrix", "table", "vector"

    def use_as(self, role: str) -> None:
        if self.role and self.role != role:
            raise EquationError(
                f"p.{self.name} is used both as a {self.role} and as a {role}; give them two names.\n  {users_line()}"
            )
        self.role = role

    def as_scalar(self) -> Parameter:
        """Make this one number, which broadcasts: before anything else is said about its size."""
        if self.dim is not ONE:
            if self.role:
                raise EquationError(
                    f"p.{self.name} is a {self.role} before el.scalar(p.{self.name}) says that it is one number; write "
                    f"that where p.{self.name} is first used.\n  {users_line()}"
                )
            self.use_as("vector")
            self.dim, self.first = ONE, 1.0
        return self

    @property
    def start(self) -> int:
        """Where it begins among the values of the parameter that it is, or is a part of."""
        return 0

    def __matmul__(self, other: Any) -> Symbol:
        return build("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Symbol:
        raise EquationError(
            f"matrices are (out, in): write `p.{self.name} @ x`, not `x @ p.{self.name}`.\n  {users_line()}"
        )

    def __getitem__(self, index: Any) -> Symbol:
        return super().__getitem__(index) if isinstance(index, slice | tuple) else build("lookup", self, index)

    @property
    def T(self) -> Transposed:
        return Transposed(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise EquationError(f"p.{self.name} has no `.{name}`.\n  {users_line()}")


class Block(Parameter):
    """Some rows of a matrix, one of `count` equal parts: a matrix of its own to products and their gradients."""

    __slots__ = ()

    def __init__(self, matrix: Parameter, number: int, count: int):
        rows = Dim(value=width(matrix) // count)
        Symbol.__init__(self, "block", (matrix,), rows, name=matrix.name, first=number, second=count)
        self.columns, self.role = matrix.columns, "matrix"

    @property
    def start(self) -> int:
        assert self.columns.value is not None
        return int(self.first) * width(self) * self.columns.value


class Transposed:
    """``p.W.T``: good for ``p.W.T @ x`` only."""

    __array_ufunc__ = None  # arrays leave their operators to the refusals below

    def __init__(self, parameter: Parameter):
        self.parameter = parameter

    @property
    def T(self) -> Parameter:
        return self.parameter

    def _only_multiplies(self, *_: Any) -> NoReturn:
        raise EquationError(f"p.{self.parameter.name}.T can only multiply, as in p.W.T @ x.\n  {users_line()}")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _only_multiplies
    __neg__ = __pos__ = __abs__ = __pow__ = __rpow__ = __rmatmul__ = __getitem__ = __iter__ = _only_multiplies
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __float__ = _only_multiplies  # type: ignore[assignment]
    __hash__ = object.__hash__

    def __matmul__(self, other: Any) -> Symbol:
        return build("matmul_t", self.parameter, other)


class Parameters:
    """The `p` of a cell: every name asked for is a parameter."""

    def __init__(self) -> None:
        found: dict[str, Parameter] = {}
        self.__dict__["_all"] = found

    def __getattr__(self, name: str) -> Parameter:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        found: dict[str, Parameter] = self.__dict__["_all"]
        if name not in found:
            found[name] = Parameter(name)
        return found[name]

    def __getitem__(self, name: Any) -> NoReturn:
        raise EquationError(f"parameters are written as p.W, not as p[{name!r}].\n  {users_line()}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise EquationError(
            f"p.{name} = ... is not an equation; parameters are declared by using them.\n  {users_line()}"
        )


def constant(value: float) -> Symbol:
    """A number, the same for every row and feature."""
    return Symbol("const", (), ONE, first=float(value))


def _number(value: float) -> Symbol:
    try:
        number = float(value)
    except OverflowError:
        number = math.nan
    if math.isnan(number):
        what = "NaN" if value != value else "a whole number beyond any float"
        raise EquationError(f"an equation takes numbers, got {what}.\n  {users_line()}")
    return constant(number)


def as_symbol(value: Any) -> Symbol:
    """A symbol as it is, a number as a constant, anything else an `EquationError`."""
    if isinstance(value, Symbol):
        if isinstance(value, Parameter):
            value.use_as("vector")
        return value
    value = _plain(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Transposed):
        value._only_multiplies()
    raise EquationError(
        f"an equation takes symbols and numbers, got a {type(value).__name__}; "
        f"fixed arrays belong into a parameter.\n  {users_line()}"
    )


def build(op: str, *inputs: Any, first: float = 0.0, second: float = 0.0, like: Symbol | None = None) -> Symbol:
    """Apply an op of the op table to symbols and numbers; the result is as wide as `like`, if that is given."""
    row = OPS[op]
    if len(inputs) != row.arity:
        raise EquationError(f"{op} takes {row.arity} operands, got {len(inputs)}.\n  {users_line()}")
    symbols = _with_parameter(row, *inputs) if row.role else tuple(as_symbol(i) for i in inputs)
    out = result_width(row, symbols, first, second) if like is None else like.dim
    return Symbol(op, symbols, out, first=first, second=second)


def _with_parameter(row: Op, parameter: Any, other: Any) -> tuple[Symbol, ...]:
    """The operands of an op on a matrix or a table, which this makes of the parameter."""
    if not isinstance(parameter, Parameter):
        raise EquationError(f"{row.name} takes a parameter first, got {parameter!r}.\n  {users_line()}")
    if row.role == "table" and (isinstance(other, Parameter) or not isinstance(other, Symbol)):
        raise EquationError(f"p.{parameter.name}[...] needs a symbol (the index), got {other!r}.\n  {users_line()}")
    if not isinstance(other, Symbol) or (isinstance(other, Parameter) and other.role == "matrix"):
        written = WRITTEN[row.name].format(parameter.name, other)
        raise EquationError(f"{written}: a matrix multiplies an input, a state or what came of them.\n  {users_line()}")
    operand = as_symbol(other)
    parameter.use_as(row.role)
    return parameter, operand


def build_power(base: Symbol, power: Any) -> Symbol:
    """``base ** power``; whole and half powers without the slow general op."""
    power = _plain(power)
    if not isinstance(power, int | float):
        return build("pow", base, power)
    if float(power).is_integer():
        power = int(power)
    if power == 0:
        return base * 0 + 1  # the general op's slope is not a number where the base is 0
    if power == 1:
        return base
    if power == 2:
        return build("square", base)
    if power == 0.5:
        return build("sqrt", base)
    if power == -1:
        return build("reciprocal", base)
    if isinstance(power, int) and 2 < power <= 16:
        half = build_power(base, power // 2)
        return half * half * base if power % 2 else half * half
    return build("pow", base, power)


def has_op(name: str) -> bool:
    """Whether the op table has this op and it maps value to value."""
    return name in OPS and OPS[name].shape == "map"


class Builder:
    """``o.tanh(x)`` for derivative rules: every op of the table by its name."""

    def __getattr__(self, name: str) -> Any:
        return lambda *inputs, **numbers: build(name, *inputs, **numbers)
