"""What the collection says of each cell: against networks of it, and against figures by hand."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import elman as el
from elman.cells.entry import entry, year_of
from elman.network.freezing import constants
from tests.of_catalogue import ONE_INPUT

ENTRIES = {e.name: e for e in el.cells.table()}


@pytest.mark.parametrize("name", ONE_INPUT)
def test_parameters_and_states_are_those_of_a_network(name):
    net = el.Network(64, [el.Recurrent(el.cells.catalogue()[name], 64)])
    fixed = sum(net.params[n].size for n in constants(net))
    found = ENTRIES[name]
    assert found.parameters == net.arena.size - fixed
    assert found.trained == sum(net.params[n].size for n in net.trainable)
    assert list(found.states.values()) == net.state_sizes()[0]


@pytest.mark.parametrize(
    ("cell", "multiply_adds"),
    [
        ("simple", 2 * 64**2),
        ("gru", 6 * 64**2),
        ("lstm", 8 * 64**2),
        ("ind_rnn", 64**2),
        ("ltc", 64**2 + 6 * 64**2),  # the input's product once, the state's at each step of the solver
        ("cfc", 2 * 64**2 + 3 * 64**2),  # the backbone once, though three heads ask for it
        ("antisymmetric_rnn", 2 * 64**2),  # the matrix U - U.T is made before the run
    ],
)
def test_multiply_adds_by_hand(cell, multiply_adds):
    assert ENTRIES[cell].multiply_adds == multiply_adds


F, H = 5, 7  # where they differ, so do W and U
W, U = H * F, H * H
BY_HAND = {  # parameters, multiply-adds
    "simple": (W + U + H, W + U),
    "gru": (3 * (W + U) + 4 * H, 3 * (W + U)),
    "lstm": (4 * (W + U + H), 4 * (W + U)),
    "peephole_lstm": (4 * (W + U + H) + 3 * H, 4 * (W + U)),
    "projected_lstm": (4 * (W + U + H) + 3 * H + U, 4 * (W + U) + U),
    "ea_lstm": (4 * W + 3 * U + 4 * H, 4 * W + 3 * U),
    "gru_d": (3 * F + W + H + 3 * (2 * W + U + H), W + 3 * (2 * W + U)),
    "mc_lstm": (F * (W + U + H) + W + U + H + H * (W + U + H), None),
    "timed_phased_lstm": (4 * (W + U + H) + 6 * H, 4 * (W + U)),
    "qrnn": (6 * W + 3 * H, 6 * W),
    "rhn": (2 * W + 10 * U + 10 * H, 2 * W + 10 * U),
    "lru": (3 * H + 3 * W + 2 * U, 3 * W + 2 * U),
    "lmu": (F + H + 4 + W + U + 4 * H, 4 * 4 + W + U + 4 * H),
    "ode_lstm": (4 * (W + U + H) + 2 * (U + H), 4 * (W + U) + 3 * 4 * 2 * U),
    "time_aware_lstm": (4 * (W + U + H) + U + H, 4 * (W + U) + U),
    "scrn": (2 * W + 4 * U, 2 * W + 4 * U),
    "unicornn": (W + 3 * H, W),
    "nas": (8 * (W + U), 8 * (W + U)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_figures_by_hand_of_other_sizes(name):
    """Of each input as many features, a static one too."""
    found = entry(name, el.cells.catalogue()[name], F, H)
    parameters, multiply_adds = BY_HAND[name]
    assert found.parameters == parameters
    assert multiply_adds in (None, found.multiply_adds)


def test_blocks_count_as_the_values_they_have():
    slstm = el.cells.catalogue()["slstm"]
    assert entry("slstm", slstm.with_options(heads=4)).multiply_adds == 4 * 64**2 + 4 * 64**2 // 4


def test_a_matrix_as_state_is_written_and_read():
    one, two = (entry("mlstm", el.cells.catalogue()["mlstm"], 8, units) for units in (8, 16))
    assert (one.states["C"], two.states["C"]) == (64, 256)
    assert one.multiply_adds == 4 * 8 * 8 + 2 * 8 + 2 * 64  # four matrices, two gates, one outer product, one query


@pytest.mark.parametrize("found", ENTRIES.values(), ids=ENTRIES)
def test_it_says_what_it_is_when_to_choose_it_and_from_whom_it_is(found):
    assert found.about.endswith(".") and found.when.endswith(".") and len(found.when) < 260
    assert str(found.year) in found.reference and 1989 < found.year < 2027
    whole = " ".join(inspect.getdoc(el.cells.catalogue()[found.name].function).split())
    assert " ".join((found.about, *found.text)) in whole


@pytest.mark.parametrize(
    ("reference", "year"),
    [
        ("A. Author, A title, arXiv 1906.04849 (2018), eq. 4.", 2018),
        ("A. Author, Of 1984, ICML 2015.", 2015),
        ("A. Author, Computation 9 (1997); with the gate of B. Writer, Computation 12 (2000).", 1997),
    ],
)
def test_the_year_is_the_last_of_the_first_reference(reference, year):
    assert year_of(reference, "cell") == year


def test_a_cell_without_a_reference_is_refused():
    with pytest.raises(el.OptionError, match="mine has no reference with a year"):
        entry("mine", el.cell(lambda p, x, h: el.tanh(p.W @ x + p.U @ h)))


def test_the_table_is_sorted_as_told():
    orders = {
        "year": lambda e: (e.year, e.name),
        "name": lambda e: e.name,
        "parameters": lambda e: (e.parameters, e.name),
        "multiply-adds": lambda e: (e.multiply_adds, e.name),
        "states": lambda e: (sum(e.states.values()), e.name),
    }
    for sort, key in orders.items():
        found = el.cells.table(sort=sort, units=8)
        assert found == sorted(found, key=key) and len(found) == len(el.cells.catalogue())
    with pytest.raises(el.OptionError, match="sort is 'size'; expected one of year, name"):
        el.cells.table(sort="size")


def test_sizes_are_checked_and_used():
    assert next(e for e in el.cells.table(features=3, units=5) if e.name == "simple").parameters == 5 * (3 + 5 + 1)
    with pytest.raises(el.OptionError, match="units"):
        el.cells.table(units=np.nan)
