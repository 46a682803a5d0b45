"""`SequenceClassifier`: which class a sequence belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, Unpack

import numpy as np

from elman import checks
from elman.classify.base import weights_of
from elman.classify.calibration import temperature_of
from elman.classify.class_answers import ClassAnswers
from elman.classify.classes import classes_of
from elman.classify.options import ClassifierParameters, Pooling, RandomState
from elman.classify.store import labels_from_data, labels_to_data
from elman.data.cases import Cases
from elman.data.collecting import Names
from elman.data.names import listed
from elman.equations import Cell
from elman.errors import ModelFileError, OptionError
from elman.hints import CLASSIFIER, CLASSIFIER_FIT, hinted, hinted_class
from elman.training import Callback
from elman.training.limits import limited
from elman.training.losses import LOSSES
from elman.training.options import check_on_nan
from elman.training.runs import Folder
from elman.training.schedules import Rate


@hinted_class(CLASSIFIER)
class SequenceClassifier(ClassAnswers):
    """Learns which class a sequence belongs to, from sequences of any length whose class is known.

    Parameters
    ----------
    cell : str or Cell, default "gru"
        Of the recurrent layers: a name of `elman.cells.catalogue`, or a cell of your own, with one input.
    units : int, default 64
        Hidden size H of each direction.
    layers : int, default 1
        How many recurrent layers.
    bidirectional : bool, default True
        Whether they read in both directions; without, no step sees those behind it, and `stream` goes step by step.
    pooling : {"last", "mean", "max", "attention"} or list of these, default "mean"
        How the values of all steps become one vector; several stand side by side.
    convolution : {"front", "beside"} or None, default "front"
        Convolutions over time with batch normalisation: two that the recurrent layers read, or the three of a fully
        convolutional network, averaged over time, beside them (LSTM-FCN [1]_); None for none.
    filters : int, default 64
        Features of the convolutions; the middle one of three has twice as many.
    dropout : float, default 0.3
        Share of the values that are dropped before the head, and between recurrent layers, in training.
    members : int, default 3
        Networks that are trained side by side, of different seeds; their probabilities are averaged.
    class_weight : dict or "balanced", optional
        What the cases of each class count in the loss: a number by class, or the same share for every class.
    label_smoothing : float, default 0
        Share of a label that is spread over all classes.
    epochs : int, optional
        How often the cases are read; by default about 600 updates, between 20 and 100 epochs.
    batch_size : int, optional
        Cases of an update; by default a sixteenth of them, between 8 and 64.
    learning_rate : float or schedule, default 3e-3
        AdamW's highest one; it rises in the first twentieth of the updates and falls by a cosine.
    weight_decay : float, default 0.01
        Of AdamW.
    validation : float, default 0
        Share of the cases of each class that is held out: the weights of the epoch that is best on them stay, and the
        probabilities are calibrated by them.
    patience : int, optional
        Epochs without improvement on the cases held out, after which the training ends.
    channels : {"last", "first"}, default "last"
        Whether arrays are (N, T, F), or (N, F, T) as aeon and sktime have them.
    random_state : int, RandomState, Generator or None, default 0
        Of everything random; None for another one each time.
    threads : int, optional
        At most so many; by default all cores.
    verbose : int, default 0
        1 for a line of progress.

    Attributes
    ----------
    classes_ : ndarray, shape (C,)
        The classes, sorted.
    networks_ : list of Network
        They take scaled inputs (N, T, F') and return logits (N, C).
    history_ : list of dict
        Of each network, loss and metrics epoch by epoch, those of cases held out as ``val_loss``; not kept in files.
    scaling_ : Scaling
        What each channel is scaled by.
    temperature_ : float
        What logits are divided by: 1 unless cases were held out, and some of them mistaken.
    notes_ : tuple of str
        What was decided about the data.

    References
    ----------
    .. [1] F. Karim, S. Majumdar, H. Darabi and S. Chen, LSTM fully convolutional networks for time series
       classification, IEEE Access 6 (2018).

    Examples
    --------
    Rising and falling sequences of different lengths:

    >>> rng = np.random.default_rng(0)
    >>> X = [sign * np.linspace(0, 1, n) + 0.1 * rng.normal(size=n) for n in range(8, 20) for sign in (1, -1)]
    >>> y = ["up", "down"] * 12
    >>> model = SequenceClassifier(units=8, epochs=20).fit(X, y)
    >>> model.predict([np.arange(9.0) / 9]).tolist(), model.score(X, y)
    (['up'], 1.0)
    """

    _estimator_type = "classifier"
    _metrics = ("accuracy",)

    class_weight: Mapping[Any, float] | str | None
    label_smoothing: float

    def __init__(
        self,
        cell: str | Cell = "gru",
        units: int = 64,
        *,
        layers: int = 1,
        bidirectional: bool = True,
        pooling: Pooling = "mean",
        convolution: str | None = "front",
        filters: int = 64,
        dropout: float = 0.3,
        members: int = 3,
        class_weight: Mapping[Any, float] | str | None = None,
        label_smoothing: float = 0.0,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: Rate = 3e-3,
        weight_decay: float = 0.01,
        validation: float = 0.0,
        patience: int | None = None,
        channels: str = "last",
        random_state: RandomState = 0,
        threads: int | None = None,
        verbose: int = 0,
    ):
        self._take(locals())

    def set_params(self, **params: Unpack[ClassifierParameters]) -> Self:
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

    @hinted(CLASSIFIER_FIT)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        group: Names = None,
        time: Names = None,
        columns: Names = None,
        label: str | None = None,
        callbacks: Iterable[Callback] = (),
        checkpoint: Folder = None,
        every: str | int | None = None,
        resume: bool = False,
        max_seconds: float | None = None,
        on_nan: str = "raise",
    ) -> Self:
        """Learn from sequences whose class is known.

        Parameters
        ----------
        X : array, list, dict, data frame or path
            N sequences, as `elman.data.casing.cases_of` takes them: arrays (N, T) or (N, T, F), lists of arrays
            (T_i, F) of any lengths, nested or long data frames, files.
        y : array (N,), optional
            The class of each, of any type that can be sorted; `label` instead names a column of a table.
        sample_weight : array (N,), optional
            What each case counts in the loss.
        group, time, columns, label : str or list of str, optional
            Of a table: the columns that name the cases, of times, of the channels, and of the class.
        callbacks : iterable of Callback
            Told how the trainings go; members are trained one after the other then, unless each is `side_by_side`.
        checkpoint, every, resume
            A folder for where the networks stand, how often they are written, and whether they go on from there, as for
            `Network.fit`. A `random_state` has to be a number then.
        max_seconds : float, optional
            The training ends after the update that passes so many seconds since it began, those of all
            members; what is learnt then depends on how fast the machine is.
        on_nan : {"raise", "skip"}, default "raise"
            Whether a batch whose loss or gradient is not finite ends the training, or is left out, as for
            `Network.fit`.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If the data cannot be used, or there is one class only.
        OptionError
            If a parameter makes no sense.
        KeyboardInterrupt
            Passed on; the classifier is fitted then with what the networks had learnt. After any other error it is as
            it was.
        """
        with self._fitting(checkpoint, every, resume):
            limits = limited(max_seconds)
            cases = self._taken(X, y, {"group": group, "time": time, "columns": columns, "label": label})
            self.classes_, self._target = classes_of(cases)
            self.temperature_ = 1.0
            held = self._learn(cases, sample_weight, callbacks, len(self.classes_), limits, check_on_nan(on_nan))
            if held.any():
                weights = weights_of(sample_weight, len(cases))
                self._calibrate(cases.take(held), self._target[held], None if weights is None else weights[held])
        return self

    def check_params(self) -> None:
        super().check_params()
        checks.real(self.label_smoothing, "label_smoothing", 0, 1, "in [0, 1), a share of a label", from_low=True)

    # --- what the training asks -----------------------------------------------------------------------------

    def _loss(self) -> Any:
        return LOSSES["softmax_cross_entropy"].with_options(smoothing=float(self.label_smoothing))

    def _strata(self) -> np.ndarray:
        return self._target

    def _class_weight(self) -> Any:
        """By number of the class."""
        given = self.class_weight
        if not isinstance(given, Mapping):
            return given
        classes = self.classes_.tolist()
        unknown = [name for name in given if name not in classes]
        if unknown:
            raise OptionError(
                f"class_weight names {unknown[0]!r}, which is none of the classes {listed(map(repr, classes))}"
            )
        for name, weight in given.items():
            checks.real(weight, f"class_weight[{name!r}]", 0, from_low=True)
        return {classes.index(name): weight for name, weight in given.items()}

    def _calibrate(self, cases: Cases, classes: np.ndarray, weights: np.ndarray | None) -> None:
        """Find the temperature by cases that the networks have not learnt from."""
        logits = self._outputs(cases)
        repeated = None if weights is None else np.tile(weights, len(logits))
        found = temperature_of(logits.reshape(-1, logits.shape[2]), np.tile(classes, len(logits)), repeated)
        if found is None:
            self.notes_ = (*self.notes_, "no case that is held out is mistaken: probabilities are not calibrated")
        self.temperature_ = 1.0 if found is None else found

    # --- files ----------------------------------------------------------------------------------------------

    def _learnt(self) -> dict[str, Any]:
        return {"classes": labels_to_data(self.classes_), "temperature": self.temperature_}

    def _restore(self, learnt: dict[str, Any]) -> None:
        self.classes_ = labels_from_data(learnt["classes"])
        self.temperature_ = checks.real(learnt["temperature"], "temperature", 0)
        if len(self.classes_) < 2 or not np.array_equal(np.unique(self.classes_), self.classes_):
            raise ModelFileError("its classes are not sorted, or two are the same")
        if self.networks_[0].outputs != len(self.classes_):
            raise ModelFileError(f"it has {len(self.classes_)} classes for {self.networks_[0].outputs} outputs")
