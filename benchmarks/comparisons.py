"""Who runs each workload of `elman.bench.workloads`, and how much faster Elman should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elman.bench.sgemm import WAYS
from elman.bench.workload import Workload
from elman.bench.workloads import WORKLOADS

SGEMM, IN_BFLOAT16 = WAYS
AMX = "amx_bf16"
Pair = tuple[str, str]


@dataclass(frozen=True)
class Goal:
    """How many times Elman's time the fastest of some contenders should take, at least.

    `against` holds words of contenders' names, and `without` words that they must not hold; with no words, all peers
    are meant. A goal may be one for machines with certain instructions only.
    """

    factor: float
    against: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    instructions: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        """As results have it."""
        return {"factor": self.factor, "against": " ".join(self.against), "without": ", ".join(self.without)}


@dataclass(frozen=True)
class Comparison:
    """A workload with its peers.

    `peers` are (adapter, variant) pairs; Elman in its first way is compared with each, and in its other ways with
    itself. `of_product` is the goal for the share of the matrix product's speed, 0 where there is none: of the fastest
    one of the kind of numbers that Elman's first way multiplies, in bfloat16 by matrix registers.
    """

    workload: Workload
    peers: tuple[Pair, ...]
    goals: tuple[Goal, ...] = ()
    of_product: float = 0.0

    @property
    def contenders(self) -> tuple[Pair, ...]:
        first, *others = (("elman", way) for way in self.workload.ways)
        return (first, *self.peers, *others)

    @property
    def numbers(self) -> str:
        """Which numbers are multiplied."""
        return "bfloat16" if "bfloat16" in self.workload.ways[0] else "float32"

    def share_wanted(self, numbers: str, instructions: str) -> float:
        """The goal for the share of a product of such numbers on a machine with such instructions, 0 for none."""
        meant = numbers == self.numbers and (numbers == "float32" or AMX in instructions)
        return self.of_product if meant else 0.0


AUTOCAST = "autocast"  # products in bfloat16
LAYER = "layer in bfloat16"  # all of its arithmetic
FLUSHED = "flushed"  # denormal numbers are taken as zeros
BY_NAME = {workload.name: workload for workload in WORKLOADS}
KEPT = "memory kept"  # the C library's allocator is tuned, as `benchmarks.adapters.allocator` says
JAX: tuple[Pair, ...] = (("jax", "jit"), ("jax", "scanned"))
PYTORCH: tuple[Pair, ...] = (("pytorch", "eager"), ("pytorch", f"eager, {KEPT}"))
TRAINING: tuple[Pair, ...] = (*PYTORCH, *JAX, ("keras", "fit"))
# Of what takes long: an update compiled by itself was never faster than an epoch.
LONG: tuple[Pair, ...] = (*PYTORCH, ("jax", "scanned"), ("keras", "fit"))
CUSTOM: tuple[Pair, ...] = (("pytorch", f"loop, {KEPT}"), ("pytorch", f"compiled, {KEPT}"), *JAX)
RUNNING: tuple[Pair, ...] = (("onnxruntime", "run"), ("pytorch", "eager"), ("jax", "jit"))
STREAMING: tuple[Pair, ...] = (("onnxruntime", "bound"), *RUNNING)
PADDED: tuple[Pair, ...] = (
    ("pytorch", "padded"),
    ("pytorch", f"padded, {KEPT}"),
    ("pytorch", f"padded, {FLUSHED}, {KEPT}"),
)
RAGGED: tuple[Pair, ...] = (("pytorch", f"packed, {KEPT}"), *PADDED, ("jax", "padded"))
VANISHING: tuple[Pair, ...] = (*LONG, ("pytorch", f"eager, {FLUSHED}, {KEPT}"))
ENSEMBLE: tuple[Pair, ...] = (
    ("pytorch", f"in turn, {KEPT}"),
    ("pytorch", f"vmap, {KEPT}"),
    ("pytorch", f"vmap compiled, {KEPT}"),
    ("jax", "jit"),
    ("jax", "scanned"),
)
# The fastest of those that W5 and W8 have in float32, and PyTorch with products, and its layer, in bfloat16.
BFLOAT16: tuple[Pair, ...] = (
    ("pytorch", f"eager, {KEPT}"),
    ("pytorch", AUTOCAST),
    ("pytorch", f"{AUTOCAST}, {KEPT}"),
    ("pytorch", f"{LAYER}, {KEPT}"),
    ("jax", "scanned"),
)
BFLOAT16_GOALS = (
    Goal(3, without=(AUTOCAST, LAYER), instructions=AMX),
    Goal(1.5, (AUTOCAST,), instructions=AMX),
)
OVER_TURNS = (Goal(1.8, ("fit in turn",)),)
OVER_LOOPS = (Goal(3, ("jax",)), Goal(10, ("loop",)))

COMPARISONS: tuple[Comparison, ...] = tuple(
    Comparison(BY_NAME[name], *others)
    for name, *others in (
        ("W1", TRAINING, (Goal(4),)),
        ("W2", TRAINING, (Goal(3),)),
        ("W3 RNN", TRAINING, (Goal(3),)),
        ("W3 RNN inference", RUNNING),
        ("W3 GRU", TRAINING, (Goal(3),)),
        ("W3 GRU inference", RUNNING),
        ("W3 LSTM", TRAINING, (Goal(1.6),), 0.9),
        ("W3 LSTM inference", RUNNING),
        ("W4 layer-norm LSTM", CUSTOM, OVER_LOOPS),
        ("W4 invented", CUSTOM, (*OVER_LOOPS, Goal(1 / 1.1, ("built-in",)))),
        ("W5 GRU", LONG[:-1], (Goal(2),), 0.9),
        ("W5 LSTM", LONG[:-1], (Goal(1.6),), 0.9),
        ("W6 GRU", STREAMING, (Goal(5, ("onnxruntime",)),)),
        ("W6 LSTM", STREAMING, (Goal(3, ("onnxruntime",)),)),
        ("W7", LONG, (Goal(3),)),
        ("W8", LONG, (Goal(1.2),), 0.9),
        ("W9", RAGGED, (Goal(3, ("pytorch",)),)),
        ("W10", LONG),
        ("W10 inference", RUNNING),
        ("W11", LONG[:-1]),
        ("W12", VANISHING),
        ("W13", ENSEMBLE, OVER_TURNS),
        ("W5 GRU bfloat16", BFLOAT16, BFLOAT16_GOALS, 0.85),
        ("W5 LSTM bfloat16", BFLOAT16, BFLOAT16_GOALS, 0.85),
        ("W8 bfloat16", BFLOAT16, BFLOAT16_GOALS, 0.85),
    )
)
