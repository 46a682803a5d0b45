"""The built-in cells: one a file, equations, reference and docstring. Adding one adds its import here.

`constructions` makes parameters with which a cell does something known.
"""

from elman.cells.cfc import cfc
from elman.cells.constructions import gru_from_simple, gru_holding
from elman.cells.delta_net import delta_net
from elman.cells.ea_lstm import ea_lstm
from elman.cells.gru import gru
from elman.cells.gru_d import gru_d
from elman.cells.hyper_lstm import hyper_lstm
from elman.cells.ind_rnn import ind_rnn
from elman.cells.layer_norm_lstm import layer_norm_lstm
from elman.cells.li_gru import li_gru
from elman.cells.lif import lif
from elman.cells.lmu import lmu
from elman.cells.lru import lru, lru_ring
from elman.cells.lstm import lstm
from elman.cells.ltc import ltc
from elman.cells.mc_lstm import mc_lstm
from elman.cells.min_gru import min_gru
from elman.cells.min_lstm import min_lstm
from elman.cells.mlstm import mlstm
from elman.cells.ode_lstm import ode_lstm
from elman.cells.peephole_lstm import peephole_lstm
from elman.cells.simple import simple
from elman.cells.slstm import slstm
from elman.cells.time_aware_lstm import time_aware_lstm
from elman.equations import Cell

__all__ = [
    "catalogue",
    "cfc",
    "delta_net",
    "ea_lstm",
    "gru",
    "gru_d",
    "gru_from_simple",
    "gru_holding",
    "hyper_lstm",
    "ind_rnn",
    "layer_norm_lstm",
    "li_gru",
    "lif",
    "lmu",
    "lru",
    "lru_ring",
    "lstm",
    "ltc",
    "mc_lstm",
    "min_gru",
    "min_lstm",
    "mlstm",
    "ode_lstm",
    "peephole_lstm",
    "simple",
    "slstm",
    "time_aware_lstm",
]


def catalogue() -> dict[str, Cell]:
    """Every built-in cell by its name.

    Examples
    --------
    >>> "gru" in catalogue()
    True
    """
    return {name: value for name, value in globals().items() if isinstance(value, Cell)}
