"""`SequenceRegressor`: a number that belongs to a sequence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, Unpack

import numpy as np

from elman import checks
from elman.checks import nearest, shown
from elman.classify.attribution import Question, explain
from elman.classify.base import SequenceEstimator, weights_of
from elman.classify.explained import Attribution
from elman.classify.heads import NumberHead
from elman.classify.moments import explained_share, moments
from elman.classify.options import Pooling, RandomState, RegressorParameters
from elman.classify.over_time import over_time
from elman.classify.report import RegressionReport, report_on_numbers
from elman.classify.splitting import parts_of
from elman.data.cases import Cases
from elman.data.casing import targets_of
from elman.data.collecting import Names
from elman.equations import Cell
from elman.errors import DataError, ModelFileError, OptionError
from elman.hints import CLASSIFIER, CLASSIFIER_FIT, hinted, hinted_class
from elman.training import Callback
from elman.training.limits import limited
from elman.training.options import check_on_nan
from elman.training.runs import Folder, saving
from elman.training.schedules import Rate

LOSSES = ("mse", "mae", "huber")


@hinted_class(CLASSIFIER)
class SequenceRegressor(SequenceEstimator):
    """Learns a number that belongs to a sequence, from sequences of any length whose number is known.

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
        Networks that are trained side by side, of different seeds; their values are averaged.
    loss : {"mse", "mae", "huber"}, default "mse"
        Of targets in units of their spread: squared errors, absolute ones, which a few wild targets move less, or
        squared up to one spread and absolute from there.
    epochs : int, optional
        How often the cases are read; by default about 600 updates, between 20 and 100 epochs.
    batch_size : int, optional
        Cases of an update; by default a sixteenth of them, between 8 and 64.
    learning_rate : float or schedule, default 3e-3
        AdamW's highest one; it rises in the first twentieth of the updates and falls by a cosine.
    weight_decay : float, default 0.01
        Of AdamW.
    validation : float, default 0.2
        Share of the cases that is held out, from all parts of the range of the targets: the weights of the epoch
        that is best on them stay, an early one where cases tell little of their targets.
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
    networks_ : list of Network
        They take scaled inputs (N, T, F') and return the scaled target (N, 1).
    history_ : list of dict
        Of each network, loss and metrics epoch by epoch, those of cases held out as ``val_loss``; not kept in files.
    scaling_ : Scaling
        What each channel is scaled by.
    target_mean_, target_spread_ : float
        What targets are scaled by.
    notes_ : tuple of str
        What was decided about the data.

    References
    ----------
    .. [1] F. Karim, S. Majumdar, H. Darabi and S. Chen, LSTM fully convolutional networks for time series
       classification, IEEE Access 6 (2018).

    Examples
    --------
    How fast sequences of different lengths rise:

    >>> rng = np.random.default_rng(0)
    >>> slopes = rng.uniform(-1, 1, 40)
    >>> X = [slope * np.arange(n) + 0.1 * rng.normal(size=n) for slope, n in zip(slopes, rng.integers(8, 20, 40))]
    >>> SequenceRegressor(units=8, epochs=40).fit(X, slopes).score(X, slopes) > 0.9
    True
    """

    _estimator_type = "regressor"

    target_mean_: float
    target_spread_: float

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
        loss: str = "mse",
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: Rate = 3e-3,
        weight_decay: float = 0.01,
        validation: float = 0.2,
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
        self.loss: str = loss
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

    def set_params(self, **params: Unpack[RegressorParameters]) -> Self:
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
        """Learn from sequences whose number is known.

        Parameters
        ----------
        X : array, list, dict, data frame or path
            N sequences, as `elman.data.casing.cases_of` takes them: arrays (N, T) or (N, T, F), lists of arrays
            (T_i, F) of any lengths, nested or long data frames, files.
        y : array (N,), optional
            The number of each; `label` instead names a column of a table.
        sample_weight : array (N,), optional
            What each case counts in the loss.
        group, time, columns, label : str or list of str, optional
            Of a table: the columns that name the cases, of times, of the channels, and of the target.
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
            If the data cannot be used.
        OptionError
            If a parameter makes no sense.
        KeyboardInterrupt
            Passed on; the regressor is fitted then with what the networks had learnt. After any other error it is as
            it was.
        """
        self._check_saved(checkpoint)
        with saving(checkpoint, every, resume=resume), self._fitting():
            self.check_params()
            limits = limited(max_seconds)
            cases = self._taken(X, y, {"group": group, "time": time, "columns": columns, "label": label})
            target = _targets(cases)
            mean, spread = moments(target[:, None])
            self.target_mean_, self.target_spread_ = float(mean[0]), float(spread[0]) or 1.0
            self._target = ((target - self.target_mean_) / self.target_spread_)[:, None]
            self._learn(cases, sample_weight, callbacks, 1, limits, check_on_nan(on_nan))
        return self

    def check_params(self) -> None:
        """Refuse parameters that make no sense; `OptionError` names the first."""
        super().check_params()
        if not isinstance(self.loss, str) or self.loss not in LOSSES:
            raise OptionError(
                f"loss is {shown(self.loss)}{nearest(self.loss, LOSSES)}; expected one of {', '.join(LOSSES)}"
            )

    # --- what the training asks -----------------------------------------------------------------------------

    def _loss(self) -> Any:
        return self.loss

    def _strata(self) -> np.ndarray:
        return parts_of(self._target)

    # --- using ----------------------------------------------------------------------------------------------

    def predict(self, X: Any) -> np.ndarray:
        """The number of each sequence, (N,).

        Parameters
        ----------
        X : as for `fit`
            N sequences.

        Returns
        -------
        ndarray of float, shape (N,)
        """
        return self._judged(self._outputs(self._read(X)))

    def predict_over_time(self, X: Any, every: int = 1) -> np.ndarray:
        """The number after each step, as of a sequence that ends there.

        Without ``bidirectional`` one pass finds them all; else the beginnings are read one by one.

        Parameters
        ----------
        X : array, list, data frame or path
            N sequences, as for `predict`.
        every : int, default 1
            Steps from one answer to the next: column j is what is known after ``min((j + 1) * every, T_n)`` steps.

        Returns
        -------
        ndarray, shape (N, S)
            With S the longest sequence's answers; NaN behind the end of each.
        """
        return over_time(self, X, every)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The coefficient of determination: 1 less the share of the targets' variance that errors have.

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
        target = _targets(cases)
        found = explained_share(target, self.predict(cases), weights_of(sample_weight, len(target)))
        if np.isnan(found):
            raise DataError("all targets are the same, so that no share of their variance can be told")
        return found

    def report(self, X: Any, y: Any = None, hardest: int = 10) -> RegressionReport:
        """How well the numbers of sequences are told, and which are the hardest.

        Parameters
        ----------
        X, y
            Sequences and their numbers, as for `score`.
        hardest : int, default 10
            How many of the cases are named that have the largest errors.

        Returns
        -------
        RegressionReport
            Errors and R2; ``print(report)`` shows them, ``plot`` draws predicted over true numbers, ``to_dict`` is for
            JSON.
        """
        cases = self._labelled(X, y)
        return report_on_numbers(_targets(cases), self.predict(cases), cases.names, hardest)

    def explain(
        self, X: Any, *, method: str = "integrated", points: int | None = None, window: int | None = None
    ) -> Attribution:
        """What each step and channel of sequences adds to the number, in its own unit.

        Beside a baseline: a sequence of the same length whose channels are at their training means all the time.
        Integrated gradients add up to the difference between the outputs of both; it is looked at whether they do.

        Parameters
        ----------
        X : array, list, data frame or path
            N sequences, as for `predict`.
        method : {"integrated", "occlusion"}, default "integrated"
            Gradients along the line from the baseline [1]_, or how much is lost where some steps of a channel are
            replaced by the baseline [2]_.
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
        return explain(self, cases, NumberHead(self.target_mean_, self.target_spread_), question, None)

    def _judged(self, outputs: np.ndarray) -> np.ndarray:
        """Of scaled targets (M, N, 1), the mean of the networks' values, (N,)."""
        found: np.ndarray = self.target_mean_ + self.target_spread_ * outputs[:, :, 0].mean(axis=0)
        return found

    # --- files ----------------------------------------------------------------------------------------------

    def _learnt(self) -> dict[str, Any]:
        return {"mean": self.target_mean_, "spread": self.target_spread_}

    def _restore(self, learnt: dict[str, Any]) -> None:
        self.target_mean_ = checks.real(learnt["mean"], "the mean of the targets", -np.inf)
        self.target_spread_ = checks.real(learnt["spread"], "the spread of the targets", 0)
        if self.networks_[0].outputs != 1:
            raise ModelFileError(f"it has {self.networks_[0].outputs} outputs for one number")


def _targets(cases: Cases) -> np.ndarray:
    """The numbers of cases that have some."""
    assert cases.labels is not None
    return targets_of(cases.labels, cases.names)
