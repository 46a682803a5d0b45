"""Many calls and many networks, whose memory does not grow: soak.py CALLS NETWORKS (``make soak`` has it for long).

What is looked at is the memory of the process after a first part of the work, and after all of it.
"""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import elman as el

MOST_GROWTH = 8 << 20  # bytes: what the allocators of Python and C keep back


def resident() -> int:
    """Bytes of memory in use; where the system does not tell, the most that there ever were."""
    gc.collect()
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def grows(work: Callable[[int], None], count: int, what: str) -> bool:
    """Whether memory grows over `count` pieces of work, a fifth of which comes before it is first looked at."""
    work(count // 5)
    before = resident()
    work(count - count // 5)
    growth = resident() - before
    print(f"{what}: {count:,}, memory {before / 2**20:.1f} MiB, then {growth / 2**20:+.2f} MiB", flush=True)
    return growth > MOST_GROWTH


def small_calls(count: int) -> None:
    """Calls of every kind on one network."""
    net, x = NET, X
    stream, streams = net.stream(2), net.streams()
    streams.open("a")
    for number in range(count // 4):
        net(x)
        stream(x[:, number % 3])
        streams({"a": x[0, 0]})
        if number % 16 == 0:
            net.loss_and_grads(x, x, "mse")
        else:
            stream(x[:, 0])


def networks(count: int) -> None:
    """Networks that are made, used, trained and dropped, every eighth one by threads."""
    for number in range(count):
        net = el.Network(2, [el.GRU(6), el.Dense(2)], seed=number, threads=2)
        net.fit(X, X, epochs=1, verbose=0)
        if number % 8 == 0:
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(net, [X] * 8))
        net.stream()(X[:1, 0])


def wrong_calls(count: int) -> None:
    """Calls that raise, in Python and in the engine."""
    bad = np.full_like(X, np.nan)
    embedding = el.Network(1, [el.Embedding(5, 3), el.Dense(2)])
    for _ in range(count):
        for net, x in ((NET, bad), (NET, X[..., :1]), (embedding, np.full((2, 3), 7))):
            try:
                net(x)
            except el.ElmanError:
                continue
            raise SystemExit("no error")


NET = el.Network(2, [el.GRU(6), el.Dense(2)], seed=0)
X = np.random.default_rng(0).normal(size=(2, 3, 2)).astype(np.float32)

if __name__ == "__main__":
    calls, made = int(sys.argv[1]), int(sys.argv[2])
    found = [
        grows(small_calls, calls, "calls"),
        grows(networks, made, "networks"),
        grows(wrong_calls, made, "errors"),
    ]
    sys.exit(any(found))
