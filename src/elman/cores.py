"""How many cores this process may use. It must not import NumPy, whose BLAS decides when it is loaded."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Iterator
from pathlib import Path

DIGITS = 19  # at most, of a whole number of the kernel's


def cores() -> int:
    """The cores that the system gives this process, and no more than its container's share of time has work for.

    `docker run --cpus=2`, a limit of Kubernetes and CPUQuota of systemd are such shares: all cores are to be seen, and
    threads on all of them would only wait for one another.
    """
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(there, time_share() or there)


def time_share(root: Path = Path("/")) -> int | None:
    """`quota` in whole cores, rounded up; None without a limit."""
    share = quota(root)
    return None if share is None else max(1, math.ceil(share))


@functools.cache
def quota(root: Path = Path("/")) -> float | None:
    """How many cores' time the control groups of this process allow; None without a limit."""
    return min((time / period for time, period in _limits(root) if time > 0 and period > 0), default=None)


def _limits(root: Path) -> Iterator[tuple[int, int]]:
    """Microseconds of work in so many microseconds, of each group that this process is in."""
    groups = root / "sys/fs/cgroup"
    for line in _words(root / "proc/self/cgroup", "\n"):
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if not controllers:
            own = groups / path.strip("/")
            inside = len(own.parts) - len(groups.parts)
            yield from (_pair(_words(group / "cpu.max")) for group in (own, *own.parents[:inside]))
        elif "cpu" in controllers.split(","):
            yield _pair([*_words(groups / "cpu/cpu.cfs_quota_us"), *_words(groups / "cpu/cpu.cfs_period_us")])


def _words(file: Path, between: str | None = None) -> list[str]:
    try:
        return file.read_text().split(between)
    except (OSError, ValueError):  # no text, or no name of a file
        return []


def _pair(words: list[str]) -> tuple[int, int]:
    """Of what a group says: two whole numbers, or no limit."""
    known = len(words) == 2 and all(word.isdecimal() and len(word) <= DIGITS for word in words)
    return (int(words[0]), int(words[1])) if known else (0, 0)
