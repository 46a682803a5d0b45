"""Files that unpack to far more than they are, or say that they hold it: refused before that is asked for."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import numpy as np
import pytest

from elman.data import packed
from elman.data.collecting import collect
from elman.data.idx import read_idx
from elman.data.npy import read_npy, read_npz
from elman.errors import DataError

ZEROS = b"0,1\n" * (1 << 20)
TABLE = b"day,y\n2024-01-01,1\n2024-01-02,2\n"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Bounds of a megabyte, so that the bombs of these tests are small."""
    monkeypatch.setattr(packed, "LEAST_ROOM", 1 << 20)


def zipped(data: bytes, name: str = "t.csv") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zip": zipped}


@pytest.mark.parametrize("ending", PACKERS)
def test_bombs_and_tables(tmp_path, ending):
    bomb, table = tmp_path / f"bomb.csv{ending}", tmp_path / f"table.csv{ending}"
    bomb.write_bytes(PACKERS[ending](ZEROS))
    table.write_bytes(PACKERS[ending](TABLE))
    with pytest.raises(DataError, match="unpacks to more than 1 MB"):
        collect(bomb)
    assert collect(table).values.tolist() == [1, 2]


def test_files_of_several_streams_are_whole(tmp_path):
    for ending, pack in ((".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)):
        path = tmp_path / f"t.csv{ending}"
        path.write_bytes(pack(TABLE[:20]) + pack(TABLE[20:]))
        assert collect(path).values.tolist() == [1, 2]
        path.write_bytes(pack(TABLE)[:-6])
        with pytest.raises(DataError, match="cannot be read"):
            collect(path)


def test_zstandard(tmp_path):
    import duckdb

    for name, rows in (("bomb", 1 << 18), ("table", 3)):
        path = tmp_path / f"{name}.csv.zst"
        query = f"SELECT 2000 + i % 3 AS year, 12345 AS y FROM range({rows}) t(i)"
        duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT csv, COMPRESSION zstd)")
    assert collect(tmp_path / "table.csv.zst").values.tolist() == [12345] * 3
    with pytest.raises(DataError, match="unpacks to more than 1 MB"):
        collect(tmp_path / "bomb.csv.zst")


def test_xz_that_asks_for_much_memory_is_refused(tmp_path):
    path = tmp_path / "t.csv.xz"
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 30}]
    path.write_bytes(lzma.compress(TABLE, filters=filters))
    with pytest.raises(DataError, match="cannot be read: Memory"):
        collect(path)


def test_images_that_are_bombs(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x01" + (4 << 20).to_bytes(4, "big") + bytes(4 << 20)))
    with pytest.raises(DataError, match="unpacks to more than"):
        read_idx(path)


# --- NumPy's files --------------------------------------------------------------------------------------------


def npy(header: str, values: bytes = b"", version: bytes = b"\x01\0") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + values


LIES = {
    "more than there is": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10**0, 1000000000000)}"),
    "more than there is, said plainly": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}"),
    "objects": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"\x80\x04N."),
    "records": npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", bytes(8)),
    "nothing, often": npy("{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000000000,)}"),
    "texts of no letters": npy("{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000000,)}"),
    "a negative shape": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", bytes(8)),
    "code": npy("__import__('os').system('true')"),
    "brackets without end": npy("(" * 5000),
    "no header": b"\x93NUMPY\x01\0",
    "another version": npy("{}", version=b"\x09\0"),
}


@pytest.mark.parametrize("name", LIES)
def test_arrays_that_are_none(tmp_path, name):
    alone, several = tmp_path / "a.npy", tmp_path / "a.npz"
    alone.write_bytes(LIES[name])
    several.write_bytes(zipped(LIES[name], "X.npy"))
    for read, path in ((read_npy, alone), (read_npz, several)):
        with pytest.raises(DataError, match="a.np"):
            read(path)


@pytest.mark.parametrize(
    "array", [np.ones((2, 3)), np.array(["a", "bc"]), np.asfortranarray(np.ones((3, 2))), np.ones(())]
)
def test_arrays(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", X=array, y=array)
    np.testing.assert_array_equal(read_npy(tmp_path / "a.npy"), array)
    found = read_npz(tmp_path / "a.npz")
    assert list(found) == ["X", "y"]
    np.testing.assert_array_equal(found["y"], array)


def test_an_archive_that_is_a_bomb(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", X=np.zeros(1 << 20))
    with pytest.raises(DataError, match="unpacks to more than"):
        read_npz(tmp_path / "a.npz")
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[data.index(b"PK\x01\x02") + 10] = 99  # a way of packing that nobody knows
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(DataError, match="cannot be read as an array"):
        read_npz(tmp_path / "a.npz")
