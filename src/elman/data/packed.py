"""The bytes of a file, unpacked; files that are no table are told apart by what they begin with."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elman.checks import nearest
from elman.errors import DataError

GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
LEAST_ROOM, TIMES = 2**28, 100
"""A packed file may hold so many bytes, or so many times its own: real tables are packed to a third or a twentieth, and
what is made to fill a memory to a thousandth and less."""
_XZ_MEMORY = 2**29  # which its header asks for; that of the strongest preset is 65 MB
BROKEN = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,
    struct.error,
    MemoryError,
)
"""What a file that is damaged, or only pretends to be packed, makes Python's modules raise."""
_AS_CSV = "save the sheet as CSV (in the spreadsheet: File, Save As, CSV) and give that file"
_WORKBOOKS = frozenset([".xlsx", ".xlsm", ".xlsb", ".ods"])
_AS_PARQUET = "write it as CSV or Parquet, with pandas for instance, and give that file"
_OTHERS = (  # what a file begins with, what it is, what to do
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", _AS_CSV),
    (b"ARROW1", "a Feather (Arrow) file", _AS_PARQUET),
    (b"FEA1", "a Feather file", _AS_PARQUET),
    (b"\x93NUMPY", "a NumPy array (.npy)", "read it with numpy.load and give the array to elman.Forecaster"),
    (b"\x89HDF", "an HDF5 file", _AS_PARQUET),
    (b"CDF", "a NetCDF file", _AS_PARQUET),
    (b"SQLite format 3", "a SQLite database", _AS_PARQUET),
    (b"$FL2", "an SPSS file", _AS_PARQUET),
    (b"<stata_dta>", "a Stata file", _AS_PARQUET),
    (b"RDX", "an R data file", "write it as CSV with write.csv in R, and give that file"),
    (b"%PDF", "a PDF document", "copy its table into a CSV file"),
    (b"\x89PNG", "a picture", "give a CSV or Parquet file"),
    (b"\xff\xd8\xff", "a picture", "give a CSV or Parquet file"),
    (b"GIF8", "a picture", "give a CSV or Parquet file"),
    (b"\x7fELF", "a program", "give a CSV or Parquet file"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it and give the table that it holds"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself", "fetch the file with `git lfs pull`"),
)


def file_start(path: Path) -> bytes:
    """The first bytes of a file that is there.

    Raises
    ------
    DataError
        If there is no such file, or it cannot be read, or is empty.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; give one of the files in it")
    if not path.exists():
        folder = path.parent
        there = [f.name for f in folder.iterdir() if f.is_file()] if folder.is_dir() else []
        raise DataError(f"there is no file {path}{nearest(path.name, there)}")
    if not path.is_file():
        raise DataError(f"{path} is no ordinary file; save what it gives as a CSV file first")
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if not start:
        raise DataError(f"{path} is empty; expected a table with a header and a row for each time")
    return start


def unpacked(path: Path) -> bytes:
    """All of a file, decompressed where it is packed by gzip, bzip2, xz, Zstandard or as a ZIP archive of one file.

    Raises
    ------
    DataError
        If it cannot be unpacked, or holds something that is no table.
    """
    start = file_start(path)
    try:
        data = _unpacked(path, start)
    except BROKEN as error:
        if isinstance(error, DataError):
            raise
        advice = f"; {_AS_CSV}" if path.suffix.lower() in _WORKBOOKS else ""
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}{advice}") from error
    if not data.strip():
        raise DataError(f"{path} is empty; expected a table with a header and a row for each time")
    _refuse_others(path, data)
    return data


def _unpacked(path: Path, start: bytes) -> bytes:
    if start.startswith(b"PK\x03\x04"):
        return _from_zip(path)
    if start.startswith(_ZSTANDARD):
        return _from_zstandard(path)
    data = path.read_bytes()
    unpack = next((unpack for magic, unpack in _PACKERS.items() if start.startswith(magic)), None)
    return unpack(data, path) if unpack else data


def room(size: int) -> int:
    """How many bytes a packed file of some size may hold."""
    return max(LEAST_ROOM, TIMES * size)


def read_within(file: Any, size: int, path: Path) -> bytes:
    """All that a file object unpacks, unless that is far more than the `size` of what is packed warrants."""
    most = room(size)
    data: bytes = file.read(most + 1)
    if len(data) > most:
        raise too_large(path, most)
    return data


def too_large(path: Path, most: int) -> DataError:
    return DataError(
        f"{path} unpacks to more than {most >> 20} MB, {TIMES} times its own size and more: if it is a table after "
        "all, unpack it yourself and give what comes out"
    )


def gunzipped(data: bytes, path: Path) -> bytes:
    """What gzip packed, within bounds."""
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        return read_within(file, len(data), path)


def _bunzipped(data: bytes, path: Path) -> bytes:
    with bz2.BZ2File(io.BytesIO(data)) as file:
        return read_within(file, len(data), path)


def _of_xz(data: bytes, path: Path) -> bytes:
    """Of one stream or several; the memory that a stream may ask for is bounded, which `lzma.open` cannot."""
    most, found, rest = room(len(data)), bytearray(), data
    while rest:
        stream = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        found += stream.decompress(rest, max_length=most + 1 - len(found))
        if len(found) > most:
            raise too_large(path, most)
        if not stream.eof:
            raise EOFError("it ends too early")
        rest = stream.unused_data.lstrip(b"\0")
    return bytes(found)


_PACKERS: dict[bytes, Callable[[bytes, Path], bytes]] = {GZIP: gunzipped, b"BZh": _bunzipped, b"\xfd7zXZ\x00": _of_xz}


def _from_zip(path: Path) -> bytes:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        names = [n for n in archive.namelist() if not n.endswith("/") and not n.startswith("__MACOSX")]
        if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
            raise DataError(f"{path} is an Excel workbook (.xlsx): {_AS_CSV}")
        if "mimetype" in names and "content.xml" in names:
            raise DataError(f"{path} is an OpenDocument file (.ods): {_AS_CSV}")
        if len(names) != 1:
            raise DataError(
                f"{path} is an archive of {len(names)} files, expected one table; unpack it and give one of "
                f"{', '.join(names[:8])}{' ...' if len(names) > 8 else ''}"
            )
        try:
            with archive.open(names[0]) as file:
                return read_within(file, path.stat().st_size, path)
        except RuntimeError as error:  # a password
            raise DataError(f"{path} cannot be unpacked: {error}") from error


def _from_zstandard(path: Path) -> bytes:
    """By DuckDB, as Python knows no Zstandard before 3.14: a table of one column, the lines."""
    import duckdb

    from elman.data.database import as_literal, connected

    reading = (
        "SELECT line FROM read_csv(?, columns={'line': 'VARCHAR'}, auto_detect=false, header=false, delim='\x01', "
        "quote='', escape='', compression='zstd', null_padding=true, max_line_size=100000000)"
    )
    try:
        with connected() as database:
            return _lines(database.execute(reading, [as_literal(path)]), path)
    except duckdb.Error as error:
        raise DataError(f"{path} cannot be unpacked: {' '.join(str(error).split())[:300]}") from error


def _lines(query: Any, path: Path) -> bytes:
    most, found = room(path.stat().st_size), bytearray()
    while lines := query.fetchmany(10_000):
        found += "".join(f"{line or ''}\n" for (line,) in lines).encode()
        if len(found) > most:
            raise too_large(path, most)
    return bytes(found[:-1])


def _refuse_others(path: Path, data: bytes) -> None:
    for magic, what, advice in _OTHERS:
        if data.startswith(magic):
            raise DataError(f"{path} is {what}: {advice}")
    if data[:1] == b"\x80" and data[1:2] in b"\x02\x03\x04\x05" and data.rstrip()[-1:] == b".":
        raise DataError(f"{path} is a pickle of Python, which may run code when it is read: {_AS_PARQUET}")
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        what = "XML" if start.startswith(b"<?xml") else "a web page (HTML)"
        raise DataError(f"{path} is {what}, not a table: download the CSV file itself, often behind `raw`")
    if start.startswith((b"{", b"[")) and _is_json(data):
        raise DataError(f"{path} is JSON: {_AS_PARQUET}")


def _is_json(data: bytes) -> bool:
    """As a whole, or line by line."""
    import json

    text = data.decode("utf-8-sig", "replace").strip()
    for part in (text.splitlines()[0], text):
        try:
            return isinstance(json.loads(part), dict | list)
        except (ValueError, RecursionError):
            continue
    return False
