"""`fit`: what a user says of a training, checked and handed to the loop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from elman.checks import whole
from elman.data.datasets import Dataset, dataset_of
from elman.hints import FIT, hinted
from elman.training.accumulation import check_accumulate
from elman.training.agreement import together
from elman.training.callbacks import Callback, as_callbacks
from elman.training.datasets import DatasetLoop, validation_feed
from elman.training.examples import Examples, examples, validation_examples
from elman.training.feeds import Feed
from elman.training.history import History
from elman.training.limits import limited
from elman.training.loop import Loop
from elman.training.metrics import Metric
from elman.training.optimizer import Optimizer
from elman.training.options import options_of
from elman.training.progress import progress
from elman.training.protocol import Arrays, Losses, Shares, Trainable
from elman.training.ranked import RankedLoop, check_no_dataset, check_own_rows, check_ranks
from elman.training.ranks import Ranks
from elman.training.runs import Folder, saving
from elman.training.weighing import ClassWeight, Weighting


@hinted(FIT)
def fit(
    net: Trainable,
    x: Any,
    target: Arrays | None = None,
    *,
    loss: Losses = "mse",
    optimizer: str | Optimizer = "adam",
    batch_size: int | None = None,
    epochs: int = 10,
    validation_data: Any = None,
    validation_lengths: Arrays | None = None,
    shuffle: bool | None = None,
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
    on_nan: str = "raise",
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    bucket: bool = False,
    ranks: Ranks | None = None,
    own_rows: bool = False,
    checkpoint: Folder = None,
    every: str | int | None = None,
    resume: bool = False,
    keep: int | None = None,
    accumulate: int = 1,
    max_seconds: float | None = None,
) -> History:
    """Train a network.

    The order of the rows depends on the network's seed and the number of the epoch in its life, dropout's masks on the
    seed and the number of the update: the same call gives the same weights, bit for bit, and so do two trainings in
    a row with one optimiser object and one training of as many epochs.

    Parameters
    ----------
    net : Network
        Trained in place.
    x : array (N, T, F); or (N, T) where F is 1; or a dataset
        Inputs; of a network with several a tuple of them, or a dict by name. A strided view (windows over a series) is
        not copied if it has the network's dtype. What need not be in memory at once: memory maps of any type, data sets
        of HDF5 and zarr (`elman.data.Rows`); a list of N sequences (T_n, F) of unequal lengths (`elman.data.Ragged`);
        without a target any `elman.data.Dataset`, or an iterable, a generator or a function that gives batches
        (`elman.data.Batches`).
    target : array (N, T, O) or (N, O); class indices (N, T) or (N,)
        Targets, as `elman.training.targets.prepare_target` says. Of a network with several outputs a tuple of them, or
        a dict by name, and so `loss` where they have not all the same; the history then has the losses and metrics
        of each (``val_<output>_loss``). Left out where a dataset or batches have theirs.
    loss : str, Loss, Cell or function, default "mse"
        One of ``mse rmse mae huber softmax_cross_entropy binary_cross_entropy``, or equations ``f(y, target)`` of one
        value a row. Losses have options, `smoothing` of labels for one:
        ``elman.training.LOSSES["softmax_cross_entropy"].with_options(smoothing=0.1)``.
    optimizer : str or Optimizer, default "adam"
        One of ``sgd rmsprop adam adamw``, or an object, which holds its state afterwards.
    batch_size : int, default 32
        Rows of an update; the last batch of an epoch may be smaller. Batches of an iterator are as large as they come.
    epochs : int, default 10
        How often all rows are seen.
    validation_data : (x, target) or (x, target, sample_weight), or a dataset, optional
        Judged after each epoch, without dropout. Batches must be such as can be gone through again.
    validation_lengths : array (N',), optional
        Steps in use of each row of the validation data.
    shuffle : bool, optional
        Whether each epoch takes the rows in another order; by default it does, but for batches, which have their own.
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
    on_nan : {"raise", "skip"}, default "raise"
        What becomes of a batch whose loss or gradient is not finite, or whose update would make a parameter, or what
        the optimiser remembers, so. "raise" ends the training, and says which value of which layer was the first, at
        which step of which row. "skip" leaves the batch out: there is no update, and what follows is, bit for bit, what
        it would be without that batch: parameters, what the optimiser remembers, the learning rate, dropout's masks,
        and the states that `stateful` carries, with which the next batch begins. It does not count in the loss of
        the epoch; ``history["skipped"]`` says how many did not, and a warning at the end how many of all and why. An
        epoch without a batch that counts is an error.
    steps_per_epoch : int, optional
        How many batches of an iterator make an epoch; by default as many as its length says.
    validation_steps : int, optional
        So for batches that judge.
    bucket : bool, default False
        Whether a list of sequences is trained on in batches of sequences of about one length; see `elman.data.Ragged`.
    ranks : Ranks, optional
        The processes that train this network together, such as `elman.distributed.mpi`: each calls `fit` with the same
        network, options and validation data, computes its shards of each batch, and ends with the same weights. How
        many there are changes no bit. Batch normalisation does not go with it.
    own_rows : bool, default False
        Whether x, target, `lengths` and `sample_weight` have only the rows that `elman.distributed.part` gives this
        rank. Each shard of a batch then has rows of its own part of the data, and rows of weight 0 are not left out.
    checkpoint : str or Path, optional
        A folder for checkpoints: all that the training needs to go on in the middle of an epoch as if nothing had
        happened, in files that `elman.load` reads too, and ``best.safetensors``, the network of the lowest validation
        loss (of the lowest loss without validation). Written at the end as well, after Ctrl-C, SIGTERM, and an error.
    every : str or int, optional
        How often: ``"10 min"``, as by default, ``"30 s"``, or a number of updates in the life of the network.
    resume : bool, default False
        Whether to go on from what is in the folder; where nothing is, the training begins. It ends with the same bits
        as one that was never stopped, for the same network, data and options (more `epochs` go on behind the last
        one); what differs is named. Without it a folder that holds a run is refused.
    keep : int, optional
        How many checkpoints stay, 3 by default.
    accumulate : int, default 1
        Make each update from so many batches, in the memory of one (and of a gradient for each doubling of them): from
        the gradient of the mean over all their rows, as `batch_size` times as many would give it up to rounding, with
        the same dropout and ragged or weighted rows. The last update of an epoch may have fewer rows. Stateful
        training, batch normalisation and ranks do not go with it.
    max_seconds : float, optional
        End after the update that passes so many seconds since the call, as a callback that stops it would: with its
        history, whose `stopped` says so, and the weights as they are then, or those of the best epoch where a callback
        puts them back. Without it weights depend on no clock; with it on how fast the machine is.

    Returns
    -------
    History
        Also kept as ``net.history``.

    Raises
    ------
    ShapeError, DataError
        Input or target do not fit the network, or hold a NaN, an infinity, or what is no class or index: which, and
        where. Nothing has been trained then, but for what is read as it passes: it is checked when its turn comes.
    OptionError
        An option that makes no sense.
    TrainingError
        A loss or gradient is not finite, or an update makes something so; the weights are those before that update.
    KeyboardInterrupt
        Passed on, once the weights of the best epoch are back (with validation data or `EarlyStopping`). An update that
        was under way is not done, and not counted; so with whatever else the handler of a signal raises.
    Terminated
        With `checkpoint`, after SIGTERM: it ends the process with exit code 143 unless it is caught.

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

    check_ranks(ranks)
    more: dict[str, Any] = {"steps": steps_per_epoch, "bucket": bucket}
    if ranks is not None:
        check_no_dataset(x, target, validation_data, validation_steps, more)
    dataset = dataset_of(x, target, lengths=lengths, sample_weight=sample_weight, **more) if ranks is None else None

    def told() -> dict[str, Any]:
        check_own_rows(own_rows, ranks, class_weight)
        data = _data(net, dataset, x, target, loss, lengths, sample_weight, class_weight, missing, loss_weights)
        judging = loss, validation_lengths, missing, loss_weights
        if ranks is None:
            validation = validation_feed(net, validation_data, validation_steps, *judging)
        else:
            validation = validation_examples(net, validation_data, *judging)
        watching = [*as_callbacks(callbacks), *limits, *progress(verbose)]
        how = optimizer, batch_size, epochs, shuffle, stateful, memory, metrics, truncate, on_nan
        return options_of(net, data, validation, *how, watching, accumulate)

    limits = limited(max_seconds)
    check_accumulate(whole(accumulate, "accumulate"), stateful, ranks)
    writes = ranks is None or ranks.rank == 0
    with contextlib.ExitStack() as stack:
        with contextlib.nullcontext() if ranks is None else together(ranks):
            stack.enter_context(saving(checkpoint, every, resume=resume, keep=keep, alone=True, writes=writes))
            options = told()
        net.trained_with = loss, loss_weights
        if ranks is None:
            return (Loop if dataset is None else DatasetLoop)(**options).run()
        return RankedLoop(**options, ranks=ranks, own_rows=own_rows).run()


def _data(
    net: Trainable,
    dataset: Dataset | None,
    x: Any,
    target: Any,
    loss: Any,
    lengths: Any,
    sample_weight: Any,
    class_weight: Any,
    missing: str,
    loss_weights: Any,
) -> Examples | Feed:
    """Examples of arrays, or what gives them from a dataset."""
    if dataset is None:
        return examples(
            net, x, target, loss, lengths, Weighting(sample_weight, class_weight, missing), "", loss_weights
        )
    return Feed(net, dataset, loss, Weighting(None, class_weight, missing), loss_weights)
