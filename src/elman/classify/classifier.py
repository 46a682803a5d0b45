"""`SequenceClassifier`: which class a sequence belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, Unpack

import numpy as np

from elman import checks
from elman.classify.attribution import Question, explain
from elman.classify.base import SequenceEstimator, weights_of
from elman.classify.calibration import log_softmax, temperature_of
from elman.classify.classes import check_kind, numbers_of
from elman.classify.explained import Attribution
from elman.classify.heads import head_of
from elman.classify.options import ClassifierParameters, Pooling, RandomState
from elman.classify.over_time import over_time
from elman.classify.report import ClassificationReport, report_on_classes
from elman.classify.store import labels_from_data, labels_to_data
from elman.data.cases import Cases
from elman.data.collecting import Names
from elman.data.names import counted, listed
from elman.equations import Cell
from elman.errors import DataError, ModelFileError, OptionError, ShapeError
from elman.hints import CLASSIFIER, CLASSIFIER_FIT, hinted, hinted_class
from elman.training import Callback
from elman.training.limits import limited
from elman.training.losses import LOSSES
from elman.training.options import check_on_nan
from elman.training.runs import Folder, saving
from elman.training.schedules import Rate


@hinted_class(CLASSIFIER)
class SequenceClassifier(SequenceEstimator):
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

    classes_: np.ndarray
    temperature_: float
    notes_: tuple[str, ...]

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
        self.cell: str | Cell = cell
        self.units: int = units
        self.layers: int = layers
        self.bidirectional: bool = bidirectional
        self.pooling: Pooling = pooling
        self.convolution: str | None = convolution
        self.filters: int = filters
        self.dropout: float = dropout
        self.members: int = members
        self.class_weight: Mapping[Any, float] | str | None = class_weight
        self.label_smoothing: float = label_smoothing
        self.epochs: int | None = epochs
        self.batch_size: int | None = batch_size
        self.learning_rate: Rate = learning_rate
        self.weight_decay: float = weight_decay
        self.validation: float = validation
        self.patience: int | None = patience
        self.channels: str = channels
        self.random_state: RandomState = random_state
        self.threads: int | None = threads
        self.verbose: int = verbose

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
        self._check_saved(checkpoint)
        with saving(checkpoint, every, resume=resume), self._fitting():
            self.check_params()
            limits = limited(max_seconds)
            cases = self._taken(X, y, {"group": group, "time": time, "columns": columns, "label": label})
            self.classes_, self._target = np.unique(_classes(cases), return_inverse=True)
            if len(self.classes_) < 2:
                only = self.classes_.tolist()[0]
                raise DataError(
                    f"all {counted(len(cases), 'cases')} are of one class, {only!r}; a classifier needs two at least"
                )
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

    # --- using ----------------------------------------------------------------------------------------------

    def predict(self, X: Any) -> np.ndarray:
        """The class of each sequence, (N,).

        Parameters
        ----------
        X : as for `fit`
            N sequences.

        Returns
        -------
        ndarray, shape (N,)
        """
        probabilities = self.predict_proba(X)
        found: np.ndarray = self.classes_[probabilities.argmax(axis=1)]
        return found

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (N, C), in the order of ``classes_``.

        Parameters
        ----------
        X : as for `fit`
            N sequences.

        Returns
        -------
        ndarray, shape (N, C)
        """
        return self._judged(self._outputs(self._read(X)))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of each probability, (N, C).

        Parameters
        ----------
        X : as for `fit`
            N sequences.

        Returns
        -------
        ndarray, shape (N, C)
        """
        each = log_softmax(self._outputs(self._read(X)) / self.temperature_)  # (M, N, C)
        likeliest = each.max(axis=0)
        found: np.ndarray = likeliest + np.log(np.exp(each - likeliest).mean(axis=0))
        return found

    def predict_proba_over_time(self, X: Any, every: int = 1) -> np.ndarray:
        """The probability of each class after each step, as of a sequence that ends there.

        Without ``bidirectional`` one pass finds them all; else the beginnings are read one by one.

        Parameters
        ----------
        X : array, list, data frame or path
            N sequences, as for `predict`.
        every : int, default 1
            Steps from one answer to the next: column j is what is known after ``min((j + 1) * every, T_n)`` steps.

        Returns
        -------
        ndarray, shape (N, S, C)
            With S the longest sequence's answers; NaN behind the end of each.
        """
        return over_time(self, X, every)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The share of the sequences whose class is right.

        Parameters
        ----------
        X : as for `fit`
            N sequences.
        y : array, shape (N,), optional
            What is true; by default what the sequences bring with them.
        sample_weight : array, shape (N,), optional
            What each counts.

        Returns
        -------
        float
        """
        cases = self._labelled(X, y)
        assert cases.labels is not None
        check_kind(cases.labels, self.classes_)
        right = self.predict(cases) == cases.labels
        return float(np.average(right, weights=weights_of(sample_weight, len(right))))

    def report(self, X: Any, y: Any = None, hardest: int = 10) -> ClassificationReport:
        """How well the classes of sequences are told, and which are the hardest.

        Parameters
        ----------
        X, y
            Sequences and their classes, as for `score`.
        hardest : int, default 10
            How many of the cases are named whose true class has the lowest probability.

        Returns
        -------
        ClassificationReport
            Accuracy, confusion matrix, precision and recall by class, log loss, calibration; ``print(report)`` shows a
            table, ``plot`` the confusion matrix, and ``to_dict`` is for JSON.
        """
        cases = self._labelled(X, y)
        assert cases.labels is not None
        return report_on_classes(self.classes_, cases.labels, self.predict_proba(cases), cases.names, hardest)

    def explain(
        self,
        X: Any,
        target: Any = None,
        *,
        method: str = "integrated",
        output: str = "probability",
        points: int | None = None,
        window: int | None = None,
    ) -> Attribution:
        """What each step and channel of sequences adds to the probability of a class.

        Beside a baseline: a sequence of the same length whose channels are at their training means all the time.
        Integrated gradients add up to the difference between the outputs of both; it is looked at whether they do.

        Parameters
        ----------
        X : array, list, data frame or path
            N sequences, as for `predict`.
        target : label or array (N,) of labels, optional
            The class that is meant; by default the one that is predicted of each.
        method : {"integrated", "occlusion"}, default "integrated"
            Gradients along the line from the baseline [1]_, or how much is lost where some steps of a channel are
            replaced by the baseline [2]_.
        output : {"probability", "logit"}, default "probability"
            What is explained: the probability, or its log-odds ``log(p / (1 - p))``, which tell classes apart where
            the probability is nearly 0 or 1; the mean of the networks'.
        points : int, optional
            Of the line; by default 16, and four times as many, up to 256, until the sum is within 1 % of the
            difference.
        window : int, optional
            Steps that are replaced together; by default an eighth of the longest sequence.

        Returns
        -------
        Attribution
            With ``values`` (N, T, F), ``difference`` and ``residual`` (N,), `to_pandas` and `plot`.

        References
        ----------
        .. [1] M. Sundararajan, A. Taly and Q. Yan, Axiomatic attribution for deep networks, ICML 2017.
        .. [2] M. D. Zeiler and R. Fergus, Visualizing and understanding convolutional networks, ECCV 2014.
        """
        question, cases = Question(method, points, window), self._read(X)
        if target is None:
            number = self.predict_proba(cases).argmax(axis=1)
        else:
            number = numbers_of(_for_each(target, len(cases)), self.classes_)
        head = head_of(output, number, self.temperature_)
        return explain(self, cases, head, question, self.classes_[number])

    def _judged(self, outputs: np.ndarray) -> np.ndarray:
        """Of outputs (M, N, C), the mean of the networks' probabilities, (N, C)."""
        found: np.ndarray = np.exp(log_softmax(outputs / self.temperature_)).mean(axis=0)
        return found

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


def _for_each(target: Any, count: int) -> np.ndarray:
    """A class for each case, of one for all or as many as there are."""
    given = np.asarray(target)
    if given.shape not in ((), (count,)):
        raise ShapeError(
            f"target has shape {given.shape}; expected a class, or one for each of {counted(count, 'cases')}"
        )
    return np.broadcast_to(given, (count,))


def _classes(cases: Cases) -> np.ndarray:
    """The labels of cases, which are classes and no amounts."""
    assert cases.labels is not None
    found = cases.labels
    if found.dtype.kind == "f" and (found != np.trunc(found)).any():
        broken = found[found != np.trunc(found)][0]
        raise DataError(
            f"Unknown label type: y is continuous, such as {broken:g}; expected classes: texts, whole numbers or "
            "booleans. A SequenceRegressor learns numbers"
        )
    return found
