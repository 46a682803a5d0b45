"""Rows of arrays, memory maps and files: whatever holds them, the same batches, from any one on."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.data.datasets import Rows
from elman.data.datasets.blocks import pools
from elman.errors import DataError, OptionError, ShapeError
from tests.data.datasets.drawn import batches, same

TYPES = ["uint8", "int16", ">i4", "int64", "float16", "float32", ">f4", ">f8", "bool"]


class Chunked:
    """As a data set of HDF5 is: neighbours are read, one by one they are not."""

    def __init__(self, array: np.ndarray, chunk: int = 5):
        self.array, self.shape, self.dtype, self.chunks = array, array.shape, array.dtype, (chunk, *array.shape[1:])
        self.asked: list[slice] = []

    def __getitem__(self, rows):
        assert isinstance(rows, slice)
        self.asked.append(rows)
        return self.array[rows]


def numbered(rows: int = 37, steps: int = 3, features: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Each row says its number."""
    x = np.arange(rows)[:, None, None] * 100 + np.arange(steps * features).reshape(steps, features)
    return x.astype(np.float64), np.arange(rows)


def mapped(array: np.ndarray, folder, name: str = "x") -> np.memmap:
    np.save(folder / f"{name}.npy", array)
    return np.load(folder / f"{name}.npy", mmap_mode="r")


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_memory_map_gives_what_its_array_does(dtype, shuffle, tmp_path):
    x = (np.random.default_rng(0).random((37, 3, 2)) * 100).astype(dtype)
    known = batches(Rows(x, np.arange(37)), shuffle=shuffle, seed=3, epoch=2)
    found = batches(Rows(mapped(x, tmp_path), mapped(np.arange(37), tmp_path, "y")), shuffle=shuffle, seed=3, epoch=2)
    assert len(found) == 10 and all(map(same, found, known))


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_a_map_is_read_into_memory_of_its_own_and_loses_nothing(mode, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((20, 2, 1)))
    x = np.load(tmp_path / "x.npy", mmap_mode=mode)
    if mode != "r":
        x[7] = 7  # not yet in the file
    found = np.concatenate([batch.x for batch in batches(Rows(x, np.arange(20)))])
    assert found[7, 0, 0] == (7 if mode != "r" else 0)
    assert not np.shares_memory(found, x)
    assert (np.asarray(x)[7] == (7 if mode != "r" else 0)).all()


def test_views_of_a_map_are_read_as_such(tmp_path):
    x, _ = numbered()
    view = np.lib.stride_tricks.sliding_window_view(mapped(x[:, 0, 0], tmp_path), 5)[::2, :, None]
    found = Rows(view, np.arange(len(view)))
    assert np.array_equal(np.concatenate([b.x for b in batches(found)]), np.asarray(view))
    assert found._stores.x.file.endswith("x.npy")


def test_a_map_whose_file_is_gone_is_read_as_a_map(tmp_path):
    x = mapped(numbered()[0], tmp_path)
    (tmp_path / "x.npy").unlink()
    np.save(tmp_path / "x.npy", np.zeros((37, 3, 2)))  # another one of this name
    assert np.array_equal(np.concatenate([b.x for b in batches(Rows(x, np.arange(37)))]), numbered()[0])


def test_a_file_that_becomes_shorter_is_an_error_and_no_crash(tmp_path):
    x = mapped(np.zeros((1000, 3, 2)), tmp_path)
    dataset = Rows(x, np.arange(1000))
    with (tmp_path / "x.npy").open("r+b") as file:
        file.truncate(5000)
    with pytest.raises(DataError, match="x.npy has become shorter"):
        batches(dataset)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("part", [np.s_[:], np.s_[5:30:3], np.s_[::-1], np.s_[:, 1:2], np.s_[7:, :, 1], np.s_[:, ::-1]])
def test_any_view_of_a_map_is_read_right(part, order, tmp_path):
    x = np.asarray(np.random.default_rng(0).random((37, 3, 2)), order=order)
    view = mapped(x, tmp_path)[part]
    for shuffle in (False, True):
        found = batches(Rows(view, np.arange(len(view))), shuffle=shuffle)
        assert all(np.array_equal(b.x, x[part][b.target]) for b in found)


def test_a_raw_file_with_a_header_is_read_right(tmp_path):
    """As that of MNIST: some bytes, then pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (50, 28, 28), dtype=np.uint8)
    (tmp_path / "images").write_bytes(b"0123456789abcdef" * 300 + pixels.tobytes())
    x = np.memmap(tmp_path / "images", np.uint8, "r", offset=4800, shape=(50, 28, 28))
    found = batches(Rows(x, np.arange(50)), shuffle=True)
    assert all(np.array_equal(b.x, pixels[b.target]) for b in found)


def test_neighbours_are_read_together_from_what_has_chunks():
    x, y = numbered()
    store = Chunked(x)
    dataset = Rows(store, y, block=10, pool=2)
    found = batches(dataset, shuffle=True, seed=1)
    assert sorted(np.concatenate([b.target for b in found]).tolist()) == list(range(37))
    assert all(np.array_equal(b.x, x[b.target]) for b in found)
    assert [len(b.target) for b in found] == [4] * 9 + [1]
    assert sorted((rows.start, rows.stop) for rows in store.asked) == [(0, 10), (10, 20), (20, 30), (30, 37)]


def test_a_shuffle_by_blocks_mixes_those_of_a_pool():
    rows = np.arange(1000)
    found = list(pools(rows, np.arange(0, 1001, 50), 4, (5, 0)))
    assert [len(pool.blocks) for _, pool in found] == [4] * 5
    order = np.concatenate([pool.rows for _, pool in found])
    assert sorted(order) == list(range(1000)) and (order != rows).any()
    first = found[0][1].rows
    assert len(set(first // 50)) == 4  # of four blocks that are not neighbours,
    assert len(set(first[:40] // 50)) == 4  # from the first batches on
    again = np.concatenate([pool.rows for _, pool in pools(rows, np.arange(0, 1001, 50), 4, (5, 0))])
    other = np.concatenate([pool.rows for _, pool in pools(rows, np.arange(0, 1001, 50), 4, (5, 1))])
    assert (again == order).all() and (other != order).any()


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("how", ["rows", "blocks", "chunked"])
@pytest.mark.parametrize("left_out", [False, True])
def test_an_epoch_can_begin_at_any_batch(how, shuffle, left_out):
    x, y = numbered()
    held = Chunked(x) if how == "chunked" else x
    dataset = Rows(held, y, block=6, pool=2, shuffle=None if how == "chunked" else how)
    asked = {"shuffle": shuffle, "seed": 2, "epoch": 5, "rows": np.flatnonzero(y % 3) if left_out else None}
    whole = batches(dataset, **asked)
    assert sorted(np.concatenate([b.target for b in whole])) == [n for n in range(37) if n % 3 or not left_out]
    for first in range(len(whole) + 1):
        rest = batches(dataset, first, **asked)
        assert len(rest) == len(whole) - first and all(map(same, rest, whole[first:]))


def test_several_inputs_and_outputs_come_by_name_or_in_order(tmp_path):
    x, y = numbered()
    named = Rows({"a": mapped(x, tmp_path), "b": y}, {"p": y, "q": x[:, 0]}, sample_weight=np.ones(37))
    batch = batches(named)[2]
    assert batch.x["b"].tolist() == batch.target["p"].tolist() == [8, 9, 10, 11]
    assert batches(Rows((x, y), y))[2].x[1].tolist() == [8, 9, 10, 11]


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda x, y: Rows(x, y[:-1]), ShapeError, "x has 37 rows and target has 36"),
        (lambda x, y: Rows(x, y, sample_weight=[1.0]), ShapeError, "sample_weight has 1"),
        (lambda x, y: Rows(x[:0], y[:0]), DataError, "no rows"),
        (lambda x, y: Rows(x, y, shuffle="all"), OptionError, "'rows' or 'blocks'"),
        (lambda x, y: Rows(x, y, shuffle=True), OptionError, "whether an epoch is shuffled at all is said to fit"),
        (lambda x, y: Rows(Chunked(x), y, shuffle="rows"), OptionError, "gives neighbours only"),
        (lambda x, y: Rows(x, y, block=0), OptionError, "block is 0"),
        (lambda x, y: Rows(x, y, pool=1.5), OptionError, "pool is 1.5"),
        (lambda x, y: Rows(x, y, ahead=-1), OptionError, "ahead is -1"),
        (lambda x, y: Rows(np.array(["a"] * 37), y), DataError, "x holds"),
        (lambda x, y: Rows(Chunked(np.array(["a"] * 37)), y), DataError, "x holds"),
    ],
)
def test_what_is_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(*numbered())


def test_a_store_that_breaks_its_word_is_refused():
    class Short(Chunked):
        def __getitem__(self, rows):
            return super().__getitem__(rows)[:-1]

    with pytest.raises(ShapeError, match="says that its shape is"):
        batches(Rows(Short(numbered()[0]), np.arange(37)))


def test_hdf5_is_read_as_it_is(tmp_path):
    h5py = pytest.importorskip("h5py")
    x, y = numbered()
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("x", data=x.astype(np.float32), chunks=(5, 3, 2))
        file.create_dataset("y", data=y)
    with h5py.File(tmp_path / "data.h5", "r") as file:
        dataset = el.data.Rows(file["x"], file["y"])
        assert dataset.mixes == "blocks" and dataset.block % 5 == 0
        found = batches(dataset)
    assert np.array_equal(np.concatenate([b.x for b in found]), x)
