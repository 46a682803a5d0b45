"""How much memory learning from a text larger than it takes: peak of the process beside the file's size.

python -m benchmarks.text.memory large.txt --updates 100
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from typing import Any

from elman import Callback, LanguageModel


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Stop(Callback):
    """Ends the training after some updates, and tells the memory at its beginning."""

    def __init__(self, updates: int):
        self.every = updates

    def on_train_begin(self, training: Any) -> None:
        print(f"encoded: {peak():.0f} MB at most, {time.process_time():.0f} s of the processor", flush=True)

    def on_batch_end(self, training: Any) -> None:
        print(f"after {training.net.updates} updates: {peak():.0f} MB at most", flush=True)
        training.stop = True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--tokens", default="characters")
    given = parser.parse_args()
    print(f"{given.text.stat().st_size / 2**20:.0f} MB of text; {peak():.0f} MB before", flush=True)
    model = LanguageModel(units=64, tokens=given.tokens, epochs=1, validation=0.02)
    model.fit(given.text, callbacks=[Stop(given.updates)], verbose=0)
    print(f"held out: {len(model.held_out_.numbers):,} tokens", flush=True)
    score = model.evaluate("To be, or not to be: that is the question.\n" * 20)
    print(f"{score.bits_per_character:.2f} bits per character of a line", flush=True)


if __name__ == "__main__":
    main()
