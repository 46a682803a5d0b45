"""Weights: what is known, as arrays of C that hold every bit; as bytes with a scale for each row, if that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from elman.interop.c.functions import Functions
from elman.interop.c.names import Names, remark

FEW = 8  # rows below which a matrix lies row after row
LINE = 100  # characters
KINDS = ("float32", "int8")


def as_bytes(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix as whole numbers from -127 to 127, and the scale of each of its rows."""
    scale = np.abs(matrix).max(axis=1, initial=0) / 127
    safe = np.where(scale > 0, scale, 1)
    return np.rint(matrix / safe[:, None]).astype(np.int8), scale.astype(matrix.dtype)


@dataclass(frozen=True)
class Matrix:
    """A matrix in the file: what multiplies with it.

    Attributes
    ----------
    name, scale : str
        Of its array, and of that of the scales; empty where there are none.
    rows, columns, blocks : int
        Of one block.
    """

    name: str
    scale: str
    rows: int
    columns: int
    blocks: int
    function: str

    def product(self, x: str, y: str) -> list[str]:
        """The statements of ``y += W x``."""
        scale = f"{self.scale}, " if self.scale else ""
        if self.blocks == 1:
            return [f"{self.function}({self.name}, {scale}{x}, {self.rows}, {self.columns}, {y});"]
        size, at = self.rows * self.columns, f"{self.name} + b * {self.rows * self.columns}"
        scale = f"{self.scale} + b * {self.rows}, " if self.scale else ""
        assert size
        here = f"{x} + b * {self.columns}, {self.rows}, {self.columns}, {y} + b * {self.rows}"
        return [
            f"for (size_t b = 0; b < {self.blocks}; b++) {{",
            f"    {self.function}({at}, {scale}{here});",
            "}",
        ]


@dataclass(frozen=True)
class Table:
    """A table in the file: row `row` of it, place by place."""

    name: str
    scale: str
    rows: int
    width: int
    by_rows: bool

    def place(self, row: str, place: str, real: str) -> str:
        at = f"{row} * {self.width} + {place}" if self.by_rows else f"{place} * {self.rows} + {row}"
        at = f"{self.name}[{at}]"
        return f"{self.scale}[{row}] * ({real}){at}" if self.scale else at


class Weights:
    """The arrays of one file; equal ones are one.

    Parameters
    ----------
    kind : {"float32", "int8", "rounded"}
        How matrices and tables are kept: as they are, as bytes, or as the numbers that the bytes stand for.
    """

    def __init__(self, functions: Functions, names: Names, kind: str):
        self.functions, self.names, self.kind = functions, names, kind
        self.bytes = 0
        self.shared: set[bytes] = set()  # tables that lie as matrices do, for they are matrices too
        self.text: list[str] = []
        self._known: dict[tuple[str, str, bytes], str] = {}

    def vector(self, values: np.ndarray, name: str) -> str:
        return self._array(np.ascontiguousarray(values), name, f"{len(values)} values")

    def matrix(self, parts: Sequence[np.ndarray], name: str, blocks: int, what: str) -> Matrix:
        """Matrices of one operand, one below the other."""
        whole = np.concatenate(parts)
        rows, columns = len(whole) // blocks, whole.shape[1]
        whole, scale = self._kept(whole, name)
        by_rows = rows < FEW and not scale
        one = whole.reshape(blocks, rows, columns)
        flat = (one if by_rows else np.swapaxes(one, 1, 2)).reshape(-1)
        said = (
            f"{what}: {len(whole)} x {columns}, {'row' if by_rows else 'column'} after {'row' if by_rows else 'column'}"
        )
        array = self._array(np.ascontiguousarray(flat), name, said + (f", {blocks} blocks" if blocks > 1 else ""))
        function = "multiply_bytes" if scale else "multiply_rows" if by_rows else "multiply"
        return Matrix(array, scale, rows, columns, blocks, self.functions.use(function))

    def table(self, values: np.ndarray, name: str) -> Table:
        rows, wide = values.shape
        by_rows = values.tobytes() not in self.shared
        kept, scale = self._kept(values, name)
        flat = np.ascontiguousarray(kept if by_rows else kept.T).reshape(-1)
        array = self._array(
            flat, name, f"table: {rows} x {wide}, {'row after row' if by_rows else 'column after column'}"
        )
        return Table(array, scale, rows, wide, by_rows)

    def _kept(self, matrix: np.ndarray, name: str) -> tuple[np.ndarray, str]:
        if self.kind == "float32":
            return matrix, ""
        small, scale = as_bytes(matrix)
        if self.kind == "rounded":
            return small.astype(matrix.dtype) * scale[:, None], ""
        return small, self._array(scale, f"{name}_scale", "the scale of each row")

    def _array(self, values: np.ndarray, wanted: str, what: str) -> str:
        key = (values.dtype.str, what.partition(":")[2], values.tobytes())
        if key not in self._known:
            self._known[key] = name = self.names.take(wanted)
            self.bytes += values.nbytes
            integer = values.dtype == np.int8
            kind = "int8_t" if integer else self.functions.real
            ending = "" if integer else self.functions.ending
            numbers: Iterable[str] = (f"{text}{ending}" for text in map(str, values))  # every bit comes back
            if np.isinf(values).any():
                numbers = map(self.functions.number, values)
            self.text.append(
                f"/* {remark(what)} */\nstatic const {kind} {name}[{len(values)}] = {{\n{_lines(numbers)}\n}};"
            )
        return self._known[key]


def _lines(numbers: Iterable[str]) -> str:
    """Numbers in lines of a width that can be read."""
    lines, line = [], ""
    for number in numbers:
        if len(line) + len(number) + 2 > LINE:
            lines.append(line)
            line = ""
        line += ("    " if not line else " ") + number + ","
    return "\n".join([*lines, line]).rstrip(",")
