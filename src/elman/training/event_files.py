"""Event files, as TensorBoard reads them, without TensorFlow: records of protocol buffers with checksums.

A record is the length of its data (uint64), the masked CRC-32C of the length (uint32), the data, and their masked
CRC-32C. The data are an `Event` of ``tensorflow/core/util/event.proto``, of which what is needed here is written field
by field.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected
_STRING, _TENSOR_CLASS, _START = 7, 2, 1  # DT_STRING, DATA_CLASS_TENSOR, SessionLog.START


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """The CRC-32C of some bytes.

    Examples
    --------
    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    found = 0xFFFFFFFF
    for byte in data:
        found = _TABLE[(found ^ byte) & 0xFF] ^ found >> 8
    return found ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    """The checksum of a record: turned and shifted, so that a checksum of checksums is none of zeros."""
    found = crc32c(data)
    return (found >> 15 | found << 17) + 0xA282EAD8 & 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """Data as they lie in the file."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked(length)) + data + struct.pack("<I", masked(data))


# --- protocol buffers ---------------------------------------------------------------------------------------


def _varint(value: int) -> bytes:
    value, found = value & 0xFFFFFFFFFFFFFFFF, bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _whole(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + np.float32(value).tobytes()


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _doubles(field: int, values: np.ndarray) -> bytes:
    return _bytes(field, np.asarray(values, "<f8").tobytes())


# --- values -------------------------------------------------------------------------------------------------


def scalar(tag: str, value: float) -> bytes:
    """A number."""
    return _bytes(1, tag) + _float(2, value)


def histogram(tag: str, values: np.ndarray, bins: int = 30) -> bytes:
    """How numbers, all finite, are spread: counts in bins of one width from the least to the greatest."""
    flat = np.ravel(values).astype(np.float64)
    counts, edges = np.histogram(flat, bins) if flat.size and np.ptp(flat) > 0 else (np.array([flat.size]), None)
    limits = (flat[:1] if flat.size else np.zeros(1)) if edges is None else edges[1:]
    ends = (flat.min(), flat.max()) if flat.size else (0.0, 0.0)
    moments = (*ends, float(flat.size), flat.sum(), np.square(flat).sum())
    said = b"".join(_double(field, float(value)) for field, value in enumerate(moments, 1))
    return _bytes(1, tag) + _bytes(5, said + _doubles(6, limits) + _doubles(7, counts.astype(np.float64)))


def text(tag: str, value: str) -> bytes:
    """A text, which is shown as Markdown."""
    metadata = _bytes(1, _bytes(1, "text")) + _whole(4, _TENSOR_CLASS)
    tensor = _whole(1, _STRING) + _bytes(2, b"") + _bytes(8, value)
    return _bytes(1, tag) + _bytes(9, metadata) + _bytes(8, tensor)


class EventFile:
    """Adds events to a new file of a folder.

    Parameters
    ----------
    folder : Path
        Which is there.
    step : int, default 0
        What earlier files of the folder have behind it is no longer shown.
    """

    def __init__(self, folder: Path, step: int = 0):
        name = f"events.out.tfevents.{time.time_ns() // 10**9:010d}.{socket.gethostname()}.{os.getpid()}"
        number = 0
        while (folder / f"{name}.{number}").exists():
            number += 1
        self.path: Path = folder / f"{name}.{number}"
        self._file = self.path.open("xb")
        self._add(_bytes(3, "brain.Event:2"))
        if step:
            self.restart(step)

    def add(self, values: Iterable[bytes], step: int) -> None:
        """What some values are at a step."""
        self._add(_whole(2, step) + _bytes(5, b"".join(_bytes(1, value) for value in values)))

    def restart(self, step: int) -> None:
        """Have what was written before, in any file of the folder, be shown up to a step only."""
        self._add(_whole(2, step + 1) + _bytes(7, _whole(1, _START)))

    def _add(self, event: bytes) -> None:
        self._file.write(record(_double(1, time.time()) + event))
        self._file.flush()

    def close(self) -> None:
        """No more events."""
        self._file.close()
