"""Sums: gradients of parameters, each one sum over all (time x batch) rows of a stage."""

from __future__ import annotations

from dataclasses import dataclass

from elman.engine.slots import Ref


@dataclass(frozen=True)
class MatrixGradient:
    """``dW (rows, columns) += sum over t and b of delta[t, b]' source[t, b]``, at `offset` of the gradient arena."""

    offset: int
    rows: int
    columns: int
    delta: Ref
    source: Ref
    stage: int


@dataclass(frozen=True)
class VectorGradient:
    """``db (width) += sum over t and b of delta[t, b]``, at `offset` of the gradient arena."""

    offset: int
    width: int
    delta: Ref
    stage: int


@dataclass(frozen=True)
class TableGradient:
    """``dtable[index[t, b]] += delta[t, b]`` for every t and b, at `offset` of the gradient arena."""

    offset: int
    rows: int
    width: int
    index: Ref
    delta: Ref
    stage: int
