"""Changed model files, checkpoints, streams and sweeps by the thousand, in processes with bounds.

    python -m tests.fuzz.models --cases 50000
    python -m tests.fuzz.models --cases 5000 --source tests.fuzz.foreign  # files of PyTorch, Keras, ONNX

Prints how they ended, and of each way that is neither a refusal nor a sane model the first cases with their numbers,
which ``--only N`` runs again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from queue import Empty, Queue
from typing import Any

PROCESSES = 2
SHOWN = 4  # cases of each way to fail


class Pool:
    """Workers that are made anew when a case has ended one."""

    def __init__(self, numbers: range, folder: Path, seed: int, log: Path, source: str):
        self.numbers, self.folder, self.seed, self.log, self.source = Queue[int](), folder, seed, log, source
        for number in numbers:
            self.numbers.put(number)
        self.total, self.found, self.lock = len(numbers), list[dict[str, Any]](), threading.Lock()

    def run(self, processes: int) -> list[dict[str, Any]]:
        threads = [threading.Thread(target=self._work) for _ in range(processes)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(5)
            others = sum(one["outcome"] not in ("refused", "sane") for one in self.found)
            print(f"\r{len(self.found)}/{self.total}, {others} otherwise", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return self.found

    def _work(self) -> None:
        while not self.numbers.empty():
            with tempfile.TemporaryFile("w+") as said:
                worker = subprocess.Popen(
                    [sys.executable, "-m", "tests.fuzz.worker", str(self.folder), str(self.seed), self.source],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    text=True,
                    env={**os.environ, "ELMAN_THREADS": "1"},
                )
                self._serve(worker, said)

    def _serve(self, worker: Any, said: Any) -> None:
        """Cases, until none is left or one has ended the worker."""
        ready = worker.stdout.readline()
        if '"ready"' not in ready:
            worker.wait()
            said.seek(0)
            raise SystemExit(f"a worker cannot begin: {ready} {said.read()[-3000:]}")
        while True:
            try:
                number = self.numbers.get_nowait()
            except Empty:
                worker.stdin.close()
                worker.wait()
                return
            worker.stdin.write(f"{number}\n")
            worker.stdin.flush()
            answer = worker.stdout.readline()
            if not answer:
                code = worker.wait()
                said.seek(0)
                found = {"number": number, "base": "?", "outcome": "other", "trace": said.read()[-600:]}
                answer = json.dumps(found | {"error": f"it ended the process ({code})"})
            with self.lock, self.log.open("a") as log:
                self.found.append(json.loads(answer))
                log.write(answer.strip() + "\n")
            if '"ended' in answer or "it ended the process" in answer:
                return


def reported(found: list[dict[str, Any]]) -> str:
    """How many ended how, by kind of file, and what ended otherwise."""
    kinds = defaultdict[str, Counter[str]](Counter)
    ways = defaultdict[str, list[dict[str, Any]]](list)
    for one in found:
        kinds[re.sub(r"(cell|graph)-.*", r"\1", one["base"])][one["outcome"]] += 1
        if one["outcome"] == "other":
            ways[re.sub(r"\d+|'[^']*'", "#", one["error"])[:100] + " @ " + one["trace"][-150:]].append(one)
    lines = [f"{kind:28} {dict(counts)}" for kind, counts in sorted(kinds.items())]
    lines.append(f"in all {dict(sum(kinds.values(), Counter()))}")
    for _, those in sorted(ways.items(), key=lambda way: -len(way[1])):
        lines.append(f"{len(those)} x {those[0]['error']}\n    {those[0]['trace']}")
        lines.append("    " + ", ".join(f"{one['number']} ({one['base']})" for one in those[:SHOWN]))
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), help="where the files are that are changed")
    parser.add_argument("--source", default="tests.fuzz.cases", help="the module of the cases")
    asked = parser.parse_args()
    importlib.import_module(asked.source).bases(asked.folder)
    numbers = (
        range(asked.only, asked.only + 1) if asked.only is not None else range(asked.first, asked.first + asked.cases)
    )
    began = time.time()
    log = asked.folder / f"cases-{asked.seed}-{numbers.start}.jsonl"  # what was found so far, if all ends too early
    log.unlink(missing_ok=True)
    found = Pool(numbers, asked.folder, asked.seed, log, asked.source).run(asked.processes)
    print(reported(found))
    print(f"{len(found)} cases in {time.time() - began:.0f} s")
    return int(any(one["outcome"] == "other" for one in found))


if __name__ == "__main__":
    sys.exit(main())
