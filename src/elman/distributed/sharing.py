"""What each rank has: its rows of the data, and the network of rank 0."""

from __future__ import annotations

from elman.checks import instance, whole
from elman.training.optimizer import Optimizer
from elman.training.protocol import Trainable
from elman.training.ranks import EXPECTED, Ranks, borders_of, shards_of


def part(rows: int, ranks: Ranks) -> slice:
    """The rows of a data set that a rank needs, for ``net.fit(..., own_rows=True)``.

    A data set is cut into as many parts as there are shards, and a rank needs those of its shards. So what is trained
    does not depend on how many ranks there are.

    Parameters
    ----------
    rows : int
        Of the whole data set.
    ranks : Ranks
        Of the training.

    Returns
    -------
    slice

    Examples
    --------
    >>> import elman as el
    >>> el.distributed.part(100, el.distributed.alone())
    slice(0, 100, None)
    >>> el.distributed.in_threads(lambda ranks: el.distributed.part(100, ranks), 2)
    [slice(0, 50, None), slice(50, 100, None)]
    """
    instance(ranks, Ranks, "ranks", EXPECTED)
    mine = shards_of(ranks.rank, ranks.size, ranks.shards)
    borders = borders_of(whole(rows, "rows"), ranks.shards)
    return slice(int(borders[mine.start]), int(borders[mine.stop]))


def share(net: Trainable, optimizer: Optimizer, ranks: Ranks) -> None:
    """Give all ranks the parameters and counters of rank 0's network, and what its optimiser remembers.

    Parameters
    ----------
    net : Network
        Of the same structure on each rank.
    optimizer : Optimizer
        With the same hyperparameters.
    ranks : Ranks
        Of the training to come.

    Examples
    --------
    >>> import elman as el
    >>> net, adam = el.Network(1, [el.GRU(4), el.Dense(1)]), el.Adam()
    >>> el.distributed.share(net, adam, el.distributed.alone())
    """
    instance(ranks, Ranks, "ranks", EXPECTED)
    instance(optimizer, Optimizer, "optimizer", "an optimizer, such as el.Adam(), the one that fit gets")
    mine = (net.arena, net.seed, net.updates, net.epochs, optimizer.state_dict()) if ranks.rank == 0 else None
    arena, net.seed, net.updates, net.epochs, state = ranks.gather(mine)[0]
    if ranks.rank:
        net.params.restore(arena)
        optimizer.load_state_dict(state)
