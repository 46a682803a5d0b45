"""How well a language model foretells a text."""

from __future__ import annotations

from typing import Any

from elman import checks
from elman.errors import DataError, OptionError
from elman.language.fitted import Fitted
from elman.language.held import Encoded, encoded
from elman.language.scores import TextScore, nats
from elman.language.texts import between, rebroken, texts_of


class Judging(Fitted):
    """Judges texts."""

    def evaluate(self, text: Any = None) -> TextScore:
        """How well a text is foretold, in one run from its beginning to its end.

        Parameters
        ----------
        text : str, path, or iterable of str, optional
            Two tokens at least; by default what `fit` held out. It may be larger than memory.

        Returns
        -------
        TextScore
            ``perplexity``, ``bits_per_character``, and the sums that they are of.
        """
        self._check_fitted()
        held = self._held() if text is None else self._encoded(text)
        if len(held.numbers) < 2:
            raise DataError(f"a score needs a text of two {self.vocabulary_.kind} at least, got {checks.shown(text)}")
        total, count = nats(self.network_, held.numbers.pieces())
        first = len(self.vocabulary_.decode(held.numbers.read(0, 1)))
        unknown = held.numbers.counted(self.vocabulary_.unknown)
        return TextScore(total, count, max(held.characters - first, 1), unknown)

    def perplexity(self, text: Any = None) -> float:
        """The exponential of the mean cross entropy of each token, given all before it in the text.

        A model that knows nothing has the perplexity V, the number of tokens; one that is always right has 1.

        Parameters
        ----------
        text : str, path, or iterable of str, optional
            As for `evaluate`.

        Returns
        -------
        float
        """
        return self.evaluate(text).perplexity

    def bits_per_character(self, text: Any = None) -> float:
        """The cross entropy of a text in bits, by its characters, which compares models of any tokens.

        Parameters
        ----------
        text : str, path, or iterable of str, optional
            As for `evaluate`.

        Returns
        -------
        float
        """
        return self.evaluate(text).bits_per_character

    def score(self, text: Any = None, y: None = None) -> float:
        """Minus the bits per character, so that more is better, as scikit-learn's tools have it.

        Parameters
        ----------
        text : str, path, or iterable of str, optional
            As for `evaluate`. Tools that split examples, such as ``GridSearchCV``, take a list of documents.
        y : None
            There for scikit-learn.

        Returns
        -------
        float
        """
        if y is not None:
            raise OptionError(f"y is {checks.shown(y)}; a text has no targets beside it: leave y out")
        return -self.bits_per_character(text)

    def _held(self) -> Encoded:
        if self.held_out_ is None:
            raise DataError("nothing was held out, and files do not keep it: give a text of two tokens at least")
        return self.held_out_

    def _encoded(self, text: Any) -> Encoded:
        return encoded(rebroken(between(texts_of(text), 0)), self.vocabulary_)
