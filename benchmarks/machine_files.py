"""What was measured on each machine, one file of figures a machine: benchmarks/machines/NAME.json.

A file has the form of the results that a measurement leaves (`benchmarks.run`), without what the pages do not show: of
the rounds the lowest, the median and the highest are kept. `lacks` says what a file does not have, and why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.comparisons import AMX

from elman.files import write_whole
from elman.plain import to_json

MACHINES = Path(__file__).parent / "machines"
DIGITS = 4


def title(machine: dict[str, Any]) -> str:
    """As "AMD EPYC, Zen 4, 2 cores"; with matrix registers, where the microarchitecture is not known, "AMX"."""
    processor = re.sub(r"\((R|TM)\)|\bCPU\b|\bProcessor\b|@.*", "", str(machine["processor"]))
    kind = machine.get("microarchitecture") or ("AMX" if AMX in machine["instructions"] else "")
    return ", ".join(filter(None, (" ".join(processor.split()), kind, f"{machine['cores']} cores")))


def name_of(machine: dict[str, Any]) -> str:
    """As "amd-epyc-zen-4-2-cores", for files."""
    return re.sub(r"[^a-z0-9]+", "-", title(machine).lower()).strip("-")


def trimmed(results: dict[str, Any]) -> dict[str, Any]:
    """Without single rounds and long digits."""
    kept = dict(results) | {"workloads": [_workload(each) for each in results["workloads"]]}
    kept["imports"] = [_rounds(each, "rounds_s") for each in results["imports"]]
    kept["memory"] = [
        each | {kind: _rounds(each[kind], "rounds_ms") for kind in ("normal", "low")} for each in results["memory"]
    ]
    return rounded(kept)


def _workload(workload: dict[str, Any]) -> dict[str, Any]:
    """Goals are left out: `benchmarks.comparisons` says them."""
    kept = {key: value for key, value in workload.items() if key not in ("goals", "goal_of_sgemm", "sgemm")}
    kept["contenders"] = [_rounds(_rounds(each, "rounds_ms"), "ratios") for each in workload["contenders"]]
    product = workload.get("product") or workload["sgemm"] | {"numbers": "float32"}
    return kept | {"product": _rounds(product, "gflops")}


def _rounds(entry: dict[str, Any], key: str) -> dict[str, Any]:
    """The lowest, the median and the highest, where there are any."""
    values = entry.get(key)
    return entry | {key: [min(values), median(values), max(values)]} if values else entry


def rounded(value: Any) -> Any:
    """All its numbers to a few digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, Sequence) and not isinstance(value, str) else value


def store(results: dict[str, Any]) -> Path:
    """Keep the figures of a machine, in place of those that it had before."""
    file = MACHINES / f"{name_of(results['machine'])}.json"
    MACHINES.mkdir(exist_ok=True)
    write_whole(file, (_by_line(to_json(trimmed(results), "figures", indent=1)) + "\n").encode())
    return file


def _by_line(text: str) -> str:
    """Lists of numbers, and objects without others, on a line each."""
    for innermost in (r"\[[^][{}]*\]", r"\{[^{}]*\}"):
        text = re.sub(innermost, lambda found: re.sub(r"\n *", " ", found[0]), text)
    return text


def stored() -> dict[str, dict[str, Any]]:
    """The figures of all machines by their names, the newest first."""
    found = {file.stem: json.loads(file.read_text()) for file in MACHINES.glob("*.json")}
    return dict(sorted(found.items(), key=lambda each: each[1]["time"], reverse=True))
