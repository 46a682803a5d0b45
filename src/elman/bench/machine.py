"""A description of the machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path

INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")


def machine() -> dict[str, str | int]:
    """Processor, cores, memory, vector instructions, operating system and Python."""
    lines = _lines("/proc/cpuinfo")
    names = [value for name, value in lines if name == "model name"]
    flags = next((value.split() for name, value in lines if name in ("flags", "Features")), [])
    memory = [int(value.split()[0]) for name, value in _lines("/proc/meminfo") if name == "MemTotal"]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(memory[0] / 2**20) if memory else 0,
        "architecture": platform.machine(),
        "instructions": ", ".join(flag for flag in INSTRUCTIONS if flag in flags),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _lines(file: str) -> list[tuple[str, str]]:
    """ "name : value" lines, none where there is no such file."""
    path = Path(file)
    lines = path.read_text().splitlines() if path.exists() else []
    return [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
