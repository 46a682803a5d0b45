"""`fit` and `train_on_batch`: what a user says of a training, checked and handed to the loop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from elman.checks import flag, shown, whole
from elman.errors import OptionError
from elman.hints import FIT, hinted
from elman.training.agreement import together
from elman.training.callbacks import Callback, as_callbacks
from elman.training.examples import Examples, evaluate, examples, validation_examples
from elman.training.history import History
from elman.training.loop import Loop
from elman.training.metrics import Metric, check_metrics, resolve_metrics
from elman.training.monitors import KeepBest
from elman.training.optimizer import Optimizer
from elman.training.optimizers import resolve_optimizer
from elman.training.progress import progress
from elman.training.protocol import Arrays, Losses, Shares, Trainable
from elman.training.ranked import RankedLoop, check_own_rows, check_ranks
from elman.training.ranks import Ranks
from elman.training.weighing import ClassWeight, Weighting

__all__ = ["evaluate", "fit", "train_on_batch"]


@hinted(FIT)
def fit(
    net: Trainable,
    x: Arrays,
    target: Arrays,
    *,
    loss: Losses = "mse",
    optimizer: str | Optimizer = "adam",
    batch_size: int = 32,
    epochs: int = 10,
    validation_data: Sequence[Any] | None = None,
    validation_lengths: Arrays | None = None,
    shuffle: bool = True,
    lengths: Arrays | None = None,
    sample_weight: Arrays | None = None,
    class_weight: ClassWeight = None,
    missing: str = "refuse",
    callbacks: Iterable[Callback] = (),
    verbose: int = 1,
    stateful: bool = False,
    memory: str = "normal",
    metrics: Iterable[str | Metric] = (),
    truncate: int | None = None,
    loss_weights: Shares = None,
    ranks: Ranks | None = None,
    own_rows: bool = False,
) -> History:
    """Train a network.

    The order of the rows depends on the network's seed and the number of the epoch in its life, dropout's masks on the
    seed and the number of the update: the same call gives the same weights, bit for bit, and so do two trainings in
    a row with one optimiser object and one training of as many epochs.

    Parameters
    ----------
    net : Network
        Trained in place.
    x : array (N, T, F); or (N, T) where F is 1
        Inputs; of a network with several a tuple of them, or a dict by name. A strided view (windows over a series) is
        not copied if it has the network's dtype.
    target : array (N, T, O) or (N, O); class indices (N, T) or (N,)
        Targets, as `elman.training.losses.prepare_target` says. Of a network with several outputs a tuple of them, or
        a dict by name, and so `loss` where they have not all the same; the history then has the losses and metrics
        of each (``val_<output>_loss``).
    loss : str, Loss, Cell or function, default "mse"
        One of ``mse rmse mae huber softmax_cross_entropy binary_cross_entropy``, or equations ``f(y, target)`` of one
        value a row. Losses have options, `smoothing` of labels for one:
        ``elman.training.LOSSES["softmax_cross_entropy"].with_options(smoothing=0.1)``.
    optimizer : str or Optimizer, default "adam"
        One of ``sgd rmsprop adam adamw``, or an object, which holds its state afterwards.
    batch_size : int, default 32
        Rows of an update; the last batch of an epoch may be smaller.
    epochs : int, default 10
        How often all rows are seen.
    validation_data : (x, target) or (x, target, sample_weight), optional
        Judged after each epoch, without dropout.
    validation_lengths : array (N',), optional
        Steps in use of each row of the validation data.
    shuffle : bool, default True
        Whether each epoch takes the rows in another order.
    lengths : array (N,), optional
        Steps in use of each row; what lies behind is not looked at. Of a network with several time axes a dict of
        them by input.
    sample_weight : array (N,) or, where the network returns all steps, (N, T), optional
        Weight of each row, or of each step, in the loss, which is the weighted mean; rows of weight 0 are left out.
        Metrics are weighted alike: steps of weight 0 do not count.
    class_weight : dict of int to float, or "balanced", optional
        Weight of each class of the targets, 1 where it is not named; it multiplies `sample_weight`. "balanced" gives
        every class the same share, ``n / (classes * count)``, from the rows or steps that count. Targets are class
        indices, one-hot rows, or 0 and 1 for a lone output. It weighs the whole loss of a row or step, with label
        smoothing too. `validation_data` is judged without it.
    missing : {"refuse", "skip"}, default "refuse"
        Whether a NaN among the targets, also those of `validation_data`, is an error or leaves its row or step out of
        the loss and of metrics; the states run on through the step.
    callbacks : iterable of Callback
        Told how the training goes, in order. One that raises ends the training; the network stays as it was then.
    verbose : int, default 1
        0 for silence, 1 for a line of progress on the standard error stream.
    stateful : bool, default False
        Truncated backpropagation through time over a series cut into batches: each batch begins with the states in
        which the one before ended, row by row; zeros at the beginning of an epoch. Needs ``shuffle=False`` and batches
        of one size. See `truncate` for sequences that are whole.
    memory : {"normal", "low"}, default "normal"
        What is kept of the T steps of a batch for the backward pass: with "normal" what every step computed, about a
        dozen values for each hidden unit; with "low" the states at every sqrt(T)-th step, from which the sqrt(T) steps
        behind them are computed again when their turn comes. Use "low" where sequences of thousands of steps do not fit
        into memory: it takes about a third more time with large layers, and less with small ones. The gradients are the
        same up to rounding. Layers with ``reverse=True`` need "normal".
    metrics : iterable of str or function, optional
        What to report after each epoch beside the loss: names of `elman.training.metrics.METRICS` (``accuracy mse
        mae``), or functions of (y, target) with a value for each row and step. They are of the network as it is after
        the epoch, of the training data (``accuracy``, which costs a forward run over it) and of the validation data
        (``val_accuracy``).
    truncate : int, optional
        Truncated backpropagation through time, a number of steps k; by default gradients go back through all T. Forward
        nothing changes: the states run on, and the loss is that of the whole sequence. Backward, each sequence is cut
        from its end into pieces of k steps, the first one shorter, and no gradient crosses from a piece into the one
        before. So a network that returns its last step learns from exactly the last k steps, and one that returns all
        of them lets the error of a step reach back up to k - 1 steps further, to the beginning of its piece. The pieces
        of a ragged row are counted from its own end. With k of T or more the gradient is the full one. It takes
        the memory of k steps, whatever T is, and no more time; layers with ``reverse=True``, and ``memory="low"``,
        do not go with it.
    loss_weights : tuple or dict of float, optional
        What the loss of each output counts in the sum of all, where the network has several; 1 by default.
    ranks : Ranks, optional
        The processes that train this network together, such as `elman.distributed.mpi`: each calls `fit` with the same
        network, options and validation data, computes its shards of each batch, and ends with the same weights. How
        many there are changes no bit. Batch normalisation does not go with it.
    own_rows : bool, default False
        Whether x, target, `lengths` and `sample_weight` have only the rows that `elman.distributed.part` gives this
        rank. Each shard of a batch then has rows of its own part of the data, and rows of weight 0 are not left out.

    Returns
    -------
    History
        Also kept as ``net.history``.

    Raises
    ------
    ShapeError, DataError
        Input or target do not fit the network, or hold a NaN, an infinity, or what is no class or index: which, and
        where. Nothing has been trained then.
    OptionError
        An option that makes no sense.
    TrainingError
        A loss or gradient is not finite; the weights are those before that update.
    KeyboardInterrupt
        Passed on, once the weights of the best epoch are back (with validation data or `EarlyStopping`). An update that
        was under way is not done, and not counted; so with whatever else the handler of a signal raises.

    References
    ----------
    R. J. Williams and J. Peng, An efficient gradient-based algorithm for on-line training of recurrent network
    trajectories, Neural Computation 2 (1990): truncated backpropagation through time.
    T. Chen, B. Xu, C. Zhang and C. Guestrin, Training deep nets with sublinear memory cost, arXiv:1604.06174 (2016):
    ``memory="low"``.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Dense, Network, SimpleRNN
    >>> x = np.random.default_rng(0).normal(size=(64, 5, 1))
    >>> net = Network(inputs=1, layers=[SimpleRNN(8, return_sequences=False), Dense(1)])
    >>> history = fit(net, x, x.sum(axis=1), optimizer="adam", epochs=20, verbose=0)
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    def told() -> dict[str, Any]:
        check_own_rows(own_rows, ranks, class_weight)
        weighting = Weighting(sample_weight, class_weight, missing)
        data = examples(net, x, target, loss, lengths, weighting, "", loss_weights)
        validation = validation_examples(net, validation_data, loss, validation_lengths, missing, loss_weights)
        watching = [*as_callbacks(callbacks), *progress(verbose)]
        how = optimizer, batch_size, epochs, shuffle, stateful, memory, metrics, truncate
        return _options(net, data, validation, *how, watching)

    check_ranks(ranks)
    if ranks is None:
        return Loop(**told()).run()
    with together(ranks):
        options = told()
    return RankedLoop(**options, ranks=ranks, own_rows=own_rows).run()


def loop(net: Trainable, data: Examples, validation: Examples | None, *how: Any, **named: Any) -> Loop:
    """The training of a network on examples, not yet begun; what else there is to say of it is as in `fit`."""
    return Loop(**_options(net, data, validation, *how, **named))


def _options(
    net: Trainable,
    data: Examples,
    validation: Examples | None,
    optimizer: str | Optimizer,
    batch_size: int,
    epochs: int,
    shuffle: bool,
    stateful: bool,
    memory: str,
    metrics: Iterable[str | Metric],
    truncate: int | None,
    callbacks: Iterable[Callback],
) -> dict[str, Any]:
    chosen = resolve_metrics(metrics)
    check_metrics(net.ends, chosen)
    return {
        "net": net,
        "optimizer": resolve_optimizer(optimizer),
        "data": data,
        "validation": validation,
        "batch_size": whole(batch_size, "batch_size"),
        "epochs": whole(epochs, "epochs"),
        "shuffle": flag(shuffle, "shuffle"),
        "stateful": flag(stateful, "stateful"),
        "memory": memory,
        "metrics": chosen,
        "truncate": truncate,
        "callbacks": [KeepBest(), *callbacks],
    }


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
) -> float:
    """One update with all rows given, for loops of one's own.

    Parameters
    ----------
    net, x, target, loss, lengths, sample_weight, class_weight, missing, memory, truncate, loss_weights
        As for `fit`; a "balanced" `class_weight` counts the classes of these rows.
    optimizer : Optimizer
        An object, which remembers what it needs from one update to the next.

    Returns
    -------
    float
        The loss, before the update.

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
    return Loop(net, optimizer, data, None, batch_size=len(data), **options).update()
