"""Solving: every width its number, from what the equations say about widths and those that are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from elman.equations.widths import ONE, AtLeast, Dim, Equal, Line, Relation, Total, What
from elman.errors import ShapeError


def solve(relations: Sequence[Relation], known: Iterable[tuple[Dim, int, str]]) -> None:
    """Give every width its number, from the `known` ones and the relations.

    Raises `ShapeError` at the first relation that cannot hold, with the user's line.
    """
    solution = _Solution(known, [r for r in relations if isinstance(r, Total)])
    solution.add_up()
    for relation in relations:
        if isinstance(relation, Equal) and solution.join(relation):
            solution.add_up()
    for relation in relations:
        if isinstance(relation, AtLeast):
            solution.check_least(relation)
    solution.write({d for r in relations for d in _dims(r)})


def _dims(relation: Relation) -> tuple[Dim, ...]:
    if isinstance(relation, Equal):
        return relation.left, relation.right
    return (relation.dim,) if isinstance(relation, AtLeast) else (relation.whole, *relation.parts)


class _Solution:
    """Widths that are the same share a root, which has their number once it is known, and who says so."""

    def __init__(self, known: Iterable[tuple[Dim, int, str]], open_: list[Total]):
        self.parent: dict[Dim, Dim] = {}
        self.value: dict[Dim, tuple[int, str]] = {ONE: (1, "one value for each row")}
        self.given = {dim: (number, said) for dim, number, said in known}
        self.value.update(self.given)
        self.open = open_  # what may still tell a number

    def root(self, dim: Dim) -> Dim:
        while dim in self.parent:
            dim = self.parent[dim]
        return dim

    def join(self, e: Equal) -> bool:
        """Make two widths the same; whether that tells a number that was not known."""
        left, right = self.root(e.left), self.root(e.right)
        if left is right:
            return False
        value = self.value
        if left in value and right in value and value[left][0] != value[right][0]:
            raise _mismatch(e.what, value[left], value[right], e.line)
        keep, drop = (left, right) if left in value or right not in value else (right, left)
        self.parent[drop] = keep
        return True

    def add_up(self) -> None:
        """Numbers of sums from their parts, and of a missing part from the rest, as long as there are new ones."""
        before = -1
        while before != len(self.value):
            before = len(self.value)
            self.open = [total for total in self.open if not self._add(total)]

    def _add(self, total: Total) -> bool:
        """Whether a sum has told all that it can."""
        times = Counter([self.root(total.whole)])
        times.subtract(self.root(part) for part in total.parts)
        unknown = [dim for dim, n in times.items() if n and dim not in self.value]
        if len(unknown) > 1:
            return False
        left = total.more - sum(n * self.value[dim][0] for dim, n in times.items() if dim in self.value)
        if not unknown and left:
            raise self._wrong_sum(total, "that is not their sum")
        for dim in unknown:
            number, rest = divmod(left, times[dim])
            if rest or number < 1:
                what = f"{left / times[dim] + 0:g} values"
                raise self._wrong_sum(total, f"{what} are left for a part" if times[dim] < 0 else f"{what} in all")
            self.value[dim] = (number, f"a part of {_text(total.what)}" if times[dim] < 0 else _text(total.what))
        return True

    def _wrong_sum(self, total: Total, why: str) -> ShapeError:
        found = [self.value.get(self.root(d), ("?", "not known")) for d in (total.whole, *total.parts)]
        whole, *parts = [f"{number} ({said})" for number, said in found]
        more = [str(total.more)] if total.more else []
        return ShapeError(
            f"sizes do not match in {_text(total.what)}: {whole} against {' + '.join([*parts, *more])}: {why}. Where "
            f"no equation says how wide a part is, `sizes=` does\n  {total.line}"
        )

    def check_least(self, least: AtLeast) -> None:
        number, said = self.value.get(self.root(least.dim), (least.number, ""))
        if number < least.number:
            raise ShapeError(
                f"{_text(least.what)} needs {least.number} values, there are {number} ({said})\n  {least.line}"
            )

    def write(self, dims: set[Dim]) -> None:
        for dim in dims | set(self.given):
            if dim is not ONE:
                dim.value = self.value.get(self.root(dim), (None, ""))[0]
        for dim in list(self.parent):  # unsolved widths that are the same share one stand-in
            if dim.value is None:
                dim.name = self.root(dim).name or dim.name


def _text(what: What) -> str:
    return what if isinstance(what, str) else what()


def _mismatch(what: What, left: tuple[int, str], right: tuple[int, str], line: Line) -> ShapeError:
    return ShapeError(
        f"sizes do not match in {_text(what)}: {left[0]} ({left[1]}) against {right[0]} ({right[1]})\n  {line}"
    )
