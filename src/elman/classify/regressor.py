"""`SequenceRegressor`: a number that belongs to a sequence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, Unpack

import numpy as np

from elman import checks
from elman.checks import nearest, shown
from elman.classify.moments import moments
from elman.classify.number_answers import NumberAnswers, targets_in
from elman.classify.options import Pooling, RandomState, RegressorParameters
from elman.classify.splitting import parts_of
from elman.data.collecting import Names
from elman.equations import Cell
from elman.errors import ModelFileError, OptionError
from elman.hints import CLASSIFIER, CLASSIFIER_FIT, hinted, hinted_class
from elman.training import Callback
from elman.training.limits import limited
from elman.training.options import check_on_nan
from elman.training.runs import Folder
from elman.training.schedules import Rate

LOSSES = ("mse", "mae", "huber")


@hinted_class(CLASSIFIER)
class SequenceRegressor(NumberAnswers):
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

    loss: str

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
        self._take(locals())

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
        with self._fitting(checkpoint, every, resume):
            limits = limited(max_seconds)
            cases = self._taken(X, y, {"group": group, "time": time, "columns": columns, "label": label})
            target = targets_in(cases)
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

    # --- files ----------------------------------------------------------------------------------------------

    def _learnt(self) -> dict[str, Any]:
        return {"mean": self.target_mean_, "spread": self.target_spread_}

    def _restore(self, learnt: dict[str, Any]) -> None:
        self.target_mean_ = checks.real(learnt["mean"], "the mean of the targets", -np.inf)
        self.target_spread_ = checks.real(learnt["spread"], "the spread of the targets", 0)
        if self.networks_[0].outputs != 1:
            raise ModelFileError(f"it has {self.networks_[0].outputs} outputs for one number")
