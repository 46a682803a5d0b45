"""Training on several machines: ranks compute their shards of a batch and do one update; see docs/distributed.md."""

from elman.distributed.alone import alone
from elman.distributed.mpi import mpi
from elman.distributed.sharing import part, share
from elman.distributed.threads import in_threads
from elman.training.ranks import Ranks

__all__ = ["Ranks", "alone", "in_threads", "mpi", "part", "share"]
