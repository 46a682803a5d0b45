"""Readers of data, each fed with changed files for a while: they read, or raise Elman's own error.

    python -m tests.fuzz.readers --seconds 60

With atheris installed (``pip install atheris``) it leads the changes by the lines of code that they reach; without it
they are drawn. Each reader has a process of its own, whose memory and time for a file are bounded.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import lzma
import random
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.mutate import mutated_bytes

ROOM = 2**31
SECONDS_A_FILE = 25

CSVS = (
    b"date,sales\n2024-01-01,3\n2024-01-02,4.5\n2024-01-03,\n2024-01-04,7\n",
    "Datum;Größe\n01.02.2023 10:00;1.234,5\n02.02.2023 11:30;2,5\n03.02.2023 12:00;NA\n".encode("cp1252"),
    b'shop\tyear\tmonth\tsold\nA\t2020\t1\t5\nA\t2020\t2\t6\nB\t2020\t1\t"7"\nB\t2020\t2\t8\n',
    b'"a ""b""","c\nd"\n1,2\n"3",4\n# a comment\n\n5,6\ntotal,12\n',
    b"\xef\xbb\xbfweek,y\n2024-W01,1\n2024-W02,2\n2024-W03,3\n",
    "time,v\n2024-03-31T01:30:00+01:00,1\n2024-03-31T03:30:00+02:00,2\n".encode("utf-16"),
    b"country,2019,2020,2021\nDE,1,2,3\nFR,4,5,6\n",
    b"1 2 3\n4 5 6\n7 8 9\n",
    b"Jan 5 '21,$1,000.50\nFeb 5 '21,($2)\n12%,3\n",
    b"epoch,y\n1700000000,1\n1700003600,2\n1700007200,3\n",
)
TS = (
    b"@problemName a\n@timeStamps false\n@univariate true\n@classLabel true x y\n@data\n1,2,3:x\n4,?,6:y\n",
    b"@timestamps true\n@dimensions 2\n@classlabel true 1 2\n@data\n(0,1),(1,2):(0,3),(1,4):1\n(0,1):(0,2):2\n",
    b"@relation a\n@attribute a1 numeric\n@attribute a2 numeric\n@attribute class {x,y}\n@data\n1,2,x\n3,4,y\n",
    b"1\t0.5\t0.25\t1\n2\t1.5\t2.5\t-3\n1\t3\tNaN\t2\n",
)


def _npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def _npz() -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, X=np.ones((3, 4, 2)), y=np.array(["a", "b", "a"]))
    return out.getvalue()


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", CSVS[0])
    return out.getvalue()


def _parquets() -> list[bytes]:
    import duckdb

    found = []
    queries = (
        "SELECT DATE '2024-01-01' + i::INTEGER AS day, i * 1.5 AS sold, 'a' || (i % 2) AS shop FROM range(20) t(i)",
        "SELECT TIMESTAMPTZ '2024-01-01 00:00+00' + i * INTERVAL 1 HOUR AS t, i::HUGEINT AS v, [i, i] AS l "
        "FROM range(9) t(i)",
    )
    with tempfile.TemporaryDirectory() as folder:
        for query in queries:
            duckdb.execute(f"COPY ({query}) TO '{folder}/t.parquet' (FORMAT parquet)")
            found.append(Path(folder, "t.parquet").read_bytes())
    return found


def _weights() -> list[bytes]:
    from safetensors.numpy import save

    shapes = {
        "rnn.weight_ih_l0": (12, 2),
        "rnn.weight_hh_l0": (12, 3),
        "rnn.bias_ih_l0": (12,),
        "rnn.bias_hh_l0": (12,),
    }
    return [save({name: np.ones(shape, np.float32) for name, shape in shapes.items()})]


# --- what reads them ------------------------------------------------------------------------------------------


def _series(path: Path) -> Any:
    from elman.data.collecting import collect

    return collect(path)


def _columns(path: Path) -> Any:
    from elman.data.readers import read_columns

    return read_columns(path)


def _cases(path: Path) -> Any:
    from elman.data.casing import read_cases

    return read_cases(path)


def _idx(path: Path) -> Any:
    from elman.data.idx import read_idx

    return read_idx(path)


def _text(path: Path) -> Any:
    from elman.data.text_files import TextFile
    from elman.language.characters import Characters

    return Characters.of(TextFile(path))


def _dates(path: Path) -> Any:
    from elman.data.read_times import read_times

    return read_times(path.read_bytes().decode("latin-1").split("\n"), "time")


def _npy_file(path: Path) -> Any:
    from elman.data.npy import read_npy

    return read_npy(path)


def _npz_file(path: Path) -> Any:
    from elman.data.npy import read_npz

    return read_npz(path)


def _mnist(path: Path) -> Any:
    from elman.data.images import mnist

    return mnist(path)


def _safetensors(path: Path) -> Any:
    from elman.interop.pytorch.files import read

    return read(path)


def _vocabulary(path: Path) -> Any:
    from elman.language.kinds import vocabulary_from
    from elman.untrusted import parsed

    return vocabulary_from(parsed(path.read_bytes().decode("utf-8", "replace"), "the vocabulary"))


DATES = (b"2024-01-01\n2024-02-01\n2024-03-01", b"Q1 2020\nQ2 2020", b"1. Mai 2021\n2. Mai 2021", b"12:00\n13:00")
VOCABULARIES = (
    b'{"kind": "characters", "characters": ["a", "b"], "limited": true}',
    b'{"kind": "words", "words": ["a"]}',
)
READERS: dict[str, tuple[Callable[[Path], Any], str, Callable[[], list[bytes]]]] = {
    "csv": (_series, ".csv", lambda: list(CSVS)),
    "columns": (_columns, ".csv", lambda: list(CSVS)),
    "tsv": (_cases, ".tsv", lambda: [*TS[3:], *CSVS]),
    "parquet": (_series, ".parquet", _parquets),
    "parquet-cases": (_cases, ".parquet", _parquets),
    "ts": (_cases, ".ts", lambda: list(TS)),
    "arff": (_cases, ".arff", lambda: list(TS)),
    "npy": (_npy_file, ".npy", lambda: [_npy(np.ones((2, 3))), _npy(np.array(["a", "bc"])), _npy(np.ones(3, "f4,i2"))]),
    "npz": (_npz_file, ".npz", lambda: [_npz()]),
    "npz-cases": (_cases, ".npz", lambda: [_npz()]),
    "idx": (
        _idx,
        ".idx",
        lambda: [b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03abcdef", gzip.compress(b"\0\0\x0d\x01\0\0\0\1abcd")],
    ),
    "mnist": (_mnist, ".npz", lambda: [_npz()]),
    "gzip": (_series, ".csv.gz", lambda: [gzip.compress(one) for one in CSVS[:3]]),
    "bzip2": (_series, ".csv.bz2", lambda: [bz2.compress(one) for one in CSVS[:3]]),
    "xz": (_series, ".csv.xz", lambda: [lzma.compress(one) for one in CSVS[:3]]),
    "zip": (_series, ".zip", lambda: [_zip()]),
    "text": (_text, ".txt", lambda: [*CSVS, b"to be or not to be\r\n"]),
    "dates": (_dates, ".txt", lambda: list(DATES)),
    "safetensors": (_safetensors, ".safetensors", _weights),
    "vocabulary": (_vocabulary, ".json", lambda: list(VOCABULARIES)),
}


# --- one reader -----------------------------------------------------------------------------------------------


def read_one(name: str, data: bytes, folder: Path) -> bool:
    """Whether a reader read a file; it raises what is no error of Elman's."""
    from elman.errors import ElmanError

    reader, ending, _ = READERS[name]
    path = folder / f"case{ending}"
    path.write_bytes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader(path)
    except ElmanError as error:
        if isinstance(error.__cause__, MemoryError):
            raise AssertionError("memory was asked for") from error
        return False
    return True


def _alone(name: str, seconds: float) -> int:
    """Feed one reader in this process, by drawn changes."""
    import faulthandler
    import resource

    seeds, draw, count, read = READERS[name][2](), random.Random(name), 0, 0
    folder = Path(tempfile.mkdtemp())
    for seed in seeds:
        read_one(name, seed, folder)
    with open("/proc/self/statm") as file:
        room = int(file.read().split()[0]) * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    end = time.time() + seconds
    while time.time() < end:
        data = mutated_bytes(draw.choice(seeds), draw)
        faulthandler.dump_traceback_later(SECONDS_A_FILE, exit=True)
        try:
            if read_one(name, data, folder):
                read += 1
                if len(seeds) < 200 and len(data) < 4000:
                    seeds.append(data)  # so that changes add up
        except Exception:
            print(f"{name}: {data!r}\n{traceback.format_exc()}", file=sys.stderr)
            return 1
        faulthandler.cancel_dump_traceback_later()
        count += 1
    print(f"{name}: {count} files, {read} of them read, the others refused", flush=True)
    return 0


def _led(name: str, seconds: float) -> int:
    """The same, led by atheris."""
    import atheris

    with atheris.instrument_imports(include=["elman.data", "elman.language", "elman.interop"]):
        import elman.data.collecting  # noqa: F401

    folder = Path(tempfile.mkdtemp())
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(READERS[name][2]()):
        (corpus / f"{number}").write_bytes(seed)
        read_one(name, seed, folder)
    bounds = [f"-max_total_time={int(seconds)}", f"-timeout={SECONDS_A_FILE}", "-rss_limit_mb=4096", "-max_len=4096"]
    atheris.Setup(
        [sys.argv[0], *bounds, "-print_final_stats=1", str(corpus)], lambda data: read_one(name, data, folder)
    )
    atheris.Fuzz()
    return 0


def has_atheris() -> bool:
    try:
        import atheris  # noqa: F401
    except ImportError:
        return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--reader", choices=list(READERS), help="this one alone, in this process")
    parser.add_argument("--drawn", action="store_true", help="without atheris")
    asked = parser.parse_args()
    led = has_atheris() and not asked.drawn
    if asked.reader:
        return _led(asked.reader, asked.seconds) if led else _alone(asked.reader, asked.seconds)
    if not led and not asked.drawn:
        print("atheris is not installed (pip install atheris): changes are drawn", flush=True)
    wrong = []
    for name in READERS:
        command = [sys.executable, "-m", "tests.fuzz.readers", "--reader", name, "--seconds", str(asked.seconds)]
        done = subprocess.run([*command, *(["--drawn"] if not led else [])], stderr=subprocess.PIPE, text=True)
        if led:
            stats = [line for line in done.stderr.splitlines() if "number_of_executed_units" in line]
            print(f"{name}: {' '.join(stats)}", flush=True)
        if done.returncode:
            wrong.append(name)
            print(f"{name}: ended with {done.returncode}\n{done.stderr[-3000:]}", flush=True)
    print("nothing else than what was read or refused" if not wrong else f"otherwise: {', '.join(wrong)}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
