"""`train_on_batch`: one update, for loops of one's own."""

from __future__ import annotations

from typing import Any

from elman.checks import shown
from elman.errors import OptionError
from elman.training.examples import examples
from elman.training.loop import Loop
from elman.training.optimizer import Optimizer
from elman.training.options import check_on_nan
from elman.training.protocol import Arrays, Losses, Shares, Trainable
from elman.training.weighing import ClassWeight, Weighting


def train_on_batch(
    net: Trainable,
    x: Arrays,
    target: Arrays,
    *,
    loss: Losses = "mse",
    optimizer: Optimizer,
    lengths: Arrays | None = None,
    sample_weight: Arrays | None = None,
    class_weight: ClassWeight = None,
    missing: str = "refuse",
    memory: str = "normal",
    truncate: int | None = None,
    loss_weights: Shares = None,
    on_nan: str = "raise",
) -> float:
    """One update with all rows given, for loops of one's own.

    Parameters
    ----------
    net, x, target, loss, lengths, sample_weight, class_weight, missing, memory, truncate, loss_weights, on_nan
        As for `fit`; a "balanced" `class_weight` counts the classes of these rows.
    optimizer : Optimizer
        An object, which remembers what it needs from one update to the next.

    Returns
    -------
    float
        The loss, before the update; NaN where `on_nan` is "skip" and there was none.

    Raises
    ------
    ShapeError, DataError, OptionError, TrainingError
        As for `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Dense, Network
    >>> from elman.training import SGD
    >>> net, sgd = Network(inputs=1, layers=[Dense(1)]), SGD(0.1)
    >>> losses = [train_on_batch(net, np.ones((4, 3, 1)), np.ones((4, 3, 1)), optimizer=sgd) for _ in range(20)]
    >>> losses[-1] < losses[0]
    True
    """
    if not isinstance(optimizer, Optimizer):
        raise OptionError(
            f"train_on_batch needs an optimizer object, which remembers its state between batches, got "
            f"{shown(optimizer)}; make one before the loop, such as elman.Adam(1e-3)"
        )
    weighting = Weighting(sample_weight, class_weight, missing)
    data = examples(net, x, target, loss, lengths, weighting, "", loss_weights)
    options: dict[str, Any] = {"epochs": 1, "shuffle": False, "memory": memory, "truncate": truncate}
    options["on_nan"] = check_on_nan(on_nan)
    net.trained_with = loss, loss_weights
    return Loop(net, optimizer, data, None, batch_size=len(data), **options).update()
