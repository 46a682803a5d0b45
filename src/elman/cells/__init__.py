"""The built-in cells: one a file, equations, reference and docstring. Adding one adds its import here.

`constructions` makes parameters with which a cell does something known.
"""

from typing import TYPE_CHECKING, Any

from elman.cells.antisymmetric_rnn import antisymmetric_rnn, gated_antisymmetric_rnn
from elman.cells.atr import atr
from elman.cells.brc import brc, nbrc
from elman.cells.cfc import cfc
from elman.cells.cfn import cfn
from elman.cells.cifg import cifg
from elman.cells.clockwork_rnn import clockwork_rnn
from elman.cells.co_rnn import co_rnn
from elman.cells.constructions import gru_from_simple, gru_holding
from elman.cells.ctrnn import ctrnn
from elman.cells.dale_rnn import dale_rnn
from elman.cells.delta_net import delta_net
from elman.cells.ea_lstm import ea_lstm
from elman.cells.echo_state import echo_state
from elman.cells.entry import FEATURES, UNITS, Entry, entry, in_order
from elman.cells.fast_rnn import fast_grnn, fast_rnn
from elman.cells.gru import gru
from elman.cells.gru_d import gru_d
from elman.cells.hyper_lstm import hyper_lstm
from elman.cells.ind_rnn import ind_rnn
from elman.cells.intersection_rnn import intersection_rnn
from elman.cells.irnn import irnn
from elman.cells.janet import janet
from elman.cells.layer_norm_gru import layer_norm_gru
from elman.cells.layer_norm_lstm import layer_norm_lstm
from elman.cells.lem import lem
from elman.cells.li_gru import li_gru
from elman.cells.lif import lif
from elman.cells.light_ru import light_ru
from elman.cells.lipschitz_rnn import lipschitz_rnn
from elman.cells.lmu import lmu
from elman.cells.low_rank_rnn import low_rank_rnn
from elman.cells.lru import lru, lru_ring
from elman.cells.lstm import lstm
from elman.cells.ltc import ltc
from elman.cells.mc_lstm import mc_lstm
from elman.cells.mgu import mgu, mgu1, mgu2, mgu3
from elman.cells.min_gru import min_gru
from elman.cells.min_lstm import min_lstm
from elman.cells.minimal_rnn import minimal_rnn
from elman.cells.miru import miru1, miru2
from elman.cells.mlstm import mlstm
from elman.cells.multiplicative import multiplicative_lstm, multiplicative_rnn
from elman.cells.mut import mut1, mut2, mut3
from elman.cells.nas import nas
from elman.cells.ode_lstm import ode_lstm
from elman.cells.original_lstm import original_lstm
from elman.cells.peephole_lstm import peephole_lstm
from elman.cells.phased_lstm import phased_lstm, timed_phased_lstm
from elman.cells.projected_lstm import projected_lstm
from elman.cells.qrnn import qrnn
from elman.cells.ran import ran
from elman.cells.residual_lstm import residual_lstm
from elman.cells.rhn import rhn
from elman.cells.scrn import scrn
from elman.cells.sgrn import sgrn
from elman.cells.sgu import dsgu, hard_sigmoid, sgu
from elman.cells.shallow_plrnn import shallow_plrnn
from elman.cells.simple import simple
from elman.cells.slstm import slstm
from elman.cells.sru import sru
from elman.cells.star import star
from elman.cells.tau_gru import tau_gru
from elman.cells.time_aware_lstm import time_aware_lstm
from elman.cells.typed import t_gru, t_lstm, t_rnn
from elman.cells.ugrnn import ugrnn
from elman.cells.unicornn import unicornn
from elman.cells.weight_drop import weight_drop
from elman.cells.wmc_lstm import wmc_lstm
from elman.cells.written import as_text, from_text
from elman.cells.zoneout import zoneout
from elman.checks import nearest, shown, whole
from elman.equations import Cell
from elman.equations.parse_cell import WrittenCell
from elman.errors import OptionError

__all__ = [
    "Entry",
    "antisymmetric_rnn",
    "as_cell",
    "atr",
    "brc",
    "catalogue",
    "cell_from_text",
    "cell_text",
    "cfc",
    "cfn",
    "cifg",
    "clockwork_rnn",
    "co_rnn",
    "ctrnn",
    "dale_rnn",
    "delta_net",
    "dsgu",
    "ea_lstm",
    "echo_state",
    "fast_grnn",
    "fast_rnn",
    "gated_antisymmetric_rnn",
    "gru",
    "gru_d",
    "gru_from_simple",
    "gru_holding",
    "hard_sigmoid",
    "hyper_lstm",
    "ind_rnn",
    "intersection_rnn",
    "irnn",
    "janet",
    "layer_norm_gru",
    "layer_norm_lstm",
    "lem",
    "li_gru",
    "lif",
    "light_ru",
    "lipschitz_rnn",
    "lmu",
    "low_rank_rnn",
    "lru",
    "lru_ring",
    "lstm",
    "ltc",
    "mc_lstm",
    "mgu",
    "mgu1",
    "mgu2",
    "mgu3",
    "min_gru",
    "min_lstm",
    "minimal_rnn",
    "miru1",
    "miru2",
    "mlstm",
    "multiplicative_lstm",
    "multiplicative_rnn",
    "mut1",
    "mut2",
    "mut3",
    "nas",
    "nbrc",
    "ode_lstm",
    "of_one_input",
    "original_lstm",
    "peephole_lstm",
    "phased_lstm",
    "projected_lstm",
    "qrnn",
    "ran",
    "residual_lstm",
    "rhn",
    "scrn",
    "sgrn",
    "sgu",
    "shallow_plrnn",
    "simple",
    "slstm",
    "sru",
    "star",
    "t_gru",
    "t_lstm",
    "t_rnn",
    "table",
    "tau_gru",
    "time_aware_lstm",
    "timed_phased_lstm",
    "ugrnn",
    "unicornn",
    "weight_drop",
    "wmc_lstm",
    "zoneout",
]


def catalogue() -> dict[str, Cell]:
    """Every built-in cell by its name.

    Returns
    -------
    dict of str to Cell

    Examples
    --------
    >>> catalogue()["gru"]
    <cell gru(p, x, h, *, reset_after=True, activation='tanh', bias=True)>
    """
    return {name: value for name, value in globals().items() if isinstance(value, Cell)}


def cell_from_text(text: str) -> WrittenCell:
    """A cell from a text of its equations, which is read by a grammar of Elman's own and never run as Python.

    The text is written as a cell is in Python: what it may say is a part of that language, so that it can be pasted
    into a program as it is, behind ``from elman import *`` and ``@cell``. It has one function with equations
    ``name = expression`` and a ``return``; numbers, ``+ - * / ** @``, comparisons, functions of equations, ranges such
    as ``x[2:5]``. There are no other functions, no loops, no imports.

    Parameters
    ----------
    text : str
        At most 20,000 characters. ``@cell(initial={"b_f": 1}, frozen=["period"], memory=1)`` may stand before it, with
        the values of a cell of the collection as ``initial=cells.lru.initial``.

    Returns
    -------
    Cell
        Good wherever a cell is. Its options are decided, as it is one text.

    Raises
    ------
    TextError
        Where the text makes no sense: `line`, `column`, and what is wrong there.

    Examples
    --------
    >>> leaky = cell_from_text('''
    ... def leaky(p, x, h):
    ...     k = sigmoid(p.a)
    ...     return k * h + (1 - k) * tanh(p.W @ x + p.U @ h + p.b)
    ... ''')
    >>> leaky.equations()
    ['k = σ(a)', 'h_t = k * h + (1 - k) * tanh(W x + U h + b)']
    """
    return from_text(text, catalogue())


def cell_text(cell: Cell | str) -> str:
    """A cell as a text that `cell_from_text` reads: its equations, made from the graph, with its options decided.

    Parameters
    ----------
    cell : Cell or str
        Or the name of a built-in one.

    Returns
    -------
    str

    Raises
    ------
    EquationError
        If a text cannot say something of it: constants whose values a model holds, values that are drawn by a function
        of the user's own.

    Examples
    --------
    >>> print(cell_text("min_gru"))
    def min_gru(p, x, h):
        z = sigmoid(p.W_z @ x + p.b_z)
        a = p.W_n @ x + p.b_n
        n = where(0 <= a, a + 0.5, sigmoid(a))
        return (1 - z) * h + z * n
    <BLANKLINE>
    """
    return as_text(as_cell(cell), catalogue())


def as_cell(cell: Any) -> Cell:
    """A cell, or the built-in one of that name.

    Parameters
    ----------
    cell : Cell or str
        It, or the name of a built-in one.

    Returns
    -------
    Cell

    Raises
    ------
    OptionError
        If it is neither.

    Examples
    --------
    >>> as_cell("gru")
    <cell gru(p, x, h, *, reset_after=True, activation='tanh', bias=True)>
    """
    if isinstance(cell, Cell):
        return cell
    cells = catalogue()
    if not isinstance(cell, str):
        made = "; @elman.cell makes one of a function of equations" if callable(cell) else ""
        raise OptionError(f"cell is {shown(cell)}; expected a cell, such as el.cells.lstm, or the name of one{made}")
    if cell not in cells:
        raise OptionError(f"there is no cell {cell!r}{nearest(cell, cells)}; there are {', '.join(sorted(cells))}")
    return cells[cell]


def of_one_input(cell: Any) -> Cell:
    """A cell that needs nothing beside its input, or the built-in one of that name.

    Parameters
    ----------
    cell : Cell or str
        It, or the name of a built-in one.

    Returns
    -------
    Cell

    Raises
    ------
    OptionError
        If it is no cell, one of several inputs, or one that takes a feature for the time.

    Examples
    --------
    >>> of_one_input("gru")
    <cell gru(p, x, h, *, reset_after=True, activation='tanh', bias=True)>
    """
    found = as_cell(cell)
    takes = (*found.inputs, *found.memories)
    if len(takes) != 1:
        raise OptionError(f"{found.name} takes {len(takes)} values ({', '.join(takes)}); expected a cell of one input")
    if found.options.get("step") == "input":
        how = f"el.cells.{found.name}.with_options(step=1.0)"
        raise OptionError(
            f"{found.name} takes the last feature of its input for the time, which is none here: give {how}"
        )
    return found


def table(*, sort: str = "year", features: int = FEATURES, units: int = UNITS) -> list[Entry]:
    """Every built-in cell: its year, states, parameters, arithmetic and when to choose it.

    Parameters
    ----------
    sort : {"year", "name", "states", "parameters", "multiply-adds"}, default "year"
        The smallest first; equal ones by name.
    features, units : int, default 64
        F of each input and H, of which parameters and arithmetic are told. (A time that a cell takes is one feature.)

    Returns
    -------
    list of Entry

    Raises
    ------
    OptionError
        If there is no such order, or a size is no whole number from 1 on.

    Examples
    --------
    >>> first = table()[0]
    >>> first.name, first.year, first.parameters, first.multiply_adds
    ('simple', 1990, 8256, 8192)
    """
    sizes = whole(features, "features"), whole(units, "units")
    return in_order([entry(name, cell, *sizes) for name, cell in catalogue().items()], sort)


if not TYPE_CHECKING:  # which would take any name for one of ours

    def __getattr__(name: str) -> Any:
        hint = "" if name.startswith("_") else nearest(name, __all__)
        raise AttributeError(f"elman.cells has no {name!r}{hint}")
