"""Every file of the tables is collected as the one series that it is read as, or refused alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman.data import collect
from elman.data.reading import Reading
from elman.data.series import read_series
from elman.errors import ElmanError
from tests.wild import dates, numbers, panels, published, tables, wide

EVERY = [*dates.CASES, *numbers.CASES, *tables.CASES, *panels.CASES, *wide.CASES, *published.CASES]
CASES = [case for case in EVERY if "--model" not in case.options]
# what one series cannot be and many can: several, out of order, with gaps
TAKEN = {
    *("backwards.csv", "missing_not_filled.csv", "missing_is_not_filled.csv", "several.csv", "unsorted.csv"),
    *("wide_countries.csv", "bank_unsaid.csv", "dates_across.csv"),
}


def said(options: tuple[str, ...]) -> dict[str, Any]:
    """Options of the command line as those of a `Reading`."""
    found: dict[str, Any] = {}
    left = iter(options)
    for option in left:
        name = option.removeprefix("--").replace("-", "_")
        if name in ("dayfirst", "monthfirst"):
            found["dayfirst"] = name == "dayfirst"
        elif name == "sort":
            found["sort"] = True
        elif name in ("where", "missing"):
            found.setdefault(name, []).append(next(left))
        else:
            found[name] = next(left)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_is_collected_as_it_is_read(case, tmp_path):
    path, options = case.write(tmp_path), said(case.options)
    columns = {name: options[name] for name in ("time", "target") if name in options}
    reading = Reading(**{k: v for k, v in options.items() if k not in ("time", "target", "fill", "sort")})
    try:
        series = read_series(path, Reading(**options))
    except ElmanError:
        if case.name in TAKEN:
            assert len(collect(path, **columns, reading=reading).values)
            return
        with pytest.raises(ElmanError):
            collect(path, **columns, reading=reading)
        return
    found = collect(path, **columns, reading=reading)
    known = ~np.isnan(found.values)  # what was filled in is left open
    assert len(found) == 1 and len(found.values) == len(series)
    np.testing.assert_array_equal(found.values[known], series.values[known])
    times = np.arange(1, len(series) + 1) if found.times is None else found.times
    np.testing.assert_array_equal(times, series.times)
    np.testing.assert_array_equal(found.future_times(2)[0], series.future(2))
    assert found.notation.labels(found.future_times(2)[0]) == series.labels(series.future(2))
