"""The built-in cells: one a file, equations, reference and docstring. Adding one adds its import here.

`constructions` makes parameters with which a cell does something known.
"""

from elman.cells.cifg import cifg
from elman.cells.constructions import gru_from_simple, gru_holding
from elman.cells.gru import gru
from elman.cells.ind_rnn import ind_rnn
from elman.cells.intersection_rnn import intersection_rnn
from elman.cells.janet import janet
from elman.cells.layer_norm_gru import layer_norm_gru
from elman.cells.layer_norm_lstm import layer_norm_lstm
from elman.cells.li_gru import li_gru
from elman.cells.light_ru import light_ru
from elman.cells.lstm import lstm
from elman.cells.mgu import mgu, mgu1, mgu2, mgu3
from elman.cells.min_gru import min_gru
from elman.cells.minimal_rnn import minimal_rnn
from elman.cells.miru import miru1, miru2
from elman.cells.multiplicative import multiplicative_lstm, multiplicative_rnn
from elman.cells.mut import mut1, mut2, mut3
from elman.cells.nas import nas
from elman.cells.original_lstm import original_lstm
from elman.cells.peephole_lstm import peephole_lstm
from elman.cells.projected_lstm import projected_lstm
from elman.cells.qrnn import qrnn
from elman.cells.ran import ran
from elman.cells.residual_lstm import residual_lstm
from elman.cells.rhn import rhn
from elman.cells.scrn import scrn
from elman.cells.sgrn import sgrn
from elman.cells.sgu import dsgu, hard_sigmoid, sgu
from elman.cells.simple import simple
from elman.cells.sru import sru
from elman.cells.star import star
from elman.cells.tau_gru import tau_gru
from elman.cells.typed import t_gru, t_lstm, t_rnn
from elman.cells.ugrnn import ugrnn
from elman.cells.wmc_lstm import wmc_lstm
from elman.cells.zoneout import zoneout
from elman.equations import Cell

__all__ = [
    "catalogue",
    "cifg",
    "dsgu",
    "gru",
    "gru_from_simple",
    "gru_holding",
    "hard_sigmoid",
    "ind_rnn",
    "intersection_rnn",
    "janet",
    "layer_norm_gru",
    "layer_norm_lstm",
    "li_gru",
    "light_ru",
    "lstm",
    "mgu",
    "mgu1",
    "mgu2",
    "mgu3",
    "min_gru",
    "minimal_rnn",
    "miru1",
    "miru2",
    "multiplicative_lstm",
    "multiplicative_rnn",
    "mut1",
    "mut2",
    "mut3",
    "nas",
    "original_lstm",
    "peephole_lstm",
    "projected_lstm",
    "qrnn",
    "ran",
    "residual_lstm",
    "rhn",
    "scrn",
    "sgrn",
    "sgu",
    "simple",
    "sru",
    "star",
    "t_gru",
    "t_lstm",
    "t_rnn",
    "tau_gru",
    "ugrnn",
    "wmc_lstm",
    "zoneout",
]


def catalogue() -> dict[str, Cell]:
    """Every built-in cell by its name.

    Examples
    --------
    >>> catalogue()["gru"]
    <cell gru(p, x, h)>
    """
    return {name: value for name, value in globals().items() if isinstance(value, Cell)}
