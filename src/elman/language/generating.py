"""How a language model writes on, at once or as the text is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from elman import checks
from elman.language.fitted import Fitted
from elman.language.vocabulary import Decoder, decoded
from elman.language.writing import as_stops, until


class Generating(Fitted):
    """Writes texts."""

    def generate(
        self,
        prompt: str | None = None,
        length: int = 500,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        repetition_penalty: float = 1.0,
        repetition_window: int | None = None,
        beam: int | None = None,
        length_penalty: float = 1.0,
        stop: str | Iterable[str] | None = None,
        seed: int | None = None,
    ) -> str:
        """Write on.

        Parameters
        ----------
        prompt : str, optional
            What the model sees first; by default a new line, or the first token it knows.
        length : int, default 500
            Tokens to write.
        temperature, top_k, top_p, repetition_penalty, repetition_window
            How tokens are drawn; see `elman.Network.generate`.
        beam, length_penalty : int, float, optional
            Draw nothing, but search for the likeliest text; see `elman.Network.generate`.
        stop : str or list of str, optional
            The text ends before the first of these.
        seed : int, optional
            Another seed, another text; by default that of the model.

        Returns
        -------
        str
            Without the prompt.
        """
        how: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        how |= {"repetition_penalty": repetition_penalty, "repetition_window": repetition_window, "seed": seed}
        length = self._length(length)
        if beam is None and checks.is_number(length_penalty) and length_penalty == 1.0:
            return "".join(self.stream(prompt, length, stop=stop, **how))
        stops, context = as_stops(stop), self._context(prompt)
        made = self.network_.generate(context, length, beam=beam, length_penalty=length_penalty, **how)
        return "".join(until(decoded(self._decoder_after(context), made), stops))

    def stream(
        self,
        prompt: str | None = None,
        length: int | None = None,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        repetition_penalty: float = 1.0,
        repetition_window: int | None = None,
        stop: str | Iterable[str] | None = None,
        seed: int | None = None,
    ) -> Iterator[str]:
        """Write on, and hand the text over as it is made; put together it is that of `generate`.

        Parameters
        ----------
        prompt, temperature, top_k, top_p, repetition_penalty, repetition_window, stop, seed
            As for `generate`.
        length : int, optional
            Tokens to write; by default it never ends, unless at a `stop`.

        Yields
        ------
        str
            Never a part of a character, and nothing that may be the beginning of a `stop`.

        Examples
        --------
        >>> import elman as el
        >>> model = el.LanguageModel(units=8, steps=8, streams=4, epochs=1).fit("to be or not to be, " * 40, verbose=0)
        >>> parts = list(model.stream("to ", 20, seed=1))
        >>> "".join(parts) == model.generate("to ", 20, seed=1)
        True
        """
        stops, context = as_stops(stop), self._context(prompt)
        made = self.network_.generate_each(
            context,
            None if length is None else self._length(length),
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            repetition_penalty=repetition_penalty,
            repetition_window=repetition_window,
            seed=self.seed if seed is None else seed,
        )
        return until(decoded(self._decoder_after(context), made), stops)

    def _decoder_after(self, context: np.ndarray) -> Decoder:
        """A decoder that has read the context, so that it knows whether a space belongs before the first word."""
        decoder = self.vocabulary_.decoder()
        for number in context[-1:]:
            decoder(int(number))
        return decoder

    def _context(self, prompt: str | None) -> np.ndarray:
        self._check_fitted()
        numbers = self.vocabulary_.encode("" if prompt is None else checks.text(prompt, "prompt"))
        return numbers if len(numbers) else np.array([self.vocabulary_.start()])

    @staticmethod
    def _length(length: Any) -> int:
        return checks.whole(length, "length", most=10**9)
