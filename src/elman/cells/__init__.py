"""The built-in cells: one a file, equations, reference and docstring. Adding one adds its import here.

`constructions` makes parameters with which a cell does something known.
"""

from elman.cells.antisymmetric_rnn import antisymmetric_rnn, gated_antisymmetric_rnn
from elman.cells.atr import atr
from elman.cells.brc import brc, nbrc
from elman.cells.cfn import cfn
from elman.cells.clockwork_rnn import clockwork_rnn
from elman.cells.co_rnn import co_rnn
from elman.cells.constructions import gru_from_simple, gru_holding
from elman.cells.ctrnn import ctrnn
from elman.cells.dale_rnn import dale_rnn
from elman.cells.echo_state import echo_state
from elman.cells.fast_rnn import fast_grnn, fast_rnn
from elman.cells.gru import gru
from elman.cells.ind_rnn import ind_rnn
from elman.cells.irnn import irnn
from elman.cells.layer_norm_lstm import layer_norm_lstm
from elman.cells.lem import lem
from elman.cells.li_gru import li_gru
from elman.cells.lipschitz_rnn import lipschitz_rnn
from elman.cells.low_rank_rnn import low_rank_rnn
from elman.cells.lstm import lstm
from elman.cells.min_gru import min_gru
from elman.cells.peephole_lstm import peephole_lstm
from elman.cells.phased_lstm import phased_lstm, timed_phased_lstm
from elman.cells.shallow_plrnn import shallow_plrnn
from elman.cells.simple import simple
from elman.cells.unicornn import unicornn
from elman.equations import Cell

__all__ = [
    "antisymmetric_rnn",
    "atr",
    "brc",
    "catalogue",
    "cfn",
    "clockwork_rnn",
    "co_rnn",
    "ctrnn",
    "dale_rnn",
    "echo_state",
    "fast_grnn",
    "fast_rnn",
    "gated_antisymmetric_rnn",
    "gru",
    "gru_from_simple",
    "gru_holding",
    "ind_rnn",
    "irnn",
    "layer_norm_lstm",
    "lem",
    "li_gru",
    "lipschitz_rnn",
    "low_rank_rnn",
    "lstm",
    "min_gru",
    "nbrc",
    "peephole_lstm",
    "phased_lstm",
    "shallow_plrnn",
    "simple",
    "timed_phased_lstm",
    "unicornn",
]


def catalogue() -> dict[str, Cell]:
    """Every built-in cell by its name.

    Examples
    --------
    >>> catalogue()["gru"].equations()[-1]
    'h_t = z * h + (1 - z) * n'
    """
    return {name: value for name, value in globals().items() if isinstance(value, Cell)}
