"""What a user says of a training beside its data, checked, as the loop takes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from elman.checks import flag, nearest, shown, whole
from elman.errors import OptionError
from elman.training.accumulation import check_accumulate
from elman.training.callbacks import Callback
from elman.training.examples import Examples
from elman.training.feeds import Feed, check_own_batches
from elman.training.loop import Loop
from elman.training.metrics import Metric, check_metrics, resolve_metrics
from elman.training.monitors import KeepBest
from elman.training.optimizer import Optimizer
from elman.training.optimizers import resolve_optimizer
from elman.training.protocol import Trainable
from elman.training.scopes import next_place

ON_NAN = ("raise", "skip")


def loop(net: Trainable, data: Examples, validation: Examples | None, *how: Any, **named: Any) -> Loop:
    """The training of a network on examples, not yet begun; what else there is to say of it is as in `fit`."""
    return Loop(**options_of(net, data, validation, *how, **named))


def options_of(
    net: Trainable,
    data: Examples | Feed,
    validation: Examples | Feed | None,
    optimizer: str | Optimizer,
    batch_size: int | None,
    epochs: int,
    shuffle: bool | None,
    stateful: bool,
    memory: str,
    metrics: Iterable[str | Metric],
    truncate: int | None,
    on_nan: str,
    callbacks: Iterable[Callback],
    accumulate: int = 1,
) -> dict[str, Any]:
    chosen, place = resolve_metrics(metrics), next_place()
    check_metrics(net.ends, chosen)
    if isinstance(data, Feed):
        check_own_batches(data.dataset, batch_size, shuffle)
    own_order = isinstance(data, Feed) and data.dataset.batch_size is not None
    accumulate = whole(accumulate, "accumulate")
    check_accumulate(accumulate, stateful, None)
    return {
        "net": net,
        "optimizer": resolve_optimizer(optimizer),
        "data": data,
        "validation": validation,
        "batch_size": (32 if batch_size is None else whole(batch_size, "batch_size")) * accumulate,
        "accumulate": accumulate,
        "epochs": whole(epochs, "epochs"),
        "shuffle": not own_order if shuffle is None else flag(shuffle, "shuffle"),
        "stateful": flag(stateful, "stateful"),
        "memory": memory,
        "metrics": chosen,
        "truncate": truncate,
        "callbacks": [KeepBest(anyway=place is not None and place.run.alone), *callbacks],
        "place": place,
        "on_nan": check_on_nan(on_nan),
    }


def check_on_nan(on_nan: Any) -> str:
    """What becomes of a batch that cannot be learnt from."""
    if not isinstance(on_nan, str) or on_nan not in ON_NAN:
        raise OptionError(f"on_nan is {shown(on_nan)}{nearest(on_nan, ON_NAN)}; expected 'raise' or 'skip'")
    return on_nan
