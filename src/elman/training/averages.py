"""Averages of the weights that a training goes through, kept beside the optimiser's equations.

An average is one more state of an update: ``a = a + share (w - a)``, where `share`, a number of the update, says what
the new weights count in it. So it costs no pass of its own, knows groups and frozen parameters, and is stored with the
rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elman.checks import flag, real, whole

AVERAGE = "averaged weights"  # a state of an optimiser, which no equations' argument is called
OWN = "own weights"  # the same state while the network has its averaged weights: those that training goes on from
SHARE = "average: share"  # a scalar of an update


class Average:
    """A mean of the weights behind each update; subclasses give `share`. See `EMA` and `SWA`.

    Attributes
    ----------
    applied : bool
        Whether epochs are judged, and trainings end, with averaged weights.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> class Mean(el.training.Average):
    ...     def share(self, step):
    ...         return 1 / step
    >>> Mean().share(np.array([1, 2, 4])).tolist()
    [1.0, 0.5, 0.25]
    """

    applied: bool = True

    def share(self, step: np.ndarray) -> np.ndarray:
        """What the weights behind some updates (1 is the first) count in the average: 1 and it is these weights.

        Parameters
        ----------
        step : ndarray of int, shape (n,)
            Their numbers, from 1.

        Returns
        -------
        ndarray of float, shape (n,)
            In [0, 1].
        """
        raise NotImplementedError


@dataclass(frozen=True)
class EMA(Average):
    """An exponential moving average of the weights: ``el.Adam(average=el.EMA(0.999))``.

    ``a_k = a_(k-1) + c_k (w_k - a_(k-1))`` of the k-th update since `start`, with ``c_k = (1 - decay) / (1 -
    decay^k)``: the weighted mean of all weights since then, each counting `decay` times as much as the next, and no
    bias towards those at the beginning. About ``1 / (1 - decay)`` updates count.

    Parameters
    ----------
    decay : float, default 0.999
        How slowly it forgets, in [0, 1).
    start : int, default 1
        The number of the update whose weights are its first; until then it is the weights themselves.
    corrected : bool, default True
        Whether it is freed of its bias towards the first weights, as above. If not, ``c_1 = 1`` and ``c_k = 1 -
        decay``, as PyTorch's `AveragedModel` with `get_ema_multi_avg_fn` and Keras' `use_ema` have it.

    applied : bool, default True
        Whether epochs are judged, and the training ends, with the averaged weights. If not, the network keeps its own;
        `Optimizer.averaged` and `Optimizer.average_in` have the average.

    References
    ----------
    B. T. Polyak and A. B. Juditsky, Acceleration of stochastic approximation by averaging, SIAM Journal on Control and
    Optimization 30 (1992); D. P. Kingma and J. Ba, Adam, ICLR 2015, section 7.2: the correction.

    Examples
    --------
    >>> import numpy as np
    >>> EMA(0.5).share(np.array([1, 2, 3])).round(3).tolist()
    [1.0, 0.667, 0.571]
    """

    decay: float = 0.999
    start: int = 1
    corrected: bool = True
    applied: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "decay", real(self.decay, "EMA: decay", 0, 1, from_low=True))
        object.__setattr__(self, "start", whole(self.start, "EMA: start"))
        flag(self.corrected, "EMA: corrected"), flag(self.applied, "EMA: applied")

    def share(self, step: np.ndarray) -> np.ndarray:
        number = np.maximum(step - self.start + 1, 1)
        kept = 1 - self.decay**number if self.corrected else 1.0
        return np.where(number <= 1, 1.0, (1 - self.decay) / kept)


@dataclass(frozen=True)
class SWA(Average):
    """Stochastic weight averaging, the plain mean of weights now and then: ``el.SGD(0.05, average=el.SWA(1000, 100))``.

    The mean of the weights behind updates ``start, start + every, start + 2 every, ...``, all counting alike. Goes with
    a learning rate that stays high, so that the weights go round a wide minimum, whose middle the mean is.

    Parameters
    ----------
    start : int, default 1
        The number of the update whose weights are the first; until then the average is the weights themselves. With n
        updates an epoch, ``SWA(start=10 * n, every=n)`` averages the weights at the ends of epochs from the tenth on.
    every : int, default 1
        Updates from one of the averaged weights to the next.
    applied : bool, default True
        As for `EMA`.

    References
    ----------
    P. Izmailov, D. Podoprikhin, T. Garipov, D. Vetrov and A. G. Wilson, Averaging weights leads to wider optima and
    better generalization, UAI 2018.

    Examples
    --------
    >>> import numpy as np
    >>> SWA(start=2, every=2).share(np.arange(1, 7)).round(3).tolist()
    [1.0, 1.0, 0.0, 0.5, 0.0, 0.333]
    """

    start: int = 1
    every: int = 1
    applied: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", whole(self.start, "SWA: start"))
        object.__setattr__(self, "every", whole(self.every, "SWA: every"))
        flag(self.applied, "SWA: applied")

    def share(self, step: np.ndarray) -> np.ndarray:
        behind = np.maximum(step - self.start, 0)
        return np.where(behind % self.every == 0, 1 / (1 + behind // self.every), 0.0)
