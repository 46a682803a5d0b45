"""What `import` costs: seconds beyond NumPy's own import, in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from statistics import median
from typing import Any

TIMES = 5
MODULES = {"elman": "elman", "pytorch": "torch", "jax": "jax.numpy", "keras": "keras", "onnxruntime": "onnxruntime"}
FIRST_USE = {"elman": "elman.Network(inputs=1, layers=[elman.GRU(8), elman.Dense(1)])"}
CODE = """
import time, numpy
begin = time.perf_counter()
import {module}
imported = time.perf_counter()
{use}
print("seconds", imported - begin, time.perf_counter() - imported)
"""


def import_times(without: Collection[str] = (), times: int = TIMES) -> list[dict[str, Any]]:
    """Each library's import, in rounds; the median, and for Elman also that of making the first network after it."""
    libraries = [library for library in MODULES if library not in without]
    found: dict[str, list[tuple[float, ...] | str]] = {library: [] for library in libraries}
    for _ in range(1 + times):  # the first one brings the files into memory
        for library in libraries:
            found[library].append(_import(library))
    return [_entry(library, rounds[1:]) for library, rounds in found.items()]


def _import(library: str) -> tuple[float, ...] | str:
    """Seconds of the import and of the first use; or why there are none."""
    code = CODE.format(module=MODULES[library], use=FIRST_USE.get(library, "pass"))
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    lines = [line.split()[1:] for line in run.stdout.splitlines() if line.startswith("seconds ")]
    return tuple(map(float, lines[0])) if lines else (run.stderr.splitlines() or ["it ended in silence"])[-1]


def _entry(library: str, rounds: list[tuple[float, ...] | str]) -> dict[str, Any]:
    failed = [each for each in rounds if isinstance(each, str)]
    if failed:
        return {"library": library, "missing": failed[0]}
    imports, uses = zip(*rounds, strict=True)
    found = {"library": library, "seconds": median(imports), "rounds_s": list(imports)}
    return found | ({"first_use_s": median(uses)} if library in FIRST_USE else {})
