"""Symbols: what a cell's equations are written in.

Calling a cell's function on symbols builds a graph of one time step. A node stands for one vector a batch row,
of some width (`elman.equations.widths`).
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from elman.equations.ops import OPS, Op
from elman.equations.widths import ONE, Dim, Line, must_equal, recorders, users_line
from elman.errors import EquationError


def width(symbol: Symbol) -> int:
    """The width of a symbol whose graph has its sizes."""
    if symbol.dim.value is None:
        raise EquationError(f"the size of {symbol!r} is not known")
    return symbol.dim.value


class Symbol:
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
        self.line = users_line() if recorders else Line()

    def __repr__(self) -> str:
        return self.name or f"{self.op}({', '.join(map(repr, self.inputs))})"

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

    def __lt__(self, other: Any) -> Symbol:
        return build("lt", self, other)

    def __le__(self, other: Any) -> Symbol:
        return build("le", self, other)

    def __gt__(self, other: Any) -> Symbol:
        return build("lt", other, self)

    def __ge__(self, other: Any) -> Symbol:
        return build("le", other, self)

    def __matmul__(self, other: Any) -> Symbol:
        what = "two vectors" if isinstance(other, Symbol) else f"a vector and a {type(other).__name__}"
        raise EquationError(
            f"`@` multiplies a parameter matrix with a vector, as in `p.W @ x`; here it got {what}. "
            f"For a dot product write el.sum(a * b).\n  {users_line()}"
        )

    def __rmatmul__(self, other: Any) -> Symbol:
        return self.__matmul__(other)

    # What a symbol cannot do, said in the user's terms.
    def __bool__(self) -> bool:
        raise EquationError(
            "`if`, `and`, `or`, `not` and chained comparisons need a number, but a symbol has none: the equations are "
            f"traced once, for all inputs. Write el.where(condition, a, b).\n  {users_line()}"
        )

    def _no_number(self, *_: Any) -> NoReturn:
        raise EquationError(
            "a symbol is not a number: functions of `math` and conversions do not work on it. "
            f"Use the functions of elman (el.exp, el.tanh, ...).\n  {users_line()}"
        )

    __float__ = __int__ = __index__ = __complex__ = __len__ = __iter__ = _no_number  # type: ignore[assignment]

    def __getitem__(self, key: Any) -> Symbol:
        raise EquationError(f"a symbol cannot be indexed; el.pick(x, index) takes one value a row.\n  {users_line()}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise EquationError(
            f"a symbol has no `.{name}`; write el.{name}(...) if there is such an op.\n  {users_line()}"
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Symbol:
        name = _UFUNCS.get(ufunc.__name__, ufunc.__name__)
        if method != "__call__" or kwargs or not has_op(name):
            raise EquationError(
                f"np.{ufunc.__name__} does not work on a symbol; see elman.equations.functions.\n  {users_line()}"
            )
        return build(name, *[_plain(i) for i in inputs])

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        self._no_number()


_UFUNCS = {
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "negative": "neg",
    "absolute": "abs",
    "power": "pow",
    "less": "lt",
    "less_equal": "le",
}


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

    def __matmul__(self, other: Any) -> Symbol:
        return _multiply(self, other, self.dim, self.columns, "matmul")

    def __rmatmul__(self, other: Any) -> Symbol:
        raise EquationError(
            f"matrices are (out, in): write `p.{self.name} @ x`, not `x @ p.{self.name}`.\n  {users_line()}"
        )

    def __getitem__(self, index: Any) -> Symbol:
        self.use_as("table")
        if not isinstance(index, Symbol):
            raise EquationError(f"p.{self.name}[...] needs a symbol (the index), got {index!r}.\n  {users_line()}")
        must_equal(index.dim, ONE, lambda: f"p.{self.name}[{index!r}]: an index is one number a row")
        return Symbol("lookup", (self, index), self.columns)

    @property
    def T(self) -> Transposed:
        return Transposed(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise EquationError(f"p.{self.name} has no `.{name}`.\n  {users_line()}")


class Transposed:
    """``p.W.T``: good for ``p.W.T @ x`` only."""

    def __init__(self, parameter: Parameter):
        self.parameter = parameter

    def __matmul__(self, other: Any) -> Symbol:
        return _multiply(self.parameter, other, self.parameter.columns, self.parameter.dim, "matmul_t")


def _multiply(matrix: Parameter, vector: Any, out: Dim, operand: Dim, op: str) -> Symbol:
    def written() -> str:
        return f"p.{matrix.name}{'.T' if op == 'matmul_t' else ''} @ {vector!r}"

    if not isinstance(vector, Symbol) or (isinstance(vector, Parameter) and vector.role == "matrix"):
        raise EquationError(
            f"{written()}: a matrix multiplies an input, a state or what came of them.\n  {users_line()}"
        )
    if isinstance(vector, Parameter):
        vector.use_as("vector")
    matrix.use_as("matrix")
    must_equal(operand, vector.dim, written)
    return Symbol(op, (matrix, vector), out)


class Parameters:
    """The `p` of a cell: every name asked for is a parameter."""

    def __init__(self) -> None:
        found: dict[str, Parameter] = {}
        self.__dict__["_all"] = found

    def __getattr__(self, name: str) -> Parameter:
        if name.startswith("__"):
            raise AttributeError(name)
        found: dict[str, Parameter] = self.__dict__["_all"]
        if name not in found:
            found[name] = Parameter(name)
        return found[name]

    def __setattr__(self, name: str, value: Any) -> None:
        raise EquationError(
            f"p.{name} = ... is not an equation; parameters are declared by using them.\n  {users_line()}"
        )


def constant(value: float) -> Symbol:
    """A number, the same for every row and feature."""
    return Symbol("const", (), ONE, first=float(value))


def as_symbol(value: Any) -> Symbol:
    """A symbol as it is, a number as a constant, anything else an `EquationError`."""
    if isinstance(value, Symbol):
        if isinstance(value, Parameter):
            value.use_as("vector")
        return value
    value = _plain(value)
    if isinstance(value, int | float):
        return constant(value)
    if isinstance(value, Transposed):
        raise EquationError(f"p.{value.parameter.name}.T can only multiply, as in p.W.T @ x.\n  {users_line()}")
    raise EquationError(
        f"an equation takes symbols and numbers, got a {type(value).__name__}; "
        f"fixed arrays belong into a parameter.\n  {users_line()}"
    )


def build(op: str, *inputs: Any, first: float = 0.0, second: float = 0.0, like: Symbol | None = None) -> Symbol:
    """Apply an op of the op table to symbols and numbers; `like` gives the width of an op that widens."""
    symbols = tuple(as_symbol(i) for i in inputs)
    row = OPS[op]
    if len(symbols) != row.arity:
        raise EquationError(f"{op} takes {row.arity} operands, got {len(symbols)}.\n  {users_line()}")
    return Symbol(op, symbols, _out_dim(row, symbols, like), first=first, second=second)


def _out_dim(row: Op, inputs: tuple[Symbol, ...], like: Symbol | None) -> Dim:
    """The width of an op's result, and what it says of its operands' widths."""
    if row.shape == "reduce":
        return ONE
    if row.shape in ("place", "expand"):
        return like.dim if like is not None else ONE
    if row.shape == "pick":
        must_equal(inputs[1].dim, ONE, lambda: f"pick({inputs[0]!r}, {inputs[1]!r}): an index is one number a row")
        return ONE
    wide = [i for i in inputs if i.dim is not ONE]
    for other in wide[1:]:
        must_equal(wide[0].dim, other.dim, lambda: row.text.format(*inputs))
    return wide[0].dim if wide else ONE


def build_power(base: Symbol, power: Any) -> Symbol:
    """``base ** power``; whole and half powers without the slow general op."""
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
    return name in OPS and OPS[name].value is not None


class Builder:
    """``o.tanh(x)`` for derivative rules: every op of the table by its name."""

    def __getattr__(self, name: str) -> Any:
        return lambda *inputs, **numbers: build(name, *inputs, **numbers)

    @staticmethod
    def mean_grad(g: Symbol, x: Symbol) -> Symbol:
        """The gradient of a mean: every feature's share."""
        return g * (1 / width(x))

    @staticmethod
    def centred_grad(g: Symbol, x: Symbol, r: Symbol) -> Symbol:
        """What a change of the variance means for every feature: its share of the distance from the mean."""
        return g * build("normalise", x, r) * (1 / width(x))
