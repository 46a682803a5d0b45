"""Tables as pandas exports them: with an index that nobody named, and steps by name."""

import numpy as np
import pandas as pd
import pytest

from elman.data.casing import read_cases

RNG = np.random.default_rng(0)
WALKS = [pd.DataFrame({"walk": f"w{i}", "x": RNG.normal(size=4), "kind": "ab"[i % 2]}) for i in range(3)]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_index_of_frames_one_below_another_is_no_channel(tmp_path, ending):
    path, table = tmp_path / f"walks.{ending}", pd.concat(WALKS)
    table.to_csv(path) if ending == "csv" else table.to_parquet(path)
    found = read_cases(path, group="walk", label="kind")
    assert found.channels == ("x",) and found.labels.tolist() == ["a", "b", "a"]
    np.testing.assert_allclose(found.values[:, :, 0].ravel(), table["x"])


def test_a_column_without_a_name_that_does_not_count_is_a_channel(tmp_path):
    table = pd.concat(WALKS).set_index(pd.Index([3.5, 2, 8, 1] * 3))
    table.to_csv(tmp_path / "walks.csv")
    found = read_cases(tmp_path / "walks.csv", group="walk", label="kind")
    assert len(found.channels) == 2


@pytest.mark.parametrize("labels", [["0", "1", "2"], ["k0", "k1", "k2"]])
def test_steps_by_name_are_a_header_even_where_they_may_be_read_as_times(tmp_path, labels):
    values = RNG.normal(size=(3, 130)).round(3)  # t100 could be the first third of the year 2000
    table = pd.DataFrame(values, columns=[f"t{i}" for i in range(130)])
    table.insert(0, "class", labels)
    table.to_csv(tmp_path / "wide.csv", index=False)
    found = read_cases(tmp_path / "wide.csv")
    assert found.lengths.tolist() == [130] * 3 and list(map(str, found.labels)) == labels
    np.testing.assert_array_equal(found.values[:, :, 0], values)
