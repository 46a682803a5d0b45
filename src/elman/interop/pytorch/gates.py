"""How PyTorch lays out the parameters of its recurrent layers, and which of ours each block of them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

GATES = {"LSTM": ("_i", "_f", "_g", "_o"), "GRU": ("_r", "_z", "_n"), "RNN": ("",)}  # as they are stacked there
ORDERS = {"LSTM": "gates i f g o", "GRU": "gates r z n, reset after the product", "RNN": ""}


@dataclass(frozen=True)
class Row:
    """Where one of our parameters lies there.

    Attributes
    ----------
    ours : str
        The name in the cell: ``W_i``.
    theirs : str
        The tensor: ``weight_ih_l0``.
    block, blocks : int
        Which of how many equal blocks of its rows it is.
    plus : str
        A second tensor that is added, where a bias comes twice; empty where none is.
    """

    ours: str
    theirs: str
    block: int = 0
    blocks: int = 1
    plus: str = ""

    def read(self, tensors: Mapping[str, np.ndarray]) -> np.ndarray:
        """The parameter, of their tensors."""
        found = self._cut(tensors[self.theirs])
        return found + self._cut(tensors[self.plus]) if self.plus else found

    def write(self, value: np.ndarray, tensors: Mapping[str, np.ndarray]) -> None:
        """Put the parameter into arrays of their shapes; what would be added to it is zero."""
        self._cut(tensors[self.theirs])[...] = value
        if self.plus:
            self._cut(tensors[self.plus])[...] = 0

    def _cut(self, tensor: np.ndarray) -> np.ndarray:
        rows = len(tensor) // self.blocks
        return tensor[self.block * rows : (self.block + 1) * rows]


def rows_of(kind: str, *, bias: bool = True, projected: bool = False, ending: str = "_l0") -> list[Row]:
    """The parameters of one direction of a layer. Biases that come twice are summed, but for a GRU's candidate.

    Parameters
    ----------
    kind : {"LSTM", "GRU", "RNN"}
    bias, projected : bool
        Whether there are biases, and the matrix of ``proj_size``.
    ending : str, default "_l0"
        Of the tensors' names: ``_l1_reverse``; of a cell class there is none.
    """
    gates, n = GATES[kind], len(GATES[kind])
    found = [Row(f"W{g}", f"weight_ih{ending}", k, n) for k, g in enumerate(gates)]
    found += [Row(f"U{g}", f"weight_hh{ending}", k, n) for k, g in enumerate(gates)]
    if bias:
        found += _biases(gates, ending, apart={"_n"} if kind == "GRU" else set())
    if projected:
        found.append(Row("W_r", f"weight_hr{ending}"))
    return found


def _biases(gates: Sequence[str], ending: str, apart: set[str]) -> list[Row]:
    found: list[Row] = []
    for k, gate in enumerate(gates):
        twice = "" if gate in apart else f"bias_hh{ending}"
        found.append(Row(f"b{gate}", f"bias_ih{ending}", k, len(gates), twice))
        if gate in apart:
            found.append(Row(f"c{gate}", f"bias_hh{ending}", k, len(gates)))
    return found
