"""Work on many series in several threads: NumPy lets other threads run while it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from elman.engine.threads import default_threads

Given = TypeVar("Given")
Made = TypeVar("Made")


def side_by_side(work: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
    """What `work` makes of each item, in their order, by as many threads as engines have.

    The threads change no digit. An error, or Ctrl-C, ends it after the items that are being worked on.
    """
    items = list(items)
    threads = min(default_threads(), len(items))
    if threads < 2:
        return [work(item) for item in items]
    pool = ThreadPoolExecutor(threads)
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)
