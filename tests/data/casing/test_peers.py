"""The files that ship with aeon hold what aeon's own loaders read in them."""

from pathlib import Path

import numpy as np
import pytest

from elman.data.casing import cases_of, read_cases

aeon = pytest.importorskip("aeon")
loaders = pytest.importorskip("aeon.datasets")

FOLDER = Path(aeon.__file__).parent / "datasets" / "data"
LOADERS = {".ts": "load_from_ts_file", ".arff": "load_from_arff_file", ".tsv": "load_from_tsv_file"}
FILES = sorted(f for f in FOLDER.glob("*/*") if f.suffix in LOADERS and "TimeStamps" not in f.name)


@pytest.mark.parametrize("path", FILES, ids=lambda f: f.name)
def test_files_as_aeon_reads_them(path):
    values, labels = getattr(loaders, LOADERS[path.suffix])(str(path))
    found, other = read_cases(path), cases_of(values, channels="first")
    np.testing.assert_array_equal(found.lengths, other.lengths)
    np.testing.assert_array_equal(found.values, other.values)
    try:
        np.testing.assert_array_equal(found.labels.astype(float), np.asarray(labels, float))
    except ValueError:  # words, of which aeon makes some lower case
        assert [label.lower() for label in found.labels.tolist()] == [label.lower() for label in labels]
