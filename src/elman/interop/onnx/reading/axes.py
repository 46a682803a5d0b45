"""What is known of a tensor while a model is read: which axis is batch, time or features, and what lies in it.

No tensor is computed. A value of the network is a `Tensor`: its axes, and for those that are none of batch, time and
features (layers, directions) a grid of steps of the network, which slices and transposes take apart and put together.
Sizes that depend on the batch or on time are products of axes, so that what exporters compute of shapes is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.errors import ConversionError


@dataclass(eq=False)
class Atom:
    """An axis of an input: batch or time, once something says which; `size` where the file fixes it."""

    name: str
    size: int | None = None
    _same: Atom | None = None
    _role: str = ""

    def root(self) -> Atom:
        return self if self._same is None else self._same.root()

    @property
    def role(self) -> str:
        return self.root()._role

    def join(self, other: Atom) -> None:
        """The same axis, of two inputs."""
        a, b = self.root(), other.root()
        if a is b:
            return
        if a._role and b._role and a._role != b._role:
            raise ConversionError(
                f"{a.name} is used as {a._role}, and together with {b.name}, which is used as {b._role}"
            )
        a._role = a._role or b._role
        a.size = a.size if b.size is None else b.size
        b._same = a

    def be(self, role: str) -> None:
        """Say what it is."""
        here = self.root()
        if here._role not in ("", role):
            raise ConversionError(f"the axis {here.name} is used both as {here._role} and as {role}")
        here._role = role


@dataclass(frozen=True)
class Size:
    """How long an axis is: a number times some atoms."""

    number: int = 1
    atoms: tuple[Atom, ...] = ()

    def __mul__(self, other: Size) -> Size:
        return Size(self.number * other.number, self.atoms + other.atoms)

    def alike(self, other: Size) -> bool:
        mine, theirs = ([a.root() for a in s.atoms] for s in (self, other))
        left = list(theirs)
        for atom in mine:
            if not any(atom is b for b in left):
                return False
            left = [b for b in left if b is not atom]
        return not left and self.number == other.number


FEATURES = "features"


@dataclass(frozen=True)
class Dim:
    """One axis of a tensor: atoms, axes of the grid by number, and the features, in this order of strides.

    `parts` holds `Atom`, whole numbers (axes of the grid), and `FEATURES`; several where axes were flattened.
    """

    parts: tuple[Any, ...]

    @property
    def only(self) -> Any:
        """What it is, where it is one thing."""
        return self.parts[0] if len(self.parts) == 1 else None


@dataclass(eq=False)
class Node:
    """A step of the network that is made: what makes it, and what that reads.

    Attributes
    ----------
    kind : str
        "input", "layer", "final", "concat", "slice", "pool", "reverse" or "equation".
    inputs : tuple of Node
    features : int
    timed : tuple of Atom
        The axes that it has: batch and time, or batch alone.
    where : str
        The ONNX node, for messages.
    layer, arrays
        Of a layer, and its parameters.
    begins : tuple
        What a recurrent layer's states begin with: a `Node`, a `Given`, or None for zeros.
    directions : tuple
        Of a recurrent layer, what its parameters and equations come from, two of a bidirectional one.
    option : any
        Which state, which features, which pool; of an equation its function.
    """

    kind: str
    inputs: tuple[Node, ...]
    features: int
    timed: tuple[Atom, ...]
    where: str = ""
    layer: Any = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    begins: tuple[Any, ...] = ()
    directions: tuple[Any, ...] = ()
    option: Any = None
    time: Atom | None = None  # of a recurrent layer, the axis that it runs over


@dataclass(frozen=True, eq=False)
class Given:
    """A state that the caller gives: a place of an input of the model."""

    name: str
    place: tuple[int, ...]
    order: tuple[Any, ...]
    features: int


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value of the network; `grid` holds nodes, or states that the caller gives."""

    dims: tuple[Dim, ...]
    grid: np.ndarray
    features: int

    @property
    def nodes(self) -> list[Any]:
        return list(self.grid.ravel())

    def map(self, function: Callable[[Any], Any], features: int | None = None) -> Tensor:
        """The same with other nodes."""
        new = np.empty(self.grid.shape, object)
        for place in np.ndindex(self.grid.shape):
            new[place] = function(self.grid[place])
        return Tensor(self.dims, new, self.features if features is None else features)

    def size(self, dim: Dim) -> Size:
        """How long an axis is."""
        found = Size()
        for part in dim.parts:
            found = found * self.size_of(part)
        return found

    def size_of(self, part: Any) -> Size:
        if isinstance(part, Atom):
            fixed = part.root().size
            return Size(1, (part,)) if fixed is None else Size(fixed)
        return Size(self.features if part == FEATURES else self.grid.shape[part])

    @property
    def shape(self) -> list[Size]:
        return [self.size(dim) for dim in self.dims]

    def place(self, axis: int) -> int:
        """The number of an axis that may be counted from the end."""
        if not -len(self.dims) <= axis < len(self.dims):
            raise ConversionError(f"there is no axis {axis} of {len(self.dims)}")
        return axis % len(self.dims)

    @property
    def feature_axis(self) -> int | None:
        """Which axis has the features and nothing else."""
        return next((k for k, dim in enumerate(self.dims) if dim.only == FEATURES), None)


@dataclass(frozen=True, eq=False)
class Whole:
    """Whole numbers that are computed of one input, such as an index that may be counted from the end."""

    node: Node
    dims: tuple[Dim, ...]
    function: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Sizes:
    """A shape, or a part of one: `Size` each; a scalar where `scalar`."""

    items: tuple[Size, ...]
    scalar: bool = False


@dataclass(frozen=True)
class Filled:
    """One number everywhere, of a shape that nobody asks for."""

    number: float


@dataclass(frozen=True)
class Lengths:
    """How many steps of each row are in use: an input of the model."""

    name: str


@dataclass(frozen=True)
class Steps:
    """0, 1, ... along a time axis, or, with `name`, whether these lie before each row's end."""

    atom: Atom
    name: str = ""


Known = Tensor | Whole | Sizes | Filled | Lengths | Steps | np.ndarray


def tensor_of(node: Node | Given, dims: Iterable[Dim], features: int) -> Tensor:
    """A tensor of one node."""
    grid = np.empty((), object)
    grid[()] = node
    return Tensor(tuple(dims), grid, features)


def size_of_dim(dim: Dim) -> Size:
    """How long an axis of indices is."""
    found = Size()
    for atom in dim.parts:
        found = found * (Size(1, (atom,)) if atom.root().size is None else Size(atom.root().size))
    return found
