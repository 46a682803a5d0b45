"""The optimisers by name; what they have in common is `elman.training.optimizer.Optimizer`."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from elman.checks import flag, nearest, shown
from elman.equations import sqrt, square
from elman.errors import OptionError
from elman.hints import OPTIMIZER, hinted_class
from elman.training.groups import Settings
from elman.training.optimizer import Optimizer
from elman.training.schedules import Rate


@hinted_class(OPTIMIZER)
@dataclass(eq=False, repr=False)
class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

    ``v = momentum v + g``;  ``w = w - rate v``, or with `nesterov` ``w = w - rate (g + momentum v)``.

    The learning rate stands outside the velocity, as in PyTorch: a change of it works at once. (Keras has it inside;
    with a constant rate both are the same.) Steady and well understood; needs a learning rate that suits the problem.

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.01
        The size of an update.
    momentum : float, default 0
        Share of the velocity that is kept, in [0, 1).
    nesterov : bool, default False
        Whether the gradient's look-ahead form is used (I. Sutskever et al., On the importance of initialization and
        momentum in deep learning, ICML 2013).
    clip_norm, clip_value, groups, average : optional
        See `Optimizer`.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> x, target = el.data.tasks.sine(rows=8, steps=10)
    >>> optimizer = el.SGD(0.1, momentum=0.9, nesterov=True)
    >>> history = net.fit(x, target, optimizer=optimizer, epochs=20, verbose=0)
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    learning_rate: Rate = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    @property
    def state_names(self) -> tuple[str, ...]:
        """What is remembered: the velocity, if there is any momentum."""
        return ("velocity",) if self.momentum else ()

    def equations(self, w: Any, g: Any, velocity: Any = None, *, rate: Any) -> Any:
        """The new parameter and the new states, from the old ones, the gradient and the update's numbers.

        Parameters
        ----------
        w, g : symbols
            A parameter and its gradient.
        velocity : symbol, optional
            There with momentum only.
        rate : symbol
            The learning rate.

        Returns
        -------
        symbol, or tuple of symbols
            The new parameter, then the new velocity.
        """
        if velocity is None:
            return w - rate * g
        velocity = self.momentum * velocity + g
        return w - rate * (g + self.momentum * velocity if self.nesterov else velocity), velocity

    def check(self) -> None:
        super().check()
        self._within("momentum", 0, 1)
        flag(self.nesterov, "SGD: nesterov")
        if self.nesterov and not self.momentum:
            raise OptionError("SGD: nesterov needs a momentum above 0")


@hinted_class(OPTIMIZER)
@dataclass(eq=False, repr=False)
class RMSProp(Optimizer):
    """Gradient descent with each gradient divided by a running root mean square of itself.

    ``v = rho v + (1 - rho) g^2``;  ``w = w - rate g / sqrt(v + epsilon)``, with epsilon under the root, as in Keras.

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        The size of an update.
    rho : float, default 0.9
        How slowly the mean square forgets, in [0, 1).
    epsilon : float, default 1e-7
        Keeps the division finite.
    clip_norm, clip_value, groups, average : optional
        See `Optimizer`.

    References
    ----------
    T. Tieleman and G. Hinton, Lecture 6.5 of Neural Networks for Machine Learning, 2012.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> x, target = el.data.tasks.sine(rows=8, steps=10)
    >>> optimizer = el.RMSProp(1e-2)
    >>> history = net.fit(x, target, optimizer=optimizer, epochs=20, verbose=0)
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    learning_rate: Rate = 1e-3
    rho: float = 0.9
    epsilon: float = 1e-7

    def equations(self, w: Any, g: Any, v: Any, *, rate: Any) -> Any:
        """The new parameter and the new states, from the old ones, the gradient and the update's numbers.

        Parameters
        ----------
        w, g : symbols
            A parameter and its gradient.
        v : symbol
            The running mean of the gradient's square.
        rate : symbol
            The learning rate.

        Returns
        -------
        tuple of symbols
            The new parameter, then the new states.
        """
        v = self.rho * v + (1 - self.rho) * square(g)
        return w - rate * g / sqrt(v + self.epsilon), v

    def check(self) -> None:
        super().check()
        self._within("rho", 0, 1)
        self._within("epsilon", 0, from_low=False)


@hinted_class(OPTIMIZER)
@dataclass(eq=False, repr=False)
class Adam(Optimizer):
    """Adam: running means of the gradient and of its square, both freed of their bias towards zero.

    ``m = beta_1 m + (1 - beta_1) g``;  ``v = beta_2 v + (1 - beta_2) g^2``;
    ``w = w - rate m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)``.

    This is Algorithm 1 of the paper, and PyTorch's; Keras adds epsilon to the root of the uncorrected v. The usual
    first choice.

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        About the size of the change of a parameter in an update.
    beta_1, beta_2 : float, default 0.9 and 0.999
        How slowly the means forget, in [0, 1).
    epsilon : float, default 1e-7
        Keeps the division finite.
    clip_norm, clip_value, groups, average : optional
        See `Optimizer`.

    References
    ----------
    D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> x, target = el.data.tasks.sine(rows=8, steps=10)
    >>> optimizer = el.Adam(1e-2, clip_norm=1.0)
    >>> history = net.fit(x, target, optimizer=optimizer, epochs=20, verbose=0)
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    learning_rate: Rate = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def equations(self, w: Any, g: Any, m: Any, v: Any, *, size: Any, correction: Any) -> Any:
        """The new parameter and the new states, from the old ones, the gradient and the update's numbers.

        Parameters
        ----------
        w, g : symbols
            A parameter and its gradient.
        m, v : symbols
            The running means of the gradient and of its square.
        size, correction : symbols
            The learning rate, freed of the first mean's bias; and what frees the second of its own.

        Returns
        -------
        tuple of symbols
            The new parameter, then the new states.
        """
        m = self.beta_1 * m + (1 - self.beta_1) * g
        v = self.beta_2 * v + (1 - self.beta_2) * square(g)
        return w - size * m / (sqrt(correction * v) + self.epsilon), m, v

    def scalars(self, rate: np.ndarray, step: np.ndarray) -> dict[str, Any]:
        return {"size": rate / (1 - self.beta_1**step), "correction": 1 / (1 - self.beta_2**step)}

    def check(self) -> None:
        super().check()
        self._within("beta_1", 0, 1)
        self._within("beta_2", 0, 1)
        self._within("epsilon", 0, from_low=False)


@hinted_class(OPTIMIZER)
@dataclass(eq=False, repr=False)
class AdamW(Adam):
    """Adam with decoupled weight decay: before Adam's step, ``w = (1 - rate weight_decay) w``.

    The decay is not divided by the gradients' size, as an L2 penalty in the loss would be; it reaches every parameter,
    biases too, as in PyTorch, unless `decay_vectors` is False or a group says otherwise.

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        As in `Adam`.
    beta_1, beta_2, epsilon : float
        As in `Adam`.
    weight_decay : float, default 0.01
        Share of a parameter that an update of rate 1 takes away.
    decay_vectors : bool, default True
        Whether vectors decay, too: biases, and the gains of normalisations. Matrices and tables always do.
    clip_norm, clip_value, groups, average : optional
        See `Optimizer`.

    References
    ----------
    I. Loshchilov and F. Hutter, Decoupled weight decay regularization, ICLR 2019.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)])
    >>> x, target = el.data.tasks.sine(rows=8, steps=10)
    >>> optimizer = el.AdamW(1e-2, weight_decay=0.1, decay_vectors=False)
    >>> history = net.fit(x, target, optimizer=optimizer, epochs=20, verbose=0)
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    weight_decay: float = 0.01
    _: KW_ONLY
    decay_vectors: bool = True

    def settings(self, shape: tuple[int, ...]) -> Settings:
        decays = self.decay_vectors or len(shape) > 1
        return Settings(weight_decay=self.weight_decay if decays else 0.0)

    def check(self) -> None:
        super().check()
        self._within("weight_decay", 0)
        flag(self.decay_vectors, "AdamW: decay_vectors")


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "rmsprop": RMSProp, "adam": Adam, "adamw": AdamW}


def resolve_optimizer(optimizer: str | Optimizer) -> Optimizer:
    """An optimiser as it is, or a new one by its name.

    Raises
    ------
    OptionError
        If there is no such optimiser.

    Examples
    --------
    >>> resolve_optimizer("adam").beta_2
    0.999
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        raise OptionError(f"optimizer is the class {optimizer.__name__}; give an object: {optimizer.__name__}()")
    if not isinstance(optimizer, str) or optimizer not in OPTIMIZERS:
        hint = nearest(optimizer, OPTIMIZERS)
        raise OptionError(f"unknown optimizer {shown(optimizer)}{hint}; there are {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[optimizer]()
