"""`evaluate`: the loss and the metrics of a network over data of any size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from elman.checks import whole
from elman.data.datasets import dataset_of
from elman.engine.interface import Batch, How
from elman.errors import DataError
from elman.hints import EVALUATE, hinted
from elman.training.examples import Examples, examples, judge
from elman.training.feeds import Feed, check_own_batches
from elman.training.judged_by import judge_of
from elman.training.metrics import Metric, check_metrics, check_value, resolve_metrics
from elman.training.protocol import Arrays, Losses, Shares, Trainable
from elman.training.weighing import ClassWeight, Weighting


@hinted(EVALUATE)
def evaluate(
    net: Trainable,
    x: Any,
    target: Arrays | None = None,
    loss: Losses | None = None,
    *,
    batch_size: int | None = None,
    lengths: Arrays | None = None,
    sample_weight: Arrays | None = None,
    class_weight: ClassWeight = None,
    missing: str = "refuse",
    metrics: Iterable[str | Metric] = (),
    memory: str = "normal",
    loss_weights: Shares = None,
    steps: int | None = None,
) -> float | dict[str, float]:
    """The loss over a data set, without dropout and without training.

    Parameters
    ----------
    net : Network
        Whose predictions are judged.
    x, target, lengths, sample_weight, class_weight, missing
        As for `elman.training.fit.fit`: arrays, memory maps, or a dataset (`elman.data.Dataset`) or batches without
        target.
    loss, loss_weights : optional
        As for `elman.training.fit.fit`; by default those that the network was trained with, which a file of it says
        where the loss has a name, and "mse" of one that was not trained.
    batch_size : int, default 256
        Rows computed together; it does not change the result. Batches of an iterator are as large as they come.
    metrics : iterable of str or function, optional
        See `elman.training.metrics`.
    memory : {"normal", "low"}, default "normal"
        As for `elman.training.fit.fit`.
    steps : int, optional
        How many batches are drawn from an iterator that has no length.

    Returns
    -------
    float, or dict of str to float
        The weighted mean over rows and steps in use (its root for ``rmse``), without penalties on activities; with
        metrics ``{"loss": ...}`` and theirs.
    """
    loss, loss_weights = judge_of(net, loss, loss_weights)
    weighting, chosen = Weighting(sample_weight, class_weight, missing), resolve_metrics(metrics)
    dataset = dataset_of(x, target, lengths=lengths, sample_weight=sample_weight, steps=steps, called="steps")
    data: Examples | Feed
    if dataset is None:
        data = examples(net, x, target, loss, lengths, weighting, "", loss_weights)
    else:
        data = Feed(net, dataset, loss, Weighting(None, class_weight, missing), loss_weights)
        check_own_batches(dataset, batch_size)
    check_metrics(net.ends, chosen)
    found = judge(net, data, 256 if batch_size is None else whole(batch_size, "batch_size"), memory, chosen)
    if not np.isfinite(found["loss"]):
        some = tuple(x[:1] for x in data.sample.inputs)
        net.check_results(net.engine().forward(net.arena, Batch(some), How(memory))[0])
        raise DataError(
            f"the loss is {found['loss']}, though inputs and parameters are finite: values have grown too large"
        )
    for name in found:
        check_value(name, found[name])
    return found if len(found) > 1 else found["loss"]
