"""Kill trainings at random moments, and have them go on: ``python -m tests.kills.run --kills 100``.

Each work is a process forked from this one, which has loaded Elman and computed nothing. It is done once without a
break, then again and again with SIGKILL at a random moment, until so many kills have hit; each time it goes on, and
what comes out in the end must be the same bits. After each kill whatever has the name of a file of a run must be one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from elman import cli, commands, commands_fleet, commands_sequences, commands_text
from elman.training.run_folder import MANIFEST, is_of_run, manifest_of
from elman.training.standing import Standing, check_schema
from tests.kills.works import EVERY, RUN, WORKS

LOADED = cli, commands, commands_fleet, commands_sequences, commands_text  # before processes are forked
ANSWER = "answer.txt"


def start(name: str, folder: Path, saved: dict) -> int:
    """The process that does a work in a folder."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.chdir(folder)
        with open("output.txt", "w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        Path(ANSWER + ".part").write_text(WORKS[name](saved))
        os.replace(ANSWER + ".part", ANSWER)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def end_of(pid: int, seconds: float | None = None) -> int | None:
    """The exit code of a process; None once it was killed after so many seconds."""
    if seconds is not None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return None if code == -signal.SIGKILL else code


def check_files(folder: Path) -> int:
    """Whatever a kill has left is whole; how many checkpoints there are."""
    found = 0
    for manifest in folder.glob(f"**/{MANIFEST}"):
        manifest_of(manifest.parent)
    for file in folder.glob("**/*.safetensors"):
        if is_of_run(file) and not file.stem.startswith("best"):
            check_schema(Standing.read(file), file)
            found += 1
    return found


def left_alone(name: str, folder: Path, saved: dict) -> tuple[str, float]:
    """What comes out of a work that nothing ends, and how long it takes."""
    folder.mkdir()
    begun = time.monotonic()
    if end_of(start(name, folder, saved)) != 0:
        raise AssertionError(f"{name}: {(folder / 'output.txt').read_text()}")
    return (folder / ANSWER).read_text(), time.monotonic() - begun


def killed(name: str, kills: int, rng: random.Random) -> dict[str, int]:
    """How many kills of a work hit, and how many of these left something to go on from."""
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        folder, hits, useful, rounds = Path(place, "killed"), 0, 0, 0
        expected, _ = left_alone(name, Path(place, "whole"), {})
        saved = {"checkpoint": RUN, "every": EVERY, "resume": True}
        found, lasts = left_alone(name, Path(place, "saved"), saved)
        assert found == expected, f"{name}: other bits come out if it is saved"
        while hits < kills:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            rounds += 1
            while True:
                code = end_of(start(name, folder, saved), rng.uniform(0.0, 1.2 * lasts) if hits < kills else None)
                if code is not None:
                    break
                hits += 1
                useful += bool(check_files(folder))
            if code != 0:
                raise AssertionError(f"{name}, after {hits} kills: {(folder / 'output.txt').read_text()}")
            if (folder / ANSWER).read_text() != expected:
                raise AssertionError(f"{name}: after {hits} kills other bits came out")
            left = [p for p in folder.glob("**/.*") if p.name.startswith(".elman")]
            assert not left, f"{name}: stray files {left}"
        return {"kills": hits, "with something to go on from": useful, "rounds": rounds}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100, help="of all works together")
    parser.add_argument("--only", nargs="*", default=sorted(WORKS), choices=sorted(WORKS))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    each = -(-options.kills // len(options.only))
    for number, name in enumerate(options.only):
        print(name, killed(name, each, random.Random(options.seed * 1000 + number)), flush=True)


if __name__ == "__main__":
    main()
