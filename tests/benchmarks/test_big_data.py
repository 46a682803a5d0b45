"""Memory stays flat: a small version of `make big-data`, each training in a process of its own."""

from __future__ import annotations

import pytest

pytest.importorskip("resource")

from benchmarks.big_data import apart, generated, shuffled, write_map  # noqa: E402

GB, MOST_MB = 0.2, 100  # that come, and that are ever held of them


def test_rows_that_are_generated_are_never_all_in_memory():
    found = apart(generated, GB, "")
    assert found.gigabytes == pytest.approx(GB, rel=0.1)
    assert found.peak_mb - found.before_mb < MOST_MB


def test_rows_of_a_map_are_never_all_in_memory(tmp_path):
    write_map(GB / 2, str(tmp_path / "x.npy"))  # of float16: as many bytes again when they are converted
    found = apart(shuffled, 0, str(tmp_path / "x.npy"))
    assert found.peak_mb - found.before_mb < MOST_MB
