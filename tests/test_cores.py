"""How many cores this process may use: those that there are, and no more than its container has time for."""

from __future__ import annotations

import os

import pytest

from elman.cores import cores, time_share


def system(root, files):
    """A file system with what the kernel says of control groups."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "share"),
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),  # a part of a core is a core
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        (  # a service within a slice: the smaller of both
            {
                "proc/self/cgroup": "0::/work.slice/train.service\n",
                "sys/fs/cgroup/work.slice/cpu.max": "300000 100000\n",
                "sys/fs/cgroup/work.slice/train.service/cpu.max": "max 100000\n",
            },
            3,
        ),
        (  # the older form
            {
                "proc/self/cgroup": "4:memory:/x\n3:cpu,cpuacct:/docker/abc\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "400000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        ({"proc/self/cgroup": "3:cpu:/\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "what is this"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": f"{'9' * 5000} 1\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": f"{'9' * 400} 1\n"}, None),
        ({"proc/self/cgroup": "0::/a\0b\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ({"proc/self/cgroup": f"0::{'/a' * 3000}\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),  # at once
        ({"proc/self/cgroup": "0::/../../other\n", "sys/fs/cgroup/cpu.max": "100000 0\n"}, None),
    ],
)
def test_the_share_of_time_that_a_container_has(files, share, tmp_path):
    assert time_share(system(tmp_path, files)) == share


def test_no_more_than_there_are(monkeypatch):
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    monkeypatch.setattr("elman.cores.time_share", lambda: 10**6)
    assert cores() == there
    monkeypatch.setattr("elman.cores.time_share", lambda: 1)
    assert cores() == 1
