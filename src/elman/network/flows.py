"""Values: what stands for a sequence, or for one vector a row, in the equations of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from elman.engine.stage import Source
from elman.equations.symbols import Symbol, width
from elman.equations.widths import ONE, Dim, users_line
from elman.errors import EquationError


class Axis:
    """A time axis in the making; those of two values that are put together are one."""

    def __init__(self, name: str):
        self.name: str = name
        self._same: Axis | None = None

    def root(self) -> Axis:
        found = self
        while found._same is not None:
            found = found._same
        return found

    def join(self, other: Axis) -> None:
        if self.root() is not other.root():
            other.root()._same = self.root()


class Flow(Symbol):
    """A value of a network's equations: a sequence, or one vector a row. One of one feature goes with any width.

    Attributes
    ----------
    final : Flow or tuple of Flow
        Of a recurrent layer's output: its states after each row's last step. Of both directions, equations of them.
    """

    __slots__ = ("axis", "states", "tracing", "where")

    def __init__(self, tracing: object, where: Source, features: int, axis: Axis | None, name: str = ""):
        super().__init__("flow", dim=ONE if features == 1 else Dim(name, features), name=name)
        self.tracing: object = tracing
        self.where: Source = where
        self.axis: Axis | None = axis
        self.states: Callable[[], tuple[Any, ...]] = tuple  # made when they are asked for

    def _no_list(self, *_: Any) -> NoReturn:
        raise EquationError(
            f"{self!r} is one value, a vector at each step, and cannot be unpacked or gone through: a layer returns "
            f"its outputs, whose final states are .final; el.split(x, parts) makes several of one.\n  {users_line()}"
        )

    if not TYPE_CHECKING:
        __len__ = __iter__ = __contains__ = __reversed__ = _no_list

    def __getitem__(self, key: Any) -> Symbol:
        if isinstance(key, slice) or (isinstance(key, tuple) and key[:1] == (...,)):
            return super().__getitem__(key)
        raise EquationError(
            f"what stands in [] is a range of features, as in x[2:5], got {self!r}[{key!r}]. Steps are gathered by "
            f"el.pool(x, 'last') and its like, and moved by el.shift; one feature is x[3:4].\n  {users_line()}"
        )

    @property
    def features(self) -> int:
        return width(self)

    @property
    def final(self) -> Any:
        states = self.states()
        if not states:
            raise EquationError(
                f"{self!r} has no final states: only what a recurrent layer returns has them.\n  {users_line()}"
            )
        return states if len(states) > 1 else states[0]
