"""Options of reading that are of a wrong kind are refused by name, whatever reads with them."""

import numpy as np
import pytest

from elman.data import load_series, read_columns
from elman.errors import OptionError

OPTIONS = ["time", "target", "date_format", "dayfirst", "decimal", "thousands", "where", "fill", "sort"]
WRONG = [1e-300, 3, b"x", set(), [None], np.array([1, 2]), np.zeros((3, 0, 1)), np.ma.masked, lambda: 1]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__)
def test_an_option_of_a_wrong_kind_is_named(option, value):
    with pytest.raises(OptionError, match=f"^{option} is "):
        load_series("sunspots", **{option: value})


@pytest.mark.parametrize("option", ["time", "where"])
def test_an_empty_list_is_no_choice(tmp_path, option):
    path = tmp_path / "a.csv"
    path.write_text("year,y\n2001,3\n2002,4\n")
    with pytest.raises(OptionError, match=f"{option} is "):
        read_columns(path, **{option: []})
