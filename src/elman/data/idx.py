"""IDX files, the format in which MNIST was published: a few bytes that say type and shape, then the numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from elman import checks
from elman.data.packed import BROKEN, GZIP, gunzipped
from elman.errors import DataError

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | Path) -> np.ndarray:
    """The array of an IDX file, plain or compressed by gzip.

    Parameters
    ----------
    path : str or Path
        Such as ``train-images-idx3-ubyte.gz``. What it is is seen from its bytes, not from its name.

    Returns
    -------
    ndarray
        Of the file's shape and type, in this machine's byte order.

    Raises
    ------
    DataError
        If it is not an IDX file, or is cut short.

    References
    ----------
    Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits, 1998: the format.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> written = open("labels.idx", "wb").write(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    >>> el.data.read_idx("labels.idx").tolist()
    [5, 0, 4]
    """
    path = checks.path(path)
    content = _uncompressed(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise DataError(f"{path} is not an IDX file: it begins with the bytes {content[:4].hex(' ')}")
    dtype, header = np.dtype(_TYPES[content[2]]), 4 + 4 * content[3]
    if len(content) < header:
        raise DataError(f"{path} ends within its header of {header} bytes; it was cut short, get it again")
    shape = np.frombuffer(content, ">u4", content[3], offset=4).tolist()
    expected = header + int(np.prod(shape, dtype=object)) * dtype.itemsize
    if len(content) != expected:
        raise DataError(f"{path} has {len(content)} bytes, its header promises {expected}; get it again")
    values = np.frombuffer(content, dtype, offset=header).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def _uncompressed(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gunzipped(content, path) if content[:2] == GZIP else content
    except BROKEN as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} cannot be read: {error}") from error
