"""Declared: the `p` of a cell, whose parameters are what is asked of it, and constants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import numpy as np

from elman.checks import numbers
from elman.equations.graph import ordered
from elman.equations.symbols import Parameter, Symbol
from elman.equations.symbols import constant as number
from elman.equations.widths import constants, is_recording, must_add_up, users_line
from elman.errors import DataError, EquationError, ShapeError


class Parameters:
    """The `p` of a cell: every name asked for is a parameter."""

    _all: dict[str, Parameter]

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


# --- constants ------------------------------------------------------------------------------------------------


def constant(array: np.typing.ArrayLike) -> Any:
    """A fixed array in equations: a vector, a matrix, or a table, which training leaves as it is.

    It lies among the parameters of the network, by the name of the variable that holds it, so that model files keep it.
    Its shape says sizes as every other equation does: a vector (n,), a matrix (out, in).

    Parameters
    ----------
    array : array of numbers, of one or two dimensions; or a number
        All finite.

    Returns
    -------
    symbol
        Outside of equations the array itself.

    Raises
    ------
    ShapeError, DataError
        If the array has more dimensions, no values, or a NaN or infinity.

    Examples
    --------
    A recurrent network with random connections of which a tenth is there (H. Jaeger, GMD report 148, 2001).

    >>> import numpy as np
    >>> import elman as el
    >>> there = np.random.default_rng(0).random((20, 20)) < 0.1
    >>> @el.cell
    ... def sparse(p, x, h):
    ...     mask = el.constant(there)
    ...     return el.tanh(p.W @ x + (mask * p.U) @ h)
    >>> net = el.Network(3, [el.Recurrent(sparse, 20)])
    >>> net.params["0.mask"].shape, net.trainable
    ((20, 20), ('0.W', '0.U'))
    """
    values = numbers(array, "el.constant's array")
    if values.ndim > 2 or 0 in values.shape:
        raise ShapeError(f"el.constant takes a vector or a matrix, got an array of shape {values.shape}")
    if not np.isfinite(values).all():
        raise DataError("el.constant's array has a NaN or an infinity: constants are finite")
    if not is_recording():
        return np.asarray(array)
    if values.ndim == 0:
        return number(float(values))
    found = Parameter("constant")
    found.value = np.array(values, np.float64)
    constants().append(fix(found, values.shape))
    return found


def fix(parameter: Parameter, shape: tuple[int, ...]) -> Parameter:
    """Make a parameter a constant of a shape."""
    if not parameter.fixed:
        parameter.fixed = shape
        for dim, size, what in zip((parameter.dim, parameter.columns), shape, ("size", "columns"), strict=False):
            must_add_up(dim, (), size, f"the {what} of a constant of shape {shape}")
    return parameter


def name_constants(
    made: list[Any], local: Mapping[str, Any], taken: Iterable[str], outputs: Iterable[Symbol]
) -> dict[str, Parameter]:
    """The constants that outputs need, by the names of the variables that hold them.

    Raises
    ------
    ShapeError
        If a matrix is used as a vector, or a vector as a matrix.
    """
    needed, names, found = set(ordered(outputs)), set(taken), {}
    called = {value: name for name, value in local.items() if isinstance(value, Parameter)}
    for one in (one for one in made if one in needed):
        plain = called.get(one, "constant")
        wanted = (plain if k == 1 else f"{plain}_{k}" for k in range(1, len(made) + len(names) + 2))
        one.name = next(name for name in wanted if name not in names)
        names.add(one.name)
        found[one.name] = one
        if len(one.fixed) != (1 if one.role == "vector" else 2):
            raise ShapeError(f"the constant {one.name} of shape {one.fixed} is used as a {one.role}.\n  {one.line}")
    return found
