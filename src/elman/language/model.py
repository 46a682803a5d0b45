"""A language model of characters: which comes next, given all before it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np

from elman import checks
from elman.cells import of_one_input
from elman.equations import Cell
from elman.errors import DataError, ElmanError, ModelFileError, OptionError
from elman.estimator import Estimator
from elman.language.samples import Samples
from elman.language.streams import parallel_streams
from elman.language.vocabulary import Vocabulary
from elman.network import Dense, Dropout, Embedding, Layer, Network, Recurrent
from elman.network.files import write
from elman.network.loading import network_of
from elman.plain import to_json
from elman.training import Adam, Callback, CosineDecay, EarlyStopping
from elman.training.callbacks import as_callbacks

PIECE = 4096  # steps of a text that are judged in one run


class LanguageModel(Estimator):
    """Learns which character comes next in a text, and writes text of its own.

    An embedding, recurrent layers and a softmax over the characters, trained on parallel streams of the text with
    truncated backpropagation through time: states are carried from window to window, gradients are not.

    Parameters
    ----------
    cell : str or Cell, default "gru"
        Of the recurrent layers: a name of `elman.cells.catalogue`, or a cell of your own, with one input.
    units : int, default 256
        Hidden size H of each.
    layers : int, default 1
        How many recurrent layers.
    embedding : int, default 64
        Numbers that stand for a character.
    dropout : float, default 0
        Share of the values that are dropped after each recurrent layer in training.
    steps : int, default 100
        Steps T of a window, through which gradients go back.
    streams : int, default 50
        Parts of the text that are read side by side, the rows B of a batch.
    epochs : int, default 10
        How often the text is read.
    learning_rate : float, default 3e-3
        Adam's first one; it falls to a tenth by a cosine.
    clip_norm : float, default 1.0
        Largest norm of a gradient.
    validation : float, default 0.1
        Share of the text, its end, that is held out and judges each epoch; 0 for none.
    patience : int, optional
        Epochs without improvement after which the training ends; by default it goes on to the end. In any case the
        weights of the best epoch are kept.
    seed : int, default 0
        Of everything random.
    threads : int, optional
        At most so many; by default all cores.

    Attributes
    ----------
    vocabulary_ : Vocabulary
        The characters of the training text.
    network_ : Network
        Takes numbers of characters (B, T), returns logits (B, T, V).
    history_ : History
        Losses in nats a character; their exponential is the perplexity.
    held_out_ : str
        The end of the text that the training did not see; not kept in files.

    References
    ----------
    T. Mikolov, M. Karafiat, L. Burget, J. Cernocky and S. Khudanpur, Recurrent neural network based language model,
    Interspeech 2010.

    Examples
    --------
    >>> model = LanguageModel(units=16, steps=8, streams=4, epochs=3).fit("to be or not to be, " * 40, verbose=0)
    >>> model.perplexity("to be or not to be") < len(model.vocabulary_)
    True
    >>> len(model.generate("to ", 20, seed=1))
    20
    """

    def __init__(
        self,
        cell: str | Cell = "gru",
        units: int = 256,
        *,
        layers: int = 1,
        embedding: int = 64,
        dropout: float = 0.0,
        steps: int = 100,
        streams: int = 50,
        epochs: int = 10,
        learning_rate: float = 3e-3,
        clip_norm: float = 1.0,
        validation: float = 0.1,
        patience: int | None = None,
        seed: int = 0,
        threads: int | None = None,
    ):
        self.cell, self.units, self.layers, self.embedding, self.dropout = cell, units, layers, embedding, dropout
        self.steps, self.streams, self.epochs = steps, streams, epochs
        self.learning_rate, self.clip_norm = learning_rate, clip_norm
        self.validation, self.patience = validation, patience
        self.seed, self.threads = seed, threads

    # --- learning -------------------------------------------------------------------------------------------

    def fit(self, text: str, *, samples: int = 0, callbacks: Iterable[Callback] = (), verbose: int = 1) -> Self:
        """Learn from a text.

        Parameters
        ----------
        text : str
            What to learn; its end is held out.
        samples : int, default 0
            Characters that the model writes to the standard output after each epoch.
        callbacks : iterable of Callback
            Told how the training goes.
        verbose : int, default 1
            0 for silence, 1 for a line of progress.

        Returns
        -------
        LanguageModel
            Itself.

        Raises
        ------
        DataError
            If the text is too short.
        """
        if not isinstance(text, str):
            raise DataError(
                f"fit expects a text (str), got {type(text).__name__}; read a file with Path(...).read_text()"
            )
        self.check_params()
        verbose = int(verbose) if isinstance(verbose, bool) else checks.whole(verbose, "verbose", least=0)
        samples, callbacks = checks.whole(samples, "samples", least=0), as_callbacks(callbacks)
        self.vocabulary_ = Vocabulary.of(text)
        border = len(text) - int(len(text) * self.validation)
        self.held_out_ = text[border:]
        x, target = parallel_streams(self.vocabulary_.encode(text[:border]), self.streams, self.steps)
        self.network_ = Network(1, self._layers(), seed=self.seed, threads=self.threads)
        updates = self.epochs * (len(x) // self.streams)
        rate = CosineDecay(self.learning_rate, updates, self.learning_rate / 10)
        self.history_ = self.network_.fit(
            x,
            target,
            loss="softmax_cross_entropy",
            optimizer=Adam(rate, clip_norm=self.clip_norm),
            batch_size=self.streams,
            epochs=self.epochs,
            validation_data=self._validation_data(),
            shuffle=False,
            stateful=True,
            callbacks=[*self._stopping(), *callbacks, *([Samples(self, samples)] if samples else [])],
            verbose=verbose,
        )
        return self

    def check_params(self) -> None:
        """Refuse parameters that make no sense; `OptionError` names the first."""
        for name in ("units", "layers", "embedding", "steps", "streams", "epochs"):
            checks.whole(getattr(self, name), name, most=10**7)
        for name in ("learning_rate", "clip_norm"):
            checks.real(getattr(self, name), name, 0)
        for name, what in (("validation", "a share of the text"), ("dropout", "a share of the values")):
            checks.real(getattr(self, name), name, 0, 1, expected=f"in [0, 1), {what}", from_low=True)
        if self.patience is not None:
            checks.whole(self.patience, "patience")
        if self.threads is not None:
            checks.whole(self.threads, "threads")
        checks.as_seed(self.seed)
        of_one_input(self.cell)

    def _layers(self) -> list[Layer]:
        between = [Dropout(self.dropout)] if self.dropout else []
        hidden = [layer for _ in range(self.layers) for layer in (Recurrent(self.cell, self.units), *between)]
        return [Embedding(len(self.vocabulary_), self.embedding), *hidden, Dense(len(self.vocabulary_))]

    def _validation_data(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Windows of the held-out text, each from states of zeros: enough to compare epochs."""
        if len(self.held_out_) <= self.steps:
            return None
        return parallel_streams(self.vocabulary_.encode(self.held_out_), 1, self.steps)

    def _stopping(self) -> list[Callback]:
        return [] if self.patience is None else [EarlyStopping(patience=self.patience)]

    # --- using ----------------------------------------------------------------------------------------------

    def perplexity(self, text: str | None = None) -> float:
        """The exponential of the mean cross entropy of each character, given all before it in the text.

        A model that knows nothing has the perplexity V, the number of characters; one that is always right has 1.

        Parameters
        ----------
        text : str, optional
            Two characters at least; by default what `fit` held out.
        """
        self._check_fitted()
        if text is None and len(self.held_out_) < 2:
            raise DataError("nothing was held out, and files do not keep it: give a text of two characters at least")
        text = self.held_out_ if text is None else checks.text(text, "text")
        if len(text) < 2:
            raise DataError(f"perplexity needs a text of two characters at least, got {text!r}")
        numbers, state, total = self.vocabulary_.encode(text), None, 0.0
        for first in range(0, len(numbers) - 1, PIECE):
            piece = numbers[first : first + PIECE + 1]
            logits, state = self.network_(piece[None, :-1, None], state=state, return_state=True)
            total -= _log_likelihood(logits[0], piece[1:])
        return math.exp(total / (len(numbers) - 1))

    def generate(
        self,
        prompt: str | None = None,
        length: int = 500,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> str:
        """Write on.

        Parameters
        ----------
        prompt : str, optional
            What the model sees first; by default a new line, or the first character it knows.
        length : int, default 500
            Characters to write.
        temperature, top_k, top_p, seed
            How characters are drawn; see `elman.Network.generate`.

        Returns
        -------
        str
            Without the prompt.
        """
        self._check_fitted()
        known = self.vocabulary_.characters
        prompt = "" if prompt is None else checks.text(prompt, "prompt")
        length = checks.whole(length, "length", most=10**9)
        context = self.vocabulary_.encode(prompt or ("\n" if "\n" in known else known[0]))
        drawn = self.network_.generate(
            context, length, temperature=temperature, top_k=top_k, top_p=top_p, seed=self.seed if seed is None else seed
        )
        return self.vocabulary_.decode(drawn)

    def _check_fitted(self) -> None:
        if not hasattr(self, "network_"):
            raise OptionError("this language model has learnt nothing yet: call fit(text) first, or LanguageModel.load")

    # --- files ----------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> Path:
        """Write the model to a safetensors file, complete or not at all."""
        self._check_fitted()
        params = {name: value for name, value in self.get_params().items() if name != "cell"}
        cell = self.cell if isinstance(self.cell, str) else None  # its equations are in the network's description
        stored = {"params": params, "cell": cell, "characters": self.vocabulary_.characters}
        entry = {"language model": to_json(stored, "language model")}
        return write(self.network_, path, {**self.network_.metadata, **entry})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote; `ModelFileError` if it is no language model."""
        network = network_of("LanguageModel", path)
        try:
            stored = json.loads(network.metadata.pop("language model"))
            model = cls(stored["cell"] or network.layers[1].cell, **stored["params"])
            model.vocabulary_, model.held_out_ = Vocabulary(stored["characters"]), ""
        except (ElmanError, KeyError, TypeError, ValueError, IndexError) as error:
            raise ModelFileError(
                f"{path} holds no language model that this version of Elman can read: {error!r}"
            ) from error
        if network.outputs != len(model.vocabulary_):
            raise ModelFileError(
                f"{path} has {network.outputs} outputs for a vocabulary of {len(model.vocabulary_)} characters"
            )
        model.network_ = network
        return model


def _log_likelihood(logits: np.ndarray, numbers: np.ndarray) -> float:
    """Of the characters that came (T,), under logits (T, V)."""
    logits = logits.astype(np.float64)
    highest = logits.max(axis=1)
    normaliser = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    return float(np.sum(logits[np.arange(len(numbers)), numbers] - normaliser))
