"""Files that can be had from the network: where they are, and what they must be."""

from __future__ import annotations

import hashlib
import http.client
import os
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from elman.errors import DataError
from elman.files import draft, sync_file, sync_folder

CHUNK = 1 << 16
SECONDS_TO_WAIT = 20.0  # for the next bytes of a server that is silent


@dataclass(frozen=True)
class Remote:
    """A file in the network.

    Attributes
    ----------
    url : str
        Where it is.
    sha256 : str
        Its checksum: whatever else comes is thrown away.
    """

    url: str
    sha256: str


REMOTE = {
    "mnist.npz": Remote(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    ),
}


def cache_folder() -> Path:
    """The user's folder for downloaded data: ``$XDG_CACHE_HOME/elman``, or ``~/.cache/elman``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "elman"


def download(name: str, folder: Path, verbose: int = 1) -> Path:
    """Fetch a file of `REMOTE`; it appears in the folder complete and checked, or not at all.

    Parameters
    ----------
    name : str
        Of the file.
    folder : Path
        Where to; made if it is not there.
    verbose : int, default 1
        0 for silence, 1 for a progress bar on the standard error stream.

    Raises
    ------
    DataError
        If it cannot be fetched, or is not what it should be.
    """
    remote = REMOTE[name]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with draft(folder) as made:
            with made.open("xb") as file:
                found = _fetch(remote.url, file, name, verbose)
            if found != remote.sha256:
                raise DataError(
                    f"{remote.url} gave a file with SHA-256 {found}, expected {remote.sha256}; it was not kept"
                )
            sync_file(made)
            os.replace(made, folder / name)
            sync_folder(folder)
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise DataError(f"{remote.url} could not be fetched into {folder}: {error}") from error
    return folder / name


def _fetch(url: str, file: IO[bytes], name: str, verbose: int) -> str:
    """Copy what a server sends into a file; its SHA-256."""
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=SECONDS_TO_WAIT) as answer:
        total = answer.headers.get("Content-Length")
        with _progress(name, int(total) if total else None, verbose) as advance:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                digest.update(chunk)
                advance(len(chunk))
    return digest.hexdigest()


@contextmanager
def _progress(name: str, total: int | None, verbose: int) -> Iterator[Any]:
    """What is to be told of each chunk's size."""
    if not verbose:
        yield lambda size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    shown: list[Any] = [TextColumn(name), BarColumn(bar_width=24), DownloadColumn(), TransferSpeedColumn()]
    with Progress(*shown, console=Console(file=sys.stderr)) as bar:
        task = bar.add_task(name, total=total)
        yield lambda size: bar.advance(task, size)
