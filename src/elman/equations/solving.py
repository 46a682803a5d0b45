"""Solving: every width its number, from what the equations say about widths and those that are known."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

from elman.equations.widths import ONE, AtLeast, Dim, Equal, Line, Relation, Times, Total, What
from elman.errors import ShapeError

MOST_WIDTH = 2**31 - 1
"""Of what equations make: a vector that is wider fits into no memory, and products of products have no end."""


def solve(relations: Sequence[Relation], known: Iterable[tuple[Dim, int, str]]) -> Solution:
    """Give every width its number, from the `known` ones and the relations.

    Raises `ShapeError` at the first relation that cannot hold, with the user's line.
    """
    solution = Solution(known, [r for r in relations if isinstance(r, Total | Times)])
    leasts = [r for r in relations if isinstance(r, AtLeast)]
    for least in leasts:  # of what is given: how a part of it came to have no values would say less
        solution.check_least(least)
    solution.put_together()
    for relation in relations:
        if isinstance(relation, Equal) and solution.join(relation):
            solution.put_together()
    for least in leasts:
        solution.check_least(least)
    solution.write({d for r in relations for d in _dims(r)})
    return solution


def _dims(relation: Relation) -> tuple[Dim, ...]:
    if isinstance(relation, Equal):
        return relation.left, relation.right
    return (relation.dim,) if isinstance(relation, AtLeast) else (relation.whole, *relation.parts)


class Solution:
    """Widths that are the same share a root, which has their number once it is known, and who says so."""

    def __init__(self, known: Iterable[tuple[Dim, int, str]], composed: list[Total | Times]):
        self.parent: dict[Dim, Dim] = {}
        self.value: dict[Dim, tuple[int, str]] = {ONE: (1, "one value for each row")}
        self.given: dict[Dim, tuple[int, str]] = {}
        for dim, number, said in known:
            if self.value.get(dim, (number, ""))[0] != number:  # what two names stand for, as a product for its rows
                raise _mismatch("what is given", self.value[dim], (number, said), Line())
            self.value[dim] = self.given[dim] = number, said
        self.matrices = [c.whole for c in composed if isinstance(c, Times)]
        self.open: list[Total | Times] = composed  # what may still tell a number
        self.told: set[tuple[object, ...]] = set()  # what comparing sums has found, of which there is an end
        self.most = 4 * len(composed)

    def is_composed(self, dim: Dim) -> bool:
        """Whether a width that is not known will follow from those of its parts."""
        return self.root(dim) in {self.root(c.whole) for c in self.open}

    def is_product(self, dim: Dim) -> bool:
        """Whether a width is that of a matrix, so that its rows and columns tell it."""
        return self.root(dim) in {self.root(whole) for whole in self.matrices}

    def is_known(self, dim: Dim) -> bool:
        return self.root(dim) in self.value

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

    def put_together(self) -> None:
        """Numbers of sums and products from their parts, of a missing part from the rest, as long as there are any."""
        before = -1
        while before != len(self.value):
            before = len(self.value)
            self.open = [composed for composed in self.open if not self._tell(composed)]
            if before == len(self.value) and self._compare():
                before = -1

    def _compare(self) -> bool:
        """What follows of two sums for one width, ``2 a`` and ``F + a``: that a is F. Whether anything new does."""
        first: dict[Dim, Total] = {}
        before = len(self.told)
        for total in [c for c in self.open if isinstance(c, Total)]:
            other = first.setdefault(self.root(total.whole), total)
            if other is not total:
                self._difference(other, total)
        return len(self.told) > before

    def _difference(self, one: Total, other: Total) -> None:
        """What two sums for one width say without the parts of both, if one side is then one width."""
        left, right = (Counter(self.root(part) for part in total.parts) for total in (one, other))
        left, right, more = left - right, right - left, other.more - one.more
        times = math.gcd(*left.values(), *right.values(), more) or 1  # 3 a = 3 b + 6 is a = b + 2
        if left.total() != times:
            left, right, more = right, left, -more
        if left.total() != times or not right:
            return
        whole, parts = next(iter(left)), tuple(dim for dim, n in right.items() for _ in range(n // times))
        fact = (whole, frozenset(Counter(parts).items()), more // times)
        if fact in self.told or len(self.told) > self.most:
            return
        self.told.add(fact)
        if len(parts) == 1 and not more:
            self.join(Equal(whole, parts[0], other.what, other.line))
        else:
            self.open.append(Total(whole, parts, more // times, other.what, other.line))

    def _tell(self, composed: Total | Times) -> bool:
        """Whether a sum or a product has told all that it can."""
        times = Counter([self.root(composed.whole)])
        times.subtract(self.root(part) for part in composed.parts)
        unknown = [dim for dim, n in times.items() if n and dim not in self.value]
        if len(unknown) > 1:
            return False
        known = [(self.value[dim][0], n) for dim, n in times.items() if dim in self.value]
        if not unknown and not _holds(composed, known):
            raise self._wrong(composed, f"that is not their {_kind(composed)}")
        for dim in unknown:
            number, of = _missing(composed, known, times[dim]), _text(composed.what)
            if not 1 <= number <= MOST_WIDTH or number != int(number):
                left = "in all" if times[dim] > 0 else "are left for a part"
                raise self._wrong(composed, f"{float(number):.4g} values {left}")
            self.value[dim] = (int(number), f"a part of {of}" if times[dim] < 0 else of)
        return True

    def _wrong(self, composed: Total | Times, why: str) -> ShapeError:
        found = [self.value.get(self.root(d), ("?", "not known")) for d in (composed.whole, *composed.parts)]
        whole, *parts = [f"{number} ({said})" for number, said in found]
        more = [str(composed.more)] if isinstance(composed, Total) and composed.more else []
        together = (" + " if isinstance(composed, Total) else " x ").join([*parts, *more])
        hint = "" if more else ". Where no equation says how wide a part is, `sizes=` does"
        return ShapeError(
            f"sizes do not match in {_text(composed.what)}: {whole} against {together}: {why}{hint}\n  {composed.line}"
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


# whole - part - part ... = more, and whole / part / part = 1, each width as often as it is there (parts negative)


def _kind(composed: Total | Times) -> str:
    return "sum" if isinstance(composed, Total) else "product"


def _holds(composed: Total | Times, known: list[tuple[int, int]]) -> bool:
    if isinstance(composed, Total):
        return sum(n * number for number, n in known) == composed.more
    return _product(known) == 1


def _missing(composed: Total | Times, known: list[tuple[int, int]], n: int) -> Fraction:
    """The one number that is not known, `n` times there."""
    if isinstance(composed, Total):
        return Fraction(composed.more - sum(k * number for number, k in known), n)
    product = _product(known) ** (-1 if n > 0 else 1)
    return product if abs(n) == 1 else Fraction(math.sqrt(product))


def _product(known: list[tuple[int, int]]) -> Fraction:
    return math.prod((Fraction(number) ** n for number, n in known), start=Fraction(1))


def _text(what: What) -> str:
    return what if isinstance(what, str) else what()


def _mismatch(what: What, left: tuple[int, str], right: tuple[int, str], line: Line) -> ShapeError:
    place, text = f"\n  {line}" if line.number else "", _text(what)
    said = f"{left[0]} ({left[1]}) against {right[0]} ({right[1]}){_of_stars(text + place)}"
    return ShapeError(f"sizes do not match in {text}: {said}{place}")


def _of_stars(text: str) -> str:
    """What to say where a parameter with the name of a matrix was multiplied value by value."""
    found = re.search(r"\b(?:p\.)?([A-Z]\w*) ?\* ?([a-z]\w*)", text)
    return f"; `*` multiplies value by value: the product is `p.{found[1]} @ {found[2]}`" if found else ""
