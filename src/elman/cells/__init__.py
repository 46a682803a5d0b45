"""The built-in cells: one a file, equations, reference and docstring. Adding one adds its import here.

`constructions` makes parameters with which a cell does something known.
"""

from elman.cells.constructions import gru_from_simple, gru_holding
from elman.cells.gru import gru
from elman.cells.ind_rnn import ind_rnn
from elman.cells.layer_norm_lstm import layer_norm_lstm
from elman.cells.li_gru import li_gru
from elman.cells.lstm import lstm
from elman.cells.min_gru import min_gru
from elman.cells.peephole_lstm import peephole_lstm
from elman.cells.simple import simple
from elman.equations import Cell

__all__ = [
    "catalogue",
    "gru",
    "gru_from_simple",
    "gru_holding",
    "ind_rnn",
    "layer_norm_lstm",
    "li_gru",
    "lstm",
    "min_gru",
    "peephole_lstm",
    "simple",
]


def catalogue() -> dict[str, Cell]:
    """Every built-in cell by its name.

    Examples
    --------
    >>> sorted(catalogue())[:3]
    ['gru', 'ind_rnn', 'layer_norm_lstm']
    """
    return {name: value for name, value in globals().items() if isinstance(value, Cell)}
