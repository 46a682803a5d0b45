"""Where Elman runs: Python, the processor, memory and its limits, folders that are written to."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from elman.cores import cores, quota
from elman.doctor.findings import Finding, State, impersonal
from elman.machine import machine

CGROUP = Path("/sys/fs/cgroup")
LITTLE = 2**30  # bytes of memory or disk, below which there is a note
GIB = 2**30


def python() -> Iterator[Finding]:
    """The interpreter."""
    bits = "" if sys.maxsize > 2**32 else ", of 32 bits"
    free = "" if getattr(sys, "_is_gil_enabled", lambda: True)() else ", without the interpreter's lock"
    inside = " in a virtual environment" if sys.prefix != sys.base_prefix else ""
    text = f"{platform.python_implementation()} {platform.python_version()}{bits}{free}{inside}"
    known = platform.python_implementation() == "CPython" and sys.version_info >= (3, 11)
    old = Finding("python", text, "wrong", "Elman needs CPython 3.11 or newer")
    yield Finding("python", text, value=platform.python_version()) if known else old
    yield Finding("system", f"{platform.system()} {platform.release()}, {platform.machine()}{_libc()}")


def _libc() -> str:
    name, version = platform.libc_ver()
    return f", {name} {version}" if name else ""


def processor() -> Iterator[Finding]:
    """What computes, how much of it this process may use."""
    found = machine()
    kind = f" ({found['microarchitecture']})" if found["microarchitecture"] else ""
    yield Finding("processor", f"{found['processor']}{kind}; {found['instructions'] or 'no known instruction set'}")
    if found["caches"]:
        yield Finding("caches", str(found["caches"]))
    usable, share = cores(), quota()
    text = f"{usable} of {found['cores']} for this process" + (f", as it has the time of {share:g}" if share else "")
    yield Finding("cores", text, value={"usable": usable, "quota": share})


def memory() -> Iterator[Finding]:
    """What there is, and what a container or a scheduler leaves of it."""
    total, free = _of_system()
    limit, used = _limit()
    told = [f"{total / GIB:.1f} GiB" + (f", {free / GIB:.1f} free" if free else "")] if total else []
    told += [f"limited to {limit / GIB:.1f} GiB, of which {used / GIB:.1f} are used"] if limit else []
    left = min([one for one in (free, limit - used if limit else 0) if one], default=LITTLE)
    short = left < LITTLE
    value = {"total": total or None, "free": free or None, "limit": limit or None, "used": used or None}
    advice = "large models and tables may end with an error or a kill" if short else ""
    yield Finding("memory", "; ".join(told) or "not told here", "note" if short else "ok", advice, value)


def folders() -> Iterator[Finding]:
    """Those for temporary files and for downloads, and the one where results go if nothing is said."""
    yield _folder("temporary files", lambda: Path(tempfile.gettempdir()), "set TMPDIR to a folder that can be written")
    yield _folder("this folder", Path.cwd, "give --out, or go to a folder that can be written", wrong="note")


def _folder(name: str, find: Callable[[], Path], advice: str, wrong: State = "wrong") -> Finding:
    try:
        folder = find()
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"elman")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(name, f"cannot be written: {error.strerror or error}", wrong, advice)
    shown = impersonal(str(folder)) if name != "this folder" else "can be written"
    text = f"{shown}, {free / GIB:.1f} GiB free"
    return Finding(name, text, "note" if free < LITTLE else "ok", "little room" if free < LITTLE else "", free)


def _of_system() -> tuple[int, int]:
    """Bytes of memory, and of free memory; 0 where that is not told."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        total, free = (int(lines[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
        return total, free
    except (OSError, ValueError, KeyError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), 0
    except (AttributeError, ValueError, OSError):
        return 0, 0


def _limit() -> tuple[int, int]:
    """Bytes that this process and its neighbours may have together, and that they have; 0 without a limit."""
    for folder in _groups("memory"):
        for most, now in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
            limit = _number(folder / most)
            if 0 < limit < 2**60:  # version 1 writes a number near 2**63 where there is none
                return limit, _number(folder / now)
    return 0, 0


def _groups(controller: str) -> Iterator[Path]:
    """The folders of this process's control groups, its own first and then those above it."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, names, path = line.split(":", 2)
        if not names or controller in names.split(","):
            root = CGROUP / controller if names and (CGROUP / controller).is_dir() else CGROUP
            own = root / path.lstrip("/")
            yield from (folder for folder in (own, *own.parents) if folder == root or root in folder.parents)


def _number(file: Path) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0
