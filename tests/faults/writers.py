"""Everything that writes, each as versions of a file or folder that follow one another."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import elman as el
from elman.classify.judging import write_predictions
from elman.data import download
from elman.files import Writing, settle, write_folder, write_whole
from elman.fleet import sweep_store
from elman.plots.page import Report, Section
from elman.plots.saved import write_picture


@dataclass(frozen=True)
class Writer:
    """What writes.

    Attributes
    ----------
    write : function of (folder, version)
        Writes version n, a number from 1, over what is there.
    read : function of folder
        The version that is there, 0 if none is; raises if it is half of one, or of two.
    """

    write: Callable[[Path, int], Any]
    read: Callable[[Path], int]


NET = el.Network(1, [el.GRU(3), el.Dense(1)], seed=0)


def _version_of_net(net: el.Network) -> int:
    (version,) = set(net.arena.tolist())
    return int(version)


def _net(version: int) -> el.Network:
    NET.params.write(float(version))
    return NET


def _read_net(folder: Path) -> int:
    file = folder / "net.safetensors"
    return _version_of_net(el.load(file)) if file.exists() else 0


# --- a folder of several files, of which one comes and goes ---------------------------------------------------


def _write_folder(folder: Path, version: int) -> None:
    files: dict[str, Any] = {
        name: lambda path: path.write_text(str(version) * 3000) for name in ("a.csv", "page.html", "z.json")
    }
    files["model.safetensors"] = _net(version).save
    files["picture.png"] = None if version % 2 else lambda path: path.write_bytes(str(version).encode())
    write_folder(folder / "out", files)


def _read_folder(folder: Path) -> int:
    out = folder / "out"
    if not out.exists():
        return 0
    settle(out)
    names = {p.name for p in out.iterdir() if not p.name.startswith(".")}
    if not names:
        return 0
    version = _version_of_net(el.load(out / "model.safetensors"))
    usual = {"a.csv", "page.html", "z.json", "model.safetensors"}
    assert names == (usual if version % 2 else usual | {"picture.png"}), names
    for name in ("a.csv", "page.html", "z.json"):
        assert (out / name).read_text() == str(version) * 3000, name
    assert version % 2 or (out / "picture.png").read_text() == str(version)
    return version


# --- what follows a training ----------------------------------------------------------------------------------


def _training(version: int) -> Any:
    net = _net(version)
    net.epochs = version
    logs = {"loss": 1 / version, "seconds": float(version)} | ({"val_loss": 2.0} if version > 3 else {})
    optimizer = el.Adam()
    optimizer.begin(net)
    return SimpleNamespace(net=net, logs=logs, optimizer=optimizer, epoch=version, epochs=version, stop=False)


def _write_log(folder: Path, version: int) -> None:
    if _read_log(folder) >= version:
        return
    el.CSVLogger(folder / "log.csv", append=True).on_epoch_end(_training(version))


def _read_log(folder: Path) -> int:
    file = folder / "log.csv"
    if not file.exists():
        return 0
    with file.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [int(line["epoch"]) for line in lines] == list(range(1, len(lines) + 1))
    assert all(float(line["loss"]) == 1 / int(line["epoch"]) for line in lines) and file.read_text().endswith("\n")
    return len(lines)


def _write_checkpoint(folder: Path, version: int) -> None:
    checkpoint = el.Checkpoint(folder / "net.safetensors", overwrite=True)
    checkpoint.on_epoch_end(_training(version))


def _write_best(folder: Path, version: int) -> None:
    keep = el.ModelCheckpoint(folder / "net.safetensors", None, overwrite=True)
    keep.on_epoch_end(_training(version))


# --- others ---------------------------------------------------------------------------------------------------


def _write_streams(folder: Path, version: int) -> None:
    streams = NET.streams()
    for key in range(version):
        streams.open(key)
    streams.save(folder / "streams.safetensors")


def _read_streams(folder: Path) -> int:
    file = folder / "streams.safetensors"
    if not file.exists():
        return 0
    streams = NET.streams()
    streams.restore(file)
    return len(streams)


def _text(name: str, write: Callable[[Path, str], Any]) -> Writer:
    def read(folder: Path) -> int:
        file = folder / name
        if not file.exists():
            return 0
        found = {int(part) for part in file.read_text().split("version ")[1:] for part in [part.split()[0]]}
        (version,) = found
        return version

    return Writer(lambda folder, version: write(folder / name, f"version {version} " * 5000), read)


def _write_page(path: Path, text: str) -> None:
    Report(text, [Section("a", "b")]).write_html(path)


def _write_picture(path: Path, text: str) -> None:
    class Figure:
        @staticmethod
        def savefig(file: Any, **_: Any) -> None:
            file.write(text.encode())

    write_picture(path, Figure)


def _write_table(path: Path, text: str) -> None:
    judged: Any = SimpleNamespace(table=lambda: {"a": [text]})
    write_predictions(judged, path)


def _download(path: Path, text: str) -> None:
    source = f"data:text/plain,{quote(text)}"
    download.REMOTE[path.name] = download.Remote(source, hashlib.sha256(text.encode()).hexdigest())
    download.download(path.name, path.parent, verbose=0)


_ABOUT = sweep_store.About(
    identity={
        "estimator": "x",
        "data": "d",
        "judged by": "b",
        "measure": "loss",
        "search": "s",
        "seeds": [0],
        "space": {"units": [1]},
        "params": {},
    },
    shown={
        "name": "n",
        "measure": "loss",
        "how": "h",
        "planned": 1,
        "baseline": None,
        "fingerprints": {"data": "d", "options": "o"},
    },
    columns={"units": "INTEGER"},
    measures=("loss",),
)


def _write_sweep(folder: Path, version: int) -> None:
    with sweep_store.opened(folder / "sweep.duckdb", _ABOUT) as trials:
        done = len(trials.rows())
        for number in range(done, version):
            row = sweep_store.Row(number, 0, '{"units": 1}', "done", 1.0, {"loss": 1.0}, 0.1, "", "2026-01-01 00:00:00")
            trials.add(row, {"units": number})


def _read_sweep(folder: Path) -> int:
    file = folder / "sweep.duckdb"
    if not file.exists():
        return 0
    _, rows = sweep_store.read(file)
    assert [row.trial for row in rows] == list(range(len(rows)))
    return len(rows)


def _write_locked(folder: Path, version: int) -> None:
    with Writing(folder / "locked", "a test"):
        write_whole(folder / "locked" / "file", str(version).encode())


def _read_locked(folder: Path) -> int:
    file = folder / "locked" / "file"
    return int(file.read_text()) if file.exists() else 0


WRITERS: dict[str, Writer] = {
    "network": Writer(lambda folder, n: _net(n).save(folder / "net.safetensors"), _read_net),
    "folder": Writer(_write_folder, _read_folder),
    "log": Writer(_write_log, _read_log),
    "checkpoint": Writer(_write_checkpoint, _read_net),
    "best": Writer(_write_best, _read_net),
    "streams": Writer(_write_streams, _read_streams),
    "page": _text("page.html", _write_page),
    "picture": _text("picture.svg", _write_picture),
    "table": _text("table.csv", _write_table),
    "download": _text("got", _download),
    "sweep": Writer(_write_sweep, _read_sweep),
    "locked": Writer(_write_locked, _read_locked),
}


def strays(folder: Path) -> list[str]:
    """Hidden files, but DuckDB's journal of a file that is there."""
    return sorted(str(p) for p in folder.rglob("*") if p.name.startswith("."))
