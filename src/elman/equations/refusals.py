"""What a symbol cannot do, said in the user's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from elman.equations.ops import OPS
from elman.equations.widths import users_line
from elman.errors import EquationError


class NoNumber:
    """Refuses what Python would do with a number, a list or a function."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise EquationError(
            "`if`, `and`, `or`, `not`, `in`, chained comparisons need a number, but a symbol has none: the equations "
            f"are traced once, for all inputs. Write el.where(condition, a, b).\n  {users_line()}"
        )

    def _no_number(self, *_: Any) -> NoReturn:
        raise EquationError(
            "a symbol is not a number: functions of `math`, rounding and conversions do not work on it. "
            f"Use the functions of elman (el.exp, el.tanh, ...).\n  {users_line()}"
        )

    def _no_list(self, *_: Any) -> NoReturn:
        raise EquationError(
            "a symbol is a vector whose size is not known yet: it has no length and its values cannot be gone through "
            f"one by one. Write el.sum(x), el.mean(x), el.max(x) or el.pick(x, index).\n  {users_line()}"
        )

    def _no_such_operator(self, *_: Any) -> NoReturn:
        raise EquationError(
            "`//`, `%`, `&`, `|`, `^`, `~`, `<<` and `>>` do not work on a symbol. Comparisons are 1 or 0: write a * b "
            f"where both must hold, el.maximum(a, b) where one must, 1 - a for the contrary.\n  {users_line()}"
        )

    if not TYPE_CHECKING:  # to a type checker these are not there, so that it refuses them too
        __float__ = __int__ = __index__ = __complex__ = _no_number
        __round__ = __trunc__ = __floor__ = __ceil__ = _no_number
        __len__ = __iter__ = __contains__ = __reversed__ = _no_list
        __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _no_such_operator
        __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __invert__ = _no_such_operator
        __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = _no_such_operator

    def __format__(self, spec: str) -> str:
        return self._no_number() if spec else str(self)

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        raise EquationError(
            f"{self!r} is a vector, not a function; a product is `p.W @ x` or `a * b`.\n  {users_line()}"
        )

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        self._no_number()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            hint = (
                f"write el.{name}(...)" if name in OPS else "what it can do are operators and functions, as el.tanh(x)"
            )
            raise EquationError(f"a symbol has no `.{name}`; {hint}.\n  {users_line()}")
