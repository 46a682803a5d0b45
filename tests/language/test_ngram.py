"""Kneser-Ney, against its formula written out with dictionaries, and what NLTK computes."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from elman.errors import DataError, OptionError
from elman.language import KneserNey


class Slow:
    """The same model, token by token."""

    def __init__(self, text: list[int], tokens: int, order: int, discount: float | None):
        self.tokens, self.counts = tokens, []
        grams = [Counter(tuple(text[i : i + k]) for i in range(len(text) - k + 1)) for k in range(order + 1)]
        for k in range(1, order + 1):
            self.counts.append(grams[k] if k == order else Counter(gram[1:] for gram in grams[k + 1]))
        self.discounts = [self._usual(c) if discount is None else discount for c in self.counts]

    @staticmethod
    def _usual(counts: Counter) -> float:
        kinds = Counter(counts.values())
        return kinds[1] / (kinds[1] + 2 * kinds[2]) if kinds[1] else 0.5

    def chance(self, token: int, before: list[int]) -> float:
        chance = 1 / self.tokens
        for k, (counts, discount) in enumerate(zip(self.counts[: len(before) + 1], self.discounts, strict=False)):
            history = tuple(before[len(before) - k :])
            follow = {gram: c for gram, c in counts.items() if gram[:-1] == history}
            if follow:
                left = max(counts[(*history, token)] - discount, 0)
                chance = (left + discount * len(follow) * chance) / sum(follow.values())
        return chance


@pytest.mark.parametrize("seed", range(20))
def test_random_texts(seed):
    random = np.random.default_rng(seed)
    tokens, order = int(random.integers(2, 7)), int(random.integers(1, 5))
    text, other = random.integers(0, tokens, int(random.integers(order, 60))), random.integers(0, tokens, 25)
    discount = None if seed % 2 else 0.1 + 0.8 * random.random()
    slow = Slow(text.tolist(), tokens, order, discount)
    expected = [slow.chance(int(other[i]), other[max(i - order + 1, 0) : i].tolist()) for i in range(1, len(other))]
    found = KneserNey(order, discount=discount).fit(text, tokens).log_probabilities(other)
    assert np.exp(found) == pytest.approx(expected, abs=1e-12)


def test_chances_add_up_to_one():
    text = np.random.default_rng(0).integers(0, 5, 200)
    model = KneserNey(3).fit(text, 5)
    for before in ([0, 1], [4, 4], [2, 3]):
        total = sum(np.exp(model.log_probabilities(np.array([*before, w]))[-1]) for w in range(5))
        assert total == pytest.approx(1, abs=1e-12)


def test_nltk_says_the_same():
    lm = pytest.importorskip("nltk.lm")
    from nltk.util import everygrams

    random = np.random.default_rng(0)
    text, other = random.choice(5, 400, p=[0.4, 0.3, 0.2, 0.07, 0.03]), random.integers(0, 5, 60)
    words = [str(w) for w in text]
    theirs = lm.KneserNeyInterpolated(3, discount=0.4)
    theirs.fit([list(everygrams(words, max_len=3))], vocabulary_text=words)
    found = np.exp(KneserNey(3, discount=0.4).fit(text, 5).log_probabilities(other))[1:]
    expected = [theirs.score(str(other[i]), [str(w) for w in other[i - 2 : i]]) for i in range(2, len(other))]
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: KneserNey(0).fit([0, 1], 2), OptionError, "order is 0"),
        (lambda: KneserNey(3).fit([0, 1], 2), DataError, "needs as many at least"),
        (lambda: KneserNey(2).fit([0, 2], 2), DataError, r"in 0 .. 1"),
        (lambda: KneserNey(2, discount=1).fit([0, 1], 2), OptionError, "discount is 1"),
        (lambda: KneserNey(2).log_probabilities([0, 1]), OptionError, "call fit"),
    ],
)
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_text_without_chance_has_a_known_cross_entropy():
    text = np.tile([0, 1, 2, 3], 100)
    found = KneserNey(2, discount=0.0).fit(text, 4).log_probabilities(text)
    assert found.max() == 0 == found.min() and math.exp(found.mean()) == 1
