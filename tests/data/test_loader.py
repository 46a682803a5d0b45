import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import BatchLoader, one_hot
from elman.errors import DataError, OptionError


def numbered(n, **options):
    """A loader whose labels tell which row an input is."""
    return BatchLoader(np.arange(n)[:, None] * 10, np.arange(n), **options)


@given(st.integers(1, 30), st.integers(1, 12), st.booleans(), st.integers(1, 4))
def test_every_epoch_serves_every_row_once_with_its_label(n, batch, shuffle, epochs):
    loader = numbered(n, batch_size=batch, shuffle=shuffle)
    for _ in range(epochs):
        batches = list(loader)
        assert len(batches) == len(loader) and all(len(y) == batch for _, y in batches[:-1])
        x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
        np.testing.assert_array_equal(x[:, 0], y * 10)
        np.testing.assert_array_equal(np.sort(y), np.arange(n))


@given(st.integers(1, 30), st.lists(st.integers(1, 70), min_size=1, max_size=6))
def test_next_batch_goes_on_across_epochs(n, sizes):
    loader = numbered(n, seed=5)
    served = [loader.next_batch(size) for size in sizes]
    assert [len(y) for _, y in served] == sizes
    y = np.concatenate([y for _, y in served])
    epochs = np.concatenate([loader.order(e) for e in range(len(y) // n + 1)])
    np.testing.assert_array_equal(y, epochs[: len(y)])
    np.testing.assert_array_equal(np.concatenate([x for x, _ in served])[:, 0], y * 10)
    assert loader.epoch == len(y) // n


def test_the_shuffle_is_kept_anew_each_epoch_and_seeded():
    orders = [[tuple(y) for _, y in numbered(100, seed=s)] for s in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    loader = numbered(100, seed=1, batch_size=100)
    (first,), (second,) = ([tuple(y) for _, y in loader] for _ in range(2))
    assert len({first, second, tuple(range(100))}) == 3


def test_without_shuffle_rows_come_as_they_are():
    loader = numbered(5, shuffle=False)
    assert loader.next_batch(12)[1].tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]


def test_a_loop_begins_an_epoch_of_its_own():
    loader = numbered(10, batch_size=4, seed=7)
    loader.next_batch()
    in_loop = np.concatenate([y for _, y in loader])
    np.testing.assert_array_equal(in_loop, loader.order(1))
    np.testing.assert_array_equal(loader.next_batch()[1], loader.order(2)[:4])
    nested = [(a.tolist(), b.tolist()) for (_, a), (_, b) in zip(loader, loader, strict=True)]
    assert nested[0] == (loader.order(3)[:4].tolist(), loader.order(4)[:4].tolist())


def test_served_rows_say_where_to_go_on():
    loader, other = numbered(10, batch_size=4), numbered(10, batch_size=4)
    for _ in range(3):
        loader.next_batch()
    other.served = loader.served
    np.testing.assert_array_equal(loader.next_batch()[1], other.next_batch()[1])


def test_drop_last_leaves_out_the_smaller_batch():
    assert [len(y) for _, y in numbered(10, batch_size=4, drop_last=True)] == [4, 4]
    assert len(numbered(10, batch_size=4, drop_last=True)) == 2


def test_one_hot_labels():
    loader = BatchLoader(np.zeros((6, 2)), np.array([0, 2, 1, 1, 0, 2]), 6, one_hot=True, shuffle=False)
    np.testing.assert_array_equal(loader.next_batch()[1], np.eye(3)[[0, 2, 1, 1, 0, 2]])
    np.testing.assert_array_equal(one_hot(np.array([[1, 0], [2, 2]]), 4), np.eye(4)[[[1, 0], [2, 2]]])


def test_only_a_batch_is_copied():
    x = np.zeros((50_000, 200), np.float32)  # 40 MB
    loader = BatchLoader(x, np.zeros(len(x), np.int64), batch_size=100)
    tracemalloc.start()
    for _ in itertools.islice(loader, 20):
        loader.next_batch()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6  # orders of two epochs and a few batches of 80 KB


def test_files_in_memory_maps_are_served(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(20.0).reshape(10, 2))
    loader = BatchLoader(np.load(tmp_path / "x.npy", mmap_mode="r"), np.arange(10), 3)
    x, y = loader.next_batch()
    np.testing.assert_array_equal(x[:, 0], 2.0 * y)
    assert isinstance(loader.x, np.memmap) and not isinstance(x, np.memmap)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: BatchLoader(np.zeros(3), np.zeros(4)), DataError, r"x has shape \(3,\) and y \(4,\)"),
        (lambda: BatchLoader([], []), DataError, "at least one"),
        (lambda: BatchLoader(np.zeros(3), np.zeros(3), one_hot=True), DataError, "one-hot encoding needs whole"),
        (lambda: BatchLoader(np.zeros(3), [0, 1, 5], 3, one_hot=3).next_batch(), DataError, "label 5 is no class"),
        (lambda: one_hot([-1], 3), DataError, r"label -1 is no class: expected whole numbers 0..2"),
        (lambda: numbered(3, batch_size=0), OptionError, "batch_size is 0; expected a whole number"),
        (lambda: numbered(3, seed=-1), OptionError, "seed is -1; expected"),
    ],
)
def test_what_makes_no_sense_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
