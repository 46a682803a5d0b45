"""Symbols: what a cell's equations are written in.

Calling a cell's function on symbols builds a graph of one time step. A node stands for one vector a batch row,
of some width (`elman.equations.widths`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from elman.equations.ops import OPS, Op, row_of
from elman.equations.order import ordered
from elman.equations.refusals import NoNumber
from elman.equations.shapes import ends_of, result_width, turned, written
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
        self.op: str = op
        self.inputs: tuple[Symbol, ...] = inputs
        self.name: str = name
        self.dim: Dim = dim if dim is not None else Dim(name)
        self.first: float = first
        self.second: float = second
        self.line: Line = users_line() if is_recording() else Line()

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

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __matmul__(self, other: Any) -> Symbol:
        return build("matmul", MatrixOf(self), other) if made_of_parameters(self) else self._no_matrix(other)

    def __rmatmul__(self, other: Any) -> Symbol:
        self._no_matrix(other)

    def _no_matrix(self, other: Any) -> NoReturn:
        what = "two vectors" if isinstance(other, Symbol) else f"a vector and a {type(other).__name__}"
        raise EquationError(
            f"`@` multiplies a parameter matrix with a vector, as in `p.W @ x`; here it got {what}. "
            f"For a dot product write el.sum(a * b).\n  {users_line()}"
        )

    @property
    def T(self) -> Transposed:
        """Of a matrix of parameters."""
        if not made_of_parameters(self):
            raise EquationError(f"{self!r} is a vector: only matrices of parameters have `.T`.\n  {users_line()}")
        return Transposed(MatrixOf(self))

    def __getitem__(self, key: Any) -> Symbol:
        if (op := turned(key)) is not None:
            return build(op, self)
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
    if row_of(symbol).shape in ("matrix", "turn"):
        return OPS[symbol.op].text.format(_written(symbol.inputs[0], depth))
    parts = [_written(i, depth - 1) for i in symbol.inputs]
    if symbol.op not in _INFIX:
        return f"{symbol.op}({', '.join(parts)})"
    sign, binds = _INFIX[symbol.op]
    left, right = (
        f"({part})" if not i.name and _INFIX.get(i.op, _APART)[1] < least else part
        for i, part, least in zip(symbol.inputs, parts, (binds, binds + (sign in "-/@")), strict=True)
    )
    return f"{left} {sign} {right}"


_INFIX = {"add": ("+", 1), "sub": ("-", 1), "mul": ("*", 2), "div": ("/", 2), "matmul": ("@", 2)}
_APART = ("", 3)  # of a call, a name or a number


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray | np.generic) and value.ndim == 0 else value


class Parameter(Symbol):
    """A learnt parameter: a matrix once it multiplies (`p.W @ x`), a table once it is indexed, else a vector."""

    __slots__ = ("columns", "fixed", "role", "value")

    dim: Dim
    first: float

    def __init__(self, name: str):
        super().__init__("parameter", name=name, dim=Dim(f"the size of {name}"))
        self.columns: Dim = Dim(f"the columns of {name}")
        self.role: str = ""  # "matrix", "table", "vector"
        self.fixed: tuple[int, ...] = ()  # the shape of a constant, see `declared`
        self.value: np.ndarray | None = None  # of a constant, while it is known to no model

    def use_as(self, role: str) -> None:
        turns_out = role == "matrix" and self.role == "vector" and self.dim is not ONE  # as in el.abs(p.W) @ x
        if self.role and self.role != role and not turns_out:
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

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            raise EquationError(f"p.{self.name} has no `.{name}`.\n  {users_line()}")


class MatrixOf(Parameter):
    """A matrix that an expression of parameters makes; its sizes are said when all equations are (`matrices`)."""

    __slots__ = ("row",)

    columns: Dim
    role: str

    def __init__(self, value: Symbol):
        super().__init__("")
        Symbol.__init__(self, "matrix", (value,), Dim(f"the rows of {value!r}"))
        self.columns, self.role = Dim(f"the columns of {value!r}"), "matrix"
        self.row: Any = None
        for node in ordered([value], operands=lambda node: () if node.op in ("column", "row") else node.inputs):
            if isinstance(node, Parameter) and node.dim is not ONE:
                node.role = "matrix"  # a table, or a vector elsewhere, is found out at the end


class Transposed(Symbol):
    """``p.W.T``: it multiplies, as in ``p.W.T @ x``, or is a part of another matrix, as in ``(p.W - p.W.T) @ h``."""

    __slots__ = ()

    def __init__(self, matrix: Parameter):
        matrix.use_as("matrix")
        super().__init__("transpose", (matrix,), matrix.columns)

    @property
    def T(self) -> Any:
        return self.inputs[0]

    def __matmul__(self, other: Any) -> Symbol:
        return build("matmul_t", self.inputs[0], other)


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
        if isinstance(value, Parameter) and value.role != "matrix":  # of a matrix this is a part of another one
            value.use_as("vector")
        return value
    value = _plain(value)
    if isinstance(value, int | float):
        return _number(value)
    raise EquationError(
        f"an equation takes symbols and numbers, got a {type(value).__name__}; "
        f"a fixed array is el.constant(array).\n  {users_line()}"
    )


def made_of_parameters(symbol: Symbol) -> bool:
    """Whether all that an expression uses are parameters, one at least, and numbers."""
    leaves = {node.op for node in ordered([symbol]) if not node.inputs}
    return "parameter" in leaves <= {"parameter", "const"}


def build(op: str, *inputs: Any, first: float = 0.0, second: float = 0.0, like: Symbol | None = None) -> Symbol:
    """Apply an op of the op table to symbols and numbers; the result is as wide as `like`, if that is given."""
    row = OPS[op]
    if op == "matrix":
        return MatrixOf(inputs[0]) if _is_expression(inputs[0]) else inputs[0]
    if op == "transpose":
        return inputs[0].T
    if len(inputs) != row.arity:
        raise EquationError(f"{op} takes {row.arity} operands, got {len(inputs)}.\n  {users_line()}")
    symbols = _with_parameter(row, *inputs) if row.role else tuple(as_symbol(i) for i in inputs)
    out = result_width(row, symbols, first, second) if like is None else like.dim
    return Symbol(op, symbols, out, first=first, second=second)


def _with_parameter(row: Op, parameter: Any, other: Any) -> tuple[Symbol, ...]:
    """The operands of an op on a matrix or a table, which this makes of the parameter."""
    if row.role == "matrix" and _is_expression(parameter) and made_of_parameters(parameter):
        parameter = MatrixOf(parameter)
    if not isinstance(parameter, Parameter):
        raise EquationError(f"{row.name} takes a parameter first, got {parameter!r}.\n  {users_line()}")
    if row.role == "table" and (isinstance(other, Parameter) or not isinstance(other, Symbol)):
        raise EquationError(f"p.{parameter.name}[...] needs a symbol (the index), got {other!r}.\n  {users_line()}")
    if not isinstance(other, Symbol) or (isinstance(other, Parameter) and other.role == "matrix"):
        said = written(row.name, parameter, other)
        raise EquationError(f"{said}: a matrix multiplies an input, a state or what came of them.\n  {users_line()}")
    operand = as_symbol(other)
    parameter.use_as(row.role)
    return parameter, operand


def _is_expression(value: Any) -> bool:
    return isinstance(value, Symbol) and not isinstance(value, Parameter)


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
