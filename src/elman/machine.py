"""A description of the machine, of what the operating system tells; without NumPy and without an engine."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")
AMD = {(25, 0): "Zen 3", (25, 1): "Zen 4", (25, 2): "Zen 3", (25, 4): "Zen 3", (25, 5): "Zen 3", (25, 6): "Zen 4"}
AMD |= {(25, 7): "Zen 4", (25, 10): "Zen 4"}  # by family and the model's upper digit
INTEL = {85: "Cascade Lake", 106: "Ice Lake", 143: "Sapphire Rapids", 173: "Granite Rapids", 207: "Emerald Rapids"}


def machine() -> dict[str, str | int]:
    """Processor, cores, caches, memory, vector instructions, operating system and Python.

    Processors that hide their names in a virtual machine are told apart by family and model, where these are known.
    """
    facts = dict(reversed(_lines("/proc/cpuinfo")))  # of the first core
    flags = facts.get("flags", facts.get("Features", "")).split()
    memory = dict(_lines("/proc/meminfo")).get("MemTotal", "0").split()[0]
    return {
        "processor": facts.get("model name") or platform.processor() or platform.machine(),
        "microarchitecture": microarchitecture(facts),
        "cores": os.cpu_count() or 1,
        "caches": _caches(),
        "memory_gib": round(int(memory) / 2**20),
        "architecture": platform.machine(),
        "instructions": ", ".join(flag for flag in INSTRUCTIONS if flag in flags),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def microarchitecture(facts: Mapping[str, str]) -> str:
    """Of what /proc/cpuinfo says of a core; nothing where it is none of the known ones.

    Examples
    --------
    >>> microarchitecture({"vendor_id": "AuthenticAMD", "cpu family": "25", "model": "17"})
    'Zen 4'
    """
    family, model = int(facts.get("cpu family", 0)), facts.get("model", "0")
    if facts.get("vendor_id") == "AuthenticAMD":
        return "Zen 5" if family == 26 else AMD.get((family, int(model) // 16), "")
    return INTEL.get(int(model), "") if (facts.get("vendor_id"), family) == ("GenuineIntel", 6) else ""


def _caches() -> str:
    """As "L1 32K, L2 1024K, L3 32768K", of data, each as large as a core sees it; nothing where it is not told."""
    folders = sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"))
    told = [[(folder / name).read_text().strip() for name in ("type", "level", "size")] for folder in folders]
    return ", ".join(f"L{level} {size}" for kind, level, size in told if kind != "Instruction")


def _lines(file: str) -> list[tuple[str, str]]:
    """ "name : value" lines, none where there is no such file."""
    path = Path(file)
    lines = path.read_text().splitlines() if path.exists() else []
    return [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
