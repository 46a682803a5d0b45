"""A process that reads changed files, one for each number that it is told; what it cannot bear it is ended by.

Its memory is bounded, and a case that takes too long ends it, with the lines where it was.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

ROOM = 2**30  # bytes that a case may ask for
GROWTH = 150 << 10  # KiB that a case may touch more than any before it
SECONDS = 120  # on a busy machine
BUSY = 8.0  # seconds of processor time


def main() -> None:
    folder, seed, kind = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    source = importlib.import_module(kind)
    every = source.bases(folder)
    scratch = Path(tempfile.mkdtemp(prefix="elman-fuzz-"))
    tempfile.tempdir = str(scratch)
    _warm(source, every)
    print(json.dumps({"ready": len(every)}), flush=True)
    for line in sys.stdin:
        print(json.dumps(_one(source, int(line), every, seed, scratch)), flush=True)


def _warm(source: Any, every: Any) -> None:
    """All files as they are: what they load stays loaded."""
    for base in every:
        try:
            assert source.judged(base.name, base.kind, base.path) == "sane", f"{base.name} is refused as it is"
        except Exception:
            print(json.dumps({"base": base.name, "error": traceback.format_exc()}), flush=True)
            raise


def _one(source: Any, number: int, every: Any, seed: int, scratch: Path) -> dict[str, Any]:
    base, draw = source.drawn(number, every, seed)
    path = scratch / "case.file"
    for old in scratch.iterdir():
        _remove(old)
    source.write(base, draw, path)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    resource.setrlimit(resource.RLIMIT_AS, (_virtual() + ROOM, resource.RLIM_INFINITY))
    found: dict[str, Any] = {"number": number, "base": base.name}
    try:
        found["outcome"] = source.judged(base.name, base.kind, path)
    except BaseException as error:
        found |= {"outcome": "other", "error": f"{type(error).__name__}: {error}"[:300], "trace": _trace(error)}
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        faulthandler.cancel_dump_traceback_later()
    spent = time.process_time() - began
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if found["outcome"] != "other" and spent > BUSY:
        found |= {"outcome": "other", "error": f"slow: {spent:.1f} s of {path.stat().st_size} bytes", "trace": ""}
    if found["outcome"] != "other" and grown > GROWTH + (20 * path.stat().st_size >> 10):
        found |= {"outcome": "other", "error": f"memory: {grown >> 10} MB", "trace": ""}
    return found


def _remove(path: Path) -> None:
    if path.is_dir():
        for one in path.iterdir():
            _remove(one)
        path.rmdir()
    else:
        path.unlink()


def _trace(error: BaseException) -> str:
    """Where it was raised, without the lines of the tests."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [f"{os.path.basename(f.filename)}:{f.lineno} {f.name}" for f in frames if "fuzz" not in f.filename]
    return " > ".join([*mine[:3], "...", *mine[-3:]] if len(mine) > 6 else mine)


def _virtual() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main()
