"""Standing back: a training takes all cores, and the browser beside it needs one 60 times a second, for a moment."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

CALLS = {"x86_64": 314, "aarch64": 274}  # the number of sched_setattr, by processor
SLICE = 100_000  # nanoseconds that a thread may run on while another one waits; some milliseconds by default


def stand_back() -> bool:
    """Have a thread that wakes up take over from this process's at once; says whether that could be had.

    Linux lets a thread finish its slice of time first, so that each of the threads which make a picture waits for
    milliseconds, and frames are lost. Shorter slices take nothing away: what a thread may have in all stays the same.
    Threads that this one makes have them too. Kernels before 6.12 know no slices of a thread's own, and change nothing.
    """
    call = CALLS.get(platform.machine())
    if sys.platform != "linux" or call is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    asked = struct.pack("IIQiIQQQ", 48, os.SCHED_OTHER, 0, nice, 0, SLICE, 0, 0)
    try:
        return bool(ctypes.CDLL(None).syscall(call, 0, asked, 0) == 0)
    except (OSError, AttributeError):  # no such door to the kernel here: frames may be lost
        return False
