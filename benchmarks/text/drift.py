"""Do states drift? Networks that begin anew never, or now and then, over runs of all lengths.

    python -m benchmarks.text.drift TEXT

For each probability `fresh` of a stream beginning with states of zeros again at a window: bits per character of the
validation part in one run; of the first 100 characters after states of zeros, the mean over many places; and the
largest absolute cell state after a thousand, ten thousand ... characters of one run over all of the text.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np

from elman import LanguageModel
from elman.language.scores import losses


def cold(model: LanguageModel, numbers: np.ndarray) -> float:
    """Bits per character of the first 100 after states of zeros."""
    rows = np.stack([numbers[first : first + 101] for first in range(0, len(numbers) - 101, 101)])
    logits = model.network_(rows[:, :-1, None])
    return float(
        np.mean([losses(row, target[1:]).mean() for row, target in zip(logits, rows, strict=True)])
    ) / math.log(2)


def states(model: LanguageModel, numbers: np.ndarray) -> list[str]:
    """The largest cell state, where a run has come to certain lengths."""
    state, found, largest = None, [], 0.0
    for first in range(0, len(numbers), 1000):
        _, state = model.network_(numbers[None, first : first + 1000, None], state=state, return_state=True)
        largest = max(largest, float(np.abs(state[0][1]).max()))
        if first + 1000 in (1000, 10_000, 100_000, 1_000_000):
            found.append(f"{first + 1000:,}: {np.abs(state[0][1]).max():.1f} (so far {largest:.1f})")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--fresh", default="0,0.01,0.1")
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    text = given.text.read_text(encoding="utf-8")
    first, second = int(len(text) * 0.9), int(len(text) * 0.95)
    train, validation = text[:first], text[first:second]
    for fresh in map(float, given.fresh.split(",")):
        model = LanguageModel("lstm", given.units, epochs=given.epochs, fresh=fresh, threads=given.threads)
        model.fit(train, validation_text=validation, verbose=0)
        numbers = model.vocabulary_.encode(validation)
        print(f"fresh {fresh}: {model.bits_per_character(validation):.4f} bits in one run, ", end="")
        print(f"{cold(model, numbers):.4f} from zeros; largest state after ", end="")
        print("; ".join(states(model, model.vocabulary_.encode(train))), flush=True)


if __name__ == "__main__":
    main()
