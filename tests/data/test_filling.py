"""Gaps of many series are filled where the user asks for it, each by its own neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from elman.data import collect
from elman.data.filling import filled
from elman.data.reading import Reading
from elman.errors import OptionError

TEXT = "shop,year,v\n" + "".join(
    f"{shop},{year},{'' if year in gone else 10 * (year - 2000)}\n"
    for shop, gone in (("a", (2003, 2004)), ("b", ()), ("c", (2001,)))
    for year in range(2000, 2008)
)


@pytest.fixture
def file(tmp_path):
    (tmp_path / "s.csv").write_text(TEXT)
    return tmp_path / "s.csv"


def test_gaps_stay_open_by_default(file):
    found = collect(file, group="shop")
    assert np.flatnonzero(np.isnan(found.values)).tolist() == [3, 4, 17]
    assert filled(found, "none") is found


def test_a_straight_line_and_the_last_value(file):
    line = collect(file, group="shop", reading=Reading(fill="linear"))
    np.testing.assert_allclose(line.values, 10.0 * np.tile(np.arange(8), 3))
    assert line.notes[-1] == "3 missing values were filled with a straight line"
    last = collect(file, group="shop", reading=Reading(fill="forward"))
    assert last.series(0).tolist() == [0, 10, 20, 20, 20, 50, 60, 70] and last.series(2)[1] == 0


def test_a_line_is_straight_in_time(tmp_path):
    (tmp_path / "s.csv").write_text("t,v\n0,0\n1,\n10,10\n11,11\n")
    found = collect(tmp_path / "s.csv", time="t", target="v", reading=Reading(fill="linear"))
    np.testing.assert_allclose(found.values, found.times_of(0))


def test_an_unknown_rule_is_refused(file):
    with pytest.raises(OptionError, match="fill is 'mean'"):
        collect(file, group="shop", reading=Reading(fill="mean"))


def test_collections_are_the_same_or_not(file):
    found = collect(file, group="shop")
    assert found.same_as(collect(file, group="shop"))
    for other in (found.without_last(1), found.take([1, 0, 2]), filled(found, "linear"), collect([1.0, 2.0])):
        assert not found.same_as(other) and not other.same_as(found)
