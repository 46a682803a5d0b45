"""A language model: which token of a text comes next, given all before it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self, Unpack

import numpy as np

from elman import checks
from elman.cells import of_one_input
from elman.engine.bfloat16 import check_products
from elman.equations import Cell
from elman.errors import DataError, ModelFileError, OptionError
from elman.hints import hinted
from elman.language.files import entry, read_entry
from elman.language.generating import Generating
from elman.language.held import Encoded, Parts, encoded
from elman.language.judging import Judging
from elman.language.kinds import kind_of
from elman.language.loop import train
from elman.language.networks import Design
from elman.language.options import LanguageOptions
from elman.language.samples import Samples
from elman.language.scores import mean_nats
from elman.language.streams import Windows, usual_streams
from elman.language.vocabulary import Vocabulary
from elman.network import Network
from elman.network.files import write
from elman.network.loading import network_of
from elman.training import AdamW, Callback, CosineDecay, EarlyStopping, WarmUp
from elman.training.callbacks import as_callbacks
from elman.training.limits import limited
from elman.training.options import check_on_nan
from elman.training.progress import progress
from elman.training.runs import Folder, saving
from elman.untrusted import UNREADABLE


class LanguageModel(Judging, Generating):
    """Learns which token comes next in a text, and writes text of its own.

    An embedding, recurrent layers and a softmax over the tokens, trained on parallel streams of the text with truncated
    backpropagation through time: states are carried from window to window, gradients are not. The text may be larger
    than memory.

    Parameters
    ----------
    cell : str or Cell, default "lstm"
        Of the recurrent layers: a name of `elman.cells.catalogue`, or a cell of your own, with one input.
    units : int, default 256
        Hidden size H of each.
    tokens : {"characters", "words", "pieces"}, default "characters"
        What a text is cut into. Pieces are of words, by byte-pair encoding, and need ``pip install elman[text]``.
    vocabulary : int, optional
        How many tokens at most; what is rarer is ``<unk>``. By default all characters, 10,000 words or 2,000 pieces (of
        which none is unknown).
    layers : int, default 1
        How many recurrent layers.
    embedding : int, optional
        Numbers E that stand for a token; by default 64, or `units` where they are `tied`.
    tied : bool, default False
        Whether the matrix of the output is that of the embedding [2]_; where H and E differ, one more lies between.
    dropout : float, default 0
        Share of the values that are dropped after each recurrent layer in training.
    input_dropout : float, default 0
        The same of what the embedding returns.
    variational : bool, default True
        Whether the same values are dropped at all steps of a window [3]_.
    weight_drop : float, default 0
        Share of the weights of recurrent matrices that are dropped in training, of all steps alike [4]_.
    steps : int, default 100
        Steps T of a window, through which gradients go back.
    streams : int, optional
        Parts of the text that are read side by side, the rows B of a batch. By default one for each 20,000 tokens, but
        8 at least and 32 at most, so that a short text gives enough updates.
    fresh : float, default 0.1
        The probability that a stream begins with states of zeros again at a window, so that the network knows them as
        well as states that have run for long.
    epochs : int, default 10
        How often the text is read, each time from states of zeros and with other borders of windows.
    learning_rate : float, default 5e-3
        AdamW's highest one: it rises from 0 during the warm-up and falls to a tenth by a cosine.
    warm_up : float, default 0.05
        Share of the updates in which the learning rate rises.
    weight_decay : float, default 0.01
        Of matrices, in AdamW.
    clip_norm : float, default 1.0
        Largest norm of a gradient.
    validation : float, default 0.1
        Share of the text, its end, that is held out and judges each epoch; 0 for none.
    patience : int, optional
        Epochs without improvement after which the training ends; by default it goes on to the end. In any case the
        weights of the best epoch are kept, where something is held out.
    products : {"bfloat16"}, optional
        As for `Network`.
    seed : int, default 0
        Of everything random.
    threads : int, optional
        At most so many; by default all cores.

    Attributes
    ----------
    vocabulary_ : Vocabulary
        The tokens; see `elman.language`.
    network_ : Network
        Takes numbers of tokens (B, T), returns logits (B, T, V).
    history_ : History
        Losses in nats a token; their exponential is the perplexity.
    held_out_ : Encoded or None
        What the training did not see, as numbers; not kept in files.
    notes_ : list of str
        What you should know of how the text was read.

    References
    ----------
    .. [1] T. Mikolov, M. Karafiat, L. Burget, J. Cernocky and S. Khudanpur, Recurrent neural network based language
       model, Interspeech 2010.
    .. [2] O. Press and L. Wolf, Using the output embedding to improve language models, EACL 2017.
    .. [3] Y. Gal and Z. Ghahramani, A theoretically grounded application of dropout in recurrent neural networks,
       NeurIPS 2016.
    .. [4] S. Merity, N. S. Keskar and R. Socher, Regularizing and optimizing LSTM language models, ICLR 2018.

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
        cell: str | Cell = "lstm",
        units: int = 256,
        *,
        tokens: str = "characters",
        vocabulary: int | None = None,
        layers: int = 1,
        embedding: int | None = None,
        tied: bool = False,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        variational: bool = True,
        weight_drop: float = 0.0,
        steps: int = 100,
        streams: int | None = None,
        fresh: float = 0.1,
        epochs: int = 10,
        learning_rate: float = 5e-3,
        warm_up: float = 0.05,
        weight_decay: float = 0.01,
        clip_norm: float = 1.0,
        validation: float = 0.1,
        patience: int | None = None,
        products: str | None = None,
        seed: int = 0,
        threads: int | None = None,
    ):
        self.cell: str | Cell = cell
        self.units: int = units
        self.layers: int = layers
        self.embedding: int | None = embedding
        self.tied: bool = tied
        self.tokens: str = tokens
        self.vocabulary: int | None = vocabulary
        self.dropout: float = dropout
        self.input_dropout: float = input_dropout
        self.variational: bool = variational
        self.weight_drop: float = weight_drop
        self.steps: int = steps
        self.streams: int | None = streams
        self.fresh: float = fresh
        self.epochs: int = epochs
        self.learning_rate: float = learning_rate
        self.warm_up: float = warm_up
        self.weight_decay: float = weight_decay
        self.clip_norm: float = clip_norm
        self.validation: float = validation
        self.patience: int | None = patience
        self.products: str | None = products
        self.seed: int = seed
        self.threads: int | None = threads

    def set_params(self, **params: Unpack[LanguageOptions]) -> Self:
        """Set parameters by name.

        Parameters
        ----------
        **params
            By name, as the constructor has them.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        OptionError
            If there is no such parameter.
        """
        return self._set_params(params)

    # --- learning -------------------------------------------------------------------------------------------

    @hinted({})
    def fit(
        self,
        text: Any,
        *,
        validation_text: Any = None,
        samples: int = 0,
        callbacks: Iterable[Callback] = (),
        verbose: int = 1,
        checkpoint: Folder = None,
        every: str | int | None = None,
        resume: bool = False,
        max_seconds: float | None = None,
        on_nan: str = "raise",
    ) -> Self:
        """Learn from a text.

        Parameters
        ----------
        text : str, path, or iterable of str
            What to learn: a text; a `Path` of a file, or of a folder of ``*.txt``; or documents, which may come one by
            one. What is not a str may be larger than memory: its numbers are kept in a temporary file.
        validation_text : str, path, or iterable of str, optional
            Judges each epoch, in place of the end of `text`.
        samples : int, default 0
            Tokens that the model writes to the standard output after each epoch.
        callbacks : iterable of Callback
            Told how the training goes.
        verbose : int, default 1
            0 for silence, 1 for a line of progress.
        checkpoint, every, resume
            A folder for where the training stands, how often it is written, and whether it goes on from there, as for
            `Network.fit`.
        max_seconds : float, optional
            The training ends after the update that passes so many seconds since it began; what is learnt then
            depends on how fast the machine is.
        on_nan : {"raise", "skip"}, default "raise"
            Whether a batch whose loss or gradient is not finite ends the training, or is left out, as for
            `Network.fit`.

        Returns
        -------
        LanguageModel
            Itself.

        Raises
        ------
        DataError
            If a text cannot be read, or is too short.
        OptionError
            If a parameter makes no sense.
        """
        self.check_params()
        verbose = int(verbose) if isinstance(verbose, bool) else checks.whole(verbose, "verbose", least=0)
        limited(max_seconds), check_on_nan(on_nan)  # say what makes no sense, before a text is read
        shown, told = progress(verbose), as_callbacks(callbacks)
        samples = checks.whole(samples, "samples", least=0)
        parts, vocabulary = self._parts(text, validation_text)
        numbers = encoded(parts.training(), vocabulary).numbers
        windows = Windows(numbers, self.streams or usual_streams(len(numbers), self.steps), self.steps)
        held = encoded(parts.held_out(), vocabulary)
        judged = held if len(held.numbers) > 1 else None
        keeping, network = self._keeping(judged), self._network(len(vocabulary))
        writing = [Samples(self, samples)] if samples else []
        self.vocabulary_, self.notes_, self.held_out_, self.network_ = vocabulary, parts.notes, judged, network
        with saving(checkpoint, every, resume=resume, alone=True):
            self.history_ = train(
                self.network_,
                windows,
                self._optimizer(self.epochs * windows.batches),
                epochs=self.epochs,
                fresh=self.fresh,
                judge=None if judged is None else lambda: mean_nats(self.network_, held.numbers),
                callbacks=[*keeping, *told, *limited(max_seconds), *writing, *shown],
                held=None if judged is None else held.numbers,
                on_nan=on_nan,
            )
        return self

    def _parts(self, text: Any, validation_text: Any) -> tuple[Parts, Vocabulary]:
        """The text, cut where what is held out begins, and its tokens."""
        parts = Parts.of(text, validation_text, 0.0 if validation_text is not None else self.validation)
        kind, limit = kind_of(self.tokens), self.vocabulary
        known = parts.everything() if kind.kind == "characters" and limit is None else parts.training()
        vocabulary = kind.of(known, limit)
        if len(vocabulary) < 2:
            raise DataError("the text has a single kind of character, so that there is nothing to learn of it")
        return parts, vocabulary

    def check_params(self) -> None:
        """Refuse parameters that make no sense; `OptionError` names the first."""
        for name in ("units", "layers", "steps", "epochs"):
            checks.whole(getattr(self, name), name, most=10**7)
        for name in ("learning_rate", "clip_norm"):
            checks.real(getattr(self, name), name, 0)
        checks.real(self.weight_decay, "weight_decay", 0, from_low=True)
        what = dict.fromkeys(("dropout", "input_dropout"), "values") | {"weight_drop": "weights", "fresh": "windows"}
        for name, whole in {"validation": "the text", **what, "warm_up": "the updates"}.items():
            checks.real(getattr(self, name), name, 0, 1, expected=f"in [0, 1), a share of {whole}", from_low=True)
        for name in ("vocabulary", "embedding", "streams", "patience", "threads"):
            if getattr(self, name) is not None:
                checks.whole(getattr(self, name), name, most=10**7)
        for name in ("tied", "variational"):
            checks.flag(getattr(self, name), name)
        checks.as_seed(self.seed)
        kind_of(self.tokens)
        of_one_input(self.cell)
        check_products(self.products, np.dtype(np.float32))

    def _network(self, tokens: int) -> Network:
        embedding = self.embedding or (self.units if self.tied else 64)
        design = Design(
            cell=self.cell,
            units=self.units,
            layers=self.layers,
            embedding=embedding,
            tied=self.tied,
            dropout=self.dropout,
            input_dropout=self.input_dropout,
            variational=self.variational,
            weight_drop=self.weight_drop,
        )
        return Network(design.function(tokens), inputs=1, seed=self.seed, products=self.products, threads=self.threads)

    def _optimizer(self, updates: int) -> AdamW:
        rises = int(updates * self.warm_up)
        rate: Any = CosineDecay(self.learning_rate, max(updates - rises, 1), self.learning_rate / 10)
        rate = WarmUp(rises, rate) if rises else rate
        return AdamW(rate, weight_decay=self.weight_decay, decay_vectors=False, clip_norm=self.clip_norm)

    def _keeping(self, judged: Encoded | None) -> list[Callback]:
        """What keeps the weights of the best epoch, and ends a training that gets no better."""
        if judged is None:
            if self.patience is not None:
                raise OptionError(
                    f"patience is {self.patience}, and no text is held out to judge epochs: give validation above 0, "
                    "or a longer text, or leave patience out"
                )
            return []
        return [EarlyStopping(patience=self.patience or self.epochs)]

    # --- files ----------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> Path:
        """Write the model to a safetensors file, complete or not at all.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Path
        """
        self._check_fitted()
        self.check_params()  # which `load` does too
        stored = entry(self.get_params(), self.vocabulary_)
        return write(self.network_, path, {**self.network_.metadata, **stored})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote; `ModelFileError` if it is no language model.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        LanguageModel
        """
        network = network_of("LanguageModel", path)
        params, vocabulary = read_entry(network, path)
        try:
            model = cls(**params)
            model.check_params()
        except UNREADABLE as error:
            raise ModelFileError(f"{path} holds a language model with other parameters: {error}") from error
        model.vocabulary_, model.held_out_, model.notes_ = vocabulary, None, []
        model.network_ = network
        return model
